//! JSON v1: what a span is, is told by what happened in it. `cs` and `cr` stand
//! for a call that was sent and answered, `sr` and `ss` for one that was
//! received, `ms` and `mr` for messages; `sa`, `ca` and `ma` for the addresses
//! of the other side.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;

use super::json::{self, JsonEndpoint, Listed, Micros, Scalar};
use super::span::{Endpoint, ZipkinSpan, id};
use crate::collector::receivers::draft::{Resources, Translated, kind};

/// Translates a list of spans.
///
/// # Errors
/// Where it is none, with the place.
pub(super) fn translated(body: &[u8]) -> Result<Translated, String> {
    json::translated(body, |resources, span: JsonSpan| span.push(resources))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JsonSpan {
    trace_id: Scalar,
    parent_id: Scalar,
    id: Scalar,
    name: Scalar,
    timestamp: Micros,
    duration: Micros,
    annotations: Listed<Annotation>,
    binary_annotations: Listed<BinaryAnnotation>,
    debug: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Annotation {
    timestamp: Micros,
    value: Scalar,
    endpoint: Option<JsonEndpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BinaryAnnotation {
    key: Scalar,
    value: Scalar,
    endpoint: Option<JsonEndpoint>,
}

/// One side of a call: what tells that it is there, what ends it, and what says
/// where the other side is.
struct Side {
    kind: u64,
    begins: &'static str,
    ends: &'static str,
    other: &'static str,
}

const SIDES: [Side; 4] = [
    Side {
        kind: kind::CLIENT,
        begins: "cs",
        ends: "cr",
        other: "sa",
    },
    Side {
        kind: kind::SERVER,
        begins: "sr",
        ends: "ss",
        other: "ca",
    },
    Side {
        kind: kind::PRODUCER,
        begins: "ms",
        ends: "ws",
        other: "ma",
    },
    Side {
        kind: kind::CONSUMER,
        begins: "mr",
        ends: "wr",
        other: "ma",
    },
];

fn endpoint(one: Option<&JsonEndpoint>) -> Endpoint<'_> {
    one.map(JsonEndpoint::endpoint).unwrap_or_default()
}

impl JsonSpan {
    /// Adds the sides that this span shows: two where a client and a server
    /// reported one span together.
    fn push(&self, resources: &mut Resources) {
        let sides: Vec<&Side> = SIDES
            .iter()
            .filter(|side| {
                self.at(side.begins)
                    .or_else(|| self.at(side.ends))
                    .is_some()
            })
            .collect();
        match sides.as_slice() {
            [] => self.span(None, None).push(resources),
            [side] => self.span(Some(side), None).push(resources),
            [first, rest @ ..] => {
                self.span(Some(first), Some(true)).push(resources);
                for side in rest {
                    self.span(Some(side), Some(false)).push(resources);
                }
            }
        }
    }

    fn at(&self, value: &str) -> Option<&Annotation> {
        let mut annotations = self.annotations.0.iter();
        annotations.find(|one| one.value.0 == value)
    }

    /// One side of the span. `is_first` is said where there are several: the
    /// first has what does not say whose it is.
    fn span(&self, side: Option<&Side>, is_first: Option<bool>) -> ZipkinSpan<'_> {
        let begin = side.and_then(|side| self.at(side.begins));
        let end = side.and_then(|side| self.at(side.ends));
        let local = match begin.or(end) {
            Some(annotation) => endpoint(annotation.endpoint.as_ref()),
            None => self.any_endpoint(),
        };
        let of_sides = match is_first {
            Some(true) => self.services_of_sides(),
            _ => HashSet::new(),
        };
        let is_own = |of: Option<&JsonEndpoint>| match (is_first, of) {
            (None, _) => true,
            (Some(is_first), None) => is_first,
            (Some(is_first), Some(of)) => {
                let service = of.endpoint().service;
                service == local.service || is_first && !of_sides.contains(&service)
            }
        };
        let (timestamp, duration) = self.times(begin, end, is_first == Some(false));
        let annotations = self.annotations.0.iter();
        let tags = self.binary_annotations.0.iter();
        ZipkinSpan {
            trace_id: id(&self.trace_id.0),
            id: id(&self.id.0),
            parent_id: id(&self.parent_id.0),
            kind: side.map_or(kind::UNSPECIFIED, |side| side.kind),
            name: Cow::Borrowed(&self.name.0),
            timestamp,
            duration,
            remote: side.map(|side| self.other_side(side)).unwrap_or_default(),
            annotations: annotations
                .filter(|one| !is_core(&one.value.0) && is_own(one.endpoint.as_ref()))
                .map(|one| (one.timestamp.0, Cow::Borrowed(one.value.0.as_str())))
                .collect(),
            tags: tags
                .filter(|one| !is_address(&one.key.0) && is_own(one.endpoint.as_ref()))
                // `lc` only says where a span without calls ran.
                .filter(|one| one.key.0 != "lc" || !one.value.0.is_empty())
                .map(|one| {
                    (
                        Cow::Borrowed(one.key.0.as_str()),
                        Cow::Borrowed(one.value.0.as_str()),
                    )
                })
                .collect(),
            debug: self.debug == Some(true),
            shared: is_first == Some(false),
            local,
        }
    }

    /// When it began and how long it took, in microseconds. What the span says
    /// is said by the side that began it.
    fn times(
        &self,
        begin: Option<&Annotation>,
        end: Option<&Annotation>,
        is_shared: bool,
    ) -> (i64, i64) {
        let first = begin.map_or(0, |one| one.timestamp.0);
        let last = end.map_or(0, |one| one.timestamp.0);
        let measured = if first > 0 { (last - first).max(0) } else { 0 };
        if is_shared || self.timestamp.0 == 0 {
            let said = if is_shared { 0 } else { self.duration.0 };
            return (first, if said > 0 { said } else { measured });
        }
        let duration = match self.duration.0 {
            0 => measured,
            said => said,
        };
        (self.timestamp.0, duration)
    }

    /// The first endpoint that is named and is not the other side.
    fn any_endpoint(&self) -> Endpoint<'_> {
        let annotations = self.annotations.0.iter();
        let of_annotations = annotations.filter_map(|one| one.endpoint.as_ref());
        let tags = self.binary_annotations.0.iter();
        let of_tags = tags
            .filter(|one| !is_address(&one.key.0))
            .filter_map(|one| one.endpoint.as_ref());
        endpoint(of_annotations.chain(of_tags).next())
    }

    fn other_side(&self, side: &Side) -> Endpoint<'_> {
        let mut tags = self.binary_annotations.0.iter();
        let address = tags.find(|one| one.key.0 == side.other && is_address(&one.key.0));
        endpoint(address.and_then(|one| one.endpoint.as_ref()))
    }

    /// The services that called or were called.
    fn services_of_sides(&self) -> HashSet<Cow<'_, str>> {
        let annotations = self.annotations.0.iter();
        let core = annotations.filter(|one| is_core(&one.value.0));
        core.map(|one| endpoint(one.endpoint.as_ref()).service)
            .collect()
    }
}

fn is_core(value: &str) -> bool {
    SIDES
        .iter()
        .any(|side| value == side.begins || value == side.ends)
}

fn is_address(key: &str) -> bool {
    SIDES.iter().any(|side| key == side.other)
}
