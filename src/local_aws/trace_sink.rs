//! Where the segment documents go that `PutTraceSegments` accepts.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use crate::segment::{self, TraceId};
use crate::traces::{Documents, Source, TimeRange, Trace, Window};

/// Most documents that [`Recent`] keeps.
const MOST_RECENT: usize = 1000;
/// Most bytes of all of them.
const MOST_RECENT_BYTES: usize = 4 * 1024 * 1024;

/// Why documents were not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// There is no room now: the client is told to slow down and try again
    /// (`ThrottledException`, 429).
    #[error("{0}")]
    Full(String),
    /// They cannot be kept: the client is told of a failure (500).
    #[error("{0}")]
    Failed(String),
}

/// Takes segment documents.
#[async_trait]
pub trait TraceSink: fmt::Debug + Send + Sync {
    /// Takes all documents of a request, each the JSON that came, all of them
    /// such as AWS takes. Returns once they are safe; a client is told so then,
    /// and not before. Slow is back-pressure on that client alone.
    ///
    /// # Errors
    /// Where not all of them are kept. The client will send them again.
    async fn put(&self, documents: Vec<Bytes>) -> Result<(), NotKept>;

    /// Is told of each document that was not such as AWS takes, by AWS's code for
    /// what is wrong with it, and of a request that cannot be read: `ParseError`.
    async fn refused(&self, _code: &str) {}
}

/// The sink of an embedded AWS that got no other: the last documents, in memory.
/// The oldest make way for new ones, which is counted, and warned of once.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Ring>);

#[derive(Default)]
struct Ring {
    documents: VecDeque<Bytes>,
    bytes: usize,
    displaced: u64,
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("documents", &self.documents.len())
            .field("bytes", &self.bytes)
            .field("displaced", &self.displaced)
            .finish()
    }
}

impl Recent {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The documents that are kept, the oldest first.
    pub fn documents(&self) -> Vec<Bytes> {
        self.ring().documents.iter().cloned().collect()
    }

    /// How many made way.
    pub fn displaced(&self) -> u64 {
        self.ring().displaced
    }

    /// Takes documents.
    pub fn keep(&self, documents: Vec<Bytes>) {
        let mut ring = self.ring();
        let was_whole = ring.displaced == 0;
        for document in documents {
            ring.push(document);
        }
        if was_whole && ring.displaced > 0 {
            tracing::warn!(
                "no trace store is attached: only the last {MOST_RECENT} segments are kept, and \
                 older ones are dropped from now on"
            );
        }
    }
}

/// The traces of what is kept; the time at which it came is not.
impl Source for Recent {
    fn trace(&self, id: TraceId, visit: &mut dyn FnMut(&Documents<'_>)) -> Result<(), String> {
        let kept = self.documents();
        let of = kept
            .iter()
            .filter(|document| trace_of(document) == Some(id));
        visit(&of.map(AsRef::as_ref).collect::<Vec<_>>());
        Ok(())
    }

    fn traces(
        &self,
        window: Window,
        range: TimeRange,
        visit: &mut dyn FnMut(TraceId, &Documents<'_>) -> ControlFlow<()>,
    ) -> Result<(), String> {
        let kept = self.documents();
        let mut traces: BTreeMap<TraceId, Vec<&[u8]>> = BTreeMap::new();
        for document in &kept {
            if let Some(id) = trace_of(document) {
                traces.entry(id).or_default().push(document);
            }
        }
        for (id, documents) in traces {
            let trace = Trace::of(id, documents.iter().copied());
            let Some(start) = trace.start() else {
                continue;
            };
            let is_meant = match range {
                TimeRange::Start => window.contains(start),
                TimeRange::Arrival | TimeRange::GoingOn => {
                    start < window.end && trace.end().is_none_or(|end| window.start <= end)
                }
            };
            if is_meant && visit(id, &documents).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn trace_of(document: &[u8]) -> Option<TraceId> {
    segment::check(document).ok().map(|it| it.trace_id)
}

impl Ring {
    fn push(&mut self, document: Bytes) {
        self.bytes += document.len();
        self.documents.push_back(document);
        while self.documents.len() > MOST_RECENT || self.bytes > MOST_RECENT_BYTES {
            let Some(oldest) = self.documents.pop_front() else {
                return;
            };
            self.bytes -= oldest.len();
            self.displaced += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_way_by_number_and_by_size() {
        let recent = Recent::default();
        recent.keep((0..=MOST_RECENT).map(|n| n.to_string().into()).collect());
        assert_eq!(recent.displaced(), 1);
        assert_eq!(recent.documents().len(), MOST_RECENT);
        assert_eq!(recent.documents()[0], "1");
        let large = Bytes::from(vec![b' '; MOST_RECENT_BYTES / 2]);
        recent.keep(vec![large.clone(), large.clone()]);
        assert_eq!(recent.documents(), [large.clone(), large]);
        assert_eq!(recent.displaced(), 1001);
    }
}
