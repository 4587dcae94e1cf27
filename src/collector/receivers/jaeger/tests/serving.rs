//! Over real sockets.

use std::net::UdpSocket;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio_util::sync::CancellationToken;

use super::{batch, messages};
use crate::collector::receivers::jaeger::udp::{BINARY, COMPACT};
use crate::collector::receivers::jaeger::{Grpc, Http, serve_binary, serve_compact};
use crate::collector::receivers::testing::{Kept, ask, intake, intake_of, until};
use crate::collector::{Protocols, Reason, Signal};

fn sockets() -> (UdpSocket, UdpSocket) {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.connect(receiver.local_addr().unwrap()).unwrap();
    (receiver, sender)
}

#[tokio::test]
async fn batches_are_taken_over_udp() {
    for name in [COMPACT, BINARY] {
        let (intake, kept) = intake();
        let counters = intake.counters.clone();
        let (socket, sender) = sockets();
        let stop = CancellationToken::new();
        let (serving, message, other) = if name == COMPACT {
            let serving = tokio::spawn(serve_compact(socket, intake, stop.clone()));
            (serving, batch::compact("emitBatch"), batch::compact("emit"))
        } else {
            let serving = tokio::spawn(serve_binary(socket, intake, stop.clone()));
            let binary = |method| batch::binary(method, true);
            (serving, binary("emitBatch"), binary("emit"))
        };
        sender.send(b"hello").unwrap();
        sender.send(&other).unwrap();
        sender.send(&message[..message.len() - 1]).unwrap();
        sender.send(&message).unwrap();
        sender.send(&message).unwrap();
        until(|| kept.spans() == 6).await;
        stop.cancel();
        serving.await.unwrap();
        for parcel in kept.parcels.lock().unwrap().iter() {
            let counted = crate::otlp::check(&parcel.requests[0]).unwrap();
            assert_eq!(counted.spans, parcel.spans);
        }
        assert_eq!(counters.received_so_far(name, Signal::spans), 6);
        for (reason, count) in [
            (Reason::BadHeader, 1),
            (Reason::UnknownType, 1),
            (Reason::Malformed, 1),
            (Reason::BadTraceId, 2),
        ] {
            assert_eq!(counters.refused_so_far(name, reason), count, "{reason:?}");
        }
    }
}

fn post(path: &str, content_type: &str, body: Vec<u8>) -> Request<Full<Bytes>> {
    Request::post(path)
        .header("host", "localhost")
        .header("content-type", content_type)
        .body(Full::from(body))
        .unwrap()
}

#[tokio::test]
async fn batches_are_taken_over_http() {
    let cases = [
        (
            "/api/traces?format=jaeger.thrift",
            "application/x-thrift",
            batch::http(),
            202,
        ),
        (
            "/api/traces",
            "application/vnd.apache.thrift.binary",
            batch::http(),
            202,
        ),
        ("/api/traces", "application/x-thrift", vec![1, 2, 3], 400),
        ("/api/traces", "application/json", batch::http(), 415),
        ("/api/spans", "application/x-thrift", batch::http(), 404),
    ];
    for (path, content_type, body, status) in cases {
        let (intake, kept) = intake();
        let request = post(path, content_type, body);
        let (head, said) = ask(Http::new(intake), Protocols::Any, request).await;
        assert_eq!(head.status(), status, "{said:?}");
        assert_eq!(kept.spans(), if status == 202 { 3 } else { 0 });
    }
    let (intake, _) = intake_of(Kept::default(), 10, true);
    let request = post("/api/traces", "application/x-thrift", batch::http());
    let (head, _) = ask(Http::new(intake), Protocols::Any, request).await;
    assert_eq!(head.status(), StatusCode::SERVICE_UNAVAILABLE);
}

/// A message as gRPC frames it.
fn call(method: &str, message: &[u8]) -> Request<Full<Bytes>> {
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    Request::post(format!("http://localhost{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::from(body))
        .unwrap()
}

#[tokio::test]
async fn batches_are_taken_over_grpc() {
    const METHOD: &str = "/jaeger.api_v2.CollectorService/PostSpans";
    let fails = Kept {
        fails: true,
        ..Kept::default()
    };
    let cases = [
        (intake(), METHOD, messages::request(), "0"),
        (intake(), METHOD, vec![255], "3"),
        (intake(), METHOD, vec![10, 2, 10, 0], "3"),
        (
            intake(),
            "/jaeger.api_v2.CollectorService/Other",
            vec![],
            "12",
        ),
        (
            intake_of(Kept::default(), 10, true),
            METHOD,
            messages::request(),
            "14",
        ),
        (
            intake_of(fails, 1 << 20, true),
            METHOD,
            messages::request(),
            "14",
        ),
    ];
    for ((intake, kept), method, message, status) in cases {
        let counters = intake.counters.clone();
        let request = call(method, &message);
        let (head, body) = ask(Grpc::new(intake), Protocols::Http2, request).await;
        assert_eq!(
            head.headers()["grpc-status"],
            status,
            "{:?}",
            head.headers()
        );
        if status == "0" {
            assert_eq!(body.as_ref(), [0; 5]);
            assert_eq!(kept.spans(), 3);
            let name = crate::collector::receivers::jaeger::grpc::NAME;
            assert_eq!(counters.received_so_far(name, Signal::spans), 3);
            assert_eq!(counters.refused_so_far(name, Reason::BadTraceId), 1);
        }
    }
}
