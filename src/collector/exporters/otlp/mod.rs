//! OTLP over HTTP and gRPC: <https://opentelemetry.io/docs/specs/otlp/>, 1.9.
//!
//! Requests go on as the bytes that came; several become one by following one
//! another. Segments become spans.

mod answer;
mod grpc;
mod http;
mod request;

pub use grpc::OtlpGrpc;
pub use http::OtlpHttp;

use std::collections::BTreeMap;

use ::http::{HeaderMap, HeaderName, HeaderValue};

/// The headers of a configuration.
///
/// # Errors
/// Which of them is none.
pub(super) fn headers(configured: &BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in configured {
        let known: HeaderName = name
            .parse()
            .map_err(|_| format!("`{name}` is no name of a header"))?;
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| format!("the value of header `{name}` has characters that none can have"))?;
        // Keys of APIs are not logged.
        value.set_sensitive(true);
        headers.insert(known, value);
    }
    Ok(headers)
}
