//! Spans in OTLP's JSON, as the OpenTelemetry Collector writes it
//! (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>): ids in
//! hexadecimal, numbers of 64 bits as texts, nothing where the default stands.

use aws_smithy_types::base64;
use serde_json::{Map, Value, json};

use super::super::trace::Trace;
use super::super::value;
use crate::otlp::hex;
use crate::otlp::view::{AnyValue, Attributes, Event, Kind, Link, ResourceSpans, Scope, Span};

/// Traces as the `TracesData` of an answer, with Jaeger's `result` around it.
pub(super) fn result(traces: &[Trace]) -> Vec<u8> {
    let size: usize = traces.iter().map(Trace::bytes).sum();
    let mut out = Vec::with_capacity(size * 3);
    out.extend_from_slice(b"{\"result\":{\"resourceSpans\":[");
    let resources = traces.iter().flat_map(Trace::resources);
    for (index, resource) in resources.enumerate() {
        comma(&mut out, index);
        write_resource(&mut out, resource);
    }
    out.extend_from_slice(b"]}}");
    out
}

fn comma(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

/// A span at a time, so that no more of them are in memory as objects.
fn write_resource(out: &mut Vec<u8>, from: ResourceSpans<'_>) {
    let mut resource = Map::new();
    add_list(
        &mut resource,
        "attributes",
        attributes(from.resource().attributes()),
    );
    out.extend_from_slice(b"{\"resource\":");
    write(out, &resource.into());
    out.extend_from_slice(b",\"scopeSpans\":[");
    for (index, scope) in from.scopes().enumerate() {
        comma(out, index);
        out.extend_from_slice(b"{\"scope\":");
        write(out, &scope_of(scope.scope()));
        out.extend_from_slice(b",\"spans\":[");
        for (index, span) in scope.spans().enumerate() {
            comma(out, index);
            write(out, &span_of(&span));
        }
        out.push(b']');
        schema(out, scope.schema_url());
        out.push(b'}');
    }
    out.push(b']');
    schema(out, from.schema_url());
    out.push(b'}');
}

fn write(out: &mut Vec<u8>, value: &Value) {
    out.extend_from_slice(value.to_string().as_bytes());
}

fn schema(out: &mut Vec<u8>, url: &str) {
    if !url.is_empty() {
        out.extend_from_slice(b",\"schemaUrl\":");
        write(out, &url.into());
    }
}

fn scope_of(scope: Scope<'_>) -> Value {
    let mut object = Map::new();
    add_text(&mut object, "name", scope.name());
    add_text(&mut object, "version", scope.version());
    add_list(&mut object, "attributes", attributes(scope.attributes()));
    object.into()
}

fn span_of(span: &Span<'_>) -> Value {
    let mut object = Map::new();
    object.insert("traceId".to_owned(), hex(span.trace_id).into());
    object.insert("spanId".to_owned(), hex(span.span_id).into());
    add_text(&mut object, "traceState", span.trace_state);
    add_text(
        &mut object,
        "parentSpanId",
        &span.parent().map(hex).unwrap_or_default(),
    );
    add_number(&mut object, "flags", span.flags);
    add_text(&mut object, "name", span.name);
    let kind = match span.kind {
        Kind::Unspecified => 0,
        Kind::Internal => 1,
        Kind::Server => 2,
        Kind::Client => 3,
        Kind::Producer => 4,
        Kind::Consumer => 5,
    };
    add_number(&mut object, "kind", kind);
    add_nanos(&mut object, "startTimeUnixNano", span.start_time_unix_nano);
    add_nanos(&mut object, "endTimeUnixNano", span.end_time_unix_nano);
    add_list(&mut object, "attributes", attributes(span.attributes()));
    let dropped = span.dropped_attributes_count;
    add_number(&mut object, "droppedAttributesCount", dropped);
    add_list(
        &mut object,
        "events",
        span.events().map(|one| event(&one)).collect(),
    );
    add_number(&mut object, "droppedEventsCount", span.dropped_events_count);
    add_list(
        &mut object,
        "links",
        span.links().map(|one| link(&one)).collect(),
    );
    add_number(&mut object, "droppedLinksCount", span.dropped_links_count);
    let mut status = Map::new();
    add_text(&mut status, "message", span.status.message);
    add_number(&mut status, "code", span.status.code);
    object.insert("status".to_owned(), status.into());
    object.into()
}

fn event(event: &Event<'_>) -> Value {
    let mut object = Map::new();
    add_nanos(&mut object, "timeUnixNano", event.time_unix_nano);
    add_text(&mut object, "name", event.name);
    add_list(&mut object, "attributes", attributes(event.attributes()));
    let dropped = event.dropped_attributes_count;
    add_number(&mut object, "droppedAttributesCount", dropped);
    object.into()
}

fn link(link: &Link<'_>) -> Value {
    let mut object = Map::new();
    object.insert("traceId".to_owned(), hex(link.trace_id).into());
    object.insert("spanId".to_owned(), hex(link.span_id).into());
    add_text(&mut object, "traceState", link.trace_state);
    add_list(&mut object, "attributes", attributes(link.attributes()));
    let dropped = link.dropped_attributes_count;
    add_number(&mut object, "droppedAttributesCount", dropped);
    add_number(&mut object, "flags", link.flags);
    object.into()
}

fn attributes(of: Attributes<'_>) -> Vec<Value> {
    let pairs = of.iter();
    pairs
        .map(|(key, value)| json!({ "key": key, "value": any_value(value) }))
        .collect()
}

fn any_value(value: AnyValue<'_>) -> Value {
    match value {
        AnyValue::Empty => json!({}),
        AnyValue::Text(text) => json!({ "stringValue": text }),
        AnyValue::Bool(value) => json!({ "boolValue": value }),
        AnyValue::Int(value) => json!({ "intValue": value.to_string() }),
        AnyValue::Double(value) => json!({ "doubleValue": value::number(value) }),
        AnyValue::Array(array) => {
            let values: Vec<Value> = array.iter().map(any_value).collect();
            json!({ "arrayValue": { "values": values } })
        }
        AnyValue::Map(map) => json!({ "kvlistValue": { "values": attributes(map) } }),
        AnyValue::Bytes(bytes) => json!({ "bytesValue": base64::encode(bytes) }),
    }
}

fn add_text(object: &mut Map<String, Value>, key: &str, text: &str) {
    if !text.is_empty() {
        object.insert(key.to_owned(), text.into());
    }
}

fn add_number(object: &mut Map<String, Value>, key: &str, number: u32) {
    if number != 0 {
        object.insert(key.to_owned(), number.into());
    }
}

fn add_nanos(object: &mut Map<String, Value>, key: &str, nanos: u64) {
    if nanos != 0 {
        object.insert(key.to_owned(), nanos.to_string().into());
    }
}

fn add_list(object: &mut Map<String, Value>, key: &str, list: Vec<Value>) {
    if !list.is_empty() {
        object.insert(key.to_owned(), list.into());
    }
}
