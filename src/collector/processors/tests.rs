//! What the tests of processors share: an end of the chain, requests and
//! documents.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use serde_json::{Value, json};

use super::start;
use crate::collector::{Consumer, Counters, LeftOut, Memory, Parcel};

/// Keeps what comes.
#[derive(Default)]
pub(super) struct End(Mutex<Vec<Parcel>>);

#[async_trait]
impl Consumer for End {
    async fn consume(&self, parcel: Parcel) {
        self.0.lock().unwrap().push(parcel);
    }

    async fn drain(&self) {}
}

impl End {
    /// What has come since the last call.
    pub(super) fn take(&self) -> Vec<Parcel> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) fn text(text: &str) -> Any {
    Any::StringValue(text.to_owned())
}

pub(super) fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// A trace id whose last bytes are `trace`.
pub(super) fn trace_id(trace: u64) -> [u8; 16] {
    (0x5840_6520_0000_0000_0000_0000_0000_0000_u128 | u128::from(trace)).to_be_bytes()
}

/// A span of a second.
pub(super) fn span(trace: u64, id: u64) -> Span {
    Span {
        trace_id: trace_id(trace).to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        name: format!("span {id}"),
        kind: 2,
        start_time_unix_nano: 1_480_615_200_000_000_000,
        end_time_unix_nano: 1_480_615_201_000_000_000,
        attributes: vec![
            attribute("n", Any::IntValue(7)),
            attribute("http.method", text("GET")),
        ],
        events: vec![Event {
            name: "happened".to_owned(),
            ..Event::default()
        }],
        links: vec![Link::default()],
        status: Some(Status::default()),
        ..Span::default()
    }
}

/// A request of one service.
pub(super) fn request_of(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![attribute("service.name", text(service))],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "library".to_owned(),
                    ..InstrumentationScope::default()
                }),
                spans,
                schema_url: String::new(),
            }],
            schema_url: "https://schemas".to_owned(),
        }],
    }
}

/// A segment of half a second.
pub(super) fn segment(service: &str, trace: u64, id: u64) -> Value {
    let trace = crate::segment::TraceId::from_bytes(trace_id(trace));
    json!({"trace_id": trace.to_string(), "id": format!("{id:016x}"), "name": service,
           "start_time": 1_480_615_200.0, "end_time": 1_480_615_200.5})
}

/// A chain of all processors, as a configuration says it.
#[tokio::test(start_paused = true)]
async fn all_of_them_work_behind_one_another() {
    let end = Arc::new(End::default());
    let counters = Counters::default();
    let mut chain: Arc<dyn Consumer> = end.clone();
    let pipeline = [
        json!({"type": "memory-limiter"}),
        json!({"type": "redaction"}),
        json!({"type": "resource", "attributes": [{"key": "env", "value": "desk"}]}),
        json!({"type": "filter", "drop": [{"name": "span 9"}]}),
        json!({"type": "probabilistic-sampling", "percentage": 50}),
        json!({"type": "rate-limiting", "per_second": 1}),
        json!({"type": "tail-sampling", "policies": [{"type": "match", "attributes": {"env": "desk"}}]}),
        json!({"type": "batch"}),
    ];
    for (index, processor) in pipeline.iter().enumerate().rev() {
        let processor = serde_json::from_value(processor.clone()).unwrap();
        chain = start(&index.to_string(), &processor, &counters, chain).unwrap();
    }
    let kept = 0xff_ffff_ffff_ffff;
    let mut secret = span(kept, 1);
    secret.name = "card 4111111111111111".to_owned();
    let sent = request_of(
        "shop",
        vec![secret.clone(), span(kept, 9), span(1, 1), span(kept - 1, 1)],
    );
    let memory = Memory::new(10_000);
    let request = Bytes::from(sent.encode_to_vec());
    let charge = memory.charge(request.len()).unwrap();
    chain.consume(Parcel::of_request(request, 4, charge)).await;
    chain.drain().await;

    secret.name = "card ****".to_owned();
    let mut expected = request_of("shop", vec![secret]);
    let resource = expected.resource_spans[0].resource.as_mut().unwrap();
    resource.attributes.push(attribute("env", text("desk")));
    let came = end.take();
    assert_eq!((came.len(), came[0].spans), (1, 1));
    let read = ExportTraceServiceRequest::decode(&*came[0].requests[0]).unwrap();
    assert_eq!(read, expected);
    assert_eq!(memory.used(), came[0].bytes());
    let out = |name, reason| counters.left_out_so_far(name, reason);
    assert_eq!(out("3", LeftOut::Filtered), 1);
    assert_eq!(out("4", LeftOut::Sampled), 1);
    assert_eq!(out("5", LeftOut::RateLimited), 1);
}
