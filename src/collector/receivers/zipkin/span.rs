//! A span of Zipkin, and what it is in OTLP.

use std::borrow::Cow;

use crate::collector::receivers::draft::{Draft, Resources, kind, nanoseconds, status};
use crate::otlp::view::AnyValue;
use crate::otlp::write;

/// Tags or annotations of one span at most: they are held while it is read.
pub(super) const MOST_LISTED: usize = 10_000;

/// Where something ran.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Endpoint<'a> {
    pub(super) service: Cow<'a, str>,
    pub(super) address: Cow<'a, str>,
    pub(super) port: u16,
}

/// A span, of any of the forms.
#[derive(Debug, Default)]
pub(super) struct ZipkinSpan<'a> {
    pub(super) trace_id: [u8; 16],
    pub(super) id: [u8; 8],
    pub(super) parent_id: [u8; 8],
    /// As OTLP has it.
    pub(super) kind: u64,
    pub(super) name: Cow<'a, str>,
    /// Microseconds since 1970; 0 where it is not said.
    pub(super) timestamp: i64,
    /// Microseconds.
    pub(super) duration: i64,
    pub(super) local: Endpoint<'a>,
    pub(super) remote: Endpoint<'a>,
    /// Microseconds since 1970 and what happened.
    pub(super) annotations: Vec<(i64, Cow<'a, str>)>,
    pub(super) tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(super) debug: bool,
    pub(super) shared: bool,
}

/// Reads an id of hexadecimal digits; zeros, which is no id, where it is none.
/// Shorter ones have zeros in front: a trace's id has 16 digits or 32.
pub(super) fn id<const BYTES: usize>(text: &str) -> [u8; BYTES] {
    let mut id = [0; BYTES];
    if text.len() > BYTES * 2 {
        return id;
    }
    for (index, digit) in text.bytes().rev().enumerate() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            b'A'..=b'F' => digit - b'A' + 10,
            _ => return [0; BYTES],
        };
        id[BYTES - 1 - index / 2] |= value << (index % 2 * 4);
    }
    id
}

impl ZipkinSpan<'_> {
    /// Translates it into the resource of its service.
    pub(super) fn push(&self, resources: &mut Resources) {
        let mut attributes = Vec::new();
        let service = &self.local.service;
        if !service.is_empty() {
            let value = AnyValue::Text(service);
            write::attribute(&mut attributes, 1, "service.name", value);
        }
        resources.push(&attributes, &self.draft());
    }

    fn draft(&self) -> Draft {
        let first = || self.annotations.iter().map(|(time, _)| *time).min();
        let start = match self.timestamp {
            0 => first().unwrap_or(0),
            said => said,
        };
        let mut draft = Draft {
            trace_id: self.trace_id,
            span_id: self.id,
            // Some tracers say of a root that it is its own parent.
            parent_id: if self.parent_id == self.id {
                [0; 8]
            } else {
                self.parent_id
            },
            name: self.name.clone().into_owned(),
            kind: self.kind,
            start: nanoseconds(start),
            end: nanoseconds(start.saturating_add(self.duration.max(0))),
            ..Draft::default()
        };
        let mut error = None;
        for (key, value) in &self.tags {
            tag(&mut draft, &mut error, key, value);
        }
        if let Some(message) = error {
            draft.status = status::ERROR;
            if draft.status_message.is_empty() {
                message.clone_into(&mut draft.status_message);
            }
        }
        self.endpoints(&mut draft);
        for (time, value) in &self.annotations {
            draft.event(nanoseconds(*time), value, &[]);
        }
        draft
    }

    /// Adds what is known of both sides. Tracers of OpenTelemetry send the
    /// attributes that it was taken from as well.
    fn endpoints(&self, draft: &mut Draft) {
        let has = |key: &str| self.tags.iter().any(|(tag, _)| tag == key);
        let Endpoint { service, .. } = &self.remote;
        if !service.is_empty() && !has("peer.service") {
            draft.text("peer.service", service);
        }
        let sides = [
            (&self.local, "network.local.address", "network.local.port"),
            (&self.remote, "network.peer.address", "network.peer.port"),
        ];
        for (side, address, port) in sides {
            if !side.address.is_empty() && !has(address) {
                draft.text(address, &side.address);
            }
            if side.port != 0 && !has(port) {
                draft.attribute(port, AnyValue::Int(i64::from(side.port)));
            }
        }
        for (key, is_so) in [("zipkin.debug", self.debug), ("zipkin.shared", self.shared)] {
            if is_so && !has(key) {
                draft.attribute(key, AnyValue::Bool(true));
            }
        }
    }
}

/// Puts a tag where OTLP has its meaning.
fn tag<'a>(draft: &mut Draft, error: &mut Option<&'a str>, key: &str, value: &'a str) {
    match key {
        // Zipkin: that the tag is there is the error, whatever its value.
        "error" if value != "false" => {
            *error = Some(if value == "true" { "" } else { value });
        }
        "otel.status_code" => draft.status = status::of_text(value),
        "otel.status_description" => value.clone_into(&mut draft.status_message),
        "w3c.tracestate" => value.clone_into(&mut draft.trace_state),
        "otel.scope.name" | "otel.library.name" => value.clone_into(&mut draft.scope.0),
        "otel.scope.version" | "otel.library.version" => value.clone_into(&mut draft.scope.1),
        "span.kind" if draft.kind == kind::UNSPECIFIED && value == "internal" => {
            draft.kind = kind::INTERNAL;
        }
        _ => draft.text(key, value),
    }
}
