//! OTLP over HTTP and gRPC: <https://opentelemetry.io/docs/specs/otlp/>, 1.9.
//!
//! Requests go on as the bytes that came; several become one by following one
//! another. Segments become spans.

mod answer;
mod grpc;
mod http;
mod request;
mod sender;

pub use grpc::OtlpGrpc;
pub use http::OtlpHttp;
