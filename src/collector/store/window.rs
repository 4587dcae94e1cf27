//! Reads the traces of a span of time, whole, a block after the other.

use std::collections::{HashMap, HashSet};
use std::ops::{ControlFlow, Range};

use rusqlite::Connection;

use super::block::{self, Item};
use super::error::Fault;
use super::parts::{Id, Parts};
use crate::otlp::view;
use crate::segment::{self, Options, TraceId, from_otlp};

/// Nanoseconds that the parts of a trace lie apart at most, to be found
/// together: an hour.
const APART: u64 = 3_600_000_000_000;
/// Nanoseconds that are looked at in one go, so that memory does not grow with
/// the span of time: an hour.
const SLICE: u64 = 3_600_000_000_000;

/// Which traces are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// Those that began in `from..to`, in nanoseconds since 1970.
    Began(u64, u64),
    /// Those that were going on at some time in `from..to`, in nanoseconds since
    /// 1970.
    GoingOn(u64, u64),
    /// Those of which something came in `from..to`, in seconds since 1970.
    Came(u64, u64),
}

/// Shows a trace: its segment documents.
pub type Visit<'v> = dyn FnMut(TraceId, &[&[u8]]) -> ControlFlow<()> + 'v;

/// Shows every trace that is meant, whole and once, until `visit` breaks it off.
/// Spans become segment documents by `options`.
pub(super) fn traces(
    connection: &Connection,
    meant: Meant,
    options: &Options,
    visit: &mut Visit<'_>,
) -> Result<(), Fault> {
    let search = Search {
        connection,
        options,
    };
    let (from, to) = match meant {
        Meant::Came(from, to) => return search.came(from, to, visit).map(|_| ()),
        Meant::Began(from, to) | Meant::GoingOn(from, to) => (from, to),
    };
    let rows = rows(connection, from, to)?;
    // Nothing is looked for where nothing is.
    let first = rows.iter().map(|row| row.first).min().unwrap_or(u64::MAX);
    let latest = rows.iter().map(|row| row.latest).max().unwrap_or(0);
    let mut start = from;
    while start < to && start <= latest {
        let end = start.max(first).saturating_add(SLICE).min(to);
        let is_first = start == from;
        let is_going_on = is_first && matches!(meant, Meant::GoingOn(..));
        if search
            .slice(&rows, start, end, is_going_on, visit)?
            .is_break()
        {
            return Ok(());
        }
        start = end;
    }
    Ok(())
}

/// The documents of one trace, in the order in which they came.
pub(super) fn trace(
    connection: &Connection,
    id: &Id,
    options: &Options,
) -> Result<Vec<Vec<u8>>, Fault> {
    let mut documents = Documents::default();
    block::each_of(connection, id, |item| match item {
        Item::Request(request) => {
            let mut spans = Vec::new();
            block::spans_of(request, id, &mut spans);
            documents.request(&spans, options, &|it| it == id);
        }
        Item::Document(document) => documents.document(document, &|it| it == id),
    })?;
    let found = documents.of(id);
    Ok(found.into_iter().map(<[u8]>::to_vec).collect())
}

/// What a block's row says.
struct Row {
    id: i64,
    first: u64,
    latest: u64,
    last: u64,
}

impl Row {
    /// Whether it may have parts of traces that were going on in `from..to`.
    fn is_near(&self, from: u64, to: u64) -> bool {
        self.first < to.saturating_add(APART) && self.last.saturating_add(APART) >= from
    }
}

/// The blocks that may have parts of traces that were going on in `from..to`, in
/// the order in which they came.
fn rows(connection: &Connection, from: u64, to: u64) -> Result<Vec<Row>, Fault> {
    let mut query =
        connection.prepare_cached("SELECT id, first, latest, last FROM blocks ORDER BY id")?;
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let row = Row {
            id: row.get(0)?,
            first: number(row.get(1)?),
            latest: number(row.get(2)?),
            last: number(row.get(3)?),
        };
        if row.is_near(from, to) {
            found.push(row);
        }
    }
    Ok(found)
}

/// The blocks that came in `from..to`, in seconds since 1970.
fn arrived(connection: &Connection, from: u64, to: u64) -> Result<Vec<i64>, Fault> {
    let mut query =
        connection.prepare_cached("SELECT id FROM blocks WHERE arrived >= ?1 AND arrived < ?2")?;
    let given = [from, to].map(|time| i64::try_from(time).unwrap_or(i64::MAX));
    let found = query.query_map(given, |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// What is known of a trace before it is read.
struct Known {
    start: u64,
    end: u64,
    /// Blocks that it is in and that are still to be read.
    blocks: usize,
}

/// The traces of a block.
struct In {
    block: i64,
    traces: Vec<Id>,
}

struct Search<'a> {
    connection: &'a Connection,
    options: &'a Options,
}

impl Search<'_> {
    /// Shows the traces that began in `from..to`; where `is_going_on` those too
    /// that began before and had not ended.
    fn slice(
        &self,
        rows: &[Row],
        from: u64,
        to: u64,
        is_going_on: bool,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, Fault> {
        let (near, mut known) = self.near(rows, from, to)?;
        known.retain(|_, it| it.start < to && (it.start >= from || is_going_on && it.end >= from));
        self.show(near, known, visit)
    }

    /// Shows the traces of which something came in `from..to`.
    fn came(&self, from: u64, to: u64, visit: &mut Visit<'_>) -> Result<ControlFlow<()>, Fault> {
        let (mut first, mut last) = (u64::MAX, 0);
        let mut meant = HashSet::new();
        for block in arrived(self.connection, from, to)? {
            for part in Parts::of_block(self.connection, block)?.parts {
                first = first.min(part.start);
                last = last.max(part.end);
                meant.insert(part.trace);
            }
        }
        if meant.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let end = last.saturating_add(1);
        let rows = rows(self.connection, first, end)?;
        let (near, mut known) = self.near(&rows, first, end)?;
        known.retain(|id, _| meant.contains(id));
        self.show(near, known, visit)
    }

    /// Those of the blocks that may have parts of traces that were going on in
    /// `from..to`, and all the traces in them.
    fn near(
        &self,
        rows: &[Row],
        from: u64,
        to: u64,
    ) -> Result<(Vec<In>, HashMap<Id, Known>), Fault> {
        let mut near = Vec::new();
        let mut known: HashMap<Id, Known> = HashMap::new();
        for row in rows.iter().filter(|row| row.is_near(from, to)) {
            let parts = Parts::of_block(self.connection, row.id)?;
            for part in &parts.parts {
                let it = known.entry(part.trace).or_insert(Known {
                    start: part.start,
                    end: part.end,
                    blocks: 0,
                });
                it.start = it.start.min(part.start);
                it.end = it.end.max(part.end);
                it.blocks += 1;
            }
            near.push(In {
                block: row.id,
                traces: parts.parts.iter().map(|part| part.trace).collect(),
            });
        }
        Ok((near, known))
    }

    /// Reads the blocks that have any of the `known` traces, and shows each when
    /// the last of it is read.
    fn show(
        &self,
        near: Vec<In>,
        mut known: HashMap<Id, Known>,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, Fault> {
        let mut waiting: HashMap<Id, Vec<Vec<u8>>> = HashMap::new();
        let mut documents = Documents::default();
        for mut at in near {
            at.traces.retain(|id| known.contains_key(id));
            if at.traces.is_empty() {
                continue;
            }
            documents.clear();
            documents.read(self.connection, at.block, self.options, |id| {
                known.contains_key(id)
            })?;
            for id in at.traces {
                let Some(it) = known.get_mut(&id) else {
                    continue;
                };
                it.blocks -= 1;
                let is_last = it.blocks == 0;
                let new = documents.of(&id);
                if !is_last {
                    let new = new.iter().map(|document| document.to_vec());
                    waiting.entry(id).or_default().extend(new);
                    continue;
                }
                let earlier = waiting.remove(&id).unwrap_or_default();
                let earlier = earlier.iter().map(Vec::as_slice);
                let all: Vec<&[u8]> = earlier.chain(new).collect();
                if !all.is_empty() && visit(TraceId::from_bytes(id), &all).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// The documents of a block, sorted by their traces.
#[derive(Default)]
struct Documents {
    bytes: Vec<u8>,
    places: Vec<(Id, Range<usize>)>,
}

impl Documents {
    /// Forgets all, and keeps the memory for the next block.
    fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }

    /// Reads those that are `meant`.
    fn read(
        &mut self,
        connection: &Connection,
        block: i64,
        options: &Options,
        is_meant: impl Fn(&Id) -> bool,
    ) -> Result<(), Fault> {
        for item in block::items(&block::content(connection, block)?) {
            match item? {
                Item::Request(request) => self.request(request, options, &is_meant),
                Item::Document(document) => self.document(document, &is_meant),
            }
        }
        // The sort is stable: those of a trace stay in the order of arrival.
        self.places.sort_by_key(|place| place.0);
        Ok(())
    }

    fn request(&mut self, request: &[u8], options: &Options, is_meant: &impl Fn(&Id) -> bool) {
        for resource in view::resources(request) {
            let mut spans = resource.scopes().flat_map(view::ScopeSpans::spans);
            let is_any = spans.any(|span| span.trace_id.try_into().is_ok_and(|id| is_meant(&id)));
            if !is_any {
                continue;
            }
            // Spans without ids are of no trace.
            let _ = from_otlp(resource, options, &mut |document| {
                let id = document.trace_id.bytes();
                if is_meant(&id) {
                    self.add(id, document.json);
                }
            });
        }
    }

    fn document(&mut self, document: &[u8], is_meant: &impl Fn(&Id) -> bool) {
        let id = segment::check(document).map(|it| it.trace_id.bytes());
        if let Ok(id) = id
            && is_meant(&id)
        {
            self.add(id, document);
        }
    }

    fn add(&mut self, id: Id, document: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(document);
        self.places.push((id, start..self.bytes.len()));
    }

    /// Those of a trace, in the order in which they came.
    fn of(&self, id: &Id) -> Vec<&[u8]> {
        let first = self.places.partition_point(|place| place.0 < *id);
        let of = self.places.iter().skip(first);
        of.take_while(|place| place.0 == *id)
            .filter_map(|place| self.bytes.get(place.1.clone()))
            .collect()
    }
}
