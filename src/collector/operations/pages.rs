//! zPages: what a person at the machine wants to see.

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use super::Status;
use crate::collector::Handler;

/// Answers `/debug/servicez` and `/debug/pipelinez`.
pub struct Pages {
    status: Arc<Status>,
}

impl Pages {
    /// Shows `status`.
    pub fn new(status: Arc<Status>) -> Self {
        Self { status }
    }

    fn service(&self) -> String {
        let status = &self.status;
        let mut text = format!(
            "local-collector {}\n{} for {} s\n\nlistening\n",
            env!("CARGO_PKG_VERSION"),
            status.phase(),
            status.uptime_seconds()
        );
        for (what, address) in status.listening() {
            let _ = writeln!(text, "  {what}: {address}");
        }
        if let Some(problem) = status.problem() {
            let _ = writeln!(text, "  {problem}");
        }
        for (what, address) in status.missing() {
            let _ = writeln!(text, "  {what}: {address} is taken by another program");
        }
        text
    }

    fn pipeline(&self) -> String {
        let (used, limit) = self.status.memory();
        let limit = match limit {
            usize::MAX => "unlimited".to_owned(),
            limit => format!("{limit} bytes"),
        };
        let metrics = self.status.metrics();
        format!("traces in memory: {used} bytes of {limit}\n\n{metrics}")
    }
}

impl Handler for Pages {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (status, text) = match request.uri().path() {
            "/debug/servicez" => (StatusCode::OK, self.service()),
            "/debug/pipelinez" => (StatusCode::OK, self.pipeline()),
            _ => (
                StatusCode::NOT_FOUND,
                "there is /debug/servicez and /debug/pipelinez\n".to_owned(),
            ),
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
        response
    }
}
