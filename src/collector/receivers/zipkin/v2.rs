//! JSON v2.

use std::borrow::Cow;

use serde::Deserialize;

use super::json::{self, JsonEndpoint, Listed, Micros, Scalar, Tags};
use super::span::{Endpoint, ZipkinSpan, id};
use crate::collector::receivers::draft::{Translated, kind};

/// Translates a list of spans.
///
/// # Errors
/// Where it is none, with the place.
pub(super) fn translated(body: &[u8]) -> Result<Translated, String> {
    json::translated(body, |resources, span: JsonSpan| {
        span.span().push(resources);
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JsonSpan {
    trace_id: Scalar,
    parent_id: Scalar,
    id: Scalar,
    kind: Scalar,
    name: Scalar,
    timestamp: Micros,
    duration: Micros,
    local_endpoint: Option<JsonEndpoint>,
    remote_endpoint: Option<JsonEndpoint>,
    annotations: Listed<Annotation>,
    tags: Tags,
    debug: Option<bool>,
    shared: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Annotation {
    timestamp: Micros,
    value: Scalar,
}

impl JsonSpan {
    fn span(&self) -> ZipkinSpan<'_> {
        fn endpoint(one: Option<&JsonEndpoint>) -> Endpoint<'_> {
            one.map(JsonEndpoint::endpoint).unwrap_or_default()
        }
        let annotations = self.annotations.0.iter();
        let tags = self.tags.0.iter();
        ZipkinSpan {
            trace_id: id(&self.trace_id.0),
            id: id(&self.id.0),
            parent_id: id(&self.parent_id.0),
            kind: match self.kind.0.as_str() {
                "CLIENT" => kind::CLIENT,
                "SERVER" => kind::SERVER,
                "PRODUCER" => kind::PRODUCER,
                "CONSUMER" => kind::CONSUMER,
                _ => kind::UNSPECIFIED,
            },
            name: Cow::Borrowed(&self.name.0),
            timestamp: self.timestamp.0,
            duration: self.duration.0,
            local: endpoint(self.local_endpoint.as_ref()),
            remote: endpoint(self.remote_endpoint.as_ref()),
            annotations: annotations
                .map(|one| (one.timestamp.0, Cow::Borrowed(one.value.0.as_str())))
                .collect(),
            tags: tags
                .map(|(key, value)| (Cow::Borrowed(key.as_str()), Cow::Borrowed(value.0.as_str())))
                .collect(),
            debug: self.debug == Some(true),
            shared: self.shared == Some(true),
        }
    }
}
