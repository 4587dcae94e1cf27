//! The thread that writes: what waits becomes one transaction.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, params};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::block::{Block, Pending};
use super::clock::Clock;
use super::error::Fault;
use super::merge;
use super::packed::Packer;
use super::retention::{self, Limits};
use super::trace_index::{self, NewRun};
use crate::collector::{Charge, Counters, Parcel, Reason, Receipt};

/// Bytes of a group, after which it is written.
const GROUP: usize = 8 << 20;
/// Looks after old traces this often where no new ones come.
const IDLE: Duration = Duration::from_mins(1);
/// Waits this long for new traces where there is more to tidy.
const BUSY: Duration = Duration::from_millis(1);
/// Operations that are remembered as written.
const REMEMBERED: usize = 16_384;

/// What the thread is sent.
pub(super) enum Message {
    /// Traces, and the room that they take in the queue.
    Parcel(Parcel, OwnedSemaphorePermit),
    /// Asks to be told when all that came before is written.
    Flush(oneshot::Sender<()>),
}

/// What is wrong with the store now; `None` where the last group was written.
pub(super) type Problem = Arc<Mutex<Option<String>>>;

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) packer: Packer,
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    pub(super) counters: Counters,
    pub(super) problem: Problem,
    pub(super) written: Written,
    /// Whether the last tidying worked.
    pub(super) is_tidy: bool,
}

/// Services and operations that the tables have, the hour that they say and the
/// kinds of spans.
#[derive(Default)]
pub(super) struct Written {
    hours: HashMap<String, HashMap<String, (u64, u8)>>,
    count: usize,
}

/// What is written together.
#[derive(Default)]
struct Group {
    pending: Pending,
    bytes: usize,
    len: usize,
    receipts: Vec<Receipt>,
    charges: Vec<Charge>,
    permits: Vec<OwnedSemaphorePermit>,
    flushes: Vec<oneshot::Sender<()>>,
}

impl Group {
    fn add(&mut self, message: Message) {
        match message {
            Message::Flush(flush) => self.flushes.push(flush),
            Message::Parcel(mut parcel, permit) => {
                self.bytes += parcel.bytes();
                self.len += parcel.len();
                self.pending.requests.append(&mut parcel.requests);
                self.pending.documents.append(&mut parcel.documents);
                self.receipts.append(&mut parcel.receipts);
                self.charges.append(&mut parcel.charges);
                self.permits.push(permit);
            }
        }
    }
}

impl Writer {
    /// Writes until nobody can send any more.
    pub(super) fn run(mut self, inbox: &Receiver<Message>) {
        self.clock_in();
        loop {
            let wait = if self.tidy() { BUSY } else { IDLE };
            let first = match inbox.recv_timeout(wait) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut group = Group::default();
            group.add(first);
            while group.bytes < GROUP
                && let Ok(next) = inbox.try_recv()
            {
                group.add(next);
            }
            self.take(group);
        }
    }

    /// Sees whether the clock can be believed.
    fn clock_in(&mut self) {
        let newest = newest(&self.connection).ok().flatten();
        if let Some(age) = self.limits.age {
            self.clock.compare(newest, age);
        }
    }

    /// Writes a group and tells those who wait for it.
    fn take(&mut self, group: Group) {
        let result = if group.bytes == 0 {
            Ok(())
        } else {
            let result = self.write(&group.pending);
            let result = result.map_err(|fault| fault.of(&self.path).with_cause());
            self.report(result.as_ref().err());
            result
        };
        match result {
            Ok(()) => drop(group.receipts),
            Err(why) => {
                self.counters
                    .dropped("store", Reason::StoreFailed, group.len);
                for receipt in group.receipts {
                    receipt.fail(&why);
                }
            }
        }
        for flush in group.flushes {
            // Who does not wait any more has nothing to be told.
            let _ = flush.send(());
        }
    }

    fn write(&mut self, pending: &Pending) -> Result<(), Fault> {
        let blocks = pending.pack(&mut self.packer)?;
        // A clock that is set back does not make new traces older than others.
        let now = self
            .clock
            .seconds()
            .max(newest(&self.connection)?.unwrap_or_default());
        let arrived = i64::try_from(now).unwrap_or(i64::MAX);
        // A transaction that is not committed is rolled back when it is dropped.
        let transaction = self.connection.unchecked_transaction()?;
        let mut run = NewRun::default();
        for block in &blocks {
            let level = merge::level(block.raw);
            merge::insert(&transaction, None, block, arrived, level, &mut run)?;
        }
        run.insert(&transaction)?;
        let written = self.written.add(&transaction, &blocks, now / 3600);
        let committed = written.and_then(|()| Ok(transaction.commit()?));
        if committed.is_err() {
            // Some of what is remembered was not kept.
            self.written = Written::default();
        }
        committed
    }

    /// Makes room and order, in a small step. Says whether there is more to do.
    fn tidy(&mut self) -> bool {
        let result = self.try_to_tidy();
        // What cannot be done now is tried again with the next group.
        if self.is_tidy
            && let Err(error) = &result
        {
            tracing::warn!(error, "the store cannot be tidied");
        }
        self.is_tidy = result.is_ok();
        result.unwrap_or(false)
    }

    fn try_to_tidy(&mut self) -> Result<bool, String> {
        let now = self.clock.to_age_by();
        let (connection, limits) = (&self.connection, &self.limits);
        let pruned = retention::prune(connection, limits, now);
        let shrunk = retention::shrink(connection);
        let merged = merge::merge(connection, &mut self.packer);
        let indexed = trace_index::merge(connection);
        let more = || Ok::<bool, Fault>(pruned? | shrunk? | merged? | indexed?);
        more().map_err(|fault| fault.of(&self.path).with_cause())
    }

    /// Keeps what is wrong for who asks, and logs a change of it.
    fn report(&self, now: Option<&String>) {
        let mut problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        if now.is_some() != problem.is_some() {
            if let Some(error) = now {
                tracing::error!(error, "traces cannot be kept");
            } else {
                tracing::info!("traces are kept again");
            }
        }
        *problem = now.cloned();
    }
}

/// When the newest block came, in seconds since 1970.
fn newest(connection: &Connection) -> Result<Option<u64>, Fault> {
    let mut query = connection.prepare_cached("SELECT max(arrived) FROM blocks")?;
    let newest: Option<i64> = query.query_row([], |row| row.get(0))?;
    Ok(newest.map(|newest| u64::try_from(newest).unwrap_or(0)))
}

impl Written {
    /// Writes the operations of blocks that the table does not have for this
    /// hour.
    fn add(&mut self, connection: &Connection, blocks: &[Block], hour: u64) -> Result<(), Fault> {
        let mut insert = connection.prepare_cached(
            "INSERT INTO operations VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET hour = max(hour, excluded.hour), kinds = kinds | excluded.kinds",
        )?;
        let all = blocks.iter().flat_map(|it| it.parts.names.with_kinds());
        for (service, operation, kinds) in all {
            let known = self.hours.get(service).and_then(|it| it.get(operation));
            let known = known.copied().unwrap_or_default();
            if known.0 == hour && known.1 & kinds == kinds {
                continue;
            }
            let at = i64::try_from(hour).unwrap_or(i64::MAX);
            insert.execute(params![service, operation, kinds, at])?;
            if self.count >= REMEMBERED {
                *self = Self::default();
            }
            self.count += 1;
            let of = self.hours.entry(service.to_owned()).or_default();
            of.insert(operation.to_owned(), (hour, known.1 | kinds));
        }
        Ok(())
    }
}
