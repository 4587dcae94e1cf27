//! Finds traces by what is known of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use rusqlite::Connection;

use super::error::Fault;
use super::parts::{Flags, Id, Part, Parts};
use super::trace_index;
use crate::segment::TraceId;

/// Indexes of blocks that are kept at hand during a query.
const AT_HAND: usize = 32;
/// Traces that are given at most.
const MOST: usize = 10_000;

/// Nanoseconds after the beginning of a trace in which the part begins that has
/// the service, the operation or the error that is asked for: an hour.
const LATER: u64 = 3_600_000_000_000;

/// Which traces are meant: those that fulfil all that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// They began at this time or later, in nanoseconds since 1970.
    pub from: Option<u64>,
    /// They began at this time or before, in nanoseconds since 1970.
    pub to: Option<u64>,
    /// They passed through this service.
    pub service: Option<String>,
    /// They have this operation, of that service where one is given.
    pub operation: Option<String>,
    /// They took as long as this, in nanoseconds, or longer.
    pub min_duration: Option<u64>,
    /// They took as long as this, in nanoseconds, or shorter.
    pub max_duration: Option<u64>,
    /// Something went wrong in them.
    pub errors_only: bool,
    /// As many are given, and never more than 10,000.
    pub limit: usize,
    /// They come after this trace in the list: the last of the page before,
    /// given by its start and its id.
    pub after: Option<(u64, TraceId)>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
            service: None,
            operation: None,
            min_duration: None,
            max_duration: None,
            errors_only: false,
            limit: 20,
            after: None,
        }
    }
}

/// What is known of a trace without reading its spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The trace.
    pub trace_id: TraceId,
    /// When it began, in nanoseconds since 1970.
    pub start: u64,
    /// When it ended, in nanoseconds since 1970.
    pub end: u64,
    /// Spans and segments, with their subsegments, that had ended when they
    /// came.
    pub spans: u64,
    /// Segments that were in progress when they came: those that have ended
    /// since are among `spans` too.
    pub in_progress: u64,
    /// What went wrong in it.
    pub flags: Flags,
    /// The service and the operation that it begins with; `None` while its root
    /// has not come.
    pub root: Option<(String, String)>,
    /// The services that it passed through, by name.
    pub services: Vec<String>,
}

impl Summary {
    /// How long it took, in nanoseconds.
    pub fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Its place in a list: later ones first, then by id.
    fn place(&self) -> Place {
        (Reverse(self.start), self.trace_id)
    }
}

type Place = (Reverse<u64>, TraceId);

/// What a block's row says.
struct Row {
    id: i64,
    first: u64,
    latest: u64,
}

pub(super) fn traces(connection: &Connection, query: &Query) -> Result<Vec<Summary>, Fault> {
    let mut search = Search {
        connection,
        query,
        rows: rows(connection)?,
        at_hand: HashMap::new(),
        seen: HashSet::new(),
        found: BTreeMap::new(),
    };
    search.run()?;
    Ok(search.found.into_values().collect())
}

/// All blocks, those with the latest starts first.
fn rows(connection: &Connection) -> Result<Vec<Row>, Fault> {
    let mut query = connection
        .prepare_cached("SELECT id, first, latest FROM blocks ORDER BY latest DESC, id DESC")?;
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    let found = query.query_map([], |row| {
        Ok(Row {
            id: row.get(0)?,
            first: number(row.get(1)?),
            latest: number(row.get(2)?),
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

struct Search<'a> {
    connection: &'a Connection,
    query: &'a Query,
    rows: Vec<Row>,
    at_hand: HashMap<i64, Rc<Parts>>,
    seen: HashSet<Id>,
    found: BTreeMap<Place, Summary>,
}

impl Search<'_> {
    fn limit(&self) -> usize {
        self.query.limit.min(MOST)
    }

    /// Walks over the blocks. A trace begins no later than any of its parts, so
    /// that all that are still to come begin before the next block's latest.
    fn run(&mut self) -> Result<(), Fault> {
        if self.limit() == 0 {
            return Ok(());
        }
        let to = self.query.to.unwrap_or(u64::MAX);
        let to = self.query.after.map_or(to, |after| to.min(after.0));
        // The part that has what is asked for may begin later than its trace.
        let to = to.saturating_add(if self.is_asked_of_parts() { LATER } else { 0 });
        for at in 0..self.rows.len() {
            let Some(&Row {
                id, first, latest, ..
            }) = self.rows.get(at)
            else {
                break;
            };
            if self.query.from.is_some_and(|from| latest < from) || self.is_too_early(latest) {
                break;
            }
            if first > to {
                continue;
            }
            let parts = self.parts(id)?;
            let wanted = Wanted::of(self.query, &parts);
            for part in &parts.parts {
                if wanted.may_have(part) && !self.is_too_early(part.start) {
                    self.consider(&part.trace)?;
                }
            }
        }
        Ok(())
    }

    /// Tells whether something is asked that not every part of a trace has.
    fn is_asked_of_parts(&self) -> bool {
        let query = self.query;
        query.service.is_some() || query.operation.is_some() || query.errors_only
    }

    /// Tells whether traces that begin then are beyond the limit.
    fn is_too_early(&self, start: u64) -> bool {
        let last = self.found.last_key_value();
        self.found.len() >= self.limit() && last.is_some_and(|(place, _)| start < place.0.0)
    }

    /// Adds a trace where the query means it.
    fn consider(&mut self, trace: &Id) -> Result<(), Fault> {
        if !self.seen.insert(*trace) {
            return Ok(());
        }
        let (summary, has_operation) = self.summary(trace)?;
        let query = self.query;
        let place = summary.place();
        let after = query.after.map(|(start, id)| (Reverse(start), id));
        let is_meant = has_operation
            && query.from.is_none_or(|from| summary.start >= from)
            && query.to.is_none_or(|to| summary.start <= to)
            && query
                .min_duration
                .is_none_or(|min| summary.duration() >= min)
            && query
                .max_duration
                .is_none_or(|max| summary.duration() <= max)
            && (!query.errors_only || summary.flags.any())
            && after.is_none_or(|after| place > after);
        if is_meant {
            self.found.insert(place, summary);
            if self.found.len() > self.limit() {
                self.found.pop_last();
            }
        }
        Ok(())
    }

    /// Puts the parts of a trace together; tells too whether it has the service
    /// and operation that are asked for.
    fn summary(&mut self, trace: &Id) -> Result<(Summary, bool), Fault> {
        let blocks = trace_index::blocks_with(self.connection, &[*trace])?;
        let mut services = BTreeSet::new();
        let mut has_operation = false;
        let mut summary = Summary {
            trace_id: TraceId::from_bytes(*trace),
            start: u64::MAX,
            end: 0,
            spans: 0,
            in_progress: 0,
            flags: Flags::default(),
            root: None,
            services: Vec::new(),
        };
        for block in blocks {
            let parts = self.parts(block)?;
            let Some(part) = parts.get(trace) else {
                continue;
            };
            summary.add(part, &parts);
            has_operation |= Wanted::of(self.query, &parts).has_operation(part);
            let names = part.operations.iter().filter_map(|it| parts.names.get(*it));
            services.extend(names.map(|name| name.0.to_owned()));
        }
        services.remove("");
        summary.services = services.into_iter().collect();
        Ok((summary, has_operation))
    }

    fn parts(&mut self, block: i64) -> Result<Rc<Parts>, Fault> {
        if let Some(parts) = self.at_hand.get(&block) {
            return Ok(Rc::clone(parts));
        }
        let parts = Rc::new(Parts::of_block(self.connection, block)?);
        if self.at_hand.len() >= AT_HAND {
            self.at_hand.clear();
        }
        self.at_hand.insert(block, Rc::clone(&parts));
        Ok(parts)
    }
}

impl Summary {
    fn add(&mut self, part: &Part, of: &Parts) {
        self.start = self.start.min(part.start);
        self.end = self.end.max(part.end);
        self.spans = self.spans.saturating_add(part.spans);
        self.in_progress = self.in_progress.saturating_add(part.in_progress);
        self.flags = self.flags.or(part.flags);
        if self.root.is_none() {
            let root = part.root.and_then(|root| of.names.get(root));
            self.root = root.map(|(service, name)| (service.to_owned(), name.to_owned()));
        }
    }
}

/// What a query asks of the parts in a block.
struct Wanted<'a> {
    query: &'a Query,
    /// The operations that are asked for; `None`: any.
    operations: Option<HashSet<u32>>,
}

impl<'a> Wanted<'a> {
    fn of(query: &'a Query, parts: &Parts) -> Self {
        let is_asked = query.service.is_some() || query.operation.is_some();
        let fits = |asked: Option<&String>, is: &str| asked.is_none_or(|asked| asked == is);
        let operations = is_asked.then(|| {
            let all = parts.names.all().zip(0..);
            let wanted = all.filter(|((service, name), _)| {
                fits(query.service.as_ref(), service) && fits(query.operation.as_ref(), name)
            });
            wanted.map(|(_, number)| number).collect()
        });
        Self { query, operations }
    }

    fn has_operation(&self, part: &Part) -> bool {
        let Some(operations) = &self.operations else {
            return true;
        };
        part.operations.iter().any(|it| operations.contains(it))
    }

    /// Tells whether the trace of a part has to be looked at. Every trace that
    /// is meant has a part that says so.
    fn may_have(&self, part: &Part) -> bool {
        let query = self.query;
        self.has_operation(part)
            && (self.operations.is_some() || !query.errors_only || part.flags.any())
            && query.from.is_none_or(|from| part.start >= from)
            && query.max_duration.is_none_or(|max| part.duration() <= max)
    }
}
