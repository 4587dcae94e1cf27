//! The spans of a trace, as `ListRetrievedTraces` gives them in the format
//! `OTEL`: each as JSON with its resource and scope beside it, as AWS writes
//! spans to the log group `aws/spans`.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search.html>,
//! read 2026-11. How AWS writes a segment as a span is not documented: what
//! [`segment::to_otlp`] makes of it is given.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{Span, Status, status};
use prost::Message;
use serde_json::{Map, Value, json};

use crate::otlp::hex;
use crate::segment::{self, TraceId};
use crate::traces::{Documents, RetrievedTrace, SegmentDocument, Trace};

/// AWS's API gives no more spans of a trace at once.
const MOST_SPANS: usize = 100;

/// The spans of a trace, 100 at a time. A document that is no segment is left
/// out.
pub(super) fn spans_of(id: TraceId, documents: &Documents<'_>) -> Vec<RetrievedTrace> {
    let mut bytes = Vec::new();
    for document in documents {
        // One that cannot be translated appends nothing.
        let _ = segment::to_otlp(document, &mut bytes);
    }
    let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap_or_default();
    let mut spans = Vec::new();
    for resource in &request.resource_spans {
        for scope in &resource.scope_spans {
            let around = (resource.resource.as_ref(), scope.scope.as_ref());
            spans.extend(scope.spans.iter().map(|span| SegmentDocument {
                id: hex(&span.span_id),
                document: written(span, around).to_string(),
            }));
        }
    }
    let trace = Trace::of(id, documents.iter().copied());
    let part = |spans: &[SegmentDocument]| RetrievedTrace {
        duration: trace.duration(),
        id: id.to_string(),
        spans: spans.to_vec(),
    };
    spans.chunks(MOST_SPANS).map(part).collect()
}

fn written(
    span: &Span,
    (resource, scope): (Option<&Resource>, Option<&InstrumentationScope>),
) -> Value {
    let of_resource = resource.map_or(&[][..], |it| &it.attributes);
    let (name, version) = scope.map_or(("", ""), |it| (&it.name, &it.version));
    let mut out = json!({
        "resource": { "attributes": attributes(of_resource) },
        "scope": { "name": name, "version": version },
        "traceId": hex(&span.trace_id),
        "spanId": hex(&span.span_id),
        "name": span.name,
        "kind": span.kind().as_str_name().trim_start_matches("SPAN_KIND_"),
        "startTimeUnixNano": span.start_time_unix_nano,
        "endTimeUnixNano": span.end_time_unix_nano,
        "durationNano": span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano),
        "attributes": attributes(&span.attributes),
        "events": span.events.iter().map(event).collect::<Vec<_>>(),
        "links": span.links.iter().map(link).collect::<Vec<_>>(),
        "status": status(span.status.as_ref()),
    });
    if !span.parent_span_id.is_empty() {
        out["parentSpanId"] = hex(&span.parent_span_id).into();
    }
    if !span.trace_state.is_empty() {
        out["traceState"] = span.trace_state.clone().into();
    }
    out
}

fn event(event: &Event) -> Value {
    json!({
        "timeUnixNano": event.time_unix_nano,
        "name": event.name,
        "attributes": attributes(&event.attributes),
    })
}

fn link(link: &Link) -> Value {
    json!({
        "traceId": hex(&link.trace_id),
        "spanId": hex(&link.span_id),
        "attributes": attributes(&link.attributes),
    })
}

fn status(given: Option<&Status>) -> Value {
    let code = given.map_or(status::StatusCode::Unset, Status::code);
    let mut out = json!({ "code": code.as_str_name().trim_start_matches("STATUS_CODE_") });
    if let Some(message) = given.map(|it| &it.message).filter(|it| !it.is_empty()) {
        out["message"] = message.clone().into();
    }
    out
}

fn attributes(given: &[KeyValue]) -> Value {
    let values = given
        .iter()
        .map(|it| (it.key.clone(), value(it.value.as_ref())));
    Value::Object(values.collect::<Map<_, _>>())
}

/// A value as JSON. What the translation makes is not nested deeper than its
/// segment was.
fn value(given: Option<&AnyValue>) -> Value {
    match given.and_then(|it| it.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone().into(),
        Some(Any::BoolValue(flag)) => (*flag).into(),
        Some(Any::IntValue(number)) => (*number).into(),
        Some(Any::DoubleValue(number)) => (*number).into(),
        Some(Any::BytesValue(bytes)) => STANDARD.encode(bytes).into(),
        Some(Any::ArrayValue(list)) => list.values.iter().map(|it| value(Some(it))).collect(),
        Some(Any::KvlistValue(map)) => attributes(&map.values),
        // Nothing, or an index into a table of strings, which trace requests do
        // not have.
        _ => Value::Null,
    }
}
