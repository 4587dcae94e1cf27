//! Traces in the JSON of Jaeger 1, with which its pages and Grafana draw them.
//! Spans are translated as the OpenTelemetry Collector translates them to Jaeger
//! (<https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/>).

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::super::trace::{Placed, Trace, service_of};
use super::super::value::{number, text};
use super::wanted::kind_name;
use crate::otlp::hex;
use crate::otlp::view::{AnyValue, Attributes, Event, Scope, Span};

/// Whole numbers that JavaScript tells apart end here.
const MOST_SAFE: u64 = (1 << 53) - 1;

/// Writes an answer of traces; `errors` is what is said beside them.
pub(super) fn answer(traces: &[Trace], errors: &Value) -> Vec<u8> {
    let size: usize = traces.iter().map(Trace::bytes).sum();
    let mut out = Vec::with_capacity(size * 3);
    out.extend_from_slice(b"{\"data\":[");
    for (index, trace) in traces.iter().enumerate() {
        comma(&mut out, index);
        write_trace(&mut out, trace);
    }
    out.extend_from_slice(b"],\"total\":0,\"limit\":0,\"offset\":0,\"errors\":");
    write(&mut out, errors);
    out.push(b'}');
    out
}

fn comma(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

fn write(out: &mut Vec<u8>, value: &Value) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// A span at a time, so that no more of them are in memory as objects.
fn write_trace(out: &mut Vec<u8>, trace: &Trace) {
    let mut processes = Processes::default();
    out.extend_from_slice(b"{\"traceID\":");
    write(out, &trace.id.to_w3c().into());
    out.extend_from_slice(b",\"spans\":[");
    for (index, placed) in trace.spans().enumerate() {
        comma(out, index);
        let process = processes.key(placed.resource);
        write(out, &span(&placed, &process));
    }
    out.extend_from_slice(b"],\"processes\":");
    write(out, &processes.list.into());
    out.extend_from_slice(b",\"warnings\":null}");
}

/// Where spans come from: `p1`, `p2` and so on.
#[derive(Default)]
struct Processes {
    keys: HashMap<String, String>,
    list: Map<String, Value>,
}

impl Processes {
    fn key(&mut self, resource: Attributes<'_>) -> String {
        let named = resource.iter().filter(|(key, _)| *key != "service.name");
        let tags: Vec<Value> = named.map(|(key, value)| tag(key, value)).collect();
        let process = json!({ "serviceName": service_of(resource), "tags": tags });
        let text = process.to_string();
        if let Some(known) = self.keys.get(&text) {
            return known.clone();
        }
        let new = format!("p{}", self.keys.len() + 1);
        self.keys.insert(text, new.clone());
        self.list.insert(new.clone(), process);
        new
    }
}

fn span(placed: &Placed<'_>, process: &str) -> Value {
    let span = &placed.span;
    let took = span
        .end_time_unix_nano
        .saturating_sub(span.start_time_unix_nano);
    let logs: Vec<Value> = span.events().map(|event| log(&event)).collect();
    let mut out = json!({ "traceID": hex(span.trace_id), "spanID": hex(span.span_id) });
    if span.flags != 0 {
        out["flags"] = span.flags.into();
    }
    out["operationName"] = span.name.into();
    out["references"] = references(span).into();
    out["startTime"] = (span.start_time_unix_nano / 1000).into();
    out["duration"] = (took / 1000).into();
    out["tags"] = tags(placed.scope, span).into();
    out["logs"] = logs.into();
    out["processID"] = process.into();
    out["warnings"] = Value::Null;
    out
}

/// The parent first, then links. A link to the parent says what that is.
fn references(span: &Span<'_>) -> Vec<Value> {
    let reference = |kind: &str, trace: &[u8], id: &[u8]| json!({ "refType": kind, "traceID": hex(trace), "spanID": hex(id) });
    let mut list = Vec::new();
    let parent = span.parent();
    if let Some(parent) = parent {
        list.push(reference("CHILD_OF", span.trace_id, parent));
    }
    for link in span.links() {
        if link.trace_id.iter().all(|byte| *byte == 0) {
            continue;
        }
        let kind = match link.attributes().text("opentracing.ref_type") {
            Some("child_of") => "CHILD_OF",
            _ => "FOLLOWS_FROM",
        };
        let found = reference(kind, link.trace_id, link.span_id);
        if link.trace_id == span.trace_id && parent == Some(link.span_id) {
            list[0] = found;
        } else {
            list.push(found);
        }
    }
    list
}

fn tags(scope: Scope<'_>, span: &Span<'_>) -> Vec<Value> {
    let mut list = Vec::new();
    let mut add = |key: &str, text: &str| {
        if !text.is_empty() {
            list.push(tag(key, AnyValue::Text(text)));
        }
    };
    add("otel.scope.name", scope.name());
    add("otel.scope.version", scope.version());
    list.extend(span.attributes().iter().map(|(key, value)| tag(key, value)));
    let mut add = |key: &str, text: &str| {
        if !text.is_empty() {
            list.push(tag(key, AnyValue::Text(text)));
        }
    };
    add("span.kind", kind_name(span.kind));
    match span.status.code {
        1 => add("otel.status_code", "OK"),
        2 => {
            add("otel.status_code", "ERROR");
            list.push(tag("error", AnyValue::Bool(true)));
        }
        _ => {}
    }
    for (key, text) in [
        ("otel.status_description", span.status.message),
        ("w3c.tracestate", span.trace_state),
    ] {
        if !text.is_empty() {
            list.push(tag(key, AnyValue::Text(text)));
        }
    }
    list
}

fn log(event: &Event<'_>) -> Value {
    let mut fields = Vec::new();
    if !event.name.is_empty() && event.attributes().get("event").is_none() {
        fields.push(tag("event", AnyValue::Text(event.name)));
    }
    fields.extend(
        event
            .attributes()
            .iter()
            .map(|(key, value)| tag(key, value)),
    );
    json!({ "timestamp": event.time_unix_nano / 1000, "fields": fields })
}

fn tag(key: &str, value: AnyValue<'_>) -> Value {
    let (kind, value): (&str, Value) = match value {
        AnyValue::Bool(value) => ("bool", value.into()),
        AnyValue::Int(value) if value.unsigned_abs() <= MOST_SAFE => ("int64", value.into()),
        AnyValue::Int(value) => ("int64", value.to_string().into()),
        AnyValue::Double(value) => ("float64", number(value)),
        AnyValue::Bytes(_) => ("binary", text(value).into()),
        AnyValue::Empty | AnyValue::Text(_) | AnyValue::Array(_) | AnyValue::Map(_) => {
            ("string", text(value).into())
        }
    };
    json!({ "key": key, "type": kind, "value": value })
}
