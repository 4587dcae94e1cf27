//! The views and the check, against the field's own generated code.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue as Value, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span, Status, span::Event, span::Link,
};
use proptest::prelude::*;
use prost::Message;

use super::view::{self, AnyValue};
use super::{Counted, Malformed, check, write};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(None),
        "\\PC{0,12}".prop_map(|text| Some(any_value::Value::StringValue(text))),
        any::<bool>().prop_map(|value| Some(any_value::Value::BoolValue(value))),
        any::<i64>().prop_map(|value| Some(any_value::Value::IntValue(value))),
        (-1e9..1e9).prop_map(|value| Some(any_value::Value::DoubleValue(value))),
        proptest::collection::vec(any::<u8>(), 0..8)
            .prop_map(|value| Some(any_value::Value::BytesValue(value))),
    ]
    .prop_map(|value| Value { value });
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|values| Value {
                value: Some(any_value::Value::ArrayValue(ArrayValue { values }))
            }),
            proptest::collection::vec(("[a-z]{1,4}", inner), 0..4).prop_map(|pairs| {
                let values = pairs.into_iter().map(|(key, value)| pair(key, value));
                let values = values.collect();
                Value {
                    value: Some(any_value::Value::KvlistValue(KeyValueList { values })),
                }
            }),
        ]
    })
}

fn pair(key: String, value: Value) -> KeyValue {
    KeyValue {
        key,
        value: Some(value),
        ..KeyValue::default()
    }
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let pairs = ("[a-z.]{1,10}", value()).prop_map(|(key, value)| pair(key, value));
    proptest::collection::vec(pairs, 0..5)
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (any::<[u8; 16]>(), any::<[u8; 8]>(), any::<[u8; 8]>());
    let times = (any::<u64>(), any::<u64>(), 0..6_i32, 0..3_i32, any::<u32>());
    (
        ids,
        times,
        "\\PC{0,20}",
        attributes(),
        attributes(),
        0..3_usize,
    )
        .prop_map(|(ids, times, name, attributes, more, count)| Span {
            trace_id: ids.0.to_vec(),
            span_id: ids.1.to_vec(),
            parent_span_id: ids.2.to_vec(),
            trace_state: "a=b".to_owned(),
            flags: times.4,
            name: name.clone(),
            kind: times.2,
            start_time_unix_nano: times.0,
            end_time_unix_nano: times.1,
            attributes,
            dropped_attributes_count: 3,
            events: vec![
                Event {
                    time_unix_nano: times.0,
                    name: "exception".to_owned(),
                    attributes: more.clone(),
                    dropped_attributes_count: 1,
                };
                count
            ],
            dropped_events_count: 0,
            links: vec![
                Link {
                    trace_id: ids.0.to_vec(),
                    span_id: ids.2.to_vec(),
                    trace_state: String::new(),
                    attributes: more,
                    dropped_attributes_count: 0,
                    flags: 1,
                };
                count
            ],
            dropped_links_count: 7,
            status: Some(Status {
                message: name,
                code: times.3,
            }),
        })
}

fn request() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scopes = proptest::collection::vec(proptest::collection::vec(span(), 0..4), 0..3);
    let resources = proptest::collection::vec((attributes(), scopes), 0..3);
    resources.prop_map(|resources| {
        let resource_spans = resources.into_iter().map(|(attributes, scopes)| {
            let scope_spans = scopes.into_iter().map(|spans| ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "library".to_owned(),
                    version: "1".to_owned(),
                    ..InstrumentationScope::default()
                }),
                spans,
                schema_url: "https://schemas".to_owned(),
            });
            ResourceSpans {
                resource: Some(Resource {
                    attributes,
                    ..Resource::default()
                }),
                scope_spans: scope_spans.collect(),
                schema_url: String::new(),
            }
        });
        ExportTraceServiceRequest {
            resource_spans: resource_spans.collect(),
        }
    })
}

fn owned(value: AnyValue) -> Value {
    let value = match value {
        AnyValue::Empty => None,
        AnyValue::Text(text) => Some(any_value::Value::StringValue(text.to_owned())),
        AnyValue::Bool(value) => Some(any_value::Value::BoolValue(value)),
        AnyValue::Int(value) => Some(any_value::Value::IntValue(value)),
        AnyValue::Double(value) => Some(any_value::Value::DoubleValue(value)),
        AnyValue::Bytes(value) => Some(any_value::Value::BytesValue(value.to_vec())),
        AnyValue::Array(array) => Some(any_value::Value::ArrayValue(ArrayValue {
            values: array.iter().map(owned).collect(),
        })),
        AnyValue::Map(map) => Some(any_value::Value::KvlistValue(KeyValueList {
            values: pairs(map),
        })),
    };
    Value { value }
}

fn pairs(attributes: view::Attributes) -> Vec<KeyValue> {
    let pairs = attributes.iter();
    pairs
        .map(|(key, value)| pair(key.to_owned(), owned(value)))
        .collect()
}

/// Makes of the views what the generated code would have read.
fn read(request: &[u8]) -> ExportTraceServiceRequest {
    let spans = |scope: view::ScopeSpans| scope.spans().map(|span| read_span(&span)).collect();
    let resource_spans = view::resources(request).map(|resource| ResourceSpans {
        resource: Some(Resource {
            attributes: pairs(resource.resource().attributes()),
            ..Resource::default()
        }),
        scope_spans: resource
            .scopes()
            .map(|scope| ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: scope.scope().name().to_owned(),
                    version: scope.scope().version().to_owned(),
                    attributes: pairs(scope.scope().attributes()),
                    ..InstrumentationScope::default()
                }),
                spans: spans(scope),
                schema_url: scope.schema_url().to_owned(),
            })
            .collect(),
        schema_url: resource.schema_url().to_owned(),
    });
    ExportTraceServiceRequest {
        resource_spans: resource_spans.collect(),
    }
}

fn read_span(span: &view::Span) -> Span {
    let kind = match span.kind {
        view::Kind::Unspecified => 0,
        view::Kind::Internal => 1,
        view::Kind::Server => 2,
        view::Kind::Client => 3,
        view::Kind::Producer => 4,
        view::Kind::Consumer => 5,
    };
    Span {
        trace_id: span.trace_id.to_vec(),
        span_id: span.span_id.to_vec(),
        parent_span_id: span.parent_span_id.to_vec(),
        trace_state: span.trace_state.to_owned(),
        flags: span.flags,
        name: span.name.to_owned(),
        kind,
        start_time_unix_nano: span.start_time_unix_nano,
        end_time_unix_nano: span.end_time_unix_nano,
        attributes: pairs(span.attributes()),
        dropped_attributes_count: span.dropped_attributes_count,
        events: span
            .events()
            .map(|event| Event {
                time_unix_nano: event.time_unix_nano,
                name: event.name.to_owned(),
                attributes: pairs(event.attributes()),
                dropped_attributes_count: event.dropped_attributes_count,
            })
            .collect(),
        dropped_events_count: span.dropped_events_count,
        links: span
            .links()
            .map(|link| Link {
                trace_id: link.trace_id.to_vec(),
                span_id: link.span_id.to_vec(),
                trace_state: link.trace_state.to_owned(),
                attributes: pairs(link.attributes()),
                dropped_attributes_count: link.dropped_attributes_count,
                flags: link.flags,
            })
            .collect(),
        dropped_links_count: span.dropped_links_count,
        status: Some(Status {
            message: span.status.message.to_owned(),
            code: i32::try_from(span.status.code).unwrap(),
        }),
    }
}

fn count(request: &ExportTraceServiceRequest) -> Counted {
    let scopes = request
        .resource_spans
        .iter()
        .flat_map(|one| &one.scope_spans);
    let spans = scopes.flat_map(|scope| &scope.spans);
    let without_id = |span: &&Span| {
        span.trace_id.iter().all(|b| *b == 0) || span.span_id.iter().all(|b| *b == 0)
    };
    Counted {
        spans: spans.clone().count(),
        without_id: spans.filter(without_id).count(),
    }
}

/// Writes every field again, one by one.
fn copied(request: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write::copy(&mut out, request, |_, _, _| false);
    out
}

proptest! {
    #[test]
    fn views_show_what_generated_code_reads(request in request()) {
        let bytes = request.encode_to_vec();
        prop_assert_eq!(check(&bytes).unwrap(), count(&request));
        prop_assert_eq!(read(&bytes), request);
        prop_assert_eq!(copied(&bytes), bytes);
    }

    #[test]
    fn requests_that_follow_one_another_are_one(one in request(), other in request()) {
        let bytes = [one.encode_to_vec(), other.encode_to_vec()].concat();
        prop_assert_eq!(check(&bytes).unwrap().spans, count(&one).spans + count(&other).spans);
        let mut both = one;
        both.resource_spans.extend(other.resource_spans);
        prop_assert_eq!(read(&bytes), both);
    }

    #[test]
    fn what_the_check_takes_generated_code_takes(
        request in request(),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = request.encode_to_vec();
        let length = bytes.len();
        for (place, byte) in changes {
            if length > 0 {
                bytes[place % length] = byte;
            }
        }
        if check(&bytes).is_ok() {
            prop_assert!(ExportTraceServiceRequest::decode(&*bytes).is_ok());
        }
        // Views of what was never checked show less, and do not panic.
        let _ = read(&bytes);
    }

    #[test]
    fn attributes_are_written_as_generated_code_writes_them(pairs in attributes()) {
        let span = Span { attributes: pairs, ..Span::default() };
        let bytes = span.encode_to_vec();
        let mut out = Vec::new();
        for (key, value) in view::Span::of(&bytes).attributes().iter() {
            write::attribute(&mut out, 9, key, value);
        }
        prop_assert_eq!(Span::decode(&*out).unwrap(), span);
    }
}

#[test]
fn fields_that_traces_do_not_use_have_their_types_all_the_same() {
    // A resource's third field is a list of references to entities, its first
    // field a text: here it is none.
    let mut request = Vec::new();
    write::message(&mut request, 1, |out| {
        write::message(out, 1, |out| {
            write::message(out, 3, |out| write::bytes(out, 1, b"\xff"));
        });
    });
    assert_eq!(check(&request), Err(Malformed::Utf8));
    assert!(ExportTraceServiceRequest::decode(&*request).is_err());
}

#[test]
fn deep_values_are_refused() {
    let mut value = Vec::new();
    for _ in 0..300 {
        let inner = std::mem::take(&mut value);
        // An array in a value, again and again.
        write::message(&mut value, 5, |out| write::bytes(out, 1, &inner));
    }
    let mut request = Vec::new();
    write::message(&mut request, 1, |out| {
        write::message(out, 1, |out| {
            write::message(out, 1, |out| write::bytes(out, 2, &value));
        });
    });
    assert_eq!(check(&request), Err(Malformed::Depth));
}
