//! Fewer traces: a share of them, or so many a second.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keeps a share of all traces, the same ones everywhere: a trace's id decides,
/// by its last 56 bits, as OpenTelemetry's consistent probability sampling and
/// W3C's trace context (level 2) have it. Trace state is neither read nor
/// written.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_probabilistic_sampling")]
#[serde(deny_unknown_fields)]
pub struct ProbabilisticSampling {
    /// Percent of traces that are kept, 0 to 100.
    pub percentage: f64,
    /// Decides by a hash of this number and the trace id in place of the id's
    /// bits: for SDKs whose ids are not random there. Collectors with the same
    /// number keep the same traces. Default: the id's own bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_seed: Option<u32>,
}

/// Keeps no more than so many spans or traces a second, and drops the rest.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_rate_limiting")]
#[serde(deny_unknown_fields)]
pub struct RateLimiting {
    /// Spans or traces a second.
    pub per_second: f64,
    /// What is counted. Default: `traces`.
    #[serde(default)]
    pub unit: Unit,
    /// Spans or traces that may come at once after a quiet time. Default: those
    /// of one second, at least one. With `spans`, a segment document of more
    /// entities than that never comes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<f64>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_rate_unit")]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Spans, and the entities of segment documents: a trace may lose some of
    /// its spans.
    Spans,
    /// Traces: the spans of a trace follow the first of them, as long as it is
    /// one of the last 65,536 traces.
    #[default]
    Traces,
}
