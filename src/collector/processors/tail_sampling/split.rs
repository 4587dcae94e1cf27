//! Parcels taken apart by trace.

use bytes::Bytes;

use super::policies::{Facts, Policies};
use crate::collector::Parcel;
use crate::collector::processors::matching::each_entity;
use crate::otlp::view::{self, ResourceSpans, ScopeSpans, Span};
use crate::otlp::wire::{Fields, Value};
use crate::otlp::write;
use crate::segment;

/// What a parcel holds of one trace.
pub(super) struct Piece {
    /// `None` of spans that do not say which trace they are of.
    pub(super) trace: Option<[u8; 16]>,
    pub(super) parcel: Parcel,
    pub(super) facts: Facts,
}

/// Takes a parcel apart, and looks at its spans. Its room goes along, settled to
/// what the pieces need; who waits for it is told that all is well.
pub(super) fn split(mut parcel: Parcel, policies: &Policies) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for request in std::mem::take(&mut parcel.requests) {
        split_request(&request, policies, &mut pieces);
    }
    let mut room = Vec::new();
    for document in std::mem::take(&mut parcel.documents) {
        let mut facts = Facts::default();
        each_entity(&document, &mut room, |resource, span| {
            facts.look(policies, resource, span);
        });
        let envelope = segment::check(&document);
        pieces.push(Piece {
            trace: envelope.ok().map(|envelope| envelope.trace_id.bytes()),
            parcel: Parcel {
                // It may be a part of a request that is not to be held whole.
                documents: vec![Bytes::copy_from_slice(&document)],
                ..Parcel::default()
            },
            facts,
        });
    }
    let bytes = pieces.iter().map(|piece| piece.parcel.bytes()).sum();
    parcel.charges.truncate(1);
    if let Some(mut charge) = parcel.charges.pop() {
        charge.settle(bytes);
        for piece in &mut pieces {
            let part = charge.split(piece.parcel.bytes());
            piece.parcel.charges.push(part);
        }
    }
    pieces
}

/// One span, and where it stands.
struct Entry<'a> {
    trace: Option<[u8; 16]>,
    resource: usize,
    scope: usize,
    message: &'a [u8],
}

fn split_request(request: &Bytes, policies: &Policies, pieces: &mut Vec<Piece>) {
    let resources: Vec<ResourceSpans<'_>> = view::resources(request).collect();
    let mut scopes: Vec<ScopeSpans<'_>> = Vec::new();
    let mut entries = Vec::new();
    for (resource, spans) in resources.iter().enumerate() {
        for scope in spans.scopes() {
            let at = scopes.len();
            scopes.push(scope);
            entries.extend(scope.spans().map(|span| Entry {
                trace: span.trace_id.try_into().ok(),
                resource,
                scope: at,
                message: span.message(),
            }));
        }
    }
    // Stable: the spans of a trace keep their order.
    entries.sort_by_key(|entry| entry.trace);
    for group in entries.chunk_by(|one, other| one.trace == other.trace) {
        let mut facts = Facts::default();
        for entry in group {
            let resource = resources[entry.resource].resource();
            facts.look(policies, resource, &Span::of(entry.message));
        }
        let part = if group.len() == entries.len() {
            request.clone()
        } else {
            Bytes::from(written(group, &resources, &scopes))
        };
        pieces.push(Piece {
            trace: group.first().and_then(|entry| entry.trace),
            parcel: Parcel {
                requests: vec![part],
                spans: group.len(),
                ..Parcel::default()
            },
            facts,
        });
    }
}

/// Some spans of a request as a request, with their resources and scopes.
fn written(
    group: &[Entry<'_>],
    resources: &[ResourceSpans<'_>],
    scopes: &[ScopeSpans<'_>],
) -> Vec<u8> {
    let mut out = Vec::new();
    for of_resource in group.chunk_by(|one, other| one.resource == other.resource) {
        write::message(&mut out, 1, |out| {
            head(out, resources[of_resource[0].resource].message());
            for of_scope in of_resource.chunk_by(|one, other| one.scope == other.scope) {
                write::message(out, 2, |out| {
                    head(out, scopes[of_scope[0].scope].message());
                    for entry in of_scope {
                        write::bytes(out, 2, entry.message);
                    }
                });
            }
        });
    }
    out
}

/// All fields but the list of what is inside.
fn head(out: &mut Vec<u8>, message: &[u8]) {
    for (number, value) in Fields::of(message) {
        if number != 2 || !matches!(value, Value::Bytes(_)) {
            write::field(out, number, value);
        }
    }
}
