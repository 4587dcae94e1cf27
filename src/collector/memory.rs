//! How much of what was received may lie in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Room for traces, in bytes of what was received.
#[derive(Debug)]
pub struct Memory {
    limit: usize,
    used: AtomicUsize,
}

/// Room that somebody holds, and gives back by dropping it.
#[derive(Debug)]
pub struct Charge {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Memory {
    /// Gives out `limit` bytes at most.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicUsize::new(0),
        })
    }

    /// Takes room for `bytes`; `None` where there is none.
    pub fn charge(self: &Arc<Self>, bytes: usize) -> Option<Charge> {
        self.take(bytes).then(|| Charge {
            memory: Arc::clone(self),
            bytes,
        })
    }

    /// Bytes that are held.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Bytes that are given out at most.
    pub fn limit(&self) -> usize {
        self.limit
    }

    fn take(&self, bytes: usize) -> bool {
        let taken = self
            .used
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|used| *used <= self.limit)
            });
        taken.is_ok()
    }
}

impl Charge {
    /// Takes room for more; false where there is none.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let is_taken = self.memory.take(bytes);
        if is_taken {
            self.bytes += bytes;
        }
        is_taken
    }

    /// Parts with `bytes` of what is held, or with all where that is less.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self {
            memory: Arc::clone(&self.memory),
            bytes,
        }
    }

    /// Gives back what is held beyond `bytes`, or takes what is missing to it,
    /// whether or not there is room.
    pub fn settle(&mut self, bytes: usize) {
        if bytes >= self.bytes {
            self.memory
                .used
                .fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            self.memory
                .used
                .fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_no_more_than_there_is_and_takes_it_back() {
        let memory = Memory::new(100);
        let mut first = memory.charge(60).unwrap();
        assert!(memory.charge(41).is_none());
        let second = memory.charge(30).unwrap();
        assert!(!first.grow(11));
        assert!(first.grow(10));
        assert_eq!(memory.used(), 100);
        first.settle(20);
        assert_eq!(memory.used(), 50);
        let part = first.split(15);
        assert_eq!(memory.used(), 50);
        drop(part);
        assert_eq!(memory.used(), 35);
        drop((first, second));
        assert_eq!(memory.used(), 0);
        assert!(memory.charge(usize::MAX).is_none());
    }
}
