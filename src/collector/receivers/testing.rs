//! The end of the chain, a runtime's worth of plumbing and OTLP as JSON, for the
//! tests of receivers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::Intake;
use super::draft::Translated;
use crate::collector::{Consumer, Counters, Handler, Listening, Memory, Parcel, Protocols};

/// Keeps what it is given.
#[derive(Default)]
pub(in crate::collector) struct Kept {
    pub(super) parcels: Mutex<Vec<Parcel>>,
    /// Tells every sender that its traces are lost.
    pub(super) fails: bool,
}

#[async_trait]
impl Consumer for Kept {
    async fn consume(&self, mut parcel: Parcel) {
        if self.fails {
            for receipt in parcel.receipts.drain(..) {
                receipt.fail("the disk is full");
            }
        }
        parcel.receipts.clear();
        self.parcels.lock().unwrap().push(parcel);
    }

    async fn drain(&self) {}
}

impl Kept {
    pub(super) fn documents(&self) -> Vec<Bytes> {
        let parcels = self.parcels.lock().unwrap();
        parcels
            .iter()
            .flat_map(|one| one.documents.clone())
            .collect()
    }

    pub(super) fn spans(&self) -> usize {
        self.parcels
            .lock()
            .unwrap()
            .iter()
            .map(|one| one.spans)
            .sum()
    }
}

pub(in crate::collector) fn intake_of(kept: Kept, room: usize, waits: bool) -> (Intake, Arc<Kept>) {
    let kept = Arc::new(kept);
    let intake = Intake {
        next: Arc::clone(&kept) as Arc<dyn Consumer>,
        memory: Memory::new(room),
        counters: Counters::default(),
        waits,
    };
    (intake, kept)
}

pub(in crate::collector) fn intake() -> (Intake, Arc<Kept>) {
    intake_of(Kept::default(), 64 * 1024 * 1024, true)
}

/// A request as OTLP's JSON has it.
pub(in crate::collector) fn as_json(request: &[u8]) -> serde_json::Value {
    crate::otlp::check(request).unwrap();
    let request = ExportTraceServiceRequest::decode(request).unwrap();
    serde_json::to_value(request).unwrap()
}

/// A request as OTLP's JSON has it, to look at.
pub(super) fn as_text(request: &[u8]) -> String {
    serde_json::to_string_pretty(&as_json(request)).unwrap()
}

/// Judges what a reader of another protocol made of any bytes: a request of as
/// many spans as it says, all with ids, and not much larger than its input.
pub(super) fn judge<E>(input: &[u8], translated: Result<Translated, E>) {
    let Ok(translated) = translated else {
        return;
    };
    let counted = crate::otlp::check(&translated.request).expect("a request");
    assert_eq!((counted.spans, counted.without_id), (translated.spans, 0));
    ExportTraceServiceRequest::decode(&*translated.request).expect("protobuf");
    // The most is made of a reference or a tag that is empty.
    crate::fuzz::bounded(input, translated.request.len(), 64);
}

/// Waits until it is so.
pub(super) async fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to be");
}

/// Serves `handler` on a port of its own and sends one request there.
pub(in crate::collector) async fn ask<H: Handler>(
    handler: H,
    protocols: Protocols,
    request: Request<Full<Bytes>>,
) -> (Response<()>, Bytes) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let listening = Listening::new(listener, protocols, Arc::new(handler));
    let serving = tokio::spawn(listening.serve(stop.clone(), Duration::from_secs(1)));
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let response = if protocols == Protocols::Http2 {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream)
                .await
                .unwrap();
        tokio::spawn(connection);
        whole(sender.send_request(request).await.unwrap()).await
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        whole(sender.send_request(request).await.unwrap()).await
    };
    stop.cancel();
    serving.await.unwrap();
    response
}

/// The head, with trailers put among its headers, and the body.
async fn whole(response: Response<Incoming>) -> (Response<()>, Bytes) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap();
    let mut head = Response::from_parts(parts, ());
    if let Some(trailers) = body.trailers() {
        head.headers_mut().extend(trailers.clone());
    }
    (head, body.to_bytes())
}
