//! Jaeger's agent: batches over UDP.

use std::net::UdpSocket;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::thrift::{self, Bad};
use crate::collector::receivers::Intake;
use crate::collector::receivers::datagrams::{self, Reading};
use crate::collector::receivers::draft::Translated;
use crate::collector::{Charge, Counters, Parcel, Reason, Signal};

/// What they are called in counters.
pub(super) const COMPACT: &str = "jaeger/compact";
pub(super) const BINARY: &str = "jaeger/binary";
/// More than any datagram has.
const MOST_BYTES: usize = 64 * 1024;

/// Takes batches in the compact protocol on `socket` until `stop`; what waits
/// in it then is still read.
pub async fn serve_compact(socket: UdpSocket, intake: Intake, stop: CancellationToken) {
    datagrams::serve(socket, intake, Compact::default(), stop).await;
}

/// Takes batches in the binary protocol on `socket` until `stop`; what waits in
/// it then is still read.
pub async fn serve_binary(socket: UdpSocket, intake: Intake, stop: CancellationToken) {
    datagrams::serve(socket, intake, Binary::default(), stop).await;
}

/// Requests that follow one another, which are one request.
#[derive(Default)]
struct Requests {
    request: Vec<u8>,
    spans: usize,
}

impl Requests {
    fn add(
        &mut self,
        receiver: &'static str,
        translated: Result<Translated, Bad>,
        counters: &Counters,
    ) -> Result<usize, Reason> {
        let translated = translated.map_err(|bad| match bad {
            Bad::Header(_) => Reason::BadHeader,
            Bad::Method(_) => Reason::UnknownType,
            Bad::Batch(_) => Reason::Malformed,
        })?;
        if translated.without_id > 0 {
            counters.refused(receiver, Reason::BadTraceId, translated.without_id);
        }
        self.request.extend_from_slice(&translated.request);
        self.spans += translated.spans;
        Ok(translated.request.len())
    }

    fn parcel(&mut self, receiver: &'static str, charge: Charge, counters: &Counters) -> Parcel {
        let spans = std::mem::take(&mut self.spans);
        // A copy of the size that it has, where growing would leave twice that.
        let request = Bytes::copy_from_slice(&self.request);
        self.request.clear();
        counters.received(receiver, Signal::spans, spans);
        Parcel::of_request(request, spans, charge)
    }
}

#[derive(Default)]
struct Compact(Requests);

impl Reading for Compact {
    const NAME: &'static str = COMPACT;
    const MOST_BYTES: usize = MOST_BYTES;

    fn take(&mut self, datagram: &[u8], counters: &Counters) -> Result<usize, Reason> {
        self.0.add(COMPACT, thrift::compact(datagram), counters)
    }

    fn parcel(&mut self, charge: Charge, counters: &Counters) -> Parcel {
        self.0.parcel(COMPACT, charge, counters)
    }
}

#[derive(Default)]
struct Binary(Requests);

impl Reading for Binary {
    const NAME: &'static str = BINARY;
    const MOST_BYTES: usize = MOST_BYTES;

    fn take(&mut self, datagram: &[u8], counters: &Counters) -> Result<usize, Reason> {
        self.0.add(BINARY, thrift::binary(datagram), counters)
    }

    fn parcel(&mut self, charge: Charge, counters: &Counters) -> Parcel {
        self.0.parcel(BINARY, charge, counters)
    }
}
