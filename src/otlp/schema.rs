//! The messages of an export request, as far as reading and checking them goes.

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A field that the version read does not have.
    Unknown,
    /// A number, boolean or enum.
    Varint,
    /// Eight bytes.
    Fixed64,
    /// Four bytes.
    Fixed32,
    /// UTF-8.
    Text,
    /// Any bytes.
    Blob,
    /// The id of a span's trace.
    TraceId,
    /// A span's own id.
    SpanId,
    /// A message.
    Message(&'static Message),
    /// An attribute: [`KEY_VALUE`], which most messages in a request are.
    Attribute,
    /// One of the request's spans.
    Span,
}

/// A message: its fields by number.
pub(super) struct Message(pub(super) &'static [Kind]);

impl Message {
    #[inline]
    pub(super) fn kind(&self, number: u32) -> Kind {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        self.0.get(index).copied().unwrap_or(Unknown)
    }
}

use Kind::{Attribute, Blob, Fixed32, Fixed64, Span, SpanId, Text, TraceId, Unknown, Varint};

pub(super) static REQUEST: Message = Message(&[Unknown, Kind::Message(&RESOURCE_SPANS)]);

static RESOURCE_SPANS: Message = Message(&[
    Unknown,
    Kind::Message(&RESOURCE),
    Kind::Message(&SCOPE_SPANS),
    Text,
]);

static RESOURCE: Message = Message(&[Unknown, Attribute, Varint, Kind::Message(&ENTITY_REF)]);

static ENTITY_REF: Message = Message(&[Unknown, Text, Text, Text, Text]);

static SCOPE_SPANS: Message = Message(&[Unknown, Kind::Message(&SCOPE), Span, Text]);

static SCOPE: Message = Message(&[Unknown, Text, Text, Attribute, Varint]);

pub(super) static SPAN: Message = Message(&[
    Unknown,
    TraceId,
    SpanId,
    Text,
    Blob,
    Text,
    Varint,
    Fixed64,
    Fixed64,
    Attribute,
    Varint,
    Kind::Message(&EVENT),
    Varint,
    Kind::Message(&LINK),
    Varint,
    Kind::Message(&STATUS),
    Fixed32,
]);

static EVENT: Message = Message(&[Unknown, Fixed64, Text, Attribute, Varint]);

static LINK: Message = Message(&[Unknown, Blob, Blob, Text, Attribute, Varint, Fixed32]);

static STATUS: Message = Message(&[Unknown, Unknown, Text, Varint]);

// The last fields of the next two are of the profiles signal alone: a reader of
// traces passes over them, but they have a type.
pub(super) static KEY_VALUE: Message = Message(&[Unknown, Text, Kind::Message(&ANY_VALUE), Varint]);

static ANY_VALUE: Message = Message(&[
    Unknown,
    Text,
    Varint,
    Varint,
    Fixed64,
    Kind::Message(&ARRAY_VALUE),
    Kind::Message(&KEY_VALUE_LIST),
    Blob,
    Varint,
]);

static ARRAY_VALUE: Message = Message(&[Unknown, Kind::Message(&ANY_VALUE)]);

static KEY_VALUE_LIST: Message = Message(&[Unknown, Attribute]);
