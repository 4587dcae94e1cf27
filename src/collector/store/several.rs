//! Several traces at once: those that came together lie in the same blocks.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use super::block::{self, Item, resource_of};
use super::error::Fault;
use super::parts::Id;
use super::reader::{Found, Stored};
use super::trace_index;
use crate::otlp::view;
use crate::segment::{self, TraceId};

/// What is kept of these traces; `None` where that has more than `most_bytes`.
pub(super) fn several(
    connection: &Connection,
    ids: &[TraceId],
    most_bytes: usize,
) -> Result<Option<Vec<Vec<Stored>>>, Fault> {
    let mut wanted = Wanted {
        ids: ids.iter().map(|id| id.bytes()).collect(),
        places: ids.iter().map(|id| id.bytes()).zip(0..).collect(),
        found: ids.iter().map(|_| Found::default()).collect(),
        bytes: 0,
    };
    for block in trace_index::blocks_with(connection, &wanted.ids)? {
        for item in block::items(&block::content(connection, block)?) {
            match item? {
                Item::Request(request) => wanted.request(request),
                Item::Document(document) => wanted.document(document),
            }
            if wanted.bytes > most_bytes {
                return Ok(None);
            }
        }
    }
    let found = wanted.found.into_iter();
    Ok(Some(found.map(|found| found.stored).collect()))
}

struct Wanted {
    ids: Vec<Id>,
    /// Where each is in `found`.
    places: HashMap<Id, usize>,
    found: Vec<Found>,
    /// Of what was found.
    bytes: usize,
}

impl Wanted {
    fn request(&mut self, request: &[u8]) {
        let mut parts: HashMap<usize, Vec<u8>> = HashMap::new();
        for resource in view::resources(request) {
            let spans = resource.scopes().flat_map(view::ScopeSpans::spans);
            let has: BTreeSet<usize> = spans
                .filter_map(|span| self.places.get(span.trace_id).copied())
                .collect();
            for place in has {
                if let Some(id) = self.ids.get(place) {
                    resource_of(resource, id, parts.entry(place).or_default());
                }
            }
        }
        for (place, spans) in parts {
            self.bytes = self.bytes.saturating_add(spans.len());
            if let Some(found) = self.found.get_mut(place) {
                found.stored.push(Stored::Request(spans.into()));
            }
        }
    }

    fn document(&mut self, document: &[u8]) {
        let Ok(envelope) = segment::check(document) else {
            return;
        };
        let place = self.places.get(&envelope.trace_id.bytes());
        if let Some(found) = place.and_then(|place| self.found.get_mut(*place)) {
            self.bytes = self.bytes.saturating_add(document.len());
            found.segment(&envelope, document);
        }
    }
}
