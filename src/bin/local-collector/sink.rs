//! Segments that come in by X-Ray's API, on their way to the collector.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use xrayctl::collector::receivers::{Intake, xray};
use xrayctl::collector::{Parcel, Reason, Signal};
use xrayctl::local_aws::{NotKept, TraceSink};

/// What it is called in counters.
const NAME: &str = "xray/api";

/// Hands segments to a collector.
pub(crate) struct Sink(pub(crate) Intake);

impl fmt::Debug for Sink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sink")
    }
}

#[async_trait]
impl TraceSink for Sink {
    async fn put(&self, documents: Vec<Bytes>) -> Result<(), NotKept> {
        let intake = &self.0;
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

    fn refused(&self, code: &str) {
        self.0.counters.refused(NAME, xray::reason(code), 1);
    }
}
