//! Segments that come in by X-Ray's API, on their way to the collector.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::RwLock;

use crate::collector::receivers::{Intake, xray};
use crate::collector::{Parcel, Reason, Signal};
use crate::local_aws::{NotKept, TraceSink};

/// What it is called in counters.
const NAME: &str = "xray/api";

/// Hands segments to the collector that there is.
#[derive(Default)]
pub(super) struct Sink(RwLock<Option<Intake>>);

impl Sink {
    /// Hands them to this collector from now on.
    pub(super) async fn connect(&self, intake: Intake) {
        *self.0.write().await = Some(intake);
    }

    /// Hands them to nobody from now on; returns when all that came before is
    /// with the collector.
    pub(super) async fn disconnect(&self) {
        *self.0.write().await = None;
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sink")
    }
}

#[async_trait]
impl TraceSink for Sink {
    async fn put(&self, documents: Vec<Bytes>) -> Result<(), NotKept> {
        let intake = self.0.read().await;
        let Some(intake) = &*intake else {
            let why = "the collector starts anew; try again later";
            return Err(NotKept::Full(why.to_owned()));
        };
        let size = documents.iter().map(Bytes::len).sum();
        let Some(charge) = intake.memory.charge(size) else {
            intake
                .counters
                .refused(NAME, Reason::NoRoom, documents.len());
            let why = "there is no room for more traces; try again later";
            return Err(NotKept::Full(why.to_owned()));
        };
        intake
            .counters
            .received(NAME, Signal::segments, documents.len());
        let parcel = Parcel::of_documents(documents, charge);
        intake.hand_on(parcel).await.map_err(NotKept::Failed)
    }

    async fn refused(&self, code: &str) {
        // While the collector starts anew nobody counts.
        if let Some(intake) = &*self.0.read().await {
            intake.counters.refused(NAME, xray::reason(code), 1);
        }
    }
}
