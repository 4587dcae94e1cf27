//! The translation as a whole, in both directions.

mod documents;
mod from_segments;
mod from_spans;
mod round_trip;
mod stacks;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::Value;

use super::{Options, SCOPE, from_otlp, to_otlp};
use crate::otlp::{check, view};

/// The documents that a request becomes.
fn documents(request: &[u8], options: &Options) -> Vec<Value> {
    let mut documents = Vec::new();
    for resource in view::resources(request) {
        from_otlp(resource, options, &mut |document| {
            let value: Value = serde_json::from_slice(document.json).unwrap();
            assert_eq!(
                value["id"].as_str().unwrap().to_lowercase(),
                document.id.to_string()
            );
            documents.push(value);
        });
    }
    documents
}

/// The request that a document becomes, as OTLP's own code reads it.
fn request(document: &Value) -> ExportTraceServiceRequest {
    let mut request = Vec::new();
    let spans = to_otlp(document.to_string().as_bytes(), &mut request).unwrap();
    let counted = check(&request).unwrap();
    assert_eq!((counted.spans, counted.without_id), (spans, 0));
    ExportTraceServiceRequest::decode(&*request).unwrap()
}

/// A document that went to spans and came back.
fn there_and_back(document: &Value) -> Vec<Value> {
    documents(&request(document).encode_to_vec(), &Options::default())
}

/// An attribute's value: texts, booleans, numbers and lists of them.
fn any_value(value: &Value) -> AnyValue {
    use any_value::Value as Any;
    let value = match value {
        Value::Null => None,
        Value::Bool(value) => Some(Any::BoolValue(*value)),
        Value::Number(number) => Some(match number.as_i64() {
            Some(whole) => Any::IntValue(whole),
            None => Any::DoubleValue(number.as_f64().unwrap()),
        }),
        Value::String(text) => Some(Any::StringValue(text.clone())),
        Value::Array(values) => Some(Any::ArrayValue(ArrayValue {
            values: values.iter().map(any_value).collect(),
        })),
        Value::Object(_) => panic!("no test needs one"),
    };
    AnyValue { value }
}

fn attributes(pairs: &Value) -> Vec<KeyValue> {
    let pairs = pairs.as_object().unwrap().iter();
    pairs
        .map(|(key, value)| KeyValue {
            key: key.clone(),
            value: Some(any_value(value)),
            ..KeyValue::default()
        })
        .collect()
}

/// An attribute's value as JSON.
fn plain(value: &AnyValue) -> Value {
    use any_value::Value as Any;
    match value.value.as_ref() {
        None => Value::Null,
        Some(Any::StringValue(text)) => text.clone().into(),
        Some(Any::BoolValue(value)) => (*value).into(),
        Some(Any::IntValue(value)) => (*value).into(),
        Some(Any::DoubleValue(value)) => (*value).into(),
        Some(Any::ArrayValue(array)) => array.values.iter().map(plain).collect(),
        Some(Any::KvlistValue(list)) => pairs(&list.values),
        Some(Any::BytesValue(bytes)) => format!("bytes {}", String::from_utf8_lossy(bytes)).into(),
        other => panic!("{other:?}"),
    }
}

fn pairs(pairs: &[KeyValue]) -> Value {
    let pairs = pairs.iter();
    let pairs = pairs.map(|pair| (pair.key.clone(), plain(pair.value.as_ref().unwrap())));
    Value::Object(pairs.collect())
}

/// A request of one span.
fn of_span(resource: &Value, span: Span) -> Vec<u8> {
    let resource = Resource {
        attributes: attributes(resource),
        ..Resource::default()
    };
    let scope_spans = vec![ScopeSpans {
        scope: Some(InstrumentationScope::default()),
        spans: vec![span],
        ..ScopeSpans::default()
    }];
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans,
            ..ResourceSpans::default()
        }],
    };
    request.encode_to_vec()
}
