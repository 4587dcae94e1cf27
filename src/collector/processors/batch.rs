//! Makes few large parcels of many small ones.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::collector::{Consumer, Parcel};

/// Gathers traces until there are `size` spans and documents, or `timeout` has
/// passed since the first. Whoever completes a batch hands it on, so that a
/// slow end slows senders down.
pub struct Batch {
    size: usize,
    timeout: Duration,
    pending: Mutex<Parcel>,
    /// Told when the first parcel of a batch comes in.
    begun: Notify,
    next: Arc<dyn Consumer>,
}

impl Batch {
    /// Starts one before `next`.
    pub fn start(size: usize, timeout: Duration, next: Arc<dyn Consumer>) -> Arc<Self> {
        let batch = Arc::new(Self {
            size,
            timeout,
            pending: Mutex::default(),
            begun: Notify::new(),
            next,
        });
        let weak = Arc::downgrade(&batch);
        tokio::spawn(async move {
            while let Some(batch) = weak.upgrade() {
                let begun = batch.begun.notified();
                tokio::select! {
                    () = begun => {}
                    // Looks from time to time whether the batch is still there.
                    () = tokio::time::sleep(Duration::from_secs(1)) => continue,
                }
                tokio::time::sleep(batch.timeout).await;
                batch.flush().await;
            }
        });
        batch
    }

    /// Adds a parcel; returns the batch where that completes it.
    fn add(&self, parcel: Parcel) -> Option<Parcel> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = pending.is_empty();
        pending.append(parcel);
        if pending.len() >= self.size {
            return Some(std::mem::take(&mut *pending));
        }
        drop(pending);
        if is_first {
            self.begun.notify_one();
        }
        None
    }

    /// Hands on what there is.
    async fn flush(&self) {
        let pending = self.pending.lock();
        let batch = std::mem::take(&mut *pending.unwrap_or_else(PoisonError::into_inner));
        if !batch.is_empty() {
            self.next.consume(batch).await;
        }
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
        self.flush().await;
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
        let batch = Batch::start(10, Duration::from_millis(200), end.clone());
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
