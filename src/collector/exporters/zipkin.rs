//! Zipkin's JSON, version 2, as OpenTelemetry translates spans
//! (<https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/>).

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Uri};
use serde_json::{Map, Value, json};

use super::destination::{Destination, Outcome, Piece, Pieces};
use super::http::{Client, Version, endpoint, headers, retry_after, words};
use crate::collector::{Counters, Parcel, Reason};
use crate::collector_config as config;
use crate::otlp::hex;
use crate::otlp::view::{self, AnyValue, Attributes, Kind, Scope, Span};
use crate::segment;

/// Spans of one request at most.
const MOST_SPANS: usize = 1000;
/// Attributes that name the other side of a call, the best first.
const PEERS: [&str; 5] = [
    "peer.service",
    "server.address",
    "net.peer.name",
    "network.peer.address",
    "db.name",
];

/// Sends spans to Zipkin.
pub struct Zipkin {
    name: &'static str,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    counters: Counters,
}

impl Zipkin {
    /// As the configuration has it.
    ///
    /// # Errors
    /// Where the endpoint or a header is none.
    pub fn new(
        name: &'static str,
        config: &config::Zipkin,
        counters: &Counters,
    ) -> Result<Self, String> {
        let mut headers = headers(&config.headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.entry(USER_AGENT).or_insert(super::USER);
        let timeout = Duration::from_secs(config.timeout_seconds.max(1));
        Ok(Self {
            name,
            client: Client::new(Version::Http1, config.in_flight, timeout),
            uri: endpoint(&config.endpoint, "/api/v2/spans")?,
            headers,
            counters: counters.clone(),
        })
    }

    /// Segments as an export request.
    fn segments(&self, parcel: &Parcel) -> Vec<u8> {
        let mut request = Vec::new();
        for document in &parcel.documents {
            if segment::to_otlp(document, &mut request).is_err() {
                let reason = Reason::InvalidSegment;
                self.counters.dropped(self.name, reason, 1);
            }
        }
        request
    }
}

impl Destination for Zipkin {
    type Body = Bytes;

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, Bytes> {
        let segments = self.segments(parcel);
        let requests = parcel.requests.iter().cloned();
        let requests = requests.chain(std::iter::once(Bytes::from(segments)));
        Box::new(requests.flat_map(|request| bodies(&request)))
    }

    async fn send(&self, body: &Bytes) -> Outcome {
        let posted = self
            .client
            .post(self.uri.clone(), self.headers.clone(), body);
        let answer = match posted.await {
            Ok(answer) if answer.status.is_success() => return Outcome::Sent { rejected: 0 },
            Ok(answer) => answer,
            Err(why) => return Outcome::Later { after: None, why },
        };
        let status = answer.status;
        let why = format!("answered {}: {}", status.as_u16(), words(&answer.body));
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            let after = retry_after(&answer.headers);
            return Outcome::Later { after, why };
        }
        let reason = Reason::Rejected;
        Outcome::Never { reason, why }
    }
}

/// The bodies that an export request makes.
fn bodies(request: &[u8]) -> Vec<Piece<Bytes>> {
    let (mut ready, mut spans) = (Vec::new(), Vec::new());
    for resource in view::resources(request) {
        let resource_of = resource.resource().attributes();
        for scope in resource.scopes() {
            for span in scope.spans() {
                spans.push(translated(resource_of, scope.scope(), &span));
                if spans.len() == MOST_SPANS {
                    ready.push(piece(std::mem::take(&mut spans)));
                }
            }
        }
    }
    if !spans.is_empty() {
        ready.push(piece(spans));
    }
    ready
}

fn piece(spans: Vec<Value>) -> Piece<Bytes> {
    Piece {
        items: spans.len(),
        body: Value::from(spans).to_string().into(),
    }
}

fn translated(resource: Attributes<'_>, scope: Scope<'_>, span: &Span<'_>) -> Value {
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
    let calls = matches!(span.kind, Kind::Client | Kind::Producer);
    let peer = PEERS.iter().find_map(|key| span.attributes().text(key));
    if let (true, Some(peer)) = (calls, peer) {
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
fn text(value: AnyValue<'_>) -> String {
    match value {
        AnyValue::Text(text) => text.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::write;

    #[test]
    fn a_span_has_all_that_zipkin_has_a_place_for() {
        let mut request = Vec::new();
        write::message(&mut request, 1, |out| {
            write::message(out, 1, |out| {
                write::attribute(out, 1, "service.name", AnyValue::Text("shop"));
                write::attribute(out, 1, "host.name", AnyValue::Text("h"));
            });
            write::message(out, 2, |out| {
                write::message(out, 1, |out| write::bytes(out, 1, b"lib"));
                write::message(out, 2, |out| {
                    write::bytes(out, 1, &[1; 16]);
                    write::bytes(out, 2, &[2; 8]);
                    write::bytes(out, 4, &[3; 8]);
                    write::bytes(out, 5, b"query");
                    write::number(out, 6, 3);
                    write::fixed64(out, 7, 1_000_500);
                    write::fixed64(out, 8, 3_000_500);
                    write::attribute(out, 9, "peer.service", AnyValue::Text("db"));
                    write::attribute(out, 9, "rows", AnyValue::Int(7));
                    for attribute in [false, true] {
                        write::message(out, 11, |out| {
                            write::fixed64(out, 1, 2_000_000);
                            write::bytes(out, 2, b"retry");
                            if attribute {
                                write::attribute(out, 3, "n", AnyValue::Double(0.5));
                            }
                        });
                    }
                    write::message(out, 15, |out| {
                        write::bytes(out, 2, b"gone");
                        write::number(out, 3, 2);
                    });
                });
            });
        });
        let pieces = bodies(&request);
        assert_eq!((pieces.len(), pieces[0].items), (1, 1));
        let body: Value = serde_json::from_slice(&pieces[0].body).unwrap();
        let expected = json!([{
            "traceId": "01010101010101010101010101010101",
            "id": "0202020202020202",
            "parentId": "0303030303030303",
            "name": "query",
            "kind": "CLIENT",
            "timestamp": 1000,
            "duration": 2000,
            "localEndpoint": { "serviceName": "shop" },
            "remoteEndpoint": { "serviceName": "db" },
            "tags": {
                "host.name": "h", "peer.service": "db", "rows": "7",
                "otel.scope.name": "lib", "otel.status_code": "ERROR", "error": "gone",
            },
            "annotations": [
                { "timestamp": 2000, "value": "retry" },
                { "timestamp": 2000, "value": "{\"retry\":{\"n\":0.5}}" },
            ],
        }]);
        assert_eq!(body, expected);
    }

    #[test]
    fn many_spans_are_several_requests() {
        let parcel = crate::collector::exporters::tests::spans(2001);
        let items: Vec<_> = bodies(&parcel.requests[0])
            .iter()
            .map(|one| one.items)
            .collect();
        assert_eq!(items, [1000, 1000, 1]);
    }
}
