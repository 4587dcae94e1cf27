//! Keeps traces in a file of `SQLite`, and finds them again.
//!
//! Requests and documents are kept as they came, some thousand spans together in
//! a block that is packed with Zstandard. There is no row a span and none a
//! trace: each block carries a packed index of its traces, sorted by id, and a log
//! of sorted runs tells which blocks a trace is in. A B-tree over ids, which are
//! random, would touch a page for every trace that comes in; here all writing is
//! appending, and old traces go by the block. A trace is found in the runs; lists
//! of traces are found in the indexes of blocks, newest first.
//!
//! One thread writes ([`Store`] is what sends to it). It takes all that waits,
//! writes it as one transaction and tells the senders afterwards. While nothing
//! waits it prunes, merges small blocks and gives free pages back, one small step
//! after another. [`Reader`]s have connections of their own and wait for nobody.
//!
//! What came is in the order of arrival: ids of blocks ascend, and a block that
//! is merged of others has the id of the first.

mod block;
mod clock;
mod error;
mod gather;
mod merge;
mod newest;
mod packed;
mod parts;
mod query;
mod reader;
mod retention;
mod schema;
mod several;
mod trace_index;
mod window;
mod writer;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use async_trait::async_trait;
use tokio::sync::{Semaphore, oneshot};

use clock::Clock;
use packed::Packer;
use retention::Limits;
use writer::{Message, Problem, Writer, Written};

pub use error::StoreError;
pub use parts::Flags;
pub use query::{Query, Summary};
pub use reader::{Operation, Reader, Statistics, Stored};
pub use schema::FILE;
pub use window::Meant;

use super::{Consumer, Counters, Parcel, Reason};
use crate::collector_config;

/// KiB of traces that may wait to be written.
const WAITING: u32 = 16 << 10;

/// The end of the chain: keeps traces.
pub struct Store {
    path: PathBuf,
    sender: Mutex<Sender<Message>>,
    /// Room in the queue: a permit a KiB.
    room: Arc<Semaphore>,
    counters: Counters,
    problem: Problem,
}

/// How a store is kept.
struct Settings {
    durability: collector_config::Durability,
    limits: Limits,
    clock: Clock,
}

impl Store {
    /// Opens the store in a folder, which is made where there is none.
    ///
    /// # Errors
    /// Where it cannot be opened; a file that is damaged, foreign or newer is
    /// left as it is.
    pub fn open(
        folder: &Path,
        config: &collector_config::Store,
        counters: Counters,
    ) -> Result<Arc<Self>, StoreError> {
        let settings = Settings {
            durability: config.durability,
            limits: Limits::of(config.retention_days, config.max_size_mib),
            clock: Clock::system(),
        };
        Self::start(folder, settings, counters)
    }

    fn start(
        folder: &Path,
        settings: Settings,
        counters: Counters,
    ) -> Result<Arc<Self>, StoreError> {
        fs::create_dir_all(folder).map_err(|source| StoreError::Folder {
            path: folder.to_owned(),
            source,
        })?;
        let path = folder.join(FILE);
        let connection = schema::open(&path, settings.durability)?;
        let most = connection.pragma_update(None, "max_page_count", settings.limits.pages);
        most.map_err(|error| error::Fault::from(error).of(&path))?;
        let problem = Problem::default();
        let writer = Writer {
            connection,
            path: path.clone(),
            packer: Packer::new().map_err(|fault| fault.of(&path))?,
            limits: settings.limits,
            clock: settings.clock,
            counters: counters.clone(),
            problem: Arc::clone(&problem),
            written: Written::default(),
            is_tidy: true,
        };
        let (sender, inbox) = mpsc::channel();
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.run(&inbox))
            .map_err(StoreError::Thread)?;
        Ok(Arc::new(Self {
            path,
            sender: Mutex::new(sender),
            room: Arc::new(Semaphore::new(usize::try_from(WAITING).unwrap_or(1))),
            counters,
            problem,
        }))
    }

    /// Opens a connection for reading.
    ///
    /// # Errors
    /// Where the file cannot be opened.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::of_file(&self.path)
    }

    /// Why the last group of traces was not kept; `None` while all is well.
    pub fn problem(&self) -> Option<String> {
        let problem = self.problem.lock();
        problem.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn send(&self, message: Message) -> Option<Message> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.send(message).err().map(|unsent| unsent.0)
    }
}

#[async_trait]
impl Consumer for Store {
    async fn consume(&self, parcel: Parcel) {
        let size = u32::try_from(parcel.bytes() / 1024).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room);
        // The semaphore is never closed.
        let Ok(permit) = room.acquire_many_owned(size.clamp(1, WAITING)).await else {
            return;
        };
        let Some(Message::Parcel(parcel, _)) = self.send(Message::Parcel(parcel, permit)) else {
            return;
        };
        let why = "the thread that keeps traces has ended: start the collector again";
        self.counters
            .dropped("store", Reason::StoreFailed, parcel.len());
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
        for receipt in parcel.receipts {
            receipt.fail(why);
        }
    }

    /// Returns when all that was taken is written.
    async fn drain(&self) {
        let (flush, flushed) = oneshot::channel();
        if self.send(Message::Flush(flush)).is_none() {
            // A thread that has ended writes no more.
            let _ = flushed.await;
        }
    }
}
