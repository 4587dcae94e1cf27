//! Jaeger's collector over gRPC: `jaeger.api_v2.CollectorService/PostSpans`.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};

use super::proto;
use crate::collector::receivers::Intake;
use crate::collector::receivers::otlp::RawCodec;
use crate::collector::receivers::post::{MOST_BYTES, hand_on};
use crate::collector::{Handler, Reason};

/// What it is called in counters.
pub(super) const NAME: &str = "jaeger/grpc";
const POST_SPANS: &str = "/jaeger.api_v2.CollectorService/PostSpans";

/// Answers requests of Jaeger over gRPC.
pub struct Grpc {
    intake: Intake,
}

impl Grpc {
    /// Hands spans to `intake`.
    pub fn new(intake: Intake) -> Self {
        Self { intake }
    }
}

impl Handler for Grpc {
    type Body = tonic::body::Body;

    async fn answer(&self, request: Request<Incoming>) -> Response<tonic::body::Body> {
        if request.uri().path() != POST_SPANS {
            let message = format!("there is no method {}", request.uri().path());
            return Status::new(Code::Unimplemented, message).into_http();
        }
        let mut grpc = tonic::server::Grpc::new(RawCodec)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(MOST_BYTES);
        let post = PostSpans(self.intake.clone());
        grpc.unary(post, request).await
    }
}

struct PostSpans(Intake);

impl tower_service::Service<tonic::Request<Bytes>> for PostSpans {
    type Response = tonic::Response<Bytes>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let intake = self.0.clone();
        Box::pin(async move { post_spans(&intake, request.into_inner()).await })
    }
}

async fn post_spans(intake: &Intake, request: Bytes) -> Result<tonic::Response<Bytes>, Status> {
    let Some(charge) = intake.memory.charge(request.len()) else {
        intake.counters.refused(NAME, Reason::NoRoom, 1);
        return Err(Status::unavailable(
            "there is no room for more traces; try again later",
        ));
    };
    let translated = proto::translated(&request).map_err(|why| {
        intake.counters.refused(NAME, Reason::Malformed, 1);
        Status::invalid_argument(why)
    })?;
    drop(request);
    let (spans, without_id) = (translated.spans, translated.without_id);
    hand_on(intake, NAME, translated, charge)
        .await
        .map_err(|why| Status::unavailable(format!("the traces could not be kept: {why}")))?;
    if spans == 0 && without_id > 0 {
        return Err(Status::invalid_argument(
            "no span has a valid trace id and span id",
        ));
    }
    Ok(tonic::Response::new(Bytes::new()))
}
