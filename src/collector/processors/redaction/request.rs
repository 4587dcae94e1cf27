//! Requests without what is secret in them.

use super::super::edit::{self, Change};
use super::rules::Rules;
use crate::collector_config::processors::Redact;
use crate::otlp::wire::{Fields, Value};
use crate::otlp::write;

/// What a field of a message is, as far as it may hold a secret.
#[derive(Clone, Copy)]
enum Field {
    /// Nothing that is looked at.
    Other,
    Text,
    Attribute,
    Message(&'static [Field]),
}

use Field::{Attribute, Message, Other, Text};

// The fields by number, from 0 on: opentelemetry-proto, trace/v1.
static REQUEST: [Field; 2] = [Other, Message(&RESOURCE_SPANS)];
static RESOURCE_SPANS: [Field; 3] = [Other, Message(&RESOURCE), Message(&SCOPE_SPANS)];
static RESOURCE: [Field; 2] = [Other, Attribute];
static SCOPE_SPANS: [Field; 3] = [Other, Message(&SCOPE), Message(&SPAN)];
static SCOPE: [Field; 4] = [Other, Other, Other, Attribute];
static SPAN: [Field; 16] = [
    Other,
    Other,
    Other,
    Other,
    Other,
    Text,
    Other,
    Other,
    Other,
    Attribute,
    Other,
    Message(&EVENT),
    Other,
    Message(&LINK),
    Other,
    Message(&STATUS),
];
static EVENT: [Field; 4] = [Other, Other, Text, Attribute];
static LINK: [Field; 5] = [Other, Other, Other, Other, Attribute];
static STATUS: [Field; 3] = [Other, Other, Text];

/// The request without what is secret in it; `None` where nothing is.
pub(super) fn redact(request: &[u8], rules: &Rules) -> Option<Vec<u8>> {
    fields(request, &REQUEST, rules)
}

fn fields(message: &[u8], of: &'static [Field], rules: &Rules) -> Option<Vec<u8>> {
    edit::message(message, |number, value| {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        match (of.get(index).copied().unwrap_or(Other), value) {
            (Text, Value::Bytes(bytes)) => Change::of(text(bytes, rules)),
            (Attribute, Value::Bytes(pair)) => attribute(pair, rules),
            (Message(inner), Value::Bytes(bytes)) => Change::of(fields(bytes, inner, rules)),
            _ => Change::Same,
        }
    })
}

fn text(bytes: &[u8], rules: &Rules) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    rules.text(text).map(String::into_bytes)
}

/// A pair of key and value.
fn attribute(pair: &[u8], rules: &Rules) -> Change {
    let key = Fields::of(pair).filter_map(|(number, value)| match value {
        Value::Bytes(key) if number == 1 => std::str::from_utf8(key).ok(),
        _ => None,
    });
    let action = key.last().and_then(|key| rules.key(key));
    if action == Some(Redact::Drop) {
        return Change::Gone;
    }
    Change::of(edit::message(pair, |number, field| match (field, action) {
        (Value::Bytes(value), None) if number == 2 => Change::of(any_value(value, rules)),
        (Value::Bytes(value), Some(action)) if number == 2 => whole(value, action, rules),
        _ => Change::Same,
    }))
}

/// A value whose key makes it secret as a whole: a text stands in its place,
/// whatever it was.
fn whole(value: &[u8], action: Redact, rules: &Rules) -> Change {
    let mut content = Vec::new();
    let mut is_text = false;
    for (number, field) in Fields::of(value) {
        is_text = number == 1;
        content = match field {
            Value::Bytes(bytes) => bytes.to_vec(),
            Value::Varint(bits) if number == 3 => bits.cast_signed().to_string().into_bytes(),
            Value::Varint(bits) => (bits != 0).to_string().into_bytes(),
            Value::Fixed64(bits) => f64::from_bits(bits).to_string().into_bytes(),
            Value::Fixed32(bits) => bits.to_le_bytes().to_vec(),
        };
    }
    let Some(instead) = rules.whole(action, &content) else {
        return Change::Gone;
    };
    if is_text && content == instead.as_bytes() {
        return Change::Same;
    }
    let mut out = Vec::with_capacity(instead.len() + 2);
    write::bytes(&mut out, 1, instead.as_bytes());
    Change::Bytes(out)
}

/// A value; how deep values lie in one another was checked when it came in.
fn any_value(value: &[u8], rules: &Rules) -> Option<Vec<u8>> {
    // A number that becomes a text is another field.
    let numbers = Fields::of(value).filter_map(|(number, field)| match field {
        Value::Varint(bits) if number == 3 => Some(bits.cast_signed()),
        _ => None,
    });
    if let Some(masked) = numbers.last().and_then(|number| rules.number(number)) {
        let mut out = Vec::new();
        write::bytes(&mut out, 1, masked.as_bytes());
        return Some(out);
    }
    edit::message(value, |number, field| match (number, field) {
        // Bytes that are text are as secret.
        (1 | 7, Value::Bytes(bytes)) => Change::of(text(bytes, rules)),
        (5, Value::Bytes(list)) => Change::of(edit::message(list, |_, field| match field {
            Value::Bytes(value) => Change::of(any_value(value, rules)),
            _ => Change::Same,
        })),
        (6, Value::Bytes(map)) => Change::of(edit::message(map, |_, field| match field {
            Value::Bytes(pair) => attribute(pair, rules),
            _ => Change::Same,
        })),
        _ => Change::Same,
    })
}
