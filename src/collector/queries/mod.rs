//! Traces read back with the APIs of other tools: Jaeger's and Zipkin's, from the
//! store, so that what asks those works as it is.
//!
//! Answers are made when somebody asks; nothing is kept for them while traces come
//! in. What one request may cost is bounded: [`MOST_ANSWER`] bytes of spans,
//! [`search::MOST_LOOKED_AT`] traces looked into, two requests at work.

mod answer;
mod duration;
pub mod jaeger;
mod links;
mod parameters;
mod recent;
mod search;
mod time;
mod trace;
mod value;
pub mod zipkin;

#[cfg(test)]
mod testing;

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::store::{Reader, Store, StoreError};

/// Bytes of spans, as they came, that an answer is made of at most.
pub(super) const MOST_ANSWER: usize = 32 << 20;
/// Requests that read the store at one time.
const AT_ONCE: usize = 2;

/// The store, for those who ask.
pub struct Queries {
    store: Arc<Store>,
    turns: Arc<Semaphore>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The store cannot be read.
    #[error("the store cannot be read: {0}")]
    Store(#[from] StoreError),
    /// There is too much of it.
    #[error("the answer would have more than {} MiB: ask for fewer traces", MOST_ANSWER >> 20)]
    TooLarge,
    /// What made the answer has ended.
    #[error("the answer could not be made")]
    Ended,
}

impl Queries {
    /// Answers from `store`.
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Reads the store, where that does not hold up others.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        // The semaphore is never closed.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let store = Arc::clone(&self.store);
        let work = tokio::task::spawn_blocking(move || {
            // Held to the end, even where nobody waits for the answer any more.
            let _turn = turn;
            read(&store.reader()?)
        });
        work.await.unwrap_or(Err(Failure::Ended))
    }
}
