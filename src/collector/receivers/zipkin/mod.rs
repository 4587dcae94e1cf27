//! Zipkin: <https://zipkin.io/zipkin-api/>. Spans are translated as the
//! OpenTelemetry specification says of Zipkin, read the other way round
//! (<https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/>), and
//! stay OTLP from there on.

mod json;
mod proto;
mod span;
mod v1;
mod v2;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;

use super::Intake;
use super::post::{self, About, Form};
use crate::collector::Handler;
use crate::collector::queries::zipkin as queries;

const ABOUT: About = About {
    name: "zipkin",
    takes: "this is a Zipkin receiver: it takes /api/v2/spans and /api/v1/spans",
    types: "the content type is application/json, or application/x-protobuf for /api/v2/spans",
};

/// Answers requests of Zipkin's reporters, and of those who ask for traces.
pub struct Zipkin {
    intake: Intake,
    queries: Option<queries::Zipkin>,
}

impl Zipkin {
    /// Hands spans to `intake`, and questions to `queries`, where they are answered.
    pub fn new(intake: Intake, queries: Option<queries::Zipkin>) -> Self {
        Self { intake, queries }
    }
}

impl Handler for Zipkin {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let is_asked = matches!(*request.method(), Method::GET | Method::HEAD);
        if let Some(queries) = self.queries.as_ref().filter(|_| is_asked) {
            return queries.answer(request.uri(), request.headers()).await;
        }
        let content_type = post::content_type(&request);
        // Some reporters do not say that they send JSON.
        let is_json = matches!(content_type.as_str(), "application/json" | "");
        let form = match request.uri().path() {
            "/api/v2/spans" if content_type == "application/x-protobuf" => {
                Form::Known(proto::translated)
            }
            "/api/v2/spans" if is_json => Form::Known(v2::translated),
            "/api/v1/spans" if is_json => Form::Known(v1::translated),
            "/api/v2/spans" | "/api/v1/spans" => Form::NoType,
            _ => Form::NoPath,
        };
        post::take(&self.intake, ABOUT, form, request).await
    }
}

/// The OTLP request that a list of spans is translated to.
#[cfg(test)]
pub(in crate::collector) fn otlp_of(spans: &[u8]) -> Vec<u8> {
    v2::translated(spans).unwrap_or_default().request
}
