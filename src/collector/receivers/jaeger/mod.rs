//! Jaeger: its collector over gRPC and HTTP, its agent over UDP
//! (<https://www.jaegertracing.io/docs/1.62/apis/>). Spans are translated as the
//! OpenTelemetry Collector does
//! (<https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/>, read
//! the other way round), and stay OTLP from there on.

mod grpc;
mod http;
mod proto;
mod span;
mod thrift;
mod udp;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

pub use grpc::Grpc;
pub use http::Http;
pub use udp::{serve_binary, serve_compact};
