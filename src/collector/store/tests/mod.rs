//! What goes in comes out, whatever happens in between.

mod bad_days;
mod fuzz;
mod kept;
mod queries;
mod trace_index;
mod window;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

use super::*;
use crate::collector::{Memory, Waiting, receipt};
use crate::collector_config::Durability;
use crate::segment::TraceId;

/// A second, in nanoseconds.
const SECOND: u64 = 1_000_000_000;
/// When the traces of the tests begin.
const BEGIN: u64 = 1_790_000_000 * SECOND;

fn id(number: u128) -> TraceId {
    TraceId::from_bytes((number + 1).to_be_bytes())
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

/// A span of trace `trace` that begins and ends in these seconds after
/// [`BEGIN`]; a root where its number is 0.
fn span(trace: u128, number: u64, (start, end): (u64, u64)) -> Span {
    Span {
        trace_id: id(trace).bytes().to_vec(),
        span_id: (number + 1).to_be_bytes().to_vec(),
        parent_span_id: match number {
            0 => Vec::new(),
            _ => number.to_be_bytes().to_vec(),
        },
        name: format!("operation-{number}"),
        start_time_unix_nano: BEGIN + start * SECOND,
        end_time_unix_nano: BEGIN + end * SECOND,
        ..Span::default()
    }
}

fn failed(mut span: Span) -> Span {
    span.status = Some(Status {
        code: 2,
        ..Status::default()
    });
    span
}

fn request(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![text("service.name", service)],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans,
                schema_url: "of the scope".to_owned(),
                ..ScopeSpans::default()
            }],
            schema_url: "of the resource".to_owned(),
        }],
    }
}

fn parcel_of(requests: &[ExportTraceServiceRequest], documents: &[String]) -> Parcel {
    let spans = |request: &ExportTraceServiceRequest| -> usize {
        let scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
        scopes.map(|scope| scope.spans.len()).sum()
    };
    Parcel {
        requests: requests
            .iter()
            .map(|it| it.encode_to_vec().into())
            .collect(),
        spans: requests.iter().map(spans).sum(),
        documents: documents.iter().map(|it| Bytes::from(it.clone())).collect(),
        charges: vec![Memory::new(100).charge(1).unwrap()],
        receipts: Vec::new(),
        ..Parcel::default()
    }
}

fn with_receipt(mut parcel: Parcel) -> (Parcel, Waiting) {
    let (receipt, waiting) = receipt();
    parcel.receipts.push(receipt);
    (parcel, waiting)
}

fn settings() -> Settings {
    Settings {
        durability: Durability::Batch,
        limits: Limits::of(30, 1024),
        clock: Clock::system(),
    }
}

fn start(folder: &Path) -> Arc<Store> {
    Store::start(folder, settings(), Counters::default()).unwrap()
}

/// Writes and waits until it is written.
async fn keep(store: &Store, parcel: Parcel) {
    store.consume(parcel).await;
    store.drain().await;
    assert_eq!(store.problem(), None);
}

/// The spans of a trace, by the name of their service.
fn spans(reader: &Reader, trace: TraceId) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    for stored in reader.trace(trace).unwrap() {
        let Stored::Request(request) = stored else {
            continue;
        };
        let request = ExportTraceServiceRequest::decode(request).unwrap();
        for resource in request.resource_spans {
            assert_eq!(resource.schema_url, "of the resource");
            let attributes = resource.resource.unwrap().attributes;
            let Some(any_value::Value::StringValue(service)) =
                attributes[0].value.clone().and_then(|it| it.value)
            else {
                panic!("no service");
            };
            for scope in resource.scope_spans {
                assert_eq!(scope.schema_url, "of the scope");
                let spans = scope.spans.into_iter();
                found.extend(spans.map(|span| (service.clone(), span)));
            }
        }
    }
    found
}

/// The documents of a trace.
fn documents(reader: &Reader, trace: TraceId) -> Vec<String> {
    let stored = reader.trace(trace).unwrap().into_iter();
    stored
        .filter_map(|one| match one {
            Stored::Document(document) => String::from_utf8(document.into()).ok(),
            Stored::Request(_) => None,
        })
        .collect()
}
