//! Any bytes as an export request.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::view::{self, AnyValue, Attributes};
use super::wire::Value;
use super::{Counted, check, write};
use crate::fuzz;

fuzz::target!(otlp_request, 1500, request);

/// What the check takes, everybody reads as the same spans, and a copy of it
/// says the same.
fn request(input: &[u8]) {
    let seen = walk(input);
    let Ok(counted) = check(input) else {
        return;
    };
    assert_eq!(seen, counted.spans);
    let decoded = ExportTraceServiceRequest::decode(input).expect("protobuf");
    assert_eq!(counted, count(&decoded));
    for copy in [flat_copy(input), deep_copy(input)] {
        assert_eq!(check(&copy), Ok(counted));
        fuzz::bounded(input, copy.len(), 1);
        let again = ExportTraceServiceRequest::decode(&*copy).expect("protobuf");
        // Not compared as they are: a value that is no number equals nothing.
        assert_eq!(again.encode_to_vec(), decoded.encode_to_vec());
    }
}

/// Looks at everything that views show; says how many spans there are.
fn walk(request: &[u8]) -> usize {
    let mut spans = 0;
    for resource in view::resources(request) {
        let _ = resource.schema_url();
        attributes(resource.resource().attributes(), 64);
        for scope in resource.scopes() {
            let _ = (scope.schema_url(), scope.scope().name());
            let _ = scope.scope().version();
            attributes(scope.scope().attributes(), 64);
            for span in scope.spans() {
                spans += 1;
                let _ = span.parent();
                attributes(span.attributes(), 64);
                span.events()
                    .for_each(|event| attributes(event.attributes(), 64));
                span.links()
                    .for_each(|link| attributes(link.attributes(), 64));
            }
        }
    }
    spans
}

fn attributes(attributes: Attributes<'_>, depth: u32) {
    for (key, one) in attributes.iter() {
        assert!(attributes.get(key).is_some());
        value(one, depth);
    }
}

fn value(one: AnyValue<'_>, depth: u32) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match one {
        AnyValue::Array(array) => array.iter().for_each(|one| value(one, depth)),
        AnyValue::Map(map) => attributes(map, depth),
        _ => {}
    }
}

fn count(request: &ExportTraceServiceRequest) -> Counted {
    let scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
    let spans = scopes.flat_map(|scope| &scope.spans);
    let is_id =
        |bytes: &[u8], length: usize| bytes.len() == length && bytes.iter().any(|byte| *byte != 0);
    Counted {
        spans: spans.clone().count(),
        without_id: spans
            .filter(|span| !is_id(&span.trace_id, 16) || !is_id(&span.span_id, 8))
            .count(),
    }
}

fn flat_copy(request: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write::copy(&mut out, request, |_, _, _| false);
    out
}

/// Copies every span field by field.
fn deep_copy(request: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    copy(&mut out, request, 3);
    out
}

fn copy(out: &mut Vec<u8>, message: &[u8], levels: u32) {
    write::copy(out, message, |out, number, value| {
        // Resources are field 1 of a request, scopes and spans field 2.
        let field = if levels == 3 { 1 } else { 2 };
        match value {
            Value::Bytes(inner) if levels > 0 && number == field => {
                write::message(out, number, |out| copy(out, inner, levels - 1));
                true
            }
            _ => false,
        }
    });
}
