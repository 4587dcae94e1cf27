//! OTLP over gRPC.

use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Status};

use super::MOST_BYTES;
use super::http::partial_success;
use super::signal::Signal;
use super::take::{NotTaken, Taken, take};
use crate::collector::receivers::Intake;
use crate::collector::{Handler, Reason};

/// What it is called in counters.
const NAME: &str = "otlp/grpc";

/// Answers requests of OTLP over gRPC.
pub struct Grpc {
    intake: Intake,
}

impl Grpc {
    /// Hands traces to `intake`.
    pub fn new(intake: Intake) -> Self {
        Self { intake }
    }
}

impl Handler for Grpc {
    type Body = tonic::body::Body;

    async fn answer(&self, request: Request<Incoming>) -> Response<tonic::body::Body> {
        let Some(signal) = Signal::of_grpc(request.uri().path()) else {
            let message = format!("there is no method {}", request.uri().path());
            return Status::new(Code::Unimplemented, message).into_http();
        };
        let mut grpc = tonic::server::Grpc::new(RawCodec)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(MOST_BYTES);
        let export = Export {
            intake: self.intake.clone(),
            signal,
        };
        grpc.unary(export, request).await
    }
}

/// One method.
struct Export {
    intake: Intake,
    signal: Signal,
}

impl tower_service::Service<tonic::Request<Bytes>> for Export {
    type Response = tonic::Response<Bytes>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (intake, signal) = (self.intake.clone(), self.signal);
        Box::pin(async move { export(&intake, signal, request.into_inner()).await })
    }
}

async fn export(
    intake: &Intake,
    signal: Signal,
    request: Bytes,
) -> Result<tonic::Response<Bytes>, Status> {
    let Some(charge) = intake.memory.charge(request.len()) else {
        intake.counters.refused(NAME, Reason::NoRoom, 1);
        return Err(Status::unavailable(
            "there is no room for more traces; try again later",
        ));
    };
    match take(intake, NAME, signal, request, charge).await {
        Ok(Taken::All) => Ok(tonic::Response::new(Bytes::new())),
        Ok(Taken::Partly { rejected, message }) => {
            let said = partial_success(rejected, &message);
            Ok(tonic::Response::new(said.into()))
        }
        Err(error @ NotTaken::Malformed(_)) => Err(Status::invalid_argument(error.to_string())),
        Err(error @ NotTaken::NotKept(_)) => Err(Status::unavailable(error.to_string())),
    }
}

/// Hands messages on as the bytes that they are.
pub(in crate::collector::receivers) struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }
}
