//! Jaeger's query API: version 3 as Jaeger 2 serves it, over HTTP and gRPC
//! (<https://www.jaegertracing.io/docs/latest/architecture/apis/>), and the older
//! one of Jaeger 1, which Grafana and scripts ask.
//!
//! As in Jaeger, times, durations and attributes of a search are those of one span
//! of the service, and the whole of its trace is given.

mod grpc;
mod messages;
mod older;
mod older_json;
mod older_parameters;
mod otlp_json;
mod summary;
mod v3;
mod v3_parameters;
mod wanted;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

pub use grpc::Grpc;

use super::Queries;
use super::answer::{Answer, not_allowed, plain};
use super::parameters::{Parameters, step};
use super::trace::id_of;
use crate::collector::Handler;
use crate::segment::TraceId;

/// What is at the port, for those who open it in a browser.
const ABOUT: &str = "this is Jaeger's query API, without Jaeger's pages: there is /api/v3/services, \
    /api/v3/operations, /api/v3/traces, /api/v3/trace-summaries, /api/services, /api/operations, \
    /api/traces and /api/dependencies\n";

/// Answers over HTTP.
pub struct Http {
    queries: Arc<Queries>,
}

impl Http {
    /// Answers from what `queries` read.
    pub fn new(queries: Arc<Queries>) -> Self {
        Self { queries }
    }

    async fn get(&self, path: &str, query: &Parameters) -> Answer {
        let steps: Vec<String> = path.split('/').skip(1).map(step).collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let queries = &self.queries;
        match steps.as_slice() {
            ["api", "v3", "services"] => v3::services(queries).await,
            ["api", "v3", "operations"] => v3::operations(queries, query).await,
            ["api", "v3", "traces"] => v3::traces(queries, query).await,
            ["api", "v3", "traces", id] => v3::trace(queries, id, query).await,
            ["api", "v3", "trace-summaries"] => v3::summaries(queries, query).await,
            ["api", "services"] => older::services(queries, query).await,
            ["api", "services", service, "operations"] => {
                older::names(queries, service, query).await
            }
            ["api", "operations"] => older::operations(queries, query).await,
            ["api", "traces"] => older::traces(queries, query).await,
            ["api", "traces", id] => older::trace(queries, id, query).await,
            ["api", "dependencies"] => older::dependencies(queries, query).await,
            [
                "api",
                "metrics",
                "latencies" | "calls" | "errors" | "minstep",
            ] => older::no_metrics(),
            ["" | "search"] => plain(StatusCode::OK, ABOUT),
            _ => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
        }
    }
}

impl Handler for Http {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return not_allowed("GET, HEAD");
        }
        let uri = request.uri();
        self.get(uri.path(), &Parameters::of(uri.query())).await
    }
}

/// Reads a trace's id: as X-Ray writes it, as Jaeger does, or in base 64.
///
/// # Errors
/// Why it is none.
fn trace_id(text: &str) -> Result<TraceId, String> {
    if let Some(id) = id_of(text) {
        return Ok(id);
    }
    let standard = text.replace('-', "+").replace('_', "/");
    let bare = standard.trim_end_matches('=');
    // 16 bytes are 22 letters and two signs that fill up.
    if bare.len() == 22
        && let Ok(bytes) = aws_smithy_types::base64::decode(format!("{bare}=="))
        && let Ok(bytes) = bytes.try_into()
    {
        return Ok(TraceId::from_bytes(bytes));
    }
    let cut = &text[..text.floor_char_boundary(64)];
    Err(format!(
        "`{cut}` is no trace id: it has 32 hexadecimal digits, or the form of X-Ray"
    ))
}
