//! Spans and segments that nobody needs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Drops spans and segments that nobody needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_filter")]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// A span is dropped that meets any of these. A segment document is looked
    /// at as the span that it is translated to, and goes with all that is
    /// in it; its inline subsegments are not looked at on their own.
    #[serde(default)]
    pub drop: Vec<SpanMatch>,
}

/// What a span must be like: all that is given here, at least one thing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_span_match")]
#[serde(default, deny_unknown_fields)]
pub struct SpanMatch {
    /// The service's name, `*` and `?` as in sampling rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The span's name, `*` and `?` as in sampling rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The span's part in a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SpanKind>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SpanStatus>,
    /// Attributes of the span or its resource that have this value; numbers and
    /// booleans as they are written.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Attributes of the span or its resource in whose value this regular
    /// expression finds something.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes_regex: BTreeMap<String, String>,
    /// Milliseconds that it took at least. What is still in progress does not
    /// match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_duration_ms: Option<u64>,
    /// Milliseconds that it took at most. What is still in progress does not
    /// match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_duration_ms: Option<u64>,
}

/// A span's part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_span_kind")]
#[serde(rename_all = "kebab-case")]
pub enum SpanKind {
    /// Not said.
    Unspecified,
    /// Work within a service.
    Internal,
    /// The serving side of a call.
    Server,
    /// The calling side of a call.
    Client,
    /// Sends a message.
    Producer,
    /// Receives a message.
    Consumer,
}

/// How a span ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_span_status")]
#[serde(rename_all = "kebab-case")]
pub enum SpanStatus {
    /// Not said.
    Unset,
    /// Well.
    Ok,
    /// With an error: `error`, `fault` or `throttle` of a segment.
    Error,
}
