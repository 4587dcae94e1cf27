//! A trace with all its spans.

use std::collections::HashSet;

use bytes::Bytes;

use super::{Failure, MOST_ANSWER};
use crate::collector::store::{Reader, Stored};
use crate::otlp::view::{self, Attributes, Scope, Span};
use crate::otlp::wire::Value;
use crate::otlp::write;
use crate::segment::{self, TraceId};

/// The service of spans whose resource names none, as OpenTelemetry has it.
const UNNAMED: &str = "unknown_service";

/// A trace. Segments are spans in it.
pub(super) struct Trace {
    pub(super) id: TraceId,
    /// Export requests of spans of this trace alone.
    requests: Vec<Bytes>,
}

/// A span and where it comes from.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) resource: Attributes<'a>,
    pub(super) scope: Scope<'a>,
    pub(super) span: Span<'a>,
}

impl<'a> Placed<'a> {
    /// The service that it is of.
    pub(super) fn service(&self) -> &'a str {
        service_of(self.resource)
    }
}

/// The service that a resource names.
pub(super) fn service_of(resource: Attributes<'_>) -> &str {
    let name = resource.text("service.name");
    name.filter(|name| !name.is_empty()).unwrap_or(UNNAMED)
}

impl Trace {
    pub(super) fn of(id: TraceId, stored: Vec<Stored>) -> Self {
        let (mut requests, mut segments) = (Vec::new(), Vec::new());
        for one in stored {
            match one {
                Stored::Request(request) => requests.push(request),
                // What the store keeps was checked when it came.
                Stored::Document(document) => {
                    if let Err(error) = segment::to_otlp(&document, &mut segments) {
                        tracing::debug!(%error, "a segment that is kept cannot be shown");
                    }
                }
            }
        }
        if !segments.is_empty() {
            requests.push(segments.into());
        }
        Self { id, requests }
    }

    /// Leaves out spans that came twice, as they do where a sender tries again.
    pub(super) fn distinct(self) -> Self {
        let Self { id, requests } = self;
        let mut seen = HashSet::new();
        let mut has_twice = false;
        for resource in requests.iter().flat_map(|request| view::resources(request)) {
            let from = resource.resource().message();
            for span in resource.scopes().flat_map(view::ScopeSpans::spans) {
                has_twice |= !seen.insert((from, span.message()));
            }
        }
        if !has_twice {
            drop(seen);
            return Self { id, requests };
        }
        seen.clear();
        let mut out = Vec::new();
        for resource in requests.iter().flat_map(|request| view::resources(request)) {
            let from = resource.resource().message();
            write::message(&mut out, 1, |out| {
                write::copy(out, resource.message(), |out, number, value| {
                    let (2, Value::Bytes(scope)) = (number, value) else {
                        return false;
                    };
                    write::message(out, 2, |out| {
                        write::copy(
                            out,
                            scope,
                            |_, number, value| matches!((number, value), (2, Value::Bytes(span)) if !seen.insert((from, span))),
                        );
                    });
                    true
                });
            });
        }
        let requests = vec![out.into()];
        Self { id, requests }
    }

    /// Nothing of it is there.
    pub(super) fn is_empty(&self) -> bool {
        self.spans().next().is_none()
    }

    /// Bytes of its spans.
    pub(super) fn bytes(&self) -> usize {
        self.requests.iter().map(Bytes::len).sum()
    }

    /// As one export request, which is what OTLP's `TracesData` is.
    pub(super) fn request(&self) -> Bytes {
        match self.requests.as_slice() {
            [one] => one.clone(),
            many => many.concat().into(),
        }
    }

    /// Its resources, in the order that they came in.
    pub(super) fn resources(&self) -> impl Iterator<Item = view::ResourceSpans<'_>> {
        self.requests
            .iter()
            .flat_map(|request| view::resources(request))
    }

    /// Its spans, in the order that they came in.
    pub(super) fn spans(&self) -> impl Iterator<Item = Placed<'_>> {
        self.resources().flat_map(|from| {
            let resource = from.resource().attributes();
            from.scopes().flat_map(move |scope| {
                let of = scope.scope();
                scope.spans().map(move |span| Placed {
                    resource,
                    scope: of,
                    span,
                })
            })
        })
    }
}

/// Reads a trace; `None` where it is not known. Blocks.
pub(super) fn read(reader: &Reader, id: TraceId) -> Result<Option<Trace>, Failure> {
    let Some(found) = reader.several(&[id], MOST_ANSWER)? else {
        return Err(Failure::TooLarge);
    };
    let trace = Trace::of(id, found.into_iter().flatten().collect());
    Ok((!trace.is_empty()).then_some(trace))
}

/// Reads a trace's id: 32 digits or fewer, or as X-Ray writes it.
pub(super) fn id_of(text: &str) -> Option<TraceId> {
    if let Some(id) = TraceId::parse(text) {
        return Some(id);
    }
    if text.is_empty() || text.len() > 32 || !text.is_ascii() {
        return None;
    }
    TraceId::parse_w3c(&format!("{text:0>32}"))
}
