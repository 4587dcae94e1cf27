//! OTLP in JSON, made protobuf.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::de::DeserializeOwned;

use super::signal::Signal;

/// Bytes of an object of a request in memory, about.
const OBJECT: usize = 128;

/// Bytes that a request takes while it is read into objects, beyond its own: an
/// object may have no more than two bytes of it.
pub(super) fn room(request: &[u8]) -> usize {
    request.split(|byte| *byte == b'{').count() * OBJECT
}

/// Translates a request.
///
/// # Errors
/// Where it is not what its path says, with the place.
pub(super) fn to_protobuf(signal: Signal, request: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    match signal {
        Signal::Traces => translated::<ExportTraceServiceRequest>(request),
        Signal::Metrics => translated::<ExportMetricsServiceRequest>(request),
        Signal::Logs => translated::<ExportLogsServiceRequest>(request),
    }
}

fn translated<T: DeserializeOwned + Message>(request: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let request: T = serde_json::from_slice(request)?;
    Ok(request.encode_to_vec())
}
