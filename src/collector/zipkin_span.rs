//! Spans in Zipkin's JSON, version 2, as OpenTelemetry translates them
//! (<https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/>): what
//! is sent to Zipkin, and what those are answered who ask as they ask Zipkin.

use serde_json::{Map, Value, json};

use crate::otlp::hex;
use crate::otlp::view::{AnyValue, Attributes, Kind, Scope, Span};

/// Attributes that name the other side of a call, the best first.
const PEERS: [&str; 5] = [
    "peer.service",
    "server.address",
    "net.peer.name",
    "network.peer.address",
    "db.name",
];

/// A span as Zipkin has it.
pub(super) fn translated(resource: Attributes<'_>, scope: Scope<'_>, span: &Span<'_>) -> Value {
    let service = resource.text("service.name").unwrap_or("unknown_service");
    let micros = |nanos: u64| nanos / 1000;
    let nanos = span
        .end_time_unix_nano
        .saturating_sub(span.start_time_unix_nano);
    let mut out = json!({
        "traceId": hex(span.trace_id),
        "id": hex(span.span_id),
        "name": span.name,
        "timestamp": micros(span.start_time_unix_nano),
        // Zipkin takes no duration of 0.
        "duration": micros(nanos).max(1),
        "localEndpoint": { "serviceName": service },
        "tags": tags(resource, scope, span),
    });
    if let Some(parent) = span.parent() {
        out["parentId"] = hex(parent).into();
    }
    let kind = match span.kind {
        Kind::Server => Some("SERVER"),
        Kind::Client => Some("CLIENT"),
        Kind::Producer => Some("PRODUCER"),
        Kind::Consumer => Some("CONSUMER"),
        Kind::Internal | Kind::Unspecified => None,
    };
    if let Some(kind) = kind {
        out["kind"] = kind.into();
    }
    if let Some(peer) = peer(span) {
        out["remoteEndpoint"] = json!({ "serviceName": peer });
    }
    let annotations: Vec<_> = span
        .events()
        .map(|event| {
            let mut pairs = event.attributes().iter().peekable();
            let value = if pairs.peek().is_none() {
                event.name.to_owned()
            } else {
                let pairs: Map<_, _> = pairs.map(|(key, value)| (key.into(), of(value))).collect();
                json!({ event.name: pairs }).to_string()
            };
            json!({ "timestamp": micros(event.time_unix_nano), "value": value })
        })
        .collect();
    if !annotations.is_empty() {
        out["annotations"] = annotations.into();
    }
    out
}

/// The other side of a call, where the calling one names it.
pub(super) fn peer<'a>(span: &Span<'a>) -> Option<&'a str> {
    if !matches!(span.kind, Kind::Client | Kind::Producer) {
        return None;
    }
    let attributes = span.attributes();
    PEERS.iter().find_map(|key| attributes.text(key))
}

fn tags(resource: Attributes<'_>, scope: Scope<'_>, span: &Span<'_>) -> Map<String, Value> {
    let named = resource.iter().filter(|(key, _)| *key != "service.name");
    let mut tags: Map<_, _> = named
        .chain(span.attributes().iter())
        .map(|(key, value)| (key.to_owned(), text(value).into()))
        .collect();
    let mut add = |key: &str, value: &str| tags.insert(key.to_owned(), value.into());
    if !scope.name().is_empty() {
        add("otel.scope.name", scope.name());
    }
    if !scope.version().is_empty() {
        add("otel.scope.version", scope.version());
    }
    match span.status.code {
        1 => {
            add("otel.status_code", "OK");
        }
        2 => {
            add("otel.status_code", "ERROR");
            // The tag alone makes it an error, whatever it says.
            add("error", span.status.message);
        }
        _ => {}
    }
    tags
}

/// A value as a tag, which is a text.
pub(super) fn text(value: AnyValue<'_>) -> String {
    match value {
        AnyValue::Text(text) => text.to_owned(),
        AnyValue::Bytes(bytes) => hex(bytes),
        other => of(other).to_string(),
    }
}

fn of(value: AnyValue<'_>) -> Value {
    match value {
        AnyValue::Empty => Value::Null,
        AnyValue::Text(text) => text.into(),
        AnyValue::Bool(value) => value.into(),
        AnyValue::Int(value) => value.into(),
        AnyValue::Double(value) => value.into(),
        AnyValue::Array(array) => array.iter().map(of).collect(),
        AnyValue::Map(map) => {
            let pairs = map.iter().map(|(key, value)| (key.to_owned(), of(value)));
            Value::Object(pairs.collect())
        }
        AnyValue::Bytes(bytes) => hex(bytes).into(),
    }
}
