//! What takes traces, a folder a protocol.

pub(crate) mod body;
mod datagrams;
mod draft;
pub(super) mod grpc;
mod incoming;
pub mod jaeger;
mod metered;
pub mod otlp;
mod overflow;
mod post;
pub mod xray;
pub mod zipkin;

#[cfg(test)]
pub(super) mod testing;

use std::sync::Arc;

use super::{Consumer, Counters, Memory, Parcel, receipt};

/// What every receiver needs.
#[derive(Clone)]
pub struct Intake {
    /// Where traces go.
    pub next: Arc<dyn Consumer>,
    /// Whether there is room for them.
    pub memory: Arc<Memory>,
    /// What became of them.
    pub counters: Counters,
    /// Whether a sender has its answer only when its traces are safe.
    pub waits: bool,
}

impl Intake {
    /// Hands a parcel on, and waits until it is safe where that is asked for.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn hand_on(&self, mut parcel: Parcel) -> Result<(), String> {
        if !self.waits {
            self.next.consume(parcel).await;
            return Ok(());
        }
        let (receipt, waiting) = receipt();
        parcel.receipts.push(receipt);
        self.next.consume(parcel).await;
        waiting.done().await
    }
}
