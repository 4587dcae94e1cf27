//! OTLP over gRPC.

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tonic::Status;

use super::http::partial_success;
use super::signal::Signal;
use super::take::{NotTaken, Taken, take};
use crate::collector::receivers::{Intake, grpc};
use crate::collector::{Charge, Handler};

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
            return grpc::no_method(&request);
        };
        grpc::answer(
            self.intake.clone(),
            NAME,
            request,
            move |intake, message, charge| {
                Box::pin(async move { export(&intake, signal, message, charge).await })
            },
        )
        .await
    }
}

async fn export(
    intake: &Intake,
    signal: Signal,
    request: Bytes,
    charge: Charge,
) -> Result<Bytes, Status> {
    match take(intake, NAME, signal, request, charge).await {
        Ok(Taken::All) => Ok(Bytes::new()),
        Ok(Taken::Partly { rejected, message }) => Ok(partial_success(rejected, &message).into()),
        Err(error @ NotTaken::Malformed(_)) => Err(Status::invalid_argument(error.to_string())),
        Err(error @ NotTaken::NotKept(_)) => Err(Status::unavailable(error.to_string())),
    }
}
