//! Finds what is known of the traces in requests and documents.

use std::collections::HashMap;

use serde::Deserialize;

use super::parts::{Flags, Id, Names, Part, Parts};
use crate::otlp::view::{self, AnyValue, Kind, Span};
use crate::segment;

/// The service of spans whose resource names none, as OpenTelemetry has it.
const UNNAMED: &str = "unknown_service";

/// The parts of traces, while a block is made.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    names: Names,
    parts: HashMap<Id, Part>,
}

/// What one span or segment tells of its trace.
struct Seen {
    start: u64,
    end: u64,
    flags: Flags,
    operation: u32,
    is_root: bool,
    spans: u64,
    in_progress: u64,
}

/// The flags of a document; an entity is what its subsegments are.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entity {
    name: Option<String>,
    namespace: Option<String>,
    error: Option<bool>,
    fault: Option<bool>,
    throttle: Option<bool>,
    subsegments: Option<Vec<Entity>>,
}

impl Entity {
    fn flags(&self) -> Flags {
        let own = Flags {
            error: self.error == Some(true),
            fault: self.fault == Some(true),
            throttle: self.throttle == Some(true),
        };
        let inside = self.subsegments.iter().flatten().map(Self::flags);
        inside.fold(own, Flags::or)
    }

    /// The kind of the span that a subsegment is translated to.
    fn kind(&self) -> Kind {
        match self.namespace {
            Some(_) => Kind::Client,
            None => Kind::Internal,
        }
    }

    /// Shows the subsegments at any depth.
    fn each_inside(&self, visit: &mut impl FnMut(&Self)) {
        for inside in self.subsegments.iter().flatten() {
            visit(inside);
            inside.each_inside(visit);
        }
    }
}

impl Gathered {
    /// Takes the spans of a request. Those that have no trace are passed over.
    pub(super) fn request(&mut self, request: &[u8]) {
        for resource in view::resources(request) {
            let name = resource.resource().attributes().text("service.name");
            let service = self.names.service(name.unwrap_or(UNNAMED));
            for span in resource.scopes().flat_map(view::ScopeSpans::spans) {
                let Ok(trace) = span.trace_id.try_into() else {
                    continue;
                };
                let operation = self.names.operation(service, span.name);
                self.names.seen_as(operation, span.kind);
                let seen = Seen {
                    start: span.start_time_unix_nano,
                    end: span.end_time_unix_nano,
                    flags: flags_of(&span),
                    operation,
                    is_root: span.parent().is_none(),
                    spans: 1,
                    in_progress: 0,
                };
                self.add(trace, &seen);
            }
        }
    }

    /// Takes a segment document. One that AWS would refuse is passed over.
    pub(super) fn document(&mut self, document: &[u8]) {
        let Ok(envelope) = segment::check(document) else {
            return;
        };
        // Flags of a type that AWS does not have are no flags.
        let entity: Entity = serde_json::from_slice(document).unwrap_or_default();
        // A subsegment that comes alone does not say which service it is of.
        let service = if envelope.is_subsegment {
            ""
        } else {
            envelope.name.as_ref()
        };
        let service = self.names.service(service);
        let entities = u64::try_from(envelope.entities).unwrap_or(u64::MAX);
        let start = nanos(envelope.start_time);
        let (spans, in_progress) = if envelope.in_progress {
            (0, entities)
        } else {
            (entities, 0)
        };
        let operation = self.names.operation(service, &envelope.name);
        let kind = if envelope.is_subsegment {
            entity.kind()
        } else {
            Kind::Server
        };
        self.names.seen_as(operation, kind);
        let seen = Seen {
            start,
            end: envelope.end_time.map_or(start, nanos),
            flags: entity.flags(),
            operation,
            is_root: !envelope.is_subsegment && envelope.parent_id.is_none(),
            spans,
            in_progress,
        };
        self.add(envelope.trace_id.bytes(), &seen);
        entity.each_inside(&mut |inside| {
            let Some(name) = &inside.name else {
                return;
            };
            let operation = self.names.operation(service, name);
            self.names.seen_as(operation, inside.kind());
            let part = self.parts.get_mut(&envelope.trace_id.bytes());
            if let Some(part) = part.filter(|part| part.operations.last() != Some(&operation)) {
                part.operations.push(operation);
            }
        });
    }

    fn add(&mut self, trace: Id, seen: &Seen) {
        let part = self.parts.entry(trace).or_insert_with(|| Part {
            trace,
            start: seen.start,
            ..Part::default()
        });
        part.start = part.start.min(seen.start);
        // A span that ends before it begins has no length.
        part.end = part.end.max(seen.end).max(seen.start);
        part.spans = part.spans.saturating_add(seen.spans);
        part.in_progress = part.in_progress.saturating_add(seen.in_progress);
        part.flags = part.flags.or(seen.flags);
        if seen.is_root && part.root.is_none() {
            part.root = Some(seen.operation);
        }
        if part.operations.last() != Some(&seen.operation) {
            part.operations.push(seen.operation);
        }
    }

    pub(super) fn parts(self) -> Parts {
        let mut parts: Vec<Part> = self.parts.into_values().collect();
        for part in &mut parts {
            part.operations.sort_unstable();
            part.operations.dedup();
        }
        parts.sort_unstable_by_key(|part| part.trace);
        Parts {
            names: self.names,
            parts,
        }
    }
}

/// As the `awsxray` exporter has it: an error is the caller's where HTTP says so,
/// and the callee's otherwise.
fn flags_of(span: &Span<'_>) -> Flags {
    if !span.status.is_error() {
        return Flags::default();
    }
    let attributes = span.attributes();
    let status = ["http.response.status_code", "http.status_code"];
    let status = status.iter().find_map(|key| match attributes.get(key) {
        Some(AnyValue::Int(status)) => Some(status),
        _ => None,
    });
    let is_callers = status.is_some_and(|status| (400..500).contains(&status));
    Flags {
        error: true,
        fault: !is_callers,
        throttle: status == Some(429),
    }
}

/// Nanoseconds of a time in seconds: what lies outside of the range is its end.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the casts saturate"
)]
fn nanos(seconds: f64) -> u64 {
    let whole = seconds.trunc();
    let fraction = ((seconds - whole) * 1e9).round();
    (whole as u64)
        .saturating_mul(1_000_000_000)
        .saturating_add(fraction as u64)
}
