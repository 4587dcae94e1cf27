//! The traces that a search asks for.

use super::super::Failure;
use super::super::search::{Found, Search};
use super::super::trace::{Placed, Trace};
use super::spelled;
use crate::collector::store::{Query, Reader};
use crate::collector::zipkin_span::{peer, text};

/// What a tag or an annotation must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// A tag has this value.
    Tag(String, String),
    /// There is such a tag or such an annotation.
    Any(String),
}

/// A trace that begins in the window and whose spans of the service have, all
/// together, what is asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) service: Option<String>,
    pub(super) remote: Option<String>,
    pub(super) name: Option<String>,
    pub(super) conditions: Vec<Condition>,
    /// Nanoseconds since 1970.
    pub(super) window: (u64, u64),
    /// Nanoseconds.
    pub(super) min: Option<u64>,
    /// Nanoseconds.
    pub(super) max: Option<u64>,
    pub(super) limit: usize,
}

impl Wanted {
    /// Finds the traces, the newest first. Blocks.
    pub(super) fn find(self, reader: &Reader) -> Result<Found, Failure> {
        let mut query = Query {
            from: Some(self.window.0),
            to: Some(self.window.1),
            min_duration: self.min,
            ..Query::default()
        };
        if let Some(service) = &self.service {
            match spelled(reader, service)?.as_slice() {
                [] => {
                    return Ok(Found {
                        traces: Vec::new(),
                        is_cut: false,
                    });
                }
                [one] => query.service = Some(one.clone()),
                // Spelled in several ways: spans tell.
                _ => {}
            }
        }
        let search = Search {
            query,
            limit: self.limit,
            is_meant: |trace: &Trace| self.is_met_by(trace),
        };
        let mut found = search.run(reader)?;
        found.traces = found.traces.into_iter().map(Trace::distinct).collect();
        Ok(found)
    }

    fn is_met_by(&self, trace: &Trace) -> bool {
        let is_of = |placed: &Placed<'_>| is_same(self.service.as_ref(), placed.service());
        let any = |is: &dyn Fn(&Placed<'_>) -> bool| {
            trace.spans().any(|placed| is_of(&placed) && is(&placed))
        };
        any(&|_| true)
            && (self.name.is_none() || any(&|it| is_same(self.name.as_ref(), it.span.name)))
            && (self.remote.is_none()
                || any(&|it| {
                    peer(&it.span).is_some_and(|name| is_same(self.remote.as_ref(), name))
                }))
            && (self.min.is_none() || any(&|it| self.is_long(it)))
            && self
                .conditions
                .iter()
                .all(|condition| any(&|it| condition.is_met_by(it)))
    }

    fn is_long(&self, placed: &Placed<'_>) -> bool {
        let span = &placed.span;
        let took = span
            .end_time_unix_nano
            .saturating_sub(span.start_time_unix_nano);
        self.min.is_none_or(|min| took >= min) && self.max.is_none_or(|max| took <= max)
    }
}

fn is_same(asked: Option<&String>, found: &str) -> bool {
    asked.is_none_or(|asked| asked.eq_ignore_ascii_case(found))
}

impl Condition {
    fn is_met_by(&self, placed: &Placed<'_>) -> bool {
        let span = &placed.span;
        match self {
            // A tag of that name is how Zipkin says that a span failed.
            Self::Any(key) if key == "error" && span.status.is_error() => true,
            Self::Any(key) => {
                tag(placed, key).is_some() || span.events().any(|event| event.name == key)
            }
            Self::Tag(key, value) => tag(placed, key).is_some_and(|found| found == *value),
        }
    }
}

/// The value of a tag, as it is shown.
fn tag(placed: &Placed<'_>, key: &str) -> Option<String> {
    let own = placed.span.attributes().get(key);
    let value = own.or_else(|| placed.resource.get(key).filter(|_| key != "service.name"));
    value
        .map(text)
        .or_else(|| match (key, placed.span.status.code) {
            ("otel.status_code", 1) => Some("OK".to_owned()),
            ("otel.status_code", 2) => Some("ERROR".to_owned()),
            ("error", 2) => Some(placed.span.status.message.to_owned()),
            ("otel.scope.name", _) => {
                Some(placed.scope.name().to_owned()).filter(|it| !it.is_empty())
            }
            ("otel.scope.version", _) => {
                Some(placed.scope.version().to_owned()).filter(|it| !it.is_empty())
            }
            _ => None,
        })
}
