//! OTLP over HTTP and gRPC: <https://opentelemetry.io/docs/specs/otlp/>.
//!
//! Requests are checked and stay the bytes that they are. Metrics and logs are
//! counted and let go, so that an SDK that sends all three is content.

mod grpc;
mod http;
mod json;
mod signal;
mod take;

#[cfg(test)]
mod fuzz;

pub use grpc::Grpc;
pub use http::Http;
