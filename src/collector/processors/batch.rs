//! Makes few large parcels of many small ones.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;

use crate::collector::{Consumer, Parcel};

/// Gathers traces until there are `size` spans and documents, or `timeout` has
/// passed since the first. Whoever completes a batch hands it on, so that a
/// slow end slows senders down.
pub struct Batch {
    size: usize,
    timeout: Duration,
    pending: Mutex<Pending>,
    next: Arc<dyn Consumer>,
    own: Weak<Self>,
}

/// The batch that is being gathered.
#[derive(Default)]
struct Pending {
    parcel: Parcel,
    /// How many went before it: tells a timer whether its batch is still there.
    number: u64,
}

impl Pending {
    fn take(&mut self) -> Parcel {
        self.number += 1;
        std::mem::take(&mut self.parcel)
    }
}

impl Batch {
    /// Makes one before `next`.
    pub fn new(size: usize, timeout: Duration, next: Arc<dyn Consumer>) -> Arc<Self> {
        Arc::new_cyclic(|own| Self {
            size,
            timeout,
            pending: Mutex::default(),
            next,
            own: own.clone(),
        })
    }

    /// Adds a parcel; returns the batch where that completes it.
    fn add(&self, parcel: Parcel) -> Option<Parcel> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = pending.parcel.is_empty();
        pending.parcel.append(parcel);
        if pending.parcel.len() >= self.size {
            return Some(pending.take());
        }
        if is_first {
            self.flush_in_time(pending.number);
        }
        None
    }

    /// Hands on batch `number` after the timeout, unless it is complete by then.
    fn flush_in_time(&self, number: u64) {
        let (own, timeout) = (self.own.clone(), self.timeout);
        tokio::spawn(async move {
            tokio::time::sleep(timeout).await;
            if let Some(batch) = own.upgrade() {
                batch.flush(Some(number)).await;
            }
        });
    }

    /// Hands on what there is, if it is batch `number`, where one is given.
    async fn flush(&self, number: Option<u64>) {
        let batch = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            if pending.parcel.is_empty() || number.is_some_and(|number| number != pending.number) {
                return;
            }
            pending.take()
        };
        self.next.consume(batch).await;
    }
}

#[async_trait]
impl Consumer for Batch {
    async fn consume(&self, parcel: Parcel) {
        if let Some(batch) = self.add(parcel) {
            self.next.consume(batch).await;
        }
    }

    async fn drain(&self) {
        self.flush(None).await;
        self.next.drain().await;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::collector::Memory;

    /// Keeps what comes.
    #[derive(Default)]
    struct End(Mutex<Vec<Parcel>>);

    #[async_trait]
    impl Consumer for End {
        async fn consume(&self, parcel: Parcel) {
            self.0.lock().unwrap().push(parcel);
        }

        async fn drain(&self) {}
    }

    impl End {
        fn sizes(&self) -> Vec<usize> {
            self.0.lock().unwrap().iter().map(Parcel::len).collect()
        }
    }

    fn parcel(memory: &Arc<Memory>, spans: usize) -> Parcel {
        Parcel::of_request(Bytes::from_static(b"x"), spans, memory.charge(10).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn hands_on_by_size_and_by_time() {
        let (end, memory) = (Arc::new(End::default()), Memory::new(1000));
        let batch = Batch::new(10, Duration::from_millis(200), end.clone());
        batch.consume(parcel(&memory, 6)).await;
        batch.consume(parcel(&memory, 6)).await;
        assert_eq!(end.sizes(), [12]);

        batch.consume(parcel(&memory, 3)).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(end.sizes(), [12]);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(end.sizes(), [12, 3]);

        batch.consume(parcel(&memory, 1)).await;
        batch.drain().await;
        assert_eq!(end.sizes(), [12, 3, 1]);
        assert_eq!(memory.used(), 40);
        end.0.lock().unwrap().clear();
        assert_eq!(memory.used(), 0);
    }
}
