//! Jaeger's collector over HTTP: a batch in Thrift's binary protocol.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;

use super::thrift;
use crate::collector::Handler;
use crate::collector::receivers::Intake;
use crate::collector::receivers::post::{self, About, Form};

const ABOUT: About = About {
    name: "jaeger/http",
    takes: "this is a Jaeger receiver: it takes /api/traces",
    types: "the content type is application/x-thrift or application/vnd.apache.thrift.binary",
};

/// Answers requests of Jaeger's Thrift over HTTP.
pub struct Http {
    intake: Intake,
}

impl Http {
    /// Hands spans to `intake`.
    pub fn new(intake: Intake) -> Self {
        Self { intake }
    }
}

impl Handler for Http {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let content_type = post::content_type(&request);
        let form = match (request.uri().path(), content_type.as_str()) {
            ("/api/traces", "application/x-thrift" | "application/vnd.apache.thrift.binary") => {
                Form::Known(thrift::translated)
            }
            ("/api/traces", _) => Form::NoType,
            _ => Form::NoPath,
        };
        post::take(&self.intake, ABOUT, form, request).await
    }
}
