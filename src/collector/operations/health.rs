//! Whether the collector is ready and well, for those who start and watch it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;

use super::Status;
use crate::collector::Handler;

/// Answers 200 while traces are taken and kept, 503 otherwise.
pub struct Health {
    status: Arc<Status>,
}

impl Health {
    /// Tells of `status`.
    pub fn new(status: Arc<Status>) -> Self {
        Self { status }
    }
}

impl Handler for Health {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let is_known = matches!(
            request.uri().path(),
            "/" | "/health" | "/healthz" | "/ready"
        );
        let (status, body) = if is_known {
            let missing = self.status.missing();
            let missing: Vec<String> = missing
                .iter()
                .map(|(what, address)| format!("{what} on {address}"))
                .collect();
            let body = json!({
                "status": self.status.phase(),
                "uptimeSeconds": self.status.uptime_seconds(),
                "missing": missing,
                "problem": self.status.problem(),
            });
            let status = if self.status.is_ready() && self.status.problem().is_none() {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            (status, body)
        } else {
            let body = json!({ "message": "ask for /health" });
            (StatusCode::NOT_FOUND, body)
        };
        let mut response = Response::new(Full::from(body.to_string()));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}
