//! Spans as segment documents.
//!
//! Spans that were made of segments become the same documents again (`marked`).
//! All others follow the OpenTelemetry Collector's `awsxray` exporter, one
//! document a span: JSON is written straight from the bytes of the request, and
//! what a resource says is put into words once for all its spans.

mod annotations;
mod aws;
mod cause;
mod document;
mod http;
mod marked;
mod name;
mod resource;
mod span;
mod stacks;
pub(super) mod value;

use std::collections::HashSet;

use super::fields::SCOPE;
use super::id::{SegmentId, TraceId};
use crate::otlp::view::{ResourceSpans, Span};

/// What the translation leaves to the user: the options of the `awsxray`
/// exporter that bear on documents.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Makes annotations of all attributes that X-Ray can index.
    pub index_all_attributes: bool,
    /// Attributes to make annotations of; those of a resource with
    /// `otel.resource.` before their name.
    pub indexed_attributes: HashSet<String>,
    /// Log groups of services whose resource names none.
    pub log_groups: Vec<String>,
}

/// A segment document.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its id.
    pub id: SegmentId,
    /// The document, in JSON.
    pub json: &'a [u8],
    /// The spans in it: 1, or an entity and its inline subsegments; 0 for the
    /// second document of a span.
    pub spans: usize,
}

/// Translates the spans of a resource and gives every document to `sink`; says
/// how many spans were left out because they have no trace id or no span id.
///
/// A document is not cut to X-Ray's 64 KB.
pub fn from_otlp(
    spans: ResourceSpans<'_>,
    options: &Options,
    sink: &mut dyn FnMut(Document<'_>),
) -> usize {
    let mut left_out = 0;
    let mut writer = None;
    let resource = spans.resource();
    for scope in spans.scopes() {
        if scope.scope().name() == SCOPE {
            left_out += marked::documents(resource, scope, sink);
            continue;
        }
        let writer =
            writer.get_or_insert_with(|| document::Writer::new(resource.attributes(), options));
        for span in scope.spans() {
            match ids(&span) {
                Some((trace_id, id)) => writer.span(&span, trace_id, id, sink),
                None => left_out += 1,
            }
        }
    }
    left_out
}

/// The ids of a span that has them.
fn ids(span: &Span<'_>) -> Option<(TraceId, SegmentId)> {
    let trace: [u8; 16] = span.trace_id.try_into().ok()?;
    let id: [u8; 8] = span.span_id.try_into().ok()?;
    let given = trace != [0; 16] && id != [0; 8];
    given.then(|| (TraceId::from_bytes(trace), SegmentId::from_bytes(id)))
}

/// The id of a span's parent.
fn parent(span: &Span<'_>) -> Option<SegmentId> {
    let id: [u8; 8] = span.parent()?.try_into().ok()?;
    Some(SegmentId::from_bytes(id))
}
