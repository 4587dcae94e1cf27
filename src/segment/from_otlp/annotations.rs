//! Annotations, metadata and links: what the other blocks leave.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::fields::METADATA;
use super::super::id::{SegmentId, TraceId};
use super::super::json::{self, Json, block, element, field, list, object, text};
use super::resource::Said;
use super::span::{Known, One, Slot};
use super::{Options, value};
use crate::otlp::view::{AnyValue, Event, Kind, Span};

/// Most annotations of a document: more than X-Ray indexes of a whole trace.
/// What is left stays metadata.
const MOST: usize = 256;
/// The namespace of attributes that have none.
const DEFAULT: &str = "default";
/// The namespace of what a span has and a segment has not.
const SPAN: &str = "otel.span";

/// The key as X-Ray takes it in an annotation.
pub(super) fn clean(key: &str) -> Cow<'_, str> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '_';
    if key.chars().all(fits) {
        return Cow::Borrowed(key);
    }
    Cow::Owned(key.replace(|letter| !fits(letter), "_"))
}

/// Writes the annotations, and notes on every attribute whether it is one.
/// `is_left` says which attributes nothing else has taken, `is_shown` which the
/// document may show at all.
pub(super) fn annotations<'a>(
    out: &mut Vec<u8>,
    known: &mut Known<'a>,
    said: Option<&Said<'_>>,
    options: &Options,
    is_left: impl Fn(&One<'a>) -> bool,
    is_shown: impl Fn(&One<'a>) -> bool,
) {
    let listed: HashSet<&str> = match known.value(Slot::Indexed) {
        Some(AnyValue::Array(keys)) => keys.iter().filter_map(AnyValue::as_text).collect(),
        _ => HashSet::new(),
    };
    let mut written: Vec<Cow<'a, str>> = Vec::new();
    block(out, "annotations", |out| {
        if let Some(said) = said {
            out.extend_from_slice(&said.annotations);
        }
        for one in &mut known.all {
            let is_configured = options.indexed_attributes.contains(one.key);
            let indexed = is_configured
                || is_left(one) && (options.index_all_attributes || listed.contains(one.key));
            one.is_annotation = false;
            if !indexed || !is_shown(one) || !value::is_scalar(one.value) || written.len() >= MOST {
                continue;
            }
            let key = clean(one.key);
            if written.contains(&key) {
                continue;
            }
            one.is_annotation = true;
            field(out, &key);
            value::write(out, one.value);
            written.push(key);
        }
    });
}

/// Writes the metadata: attributes that are left, what the resource says, and
/// what the span says that no block has a place for.
pub(super) fn metadata<'a>(
    out: &mut Vec<u8>,
    span: &Span<'a>,
    known: &Known<'a>,
    said: Option<&Said<'_>>,
    name: &str,
    is_left: Option<&dyn Fn(&One<'a>) -> bool>,
) {
    block(out, "metadata", |out| {
        let left = || {
            let all = known.all.iter();
            all.filter(|one| !one.is_annotation && is_left.is_some_and(|is_left| is_left(one)))
        };
        block(out, DEFAULT, |out| {
            if let Some(said) = said {
                out.extend_from_slice(&said.metadata);
            }
            for one in left() {
                match namespace(one) {
                    None => {
                        field(out, one.key);
                        value::write(out, one.value);
                    }
                    Some((DEFAULT, Json::Map(map))) => {
                        for (key, value) in map.iter() {
                            field(out, key);
                            value.write(out);
                        }
                    }
                    Some(_) => {}
                }
            }
        });
        for (namespace, value) in left().filter_map(namespace) {
            if namespace != DEFAULT {
                field(out, namespace);
                value.write(out);
            }
        }
        if is_left.is_some() {
            block(out, SPAN, |out| {
                of_span(out, span, name, said.is_some());
                if known.has_events {
                    events(out, span);
                }
            });
        }
    });
}

/// The namespace that an attribute is the metadata of.
fn namespace<'a>(one: &One<'a>) -> Option<(&'a str, Json<'a>)> {
    let namespace = one.key.strip_prefix(METADATA)?;
    let value = json::parse(one.value.as_text()?)?;
    let namespace = if namespace.eq_ignore_ascii_case(DEFAULT) {
        DEFAULT
    } else {
        namespace
    };
    matches!(value, Json::Map(_)).then_some((namespace, value))
}

/// What a span has and a segment has not.
fn of_span(out: &mut Vec<u8>, span: &Span<'_>, name: &str, is_segment: bool) {
    if span.name != name {
        field(out, "name");
        text(out, span.name);
    }
    let kind = match (span.kind, is_segment) {
        (Kind::Producer, _) => Some("producer"),
        (Kind::Consumer, _) => Some("consumer"),
        (Kind::Internal, true) => Some("internal"),
        (Kind::Client, true) => Some("client"),
        _ => None,
    };
    if let Some(kind) = kind {
        field(out, "kind");
        text(out, kind);
    }
    if !span.trace_state.is_empty() {
        field(out, "trace_state");
        text(out, span.trace_state);
    }
}

/// The events that are no exceptions.
fn events(out: &mut Vec<u8>, span: &Span<'_>) {
    let mut events = span
        .events()
        .filter(|event| event.name != "exception")
        .peekable();
    if events.peek().is_some() {
        field(out, "events");
        list(out, |out| events.for_each(|event| self::event(out, &event)));
    }
}

fn event(out: &mut Vec<u8>, event: &Event<'_>) {
    element(out);
    object(out, |out| {
        field(out, "name");
        text(out, event.name);
        field(out, "time");
        super::super::time::write(out, event.time_unix_nano);
        block(out, "attributes", |out| {
            for (key, value) in event.attributes().iter() {
                field(out, key);
                value::write(out, value);
            }
        });
    });
}

/// Writes the links of a span.
pub(super) fn links(out: &mut Vec<u8>, span: &Span<'_>) {
    let mut links = span.links().filter_map(|link| {
        let trace = TraceId::from_bytes(link.trace_id.try_into().ok()?);
        let id = SegmentId::from_bytes(link.span_id.try_into().ok()?);
        Some((trace, id, link.attributes()))
    });
    let Some(first) = links.next() else {
        return;
    };
    field(out, "links");
    list(out, |out| {
        for (trace, id, attributes) in std::iter::once(first).chain(links) {
            element(out);
            object(out, |out| {
                out.extend_from_slice(b"\"trace_id\":\"");
                trace.write(out);
                out.extend_from_slice(b"\",\"id\":\"");
                id.write(out);
                out.push(b'"');
                block(out, "attributes", |out| {
                    for (key, value) in attributes.iter() {
                        field(out, key);
                        value::write(out, value);
                    }
                });
            });
        }
    });
}
