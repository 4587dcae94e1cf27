//! Walks over a request once, before anything is made of it.

use super::schema::{KEY_VALUE, Kind, Message, REQUEST, SPAN};
use super::wire::{Fields, Malformed, Value};

/// How deep messages may lie within one another: what protobuf libraries allow.
const MOST_DEPTH: u32 = 100;
/// The field of a span that holds its trace's id, and how long that is.
const TRACE_ID: (u32, usize) = (1, 16);
/// The field of a span that holds its own id, and how long that is.
const SPAN_ID: (u32, usize) = (2, 8);

/// What a request holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// All of its spans.
    pub spans: usize,
    /// Those that have no trace id or no span id: ids of another length, or of
    /// zeros alone, which the trace context has for "none".
    pub without_id: usize,
}

/// Checks that `request` is an `ExportTraceServiceRequest` and counts its
/// spans.
///
/// # Errors
/// Where it is not: nothing of it can be taken.
pub fn check(request: &[u8]) -> Result<Counted, Malformed> {
    let mut seen = Seen::default();
    walk(request, &REQUEST, MOST_DEPTH, &mut seen)?;
    Ok(seen.counted)
}

/// What a walk has come by.
#[derive(Default)]
struct Seen {
    counted: Counted,
    /// Whether the span that it is in has ids.
    ids: Ids,
}

#[derive(Default)]
struct Ids {
    trace: bool,
    own: bool,
}

fn walk(
    message: &[u8],
    of: &'static Message,
    depth: u32,
    seen: &mut Seen,
) -> Result<(), Malformed> {
    let depth = depth.checked_sub(1).ok_or(Malformed::Depth)?;
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.read()? {
        match (of.kind(number), value) {
            (Kind::Attribute, Value::Bytes(bytes)) => {
                if depth < 2 || !is_short_attribute(bytes) {
                    walk(bytes, &KEY_VALUE, depth, seen)?;
                }
            }
            (Kind::Message(inner), Value::Bytes(bytes)) => walk(bytes, inner, depth, seen)?,
            (Kind::Text, Value::Bytes(bytes)) => {
                if !bytes.is_ascii() && std::str::from_utf8(bytes).is_err() {
                    return Err(Malformed::Utf8);
                }
            }
            (Kind::Span, Value::Bytes(bytes)) => {
                seen.ids = Ids::default();
                walk(bytes, &SPAN, depth, seen)?;
                seen.counted.spans += 1;
                if !(seen.ids.trace && seen.ids.own) {
                    seen.counted.without_id += 1;
                }
            }
            (Kind::TraceId, Value::Bytes(bytes)) => seen.ids.trace = is_id(bytes, TRACE_ID.1),
            (Kind::SpanId, Value::Bytes(bytes)) => seen.ids.own = is_id(bytes, SPAN_ID.1),
            (Kind::Unknown, _)
            | (Kind::Blob, Value::Bytes(_))
            | (Kind::Varint, Value::Varint(_))
            | (Kind::Fixed64, Value::Fixed64(_))
            | (Kind::Fixed32, Value::Fixed32(_)) => {}
            _ => return Err(Malformed::Mismatch),
        }
    }
    Ok(())
}

/// Tells whether an attribute is written as SDKs write them, a key and a value
/// of less than 128 bytes of ASCII, or a number; of others nothing is said. Half
/// of a request is attributes, and nearly all of them are such.
fn is_short_attribute(message: &[u8]) -> bool {
    /// The tags of the fields 1 and 2 of an attribute, in this order.
    const KEY: u8 = 1 << 3 | 2;
    const VALUE: u8 = 2 << 3 | 2;
    /// Those of a value: field 1 is a text, 2 a boolean, 3 a number, 4 a double.
    const TEXT: u8 = 1 << 3 | 2;
    const BOOLEAN: u8 = 2 << 3;
    const NUMBER: u8 = 3 << 3;
    const DOUBLE: u8 = 4 << 3 | 1;

    let [KEY, key_length @ ..0x80, rest @ ..] = message else {
        return false;
    };
    let Some((key, rest)) = rest.split_at_checked(usize::from(*key_length)) else {
        return false;
    };
    let [VALUE, length @ ..0x80, value @ ..] = rest else {
        return false;
    };
    if usize::from(*length) != value.len() || !key.is_ascii() {
        return false;
    }
    match value {
        [TEXT, length @ ..0x80, text @ ..] => usize::from(*length) == text.len() && text.is_ascii(),
        [BOOLEAN | NUMBER, bytes @ .., last] => {
            *last < 0x80 && bytes.len() < 9 && bytes.iter().all(|byte| *byte >= 0x80)
        }
        [DOUBLE, bytes @ ..] => bytes.len() == 8,
        _ => false,
    }
}

fn is_id(bytes: &[u8], length: usize) -> bool {
    bytes.len() == length && bytes.iter().any(|&byte| byte != 0)
}

/// Tells whether a span says which trace it belongs to, and which span it is. Of
/// an id that is given twice the last counts, as everywhere in protobuf.
pub fn has_ids(span: &[u8]) -> bool {
    let mut ids = Ids::default();
    for (number, value) in Fields::of(span) {
        match value {
            Value::Bytes(bytes) if number == TRACE_ID.0 => ids.trace = is_id(bytes, TRACE_ID.1),
            Value::Bytes(bytes) if number == SPAN_ID.0 => ids.own = is_id(bytes, SPAN_ID.1),
            _ => {}
        }
    }
    ids.trace && ids.own
}
