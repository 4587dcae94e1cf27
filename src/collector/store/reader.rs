//! Reads what is kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use rusqlite::Connection;

use super::block::{self, Item};
use super::error::{Fault, StoreError};
use super::newest;
use super::parts::{Id, kinds_of};
use super::query::{self, Query, Summary};
use super::schema;
use super::several;
use super::window::{self, Meant, Visit};
use crate::otlp::view::Kind;
use crate::segment::{self, Envelope, Options, SegmentId, TraceId};

/// Reads a store, which somebody else may be writing to. Calls block: they read
/// from the disk.
pub struct Reader {
    path: PathBuf,
    connection: Mutex<Connection>,
}

/// Something of a trace, in the form that it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// An OTLP export request of spans of the trace, field 1 of which are
    /// `ResourceSpans`.
    Request(Bytes),
    /// An X-Ray segment document, in JSON.
    Document(Bytes),
}

/// An operation of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// The kinds that its spans have, at least one.
    pub kinds: Vec<Kind>,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Traces; one that came bit by bit counts once a block that it is in.
    pub traces: u64,
    /// Spans and segments, with their subsegments.
    pub spans: u64,
    /// Bytes of the file that are in use.
    pub bytes: u64,
    /// Blocks that the spans are in.
    pub blocks: u64,
    /// When the first began, in nanoseconds since 1970; `None` where nothing is
    /// kept.
    pub oldest: Option<u64>,
    /// When the last ended, in nanoseconds since 1970.
    pub newest: Option<u64>,
}

impl Reader {
    /// Opens the store in a folder.
    ///
    /// # Errors
    /// Where there is none, or where it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::of_file(&folder.join(schema::FILE))
    }

    pub(super) fn of_file(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(schema::open_to_read(path)?),
        })
    }

    /// What is kept of a trace, in the order that it came in; nothing where it
    /// is not known.
    ///
    /// Of the versions of a segment, told by its id, the first that is complete
    /// is given, or the last that is in progress where none is.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn trace(&self, id: TraceId) -> Result<Vec<Stored>, StoreError> {
        self.read(|connection| trace(connection, &id.bytes()))
    }

    /// The traces that a query asks for, those that began last first.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn traces(&self, query: &Query) -> Result<Vec<Summary>, StoreError> {
        self.read(|connection| query::traces(connection, query))
    }

    /// The services that spans or segments came from, in the order of their
    /// names.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn services(&self) -> Result<Vec<String>, StoreError> {
        let query = "SELECT DISTINCT service FROM operations WHERE service <> '' ORDER BY 1";
        self.read(|connection| names(connection, query, &[]))
    }

    /// The operations of a service, in the order of their names.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn operations(&self, service: &str) -> Result<Vec<String>, StoreError> {
        let query = "SELECT operation FROM operations WHERE service = ?1 ORDER BY 1";
        self.read(|connection| names(connection, query, &[service]))
    }

    /// The operations of a service with the kinds of their spans, in the order of
    /// their names.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn operation_kinds(&self, service: &str) -> Result<Vec<Operation>, StoreError> {
        self.read(|connection| operation_kinds(connection, service))
    }

    /// What is kept of several traces, as [`Reader::trace`] gives it, in the order
    /// that they are asked for; `None` where that has more than `most_bytes`. Each
    /// block is unpacked once.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn several(
        &self,
        ids: &[TraceId],
        most_bytes: usize,
    ) -> Result<Option<Vec<Vec<Stored>>>, StoreError> {
        self.read(|connection| several::several(connection, ids, most_bytes))
    }

    /// Shows what came last, as [`Reader::newest`] does, near traces that began in
    /// this time, in nanoseconds since 1970; some began at other times.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn during(
        &self,
        time: (u64, u64),
        most_bytes: u64,
        visit: impl FnMut(Stored),
    ) -> Result<bool, StoreError> {
        self.read(|connection| newest::during(connection, time, most_bytes, visit))
    }

    /// How much is kept.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn statistics(&self) -> Result<Statistics, StoreError> {
        self.read(statistics)
    }

    /// Shows what came last, the last first, until that has `most_bytes` and at
    /// least some of it. Tells whether there is more, which came before.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn newest(&self, most_bytes: u64, visit: impl FnMut(Stored)) -> Result<bool, StoreError> {
        self.read(|connection| newest::newest(connection, most_bytes, visit))
    }

    /// What is kept of a trace as segment documents, in the order in which they
    /// came, all versions of them; nothing where it is not known. Spans become
    /// documents by `options`.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn documents(&self, id: TraceId, options: &Options) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read(|connection| window::trace(connection, &id.bytes(), options))
    }

    /// Shows the segment documents of every trace that is `meant`, whole and once,
    /// in the order in which they came, until `visit` breaks it off. Spans become
    /// documents by `options`. Parts of a trace that lie more than an hour from
    /// the time that is meant may be missing.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn each_trace(
        &self,
        meant: Meant,
        options: &Options,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        self.read(|connection| window::traces(connection, meant, options, visit))
    }

    /// Reads as of one moment.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        let connection = self.connection.lock();
        let connection = connection.unwrap_or_else(PoisonError::into_inner);
        let result = connection
            .unchecked_transaction()
            .map_err(Fault::from)
            .and_then(|transaction| read(&transaction));
        result.map_err(|fault| fault.of(&self.path))
    }
}

fn names(connection: &Connection, query: &str, given: &[&str]) -> Result<Vec<String>, Fault> {
    let mut query = connection.prepare_cached(query)?;
    let found = query.query_map(rusqlite::params_from_iter(given), |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn operation_kinds(connection: &Connection, service: &str) -> Result<Vec<Operation>, Fault> {
    let mut query = connection
        .prepare_cached("SELECT operation, kinds FROM operations WHERE service = ?1 ORDER BY 1")?;
    let found = query.query_map([service], |row| {
        Ok(Operation {
            name: row.get(0)?,
            kinds: kinds_of(row.get(1)?),
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn statistics(connection: &Connection) -> Result<Statistics, Fault> {
    let mut query = connection.prepare_cached(
        "SELECT coalesce(sum(traces), 0), coalesce(sum(spans), 0), count(*), min(first), max(last)
         FROM blocks",
    )?;
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    let mut found = query.query_row([], |row| {
        Ok(Statistics {
            traces: number(row.get(0)?),
            spans: number(row.get(1)?),
            blocks: number(row.get(2)?),
            oldest: row.get::<_, Option<i64>>(3)?.map(number),
            newest: row.get::<_, Option<i64>>(4)?.map(number),
            bytes: 0,
        })
    })?;
    found.bytes = super::retention::size(connection)?.0;
    Ok(found)
}

fn trace(connection: &Connection, id: &Id) -> Result<Vec<Stored>, Fault> {
    let mut found = Found::default();
    block::each_of(connection, id, |item| found.add(item, id))?;
    Ok(found.stored)
}

/// What was found of a trace.
#[derive(Default)]
pub(super) struct Found {
    pub(super) stored: Vec<Stored>,
    /// Where a segment is, and whether it is complete.
    segments: HashMap<SegmentId, (usize, bool)>,
}

impl Found {
    fn add(&mut self, item: &Item<'_>, id: &Id) {
        match item {
            Item::Request(request) => {
                let mut spans = Vec::new();
                block::spans_of(request, id, &mut spans);
                if !spans.is_empty() {
                    self.stored.push(Stored::Request(spans.into()));
                }
            }
            Item::Document(document) => self.document(document, id),
        }
    }

    fn document(&mut self, document: &[u8], id: &Id) {
        let Ok(envelope) = segment::check(document) else {
            return;
        };
        if envelope.trace_id.bytes() == *id {
            self.segment(&envelope, document);
        }
    }

    /// Adds a version of a segment of the trace.
    pub(super) fn segment(&mut self, envelope: &Envelope<'_>, document: &[u8]) {
        let stored = Stored::Document(Bytes::copy_from_slice(document));
        let is_complete = !envelope.in_progress;
        match self.segments.get(&envelope.id).copied() {
            // The first that is complete stays.
            Some((_, true)) => {}
            Some((at, false)) => {
                if let Some(place) = self.stored.get_mut(at) {
                    *place = stored;
                }
                self.segments.insert(envelope.id, (at, is_complete));
            }
            None => {
                self.segments
                    .insert(envelope.id, (self.stored.len(), is_complete));
                self.stored.push(stored);
            }
        }
    }
}
