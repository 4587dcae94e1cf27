//! What is kept, as X-Ray's API reads it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::store::{Meant, Reader, StoreError};
use crate::segment::{Options, TraceId, to_nanos};
use crate::traces::{Documents, Source, TimeRange, Window};

/// Nanoseconds between two doubles that stand for times of today, and some more.
const UNTOLD: u64 = 500;

/// Readers that are kept open while nobody uses them.
const AT_HAND: usize = 4;

/// The traces in a store, as segment documents. Any number of threads may read
/// at once.
pub struct StoredTraces {
    folder: PathBuf,
    options: Options,
    readers: Mutex<Vec<Reader>>,
}

impl StoredTraces {
    /// The traces of the store in `folder`; spans become documents by `options`.
    ///
    /// # Errors
    /// Where there is no store, or where it cannot be read.
    pub fn open(folder: &Path, options: Options) -> Result<Self, StoreError> {
        Ok(Self {
            folder: folder.to_owned(),
            options,
            readers: Mutex::new(vec![Reader::open(folder)?]),
        })
    }

    fn with<T>(&self, read: impl FnOnce(&Reader) -> Result<T, StoreError>) -> Result<T, String> {
        let idle = self.readers().pop();
        let reader = idle.map_or_else(|| Reader::open(&self.folder), Ok);
        let reader = reader.map_err(|error| error.to_string())?;
        let result = read(&reader).map_err(|error| error.to_string());
        let mut readers = self.readers();
        if readers.len() < AT_HAND {
            readers.push(reader);
        }
        result
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for StoredTraces {
    fn trace(&self, id: TraceId, visit: &mut dyn FnMut(&Documents<'_>)) -> Result<(), String> {
        let documents = self.with(|reader| reader.documents(id, &self.options))?;
        let documents: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
        visit(&documents);
        Ok(())
    }

    fn traces(
        &self,
        window: Window,
        range: TimeRange,
        visit: &mut dyn FnMut(TraceId, &Documents<'_>) -> ControlFlow<()>,
    ) -> Result<(), String> {
        let (from, to) = nanos(window);
        let meant = match range {
            TimeRange::Start => Meant::Began(from, to),
            TimeRange::GoingOn => Meant::GoingOn(from, to),
            TimeRange::Arrival => Meant::Came(seconds(window.start), seconds(window.end.ceil())),
        };
        self.with(|reader| reader.each_trace(meant, &self.options, visit))
    }
}

/// A window in nanoseconds since 1970, and what a double cannot tell on either
/// side: those who are shown a trace look at its times themselves.
fn nanos(window: Window) -> (u64, u64) {
    let (start, end) = (to_nanos(window.start), to_nanos(window.end));
    (start.saturating_sub(UNTOLD), end.saturating_add(UNTOLD))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn seconds(time: f64) -> u64 {
    time as u64
}
