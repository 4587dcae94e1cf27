//! zPages: what a person at the machine wants to see.

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use super::Status;
use super::tracez::Tracez;
use crate::collector::Handler;

const PLAIN: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
/// What a page may load and run: its own style, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// Said to those who ask for anything else.
const KNOWN: &str = "there is /debug/servicez, /debug/pipelinez and /debug/tracez\n";

/// Answers `/debug/servicez`, `/debug/pipelinez` and `/debug/tracez`.
pub struct Pages {
    status: Arc<Status>,
    tracez: Tracez,
}

impl Pages {
    /// Shows `status`.
    pub fn new(status: Arc<Status>) -> Self {
        Self {
            tracez: Tracez::new(status.store().cloned()),
            status,
        }
    }

    async fn tracez(&self, query: Option<&str>) -> Page {
        match self.tracez.page(query).await {
            Ok(page) => (StatusCode::OK, HTML, page),
            Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, PLAIN, why),
        }
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

/// A page and its type.
type Page = (StatusCode, &'static str, String);

impl Handler for Pages {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let uri = request.uri();
        let (status, kind, text) = match uri.path() {
            "/debug/servicez" => (StatusCode::OK, PLAIN, self.service()),
            "/debug/pipelinez" => (StatusCode::OK, PLAIN, self.pipeline()),
            "/debug/tracez" => self.tracez(uri.query()).await,
            _ => (StatusCode::NOT_FOUND, PLAIN, KNOWN.to_owned()),
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}
