//! The spans that a search asks for.

use super::super::search::{Found, Search};
use super::super::trace::{Placed, Trace};
use super::super::value::text;
use super::super::{Failure, Queries};
use crate::collector::store::Query;
use crate::otlp::view::{Attributes, Kind};

/// Nanoseconds before a window in which a trace may begin that has a span in it:
/// an hour.
const EARLIER: u64 = 3_600_000_000_000;

/// A span that all of it is true of makes its trace one of those that are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) service: Option<String>,
    pub(super) operation: Option<String>,
    /// It begins at this time or later, in nanoseconds since 1970.
    pub(super) from: u64,
    /// It begins at this time or before.
    pub(super) to: u64,
    /// It takes as long as this, in nanoseconds, or longer.
    pub(super) min: Option<u64>,
    /// It takes as long as this, in nanoseconds, or shorter.
    pub(super) max: Option<u64>,
    /// It, its resource, scope, events or links have these.
    pub(super) attributes: Vec<(String, String)>,
    /// Traces that are given.
    pub(super) limit: usize,
    /// Spans are given as often as they came.
    pub(super) is_raw: bool,
}

impl Wanted {
    /// Finds the traces, the newest first.
    pub(super) async fn find(self, queries: &Queries) -> Result<Found, Failure> {
        queries
            .read(move |reader| {
                let search = Search {
                    query: self.query(),
                    limit: self.limit,
                    is_meant: |trace: &Trace| trace.spans().any(|placed| self.is_met_by(&placed)),
                };
                let mut found = search.run(reader)?;
                if !self.is_raw {
                    found.traces = found.traces.into_iter().map(Trace::distinct).collect();
                }
                Ok(found)
            })
            .await
    }

    /// What the index can tell: a trace is as long as any of its spans.
    fn query(&self) -> Query {
        Query {
            from: Some(self.from.saturating_sub(EARLIER)),
            to: Some(self.to),
            service: self.service.clone(),
            operation: self.operation.clone(),
            min_duration: self.min,
            ..Query::default()
        }
    }

    fn is_met_by(&self, placed: &Placed<'_>) -> bool {
        let span = &placed.span;
        let start = span.start_time_unix_nano;
        let took = span.end_time_unix_nano.saturating_sub(start);
        let is_said =
            |said: &Option<String>, found: &str| said.as_deref().is_none_or(|said| said == found);
        is_said(&self.service, placed.service())
            && is_said(&self.operation, span.name)
            && (self.from..=self.to).contains(&start)
            && self.min.is_none_or(|min| took >= min)
            && self.max.is_none_or(|max| took <= max)
            && self
                .attributes
                .iter()
                .all(|(key, value)| has(placed, key, value))
    }
}

/// Tells whether a span has an attribute, with the words that Jaeger has for what
/// is none: `error`, `span.kind`, `span.status`, `scope.name`, `resource.…`.
fn has(placed: &Placed<'_>, key: &str, value: &str) -> bool {
    let span = &placed.span;
    match key {
        "error" => match value {
            "true" | "TRUE" | "True" | "t" | "T" | "1" => span.status.is_error(),
            "false" | "FALSE" | "False" | "f" | "F" | "0" => !span.status.is_error(),
            _ => false,
        },
        "span.status" => match value.to_ascii_uppercase().as_str() {
            "OK" => span.status.code == 1,
            "ERROR" => span.status.code == 2,
            _ => span.status.code == 0,
        },
        "span.kind" => kind_name(span.kind) == value.to_ascii_lowercase(),
        "scope.name" => placed.scope.name() == value,
        "scope.version" => placed.scope.version() == value,
        _ => {
            if let Some(key) = key.strip_prefix("resource.") {
                return is_in(placed.resource, key, value);
            }
            let is_in = |attributes| is_in(attributes, key, value);
            is_in(span.attributes())
                || is_in(placed.scope.attributes())
                || is_in(placed.resource)
                || span.events().any(|event| is_in(event.attributes()))
                || span.links().any(|link| is_in(link.attributes()))
        }
    }
}

fn is_in(attributes: Attributes<'_>, key: &str, value: &str) -> bool {
    attributes
        .get(key)
        .is_some_and(|found| text(found) == value)
}

/// A kind as Jaeger writes it; nothing where it is not said.
pub(super) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Unspecified => "",
        Kind::Internal => "internal",
        Kind::Server => "server",
        Kind::Client => "client",
        Kind::Producer => "producer",
        Kind::Consumer => "consumer",
    }
}
