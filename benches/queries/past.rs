//! Traces of the last thirty days: five services that call one another, ten spans a
//! trace, ids and times of their own each.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

use super::places::{Places, STEP, mixed, places};

/// Traces of one request.
pub(crate) const TRACES: u64 = 50;
/// Spans of one trace: a request of each service, and what it calls.
pub(crate) const SPANS: u64 = 2 * SERVICES;
const SERVICES: u64 = 5;
/// One trace of each request failed.
const FAILED: u64 = 7;
const MARK: [u8; 15] = [0xa5; 15];
/// Nanoseconds at which the template begins.
const BEGIN: u64 = 1_790_000_000_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// When the traces are: at even distances, the last before the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past {
    pub(crate) traces: u64,
    /// Nanoseconds since 1970.
    pub(crate) begin: u64,
    pub(crate) length: Duration,
}

impl Past {
    /// When a trace begins, in nanoseconds since 1970.
    pub(crate) fn start(&self, trace: u64) -> u64 {
        let since = self.length.as_nanos() * u128::from(trace) / u128::from(self.traces);
        self.begin + u64::try_from(since).unwrap()
    }

    /// The traces that begin in a window, and how many of them failed.
    pub(crate) fn within(&self, begin: u64, end: u64) -> (u64, u64) {
        let first = self.first_at(begin);
        let last = self.first_at(end);
        let failed = (first..last).filter(|trace| trace % TRACES == FAILED);
        (last - first, failed.count() as u64)
    }

    /// The first trace that begins at a time or after it.
    fn first_at(&self, time: u64) -> u64 {
        let (mut low, mut high) = (0, self.traces);
        while low < high {
            let middle = u64::midpoint(low, high);
            if self.start(middle) < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The id of a trace. `load` tells the loads of one store apart.
pub(crate) fn trace_id(load: u64, trace: u64) -> [u8; 16] {
    let half = |half: u64| mixed((load << 48 | trace << 1 | half).wrapping_mul(STEP) | 1);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&half(0).to_be_bytes());
    id[8..].copy_from_slice(&half(1).to_be_bytes());
    id
}

/// A request that is given ids and times of its own each time.
pub(crate) struct Requests {
    bytes: Vec<u8>,
    places: Vec<Places>,
    load: u64,
}

impl Requests {
    pub(crate) fn new(load: u64) -> Self {
        let resource_spans = (0..SERVICES).map(|service| ResourceSpans {
            resource: Some(Resource {
                attributes: vec![
                    text("service.name", &format!("service-{service}")),
                    text("telemetry.sdk.language", "nodejs"),
                ],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans: (0..TRACES)
                    .flat_map(|trace| [span(trace, service, 0), span(trace, service, 1)])
                    .collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        });
        let request = ExportTraceServiceRequest {
            resource_spans: resource_spans.collect(),
        };
        let bytes = request.encode_to_vec();
        let places = places(&bytes);
        assert_eq!(places.len() as u64, TRACES * SPANS);
        Self {
            bytes,
            places,
            load,
        }
    }

    /// The request of the traces `first` and after it, which begin at `start(trace)`.
    pub(crate) fn request(&mut self, first: u64, start: impl Fn(u64) -> u64) -> &[u8] {
        for (index, places) in self.places.iter().enumerate() {
            let trace = first + places.trace as u64;
            let id = trace_id(self.load, trace);
            // Two spans of each trace in each service's list, the services in turn.
            let within = index as u64 / (2 * TRACES) * 2 + index as u64 % 2;
            let own = mixed((trace * SPANS + within + 1).wrapping_mul(STEP));
            let parent = mixed((trace * SPANS + within).wrapping_mul(STEP));
            // All of a trace ends within its root, some of it sooner.
            let begin = start(trace) + within * MILLISECOND;
            let took = (40 - within) * MILLISECOND + own % MILLISECOND - within * MILLISECOND;
            let mut put = |at: &std::ops::Range<usize>, what: &[u8]| {
                self.bytes[at.clone()].copy_from_slice(what);
            };
            put(&places.trace_id, &id);
            put(&places.span_id, &own.to_le_bytes());
            if let Some(at) = &places.parent {
                put(at, &parent.to_le_bytes());
            }
            put(&places.start, &begin.to_le_bytes());
            put(&places.end, &(begin + took).to_le_bytes());
        }
        &self.bytes
    }
}

/// A request that a service answers, or its call of the next.
fn span(trace: u64, service: u64, call: u64) -> Span {
    let number = 2 * service + call;
    let mut trace_id = MARK.to_vec();
    trace_id.push(u8::try_from(trace).unwrap());
    let failed = trace == FAILED;
    let start = BEGIN + number * MILLISECOND;
    let mut attributes = vec![
        text("http.request.method", "GET"),
        text("url.path", &format!("/service-{service}/orders")),
        number_of("http.response.status_code", if failed { 500 } else { 200 }),
        text("tenant", &format!("tenant-{}", trace % 10)),
    ];
    if call == 1 {
        attributes.push(text("peer.service", &format!("service-{}", service + 1)));
    }
    Span {
        trace_id,
        span_id: (number + 1).to_be_bytes().to_vec(),
        parent_span_id: if number == 0 {
            Vec::new()
        } else {
            number.to_be_bytes().to_vec()
        },
        name: format!("GET /service-{service}/orders"),
        // A server's or a client's.
        kind: if call == 0 { 2 } else { 3 },
        start_time_unix_nano: start,
        end_time_unix_nano: start + 40 * MILLISECOND,
        attributes,
        status: Some(Status {
            message: String::new(),
            code: if failed { 2 } else { 0 },
        }),
        flags: 1,
        ..Span::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.to_owned()))
}

fn number_of(key: &str, value: i64) -> KeyValue {
    pair(key, Value::IntValue(value))
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
