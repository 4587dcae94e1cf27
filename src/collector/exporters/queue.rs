//! What waits to be sent to one destination, and the sending.
//!
//! One task takes parcels in their order and cuts them into requests, as many
//! as may be under way; a request that fails is tried again while the others go
//! on. So what lies in memory for a destination that is gone is its queue, one
//! parcel and the requests under way, and no other destination notices.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::destination::{Destination, Outcome, Piece};
use super::progress::Progress;
use super::retry::{Attempts, Retry};
use super::seldom::Seldom;
use crate::collector::{Counters, Parcel, Reason};
use crate::collector_config::{self as config, WhenFull};

/// What may wait, and how it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Bytes of traces that wait at most.
    pub bytes: usize,
    /// Parcels that wait at most.
    pub parcels: usize,
    /// What to do where there is no room.
    pub when_full: WhenFull,
    /// Requests under way at most.
    pub in_flight: usize,
    /// When to try again.
    pub retry: Retry,
}

impl Settings {
    /// As the configuration has them.
    pub fn new(queue: &config::Queue, retry: &config::Retry, in_flight: usize) -> Self {
        Self {
            bytes: queue.mib.saturating_mul(1024 * 1024),
            parcels: queue.batches.max(1),
            when_full: queue.when_full,
            in_flight: in_flight.clamp(1, 1024),
            retry: retry.into(),
        }
    }
}

/// Traces that wait for one destination.
pub struct Queue {
    shared: Arc<Shared>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    name: &'static str,
    settings: Settings,
    waiting: Mutex<Waiting>,
    /// Told when a parcel came.
    came: Notify,
    /// Told when one was taken.
    room: Notify,
    /// No more will come.
    closing: CancellationToken,
    /// The time to finish is over.
    abandoned: CancellationToken,
    counters: Counters,
    progress: Progress,
    full: Seldom,
    trouble: Seldom,
}

#[derive(Default)]
struct Waiting {
    parcels: VecDeque<Arc<Parcel>>,
    bytes: usize,
}

impl Queue {
    /// Starts sending to `destination` what will come. `name` is what logs and
    /// counters call it.
    pub fn start<D: Destination>(
        name: &'static str,
        settings: Settings,
        destination: Arc<D>,
        counters: Counters,
        progress: Progress,
    ) -> Arc<Self> {
        let shared = Arc::new(Shared {
            name,
            settings,
            waiting: Mutex::default(),
            came: Notify::new(),
            room: Notify::new(),
            closing: CancellationToken::new(),
            abandoned: CancellationToken::new(),
            counters,
            progress,
            full: Seldom::new(1),
            trouble: Seldom::new(3),
        });
        let worker = tokio::spawn(work(Arc::clone(&shared), destination));
        Arc::new(Self {
            shared,
            worker: Mutex::new(Some(worker)),
        })
    }

    /// What logs and counters call it.
    pub fn name(&self) -> &'static str {
        self.shared.name
    }

    /// Tells whether a full queue is waited for.
    pub fn waits(&self) -> bool {
        self.shared.settings.when_full == WhenFull::Wait
    }

    /// Adds a parcel, or drops and counts it where there is no room.
    pub fn offer(&self, parcel: &Arc<Parcel>) {
        if !self.shared.push(parcel) {
            self.shared.drop_full(parcel);
        }
    }

    /// Adds a parcel as soon as there is room.
    pub async fn put(&self, parcel: &Arc<Parcel>) {
        loop {
            let room = self.shared.room.notified();
            tokio::pin!(room);
            // Room that comes between the look and the wait is not missed.
            room.as_mut().enable();
            if self.shared.push(parcel) {
                return;
            }
            tokio::select! {
                () = room => {}
                () = self.shared.closing.cancelled() => {
                    self.shared.drop_full(parcel);
                    return;
                }
            }
        }
    }

    /// Sends what waits within `grace`; what is not sent then is dropped and
    /// counted. Nothing can be added any more.
    pub async fn drain(&self, grace: Duration) {
        self.shared.closing.cancel();
        let worker = self
            .worker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut worker) = worker else { return };
        if tokio::time::timeout(grace, &mut worker).await.is_err() {
            self.shared.abandoned.cancel();
            // Every wait of it ends with that.
            let _ = worker.await;
        }
        self.shared.abandon_all();
    }
}

impl Drop for Queue {
    /// What waits is sent, and then the sending ends.
    fn drop(&mut self) {
        self.shared.closing.cancel();
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a parcel where there is room. One that is larger than the queue goes
    /// through an empty one.
    fn push(&self, parcel: &Arc<Parcel>) -> bool {
        let size = parcel.bytes();
        let mut waiting = self.waiting();
        let is_room = waiting.parcels.len() < self.settings.parcels
            && (waiting.parcels.is_empty()
                || waiting.bytes.saturating_add(size) <= self.settings.bytes);
        if !is_room || self.closing.is_cancelled() {
            return false;
        }
        waiting.bytes += size;
        waiting.parcels.push_back(Arc::clone(parcel));
        self.progress
            .queued(self.name, waiting.parcels.len(), waiting.bytes);
        drop(waiting);
        self.came.notify_one();
        true
    }

    fn pop(&self) -> Option<Arc<Parcel>> {
        let mut waiting = self.waiting();
        let parcel = waiting.parcels.pop_front()?;
        waiting.bytes -= parcel.bytes();
        self.progress
            .queued(self.name, waiting.parcels.len(), waiting.bytes);
        drop(waiting);
        self.room.notify_waiters();
        Some(parcel)
    }

    /// The next parcel, once there is one; `None` when no more will come.
    async fn next(&self) -> Option<Arc<Parcel>> {
        loop {
            if self.abandoned.is_cancelled() {
                return None;
            }
            if let Some(parcel) = self.pop() {
                return Some(parcel);
            }
            if self.closing.is_cancelled() {
                return None;
            }
            tokio::select! {
                () = self.came.notified() => {}
                () = self.closing.cancelled() => {}
            }
        }
    }

    fn drop_full(&self, parcel: &Parcel) {
        let count = parcel.len();
        self.counters.dropped(self.name, Reason::QueueFull, count);
        if let Some(unsaid) = self.full.ask() {
            tracing::warn!(
                exporter = self.name,
                count,
                unsaid,
                "the queue is full, traces are dropped: see whether the destination answers, or \
                 raise queue.mib"
            );
        }
    }

    /// Counts what cannot be sent and says so.
    fn lost(&self, reason: Reason, count: usize, why: &str) {
        self.counters.dropped(self.name, reason, count);
        if let Some(unsaid) = self.trouble.ask() {
            tracing::error!(
                exporter = self.name,
                count,
                unsaid,
                why,
                "traces are not sent"
            );
        }
    }

    /// Counts what still waits as lost.
    fn abandon_all(&self) {
        let mut count = 0;
        while let Some(parcel) = self.pop() {
            count += parcel.len();
        }
        if count > 0 {
            self.lost(Reason::GivenUp, count, OVER);
        }
    }
}

/// Why traces are lost at the end.
const OVER: &str = "the collector stops, and the time to finish is over";

async fn work<D: Destination>(shared: Arc<Shared>, destination: Arc<D>) {
    let most = shared.settings.in_flight;
    let permits = Arc::new(Semaphore::new(most));
    while let Some(parcel) = shared.next().await {
        let mut cut = 0;
        let mut pieces = destination.pieces(&parcel);
        loop {
            // First the room, then the request that takes it.
            let permit = tokio::select! {
                permit = Arc::clone(&permits).acquire_owned() => permit.ok(),
                () = shared.abandoned.cancelled() => None,
            };
            let Some(permit) = permit else {
                let left = parcel.len().saturating_sub(cut);
                shared.lost(Reason::GivenUp, left, OVER);
                break;
            };
            let Some(piece) = pieces.next() else { break };
            cut += piece.items;
            let delivery = Delivery {
                shared: Arc::clone(&shared),
                piece,
                _parcel: Arc::clone(&parcel),
                _permit: permit,
            };
            tokio::spawn(delivery.run(Arc::clone(&destination)));
        }
    }
    // Those under way end by themselves, or are told to.
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    let _ = permits.acquire_many(all).await;
}

/// One request, until it is sent or given up.
struct Delivery<B> {
    shared: Arc<Shared>,
    piece: Piece<B>,
    /// Holds the room that the traces take.
    _parcel: Arc<Parcel>,
    _permit: OwnedSemaphorePermit,
}

impl<B: Send + Sync + 'static> Delivery<B> {
    async fn run<D: Destination<Body = B>>(self, destination: Arc<D>) {
        let (shared, items) = (&self.shared, self.piece.items);
        let mut attempts = Attempts::begin(shared.settings.retry);
        loop {
            let outcome = tokio::select! {
                outcome = destination.send(&self.piece.body) => outcome,
                () = shared.abandoned.cancelled() => {
                    return shared.lost(Reason::GivenUp, items, OVER);
                }
            };
            let (after, why) = match outcome {
                Outcome::Sent { rejected } => {
                    let rejected = rejected.min(items);
                    shared.progress.sent(shared.name, items - rejected);
                    if rejected > 0 {
                        shared
                            .counters
                            .dropped(shared.name, Reason::Rejected, rejected);
                    }
                    return;
                }
                Outcome::Never { reason, why } => return shared.lost(reason, items, &why),
                Outcome::Later { after, why } => (after, why),
            };
            let Some(delay) = attempts.wait(after) else {
                return shared.lost(Reason::GivenUp, items, &why);
            };
            shared.again(&why, delay);
            shared.wait(delay).await;
        }
    }
}

impl Shared {
    fn again(&self, why: &str, delay: Duration) {
        self.progress.retried(self.name);
        if let Some(unsaid) = self.trouble.ask() {
            tracing::warn!(
                exporter = self.name,
                why,
                unsaid,
                ?delay,
                "cannot send, will try again"
            );
        }
    }

    /// Waits; not longer than a moment once all is to end, when there is no
    /// other time to try again.
    async fn wait(&self, delay: Duration) {
        if !self.closing.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = self.closing.cancelled() => {}
            }
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(delay.min(Duration::from_secs(1))) => {}
            () = self.abandoned.cancelled() => {}
        }
    }
}
