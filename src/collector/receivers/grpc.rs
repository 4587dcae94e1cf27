//! Methods of gRPC whose messages stay the bytes that they are.

use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Status};

use super::Intake;
use super::body::{BodyError, MOST_BYTES};
use super::metered::{Metered, Room};
use crate::collector::Charge;

/// What a method answers.
pub(super) type Answer = BoxFuture<'static, Result<Bytes, Status>>;

/// Answers a request with `method`, which is given the message and the room that
/// it takes.
pub(super) fn answer<M>(
    intake: Intake,
    receiver: &'static str,
    request: Request<Incoming>,
    method: M,
) -> BoxFuture<'static, Response<tonic::body::Body>>
where
    M: Fn(Intake, Bytes, Charge) -> Answer + Send + 'static,
{
    let Some(room) = Room::of(&intake.memory) else {
        let status = no_room(&intake, receiver);
        return Box::pin(async move { status.into_http() });
    };
    let request = request.map(|body| {
        let counters = intake.counters.clone();
        Metered::new(body, room.clone(), receiver, counters)
    });
    let method = Method {
        intake,
        receiver,
        room,
        run: method,
    };
    Box::pin(async move {
        tonic::server::Grpc::new(RawCodec)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(MOST_BYTES)
            .unary(method, request)
            .await
    })
}

/// Says that there is no such method.
pub(in crate::collector) fn no_method(request: &Request<Incoming>) -> Response<tonic::body::Body> {
    let message = format!("there is no method {}", request.uri().path());
    Status::new(Code::Unimplemented, message).into_http()
}

struct Method<M> {
    intake: Intake,
    receiver: &'static str,
    room: Room,
    run: M,
}

/// Counts that there is no room, and says it.
fn no_room(intake: &Intake, receiver: &'static str) -> Status {
    let error = BodyError::NoRoom;
    intake.counters.refused(receiver, error.reason(), 1);
    Status::unavailable(error.to_string())
}

impl<M> tower_service::Service<tonic::Request<Bytes>> for Method<M>
where
    M: Fn(Intake, Bytes, Charge) -> Answer,
{
    type Response = tonic::Response<Bytes>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let message = request.into_inner();
        let Some(charge) = self.room.take(message.len()) else {
            let status = no_room(&self.intake, self.receiver);
            return Box::pin(async move { Err(status) });
        };
        let answer = (self.run)(self.intake.clone(), message, charge);
        Box::pin(async move { answer.await.map(tonic::Response::new) })
    }
}

/// Hands messages on as the bytes that they are.
pub(in crate::collector) struct RawCodec;

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
