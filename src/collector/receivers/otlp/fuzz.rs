//! Any bytes as OTLP's JSON, and as metrics and logs.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;

use super::json::{room, to_protobuf};
use super::signal::{Signal, points, records};
use crate::{fuzz, otlp};

fuzz::target!(otlp_json, 800, json);
fuzz::target!(otlp_counted, 1000, counted);

/// What is taken is a request, and its own JSON is the same request.
fn json(input: &[u8]) {
    for signal in [Signal::Metrics, Signal::Logs] {
        if let Ok(request) = to_protobuf(signal, input) {
            fuzz::bounded(input, request.len(), 8);
        }
    }
    let Ok(request) = to_protobuf(Signal::Traces, input) else {
        return;
    };
    fuzz::bounded(input, request.len(), 8);
    let Ok(counted) = otlp::check(&request) else {
        // Values lie deeper in one another than protobuf's readers go.
        assert!(ExportTraceServiceRequest::decode(&*request).is_err());
        return;
    };
    let decoded = ExportTraceServiceRequest::decode(&*request).expect("protobuf");
    let scopes = decoded.resource_spans.iter().flat_map(|it| &it.scope_spans);
    let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
    assert_eq!(counted.spans, spans);
    assert!(room(input) >= 128 * spans);
    let text = serde_json::to_vec(&decoded).expect("JSON");
    let again = to_protobuf(Signal::Traces, &text).expect("its own JSON");
    assert_eq!(again, request);
}

/// What generated code reads is counted, and as many as it finds.
fn counted(input: &[u8]) {
    if let Ok(request) = ExportLogsServiceRequest::decode(input) {
        let scopes = request.resource_logs.iter().flat_map(|it| &it.scope_logs);
        let count: usize = scopes.map(|scope| scope.log_records.len()).sum();
        is_counted(input, records(input).ok(), count);
    }
    if let Ok(request) = ExportMetricsServiceRequest::decode(input) {
        let scopes = request.resource_metrics.iter();
        let metrics = scopes
            .flat_map(|it| &it.scope_metrics)
            .flat_map(|it| &it.metrics);
        let count: usize = metrics
            .filter_map(|metric| metric.data.as_ref())
            .map(|data| match data {
                Data::Gauge(gauge) => gauge.data_points.len(),
                Data::Sum(sum) => sum.data_points.len(),
                Data::Histogram(histogram) => histogram.data_points.len(),
                Data::ExponentialHistogram(histogram) => histogram.data_points.len(),
                Data::Summary(summary) => summary.data_points.len(),
            })
            .sum();
        is_counted(input, points(input).ok(), count);
    }
}

/// Of a metric with data of several kinds, of which one counts, all are counted.
/// Groups, which protobuf no longer has, generated code passes over.
fn is_counted(input: &[u8], counted: Option<usize>, expected: usize) {
    match counted {
        Some(counted) => assert!(counted >= expected, "{counted} of {expected}"),
        None => assert!(input.iter().any(|byte| matches!(byte & 7, 3 | 4))),
    }
}

#[test]
fn points_and_records_are_counted() {
    let json = br#"{"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"sum": {"aggregationTemporality": 2, "dataPoints": [{"asInt": "7"}, {"asDouble": 1.5}]}},
        {"gauge": {"dataPoints": [{"asInt": "7"}]}},
        {"histogram": {"aggregationTemporality": 2, "dataPoints": [{"count": "1"}]}}
    ]}]}]}"#;
    let request = to_protobuf(Signal::Metrics, json).unwrap();
    assert_eq!(points(&request), Ok(4));
    let json =
        br#"{"resourceLogs": [{"scopeLogs": [{"logRecords": [{}, {}]}, {"logRecords": [{}]}]}]}"#;
    let request = to_protobuf(Signal::Logs, json).unwrap();
    assert_eq!(records(&request), Ok(3));
    assert!(points(b"\x0a\x05").is_err());
    assert!(records(b"\x08\x01").is_err());
}
