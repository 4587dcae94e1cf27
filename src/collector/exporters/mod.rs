//! Where traces are sent. Every exporter has its own [`Queue`], so that one
//! that stands still holds up no other.

mod debug;
mod destination;
mod file;
mod http;
mod open;
mod otlp;
mod progress;
mod prometheus;
mod queue;
mod retry;
mod seldom;
#[cfg(test)]
mod tests;
mod xray;
mod zipkin;

pub use debug::Debug;
pub use destination::{Destination, Outcome, Piece, Pieces};
pub use file::File;
pub use open::{OpenError, Opened, Page, Setting, open};
pub use otlp::{OtlpGrpc, OtlpHttp};
pub use progress::Progress;
pub use prometheus::{Metrics, Prometheus};
pub use queue::{Queue, Settings};
pub use retry::Retry;
pub use xray::Xray;
pub use zipkin::Zipkin;

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use async_trait::async_trait;

use super::{Consumer, Parcel};

/// What the collector calls itself to others.
const USER: HeaderValue =
    HeaderValue::from_static(concat!("local-collector/", env!("CARGO_PKG_VERSION")));

/// All exporters: gives every parcel to each.
pub struct FanOut {
    queues: Vec<Arc<Queue>>,
    grace: Duration,
}

impl FanOut {
    /// Gives parcels to `queues`. At the end they have `grace` to send what
    /// waits.
    pub fn new(queues: Vec<Arc<Queue>>, grace: Duration) -> Self {
        Self { queues, grace }
    }
}

#[async_trait]
impl Consumer for FanOut {
    async fn consume(&self, mut parcel: Parcel) {
        // Senders do not wait for destinations: what is kept is kept.
        parcel.receipts.clear();
        if parcel.is_empty() {
            return;
        }
        let parcel = Arc::new(parcel);
        let (patient, others): (Vec<_>, Vec<_>) =
            self.queues.iter().partition(|queue| queue.waits());
        for queue in others {
            queue.offer(&parcel);
        }
        for queue in patient {
            queue.put(&parcel).await;
        }
    }

    async fn drain(&self) {
        let all = self.queues.iter().map(|queue| queue.drain(self.grace));
        futures::future::join_all(all).await;
    }
}
