//! Sends requests of OTLP over several connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::otlp::{SPANS, Template};
use super::{Load, Protocol};

/// Sends all of it; returns how many requests were refused.
pub(crate) async fn otlp(load: &Load) -> u64 {
    let next = Arc::new(AtomicU64::new(0));
    let refused = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let connections = (0..load.connections).map(|_| {
        let (load, next) = (load.clone(), Arc::clone(&next));
        let refused = Arc::clone(&refused);
        tokio::spawn(async move { connection(&load, &next, &refused, started).await })
    });
    for connection in connections.collect::<Vec<_>>() {
        connection.await.unwrap();
    }
    refused.load(Ordering::Relaxed)
}

enum Sender {
    Http(http1::SendRequest<Full<Bytes>>),
    Grpc(http2::SendRequest<Full<Bytes>>),
}

impl Sender {
    async fn open(load: &Load) -> Self {
        let stream = TcpStream::connect(load.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let io = TokioIo::new(stream);
        if load.protocol == Protocol::OtlpHttp {
            let (sender, connection) = http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            Self::Http(sender)
        } else {
            let builder = http2::Builder::new(TokioExecutor::new());
            let (sender, connection) = builder.handshake(io).await.unwrap();
            tokio::spawn(connection);
            Self::Grpc(sender)
        }
    }

    /// Tells whether the request was taken.
    async fn send(&mut self, authority: &str, request: &[u8]) -> bool {
        let response = match self {
            Self::Http(sender) => {
                let request = Request::post("/v1/traces")
                    .header(header::HOST, authority)
                    .header(header::CONTENT_TYPE, "application/x-protobuf")
                    .body(Full::from(Bytes::copy_from_slice(request)))
                    .unwrap();
                sender.send_request(request).await.unwrap()
            }
            Self::Grpc(sender) => {
                let mut message = BytesMut::with_capacity(request.len() + 5);
                message.put_u8(0);
                message.put_u32(u32::try_from(request.len()).unwrap());
                message.extend_from_slice(request);
                let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
                let request = Request::post(format!("http://{authority}{path}"))
                    .header(header::CONTENT_TYPE, "application/grpc")
                    .header(header::TE, "trailers")
                    .body(Full::from(message.freeze()))
                    .unwrap();
                sender.ready().await.unwrap();
                sender.send_request(request).await.unwrap()
            }
        };
        let is_ok = response.status() == StatusCode::OK;
        let in_head = response.headers().get("grpc-status").cloned();
        let body = response.into_body().collect().await.unwrap();
        let status = in_head.or_else(|| body.trailers()?.get("grpc-status").cloned());
        is_ok && status.is_none_or(|status| status == "0")
    }
}

async fn connection(load: &Load, next: &AtomicU64, refused: &AtomicU64, started: Instant) {
    let mut template = Template::new();
    let mut sender = Sender::open(load).await;
    let authority = load.address.to_string();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number * SPANS >= load.spans {
            return;
        }
        if let Some(due) = (number * SPANS * 1_000_000).checked_div(load.rate) {
            tokio::time::sleep_until((started + Duration::from_micros(due)).into()).await;
        }
        while !sender.send(&authority, template.request(number)).await {
            refused.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
