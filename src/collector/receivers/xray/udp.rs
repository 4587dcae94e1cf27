//! The X-Ray daemon's UDP: a header line and one segment document a datagram.

use std::net::UdpSocket;
use std::ops::Range;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::collector::receivers::Intake;
use crate::collector::receivers::datagrams::{self, Reading};
use crate::collector::{Charge, Counters, Parcel, Reason, Signal};
use crate::segment::{self, BadDatagram};

use super::reason;

/// What it is called in counters.
const NAME: &str = "xray/udp";
/// The headers that X-Ray's SDKs write: of Python, Node.js, .NET and Ruby; of
/// Go and Java.
const USUAL: [&[u8]; 2] = [
    b"{\"format\": \"json\", \"version\": 1}\n",
    b"{\"format\":\"json\",\"version\":1}\n",
];

/// Takes segment documents on `socket` until `stop`; what waits in it then is
/// still read.
pub async fn serve(socket: UdpSocket, intake: Intake, stop: CancellationToken) {
    datagrams::serve(socket, intake, Documents::default(), stop).await;
}

/// Documents that follow one another in one piece of memory.
#[derive(Default)]
struct Documents {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Reading for Documents {
    const NAME: &'static str = NAME;
    const MOST_BYTES: usize = segment::MOST_BYTES;

    fn take(&mut self, datagram: &[u8], _: &Counters) -> Result<usize, Reason> {
        let document = document(datagram).map_err(of_datagram)?;
        segment::check(document).map_err(|rejected| reason(rejected.code))?;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(document);
        self.places.push(start..self.bytes.len());
        Ok(document.len())
    }

    fn parcel(&mut self, charge: Charge, counters: &Counters) -> Parcel {
        // Parcels are about as large as those before.
        let next = Vec::with_capacity(self.bytes.len() + self.bytes.len() / 8);
        let all = Bytes::from(std::mem::replace(&mut self.bytes, next));
        let places = self.places.drain(..);
        let documents: Vec<Bytes> = places.map(|place| all.slice(place)).collect();
        counters.received(NAME, Signal::segments, documents.len());
        Parcel::of_documents(documents, charge)
    }
}

/// As [`segment::datagram`], which is not asked about the headers that nearly
/// all datagrams have.
fn document(datagram: &[u8]) -> Result<&[u8], BadDatagram> {
    if datagram.len() <= segment::MOST_BYTES {
        let usual = USUAL
            .iter()
            .find_map(|header| datagram.strip_prefix(*header));
        let document = usual.map(<[u8]>::trim_ascii);
        if let Some(document) = document.filter(|document| !document.is_empty()) {
            return Ok(document);
        }
    }
    segment::datagram(datagram)
}

fn of_datagram(bad: BadDatagram) -> Reason {
    match bad {
        BadDatagram::TooLarge => Reason::TooLarge,
        BadDatagram::NoNewline | BadDatagram::BadHeader => Reason::BadHeader,
        BadDatagram::UnknownFormat => Reason::UnknownType,
        BadDatagram::UnknownVersion => Reason::UnknownVersion,
        BadDatagram::EmptyDocument => Reason::Malformed,
    }
}

#[cfg(test)]
#[path = "udp_fuzz.rs"]
mod fuzz;
#[cfg(test)]
#[path = "udp_tests.rs"]
mod tests;
