//! Spans read in place. A view borrows the request that it is in and finds a
//! field when it is asked for it.
//!
//! Views are of requests that [`super::check()`] has walked over: of others they
//! show what comes before the first fault.

use super::wire::{Fields, Value};

/// The spans of one resource.
#[derive(Clone, Copy, Debug)]
pub struct ResourceSpans<'a>(&'a [u8]);

/// Who sent spans.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resource<'a>(&'a [u8]);

/// The spans of one instrumentation library.
#[derive(Clone, Copy, Debug)]
pub struct ScopeSpans<'a>(&'a [u8]);

/// An instrumentation library.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope<'a>(&'a [u8]);

/// One span. Its lists are read when they are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span<'a> {
    message: &'a [u8],
    /// The trace's id, 16 bytes.
    pub trace_id: &'a [u8],
    /// The span's id, 8 bytes.
    pub span_id: &'a [u8],
    /// W3C trace state.
    pub trace_state: &'a str,
    /// The parent's id; empty or zeros where there is none.
    pub parent_span_id: &'a [u8],
    /// Flags of the trace context.
    pub flags: u32,
    /// The operation.
    pub name: &'a str,
    /// Its [`Kind`].
    pub kind: Kind,
    /// Nanoseconds since 1970.
    pub start_time_unix_nano: u64,
    /// Nanoseconds since 1970.
    pub end_time_unix_nano: u64,
    /// Attributes that the SDK left out.
    pub dropped_attributes_count: u32,
    /// Events that the SDK left out.
    pub dropped_events_count: u32,
    /// Links that the SDK left out.
    pub dropped_links_count: u32,
    /// How it ended.
    pub status: Status<'a>,
}

/// A span's part in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Not said.
    #[default]
    Unspecified,
    /// Work within a service.
    Internal,
    /// The serving side of a call.
    Server,
    /// The calling side of a call.
    Client,
    /// Sends a message.
    Producer,
    /// Receives a message.
    Consumer,
}

impl Kind {
    /// The kind that the enum's `number` stands for.
    pub fn of(number: u64) -> Self {
        match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }
}

/// How a span ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status<'a> {
    /// 0 unset, 1 ok, 2 error.
    pub code: u32,
    /// What went wrong.
    pub message: &'a str,
}

impl Status<'_> {
    /// Tells whether it is an error.
    pub fn is_error(self) -> bool {
        self.code == 2
    }
}

/// Something that happened during a span.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event<'a> {
    message: &'a [u8],
    /// Nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// What happened: `exception`.
    pub name: &'a str,
    /// Attributes that the SDK left out.
    pub dropped_attributes_count: u32,
}

/// A span of another trace that has to do with this one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link<'a> {
    message: &'a [u8],
    /// The trace's id, 16 bytes.
    pub trace_id: &'a [u8],
    /// The span's id, 8 bytes.
    pub span_id: &'a [u8],
    /// W3C trace state.
    pub trace_state: &'a str,
    /// Attributes that the SDK left out.
    pub dropped_attributes_count: u32,
    /// Flags of the trace context.
    pub flags: u32,
}

/// A value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnyValue<'a> {
    /// None.
    Empty,
    /// A text.
    Text(&'a str),
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Several values.
    Array(Array<'a>),
    /// Values by key.
    Map(Attributes<'a>),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// Several values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Array<'a>(&'a [u8]);

/// Pairs of key and value: field `number` of a message, which repeats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attributes<'a> {
    message: &'a [u8],
    number: u32,
}

/// The resources of a request.
pub fn resources(request: &[u8]) -> impl Iterator<Item = ResourceSpans<'_>> + Clone {
    messages(request, 1).map(ResourceSpans)
}

/// The bytes of every message in field `number`.
pub(super) fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> + Clone {
    Fields::of(message).filter_map(move |(at, value)| match value {
        Value::Bytes(bytes) if at == number => Some(bytes),
        _ => None,
    })
}

/// The last of a field that does not repeat, as protobuf reads one given twice.
fn bytes(message: &[u8], number: u32) -> &[u8] {
    messages(message, number).last().unwrap_or_default()
}

fn text(message: &[u8], number: u32) -> &str {
    as_text(bytes(message, number))
}

fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Cuts a number to the 32 bits that its field has.
fn as_u32(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

impl<'a> ResourceSpans<'a> {
    /// Its bytes.
    pub fn message(self) -> &'a [u8] {
        self.0
    }

    /// Who sent them.
    pub fn resource(self) -> Resource<'a> {
        Resource(bytes(self.0, 1))
    }

    /// The spans by instrumentation library.
    pub fn scopes(self) -> impl Iterator<Item = ScopeSpans<'a>> + Clone {
        messages(self.0, 2).map(ScopeSpans)
    }

    /// Where the names of the resource's attributes are defined.
    pub fn schema_url(self) -> &'a str {
        text(self.0, 3)
    }
}

impl<'a> Resource<'a> {
    /// Its bytes.
    pub fn message(self) -> &'a [u8] {
        self.0
    }

    /// What is known of it.
    pub fn attributes(self) -> Attributes<'a> {
        Attributes {
            message: self.0,
            number: 1,
        }
    }
}

impl<'a> ScopeSpans<'a> {
    /// Its bytes.
    pub fn message(self) -> &'a [u8] {
        self.0
    }

    /// The library.
    pub fn scope(self) -> Scope<'a> {
        Scope(bytes(self.0, 1))
    }

    /// Its spans.
    pub fn spans(self) -> impl Iterator<Item = Span<'a>> + Clone {
        messages(self.0, 2).map(Span::of)
    }

    /// Where the names of the spans' attributes are defined.
    pub fn schema_url(self) -> &'a str {
        text(self.0, 3)
    }
}

impl<'a> Scope<'a> {
    /// Its bytes.
    pub fn message(self) -> &'a [u8] {
        self.0
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        text(self.0, 1)
    }

    /// Its version.
    pub fn version(self) -> &'a str {
        text(self.0, 2)
    }

    /// What is known of it.
    pub fn attributes(self) -> Attributes<'a> {
        Attributes {
            message: self.0,
            number: 3,
        }
    }
}

impl<'a> Span<'a> {
    /// Reads the plain fields of a span.
    pub fn of(message: &'a [u8]) -> Self {
        let mut span = Self {
            message,
            ..Self::default()
        };
        for (number, value) in Fields::of(message) {
            match (number, value) {
                (1, Value::Bytes(bytes)) => span.trace_id = bytes,
                (2, Value::Bytes(bytes)) => span.span_id = bytes,
                (3, Value::Bytes(bytes)) => span.trace_state = as_text(bytes),
                (4, Value::Bytes(bytes)) => span.parent_span_id = bytes,
                (5, Value::Bytes(bytes)) => span.name = as_text(bytes),
                (6, Value::Varint(number)) => span.kind = Kind::of(number),
                (7, Value::Fixed64(time)) => span.start_time_unix_nano = time,
                (8, Value::Fixed64(time)) => span.end_time_unix_nano = time,
                (10, Value::Varint(count)) => span.dropped_attributes_count = as_u32(count),
                (12, Value::Varint(count)) => span.dropped_events_count = as_u32(count),
                (14, Value::Varint(count)) => span.dropped_links_count = as_u32(count),
                (15, Value::Bytes(bytes)) => span.status = Status::of(bytes),
                (16, Value::Fixed32(flags)) => span.flags = flags,
                _ => {}
            }
        }
        span
    }

    /// Its bytes.
    pub fn message(&self) -> &'a [u8] {
        self.message
    }

    /// The parent's id; `None` at the root of a trace.
    pub fn parent(&self) -> Option<&'a [u8]> {
        let id = self.parent_span_id;
        id.iter().any(|&byte| byte != 0).then_some(id)
    }

    /// What is known of it.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes {
            message: self.message,
            number: 9,
        }
    }

    /// What happened during it.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + Clone {
        messages(self.message, 11).map(Event::of)
    }

    /// Spans of other traces that have to do with it.
    pub fn links(&self) -> impl Iterator<Item = Link<'a>> + Clone {
        messages(self.message, 13).map(Link::of)
    }
}

impl<'a> Status<'a> {
    fn of(message: &'a [u8]) -> Self {
        let mut status = Self::default();
        for (number, value) in Fields::of(message) {
            match (number, value) {
                (2, Value::Bytes(bytes)) => status.message = as_text(bytes),
                (3, Value::Varint(code)) => status.code = as_u32(code),
                _ => {}
            }
        }
        status
    }
}

impl<'a> Event<'a> {
    fn of(message: &'a [u8]) -> Self {
        let mut event = Self {
            message,
            ..Self::default()
        };
        for (number, value) in Fields::of(message) {
            match (number, value) {
                (1, Value::Fixed64(time)) => event.time_unix_nano = time,
                (2, Value::Bytes(bytes)) => event.name = as_text(bytes),
                (4, Value::Varint(count)) => event.dropped_attributes_count = as_u32(count),
                _ => {}
            }
        }
        event
    }

    /// What is known of it.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes {
            message: self.message,
            number: 3,
        }
    }
}

impl<'a> Link<'a> {
    fn of(message: &'a [u8]) -> Self {
        let mut link = Self {
            message,
            ..Self::default()
        };
        for (number, value) in Fields::of(message) {
            match (number, value) {
                (1, Value::Bytes(bytes)) => link.trace_id = bytes,
                (2, Value::Bytes(bytes)) => link.span_id = bytes,
                (3, Value::Bytes(bytes)) => link.trace_state = as_text(bytes),
                (5, Value::Varint(count)) => link.dropped_attributes_count = as_u32(count),
                (6, Value::Fixed32(flags)) => link.flags = flags,
                _ => {}
            }
        }
        link
    }

    /// What is known of it.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes {
            message: self.message,
            number: 4,
        }
    }
}

impl<'a> Attributes<'a> {
    /// The pairs, in their order.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, AnyValue<'a>)> + Clone {
        messages(self.message, self.number).map(|pair| {
            let (mut key, mut value) = ("", AnyValue::Empty);
            for (number, part) in Fields::of(pair) {
                match (number, part) {
                    (1, Value::Bytes(bytes)) => key = as_text(bytes),
                    (2, Value::Bytes(bytes)) => value = AnyValue::of(bytes),
                    _ => {}
                }
            }
            (key, value)
        })
    }

    /// The value of `key`; of the first, where it stands twice.
    pub fn get(self, key: &str) -> Option<AnyValue<'a>> {
        self.iter().find(|(name, _)| *name == key).map(|one| one.1)
    }

    /// The value of `key`, where it is a text.
    pub fn text(self, key: &str) -> Option<&'a str> {
        match self.get(key)? {
            AnyValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> Array<'a> {
    /// The values, in their order.
    pub fn iter(self) -> impl Iterator<Item = AnyValue<'a>> + Clone {
        messages(self.0, 1).map(AnyValue::of)
    }
}

impl<'a> AnyValue<'a> {
    /// Reads a value: the last of its fields, as protobuf has it.
    fn of(message: &'a [u8]) -> Self {
        let mut found = Self::Empty;
        for (number, value) in Fields::of(message) {
            found = match (number, value) {
                (1, Value::Bytes(bytes)) => Self::Text(as_text(bytes)),
                (2, Value::Varint(number)) => Self::Bool(number != 0),
                (3, Value::Varint(number)) => Self::Int(number.cast_signed()),
                (4, Value::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
                (5, Value::Bytes(bytes)) => Self::Array(Array(bytes)),
                (6, Value::Bytes(bytes)) => Self::Map(Attributes {
                    message: bytes,
                    number: 1,
                }),
                (7, Value::Bytes(bytes)) => Self::Bytes(bytes),
                _ => found,
            };
        }
        found
    }

    /// The text, where it is one.
    pub fn as_text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
