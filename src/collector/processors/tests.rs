//! What the tests of processors share: an end of the chain, requests and
//! documents.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde_json::{Value, json};

use crate::collector::{Consumer, Parcel};

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
