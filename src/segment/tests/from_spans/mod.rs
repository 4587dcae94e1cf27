//! Spans as segments, rule by rule.

mod blocks;
mod envelope;
mod rest;

use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{Status, status::StatusCode};
use serde_json::{Value, json};

use super::*;

use SpanKind::{Client, Consumer, Internal, Producer, Server, Unspecified};

fn span(kind: SpanKind, pairs: &Value) -> Span {
    Span {
        trace_id: 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793_u128
            .to_be_bytes()
            .to_vec(),
        span_id: 0x70de_5b6f_19ff_9a0a_u64.to_be_bytes().to_vec(),
        parent_span_id: 0x5399_5c3f_42cd_8ad8_u64.to_be_bytes().to_vec(),
        name: "GET /a".to_owned(),
        kind: kind.into(),
        start_time_unix_nano: 1_478_293_361_250_000_000,
        end_time_unix_nano: 1_478_293_361_500_000_001,
        attributes: attributes(pairs),
        ..Span::default()
    }
}

fn failed(mut span: Span, message: &str) -> Span {
    span.status = Some(Status {
        code: StatusCode::Error.into(),
        message: message.to_owned(),
    });
    span
}

fn with(resource: &Value, span: Span, options: &Options) -> Value {
    let mut documents = documents(&of_span(resource, span), options);
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn plainly(span: Span) -> Value {
    with(&json!({}), span, &Options::default())
}
