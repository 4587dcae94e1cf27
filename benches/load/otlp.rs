//! Requests of OTLP: 64 traces of eight spans over eight services, 295 bytes a
//! span.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

const SERVICES: u64 = 8;
const TRACES: u64 = 64;
/// Spans of one request.
pub(crate) const SPANS: u64 = SERVICES * TRACES;
/// Stands for the part of a trace id that is each request's own.
const MARK: [u8; 8] = *b"\xfe\xdc\xba\x98\x76\x54\x32\x10";

/// A request that is sent again and again, with trace ids of its own each time.
#[derive(Clone)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, any_value::Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    pair(key, any_value::Value::IntValue(value))
}

fn pair(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn span(trace: u64, service: u64) -> Span {
    let trace_id = [MARK, trace.to_be_bytes()].concat();
    let id = |service: u64| (service + 1).to_be_bytes().to_vec();
    let start = 1_790_000_000_000_000_000 + service * 1_000_000;
    let slow = i64::try_from(trace).unwrap() % 7;
    Span {
        trace_id,
        span_id: id(service),
        parent_span_id: if service == 0 {
            Vec::new()
        } else {
            id(service - 1)
        },
        name: format!("GET /service-{service}/orders"),
        kind: if service == 0 { 2 } else { 3 },
        start_time_unix_nano: start,
        end_time_unix_nano: start + 20_000_000 + trace * 1_000,
        attributes: vec![
            text("http.request.method", "GET"),
            text("url.path", &format!("/service-{service}/orders")),
            number(
                "http.response.status_code",
                if slow == 6 { 500 } else { 200 },
            ),
            text("server.address", &format!("service-{service}.internal")),
            number("server.port", 8080),
        ],
        status: Some(Status {
            message: String::new(),
            code: if slow == 6 { 2 } else { 0 },
        }),
        flags: 1,
        ..Span::default()
    }
}

impl Template {
    pub(crate) fn new() -> Self {
        let resource_spans = (0..SERVICES).map(|service| ResourceSpans {
            resource: Some(Resource {
                attributes: vec![
                    text("service.name", &format!("service-{service}")),
                    text("service.version", "1.2.3"),
                    text("telemetry.sdk.language", "nodejs"),
                ],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "load".to_owned(),
                    ..InstrumentationScope::default()
                }),
                spans: (0..TRACES).map(|trace| span(trace, service)).collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        });
        let request = ExportTraceServiceRequest {
            resource_spans: resource_spans.collect(),
        };
        let bytes = request.encode_to_vec();
        let places = bytes.windows(MARK.len()).enumerate();
        let places = places
            .filter(|(_, window)| *window == MARK)
            .map(|one| one.0);
        Self {
            places: places.collect(),
            bytes,
        }
    }

    /// The request that has number `number`.
    pub(crate) fn request(&mut self, number: u64) -> &[u8] {
        // Zeros would be no id.
        let own = (number + 1).to_be_bytes();
        for place in &self.places {
            self.bytes[*place..*place + own.len()].copy_from_slice(&own);
        }
        &self.bytes
    }
}
