//! Jaeger's collector over gRPC: `jaeger.api_v2.CollectorService/PostSpans`.

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tonic::Status;

use super::proto;
use crate::collector::receivers::post::hand_on;
use crate::collector::receivers::{Intake, grpc};
use crate::collector::{Charge, Handler, Reason};

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
            return grpc::no_method(&request);
        }
        grpc::answer(
            self.intake.clone(),
            NAME,
            request,
            |intake, message, charge| {
                Box::pin(async move { post_spans(&intake, message, charge).await })
            },
        )
        .await
    }
}

async fn post_spans(intake: &Intake, request: Bytes, charge: Charge) -> Result<Bytes, Status> {
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
    Ok(Bytes::new())
}
