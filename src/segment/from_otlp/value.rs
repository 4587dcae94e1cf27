//! Values of attributes as JSON.

use std::borrow::Cow;

use super::super::json::{self, Json, Map};
use crate::otlp::view::AnyValue;

/// Values that lie deeper within one another are left out; the check of a
/// request lets through about half as many.
const MOST_DEPTH: u32 = 64;

/// The value, as a tree.
pub(in super::super) fn json(value: AnyValue<'_>) -> Json<'_> {
    tree(value, MOST_DEPTH)
}

fn tree(value: AnyValue<'_>, depth: u32) -> Json<'_> {
    let Some(depth) = depth.checked_sub(1) else {
        return Json::Null;
    };
    match value {
        AnyValue::Text(text) => Json::Text(Cow::Borrowed(text)),
        AnyValue::Bool(value) => Json::Bool(value),
        AnyValue::Int(value) => Json::Int(value),
        AnyValue::Double(value) if value.is_finite() => Json::Float(value),
        AnyValue::Empty | AnyValue::Double(_) => Json::Null,
        AnyValue::Array(values) => {
            Json::List(values.iter().map(|value| tree(value, depth)).collect())
        }
        AnyValue::Map(pairs) => {
            let pairs = pairs.iter();
            let pairs = pairs.map(|(key, value)| (Cow::Borrowed(key), tree(value, depth)));
            Json::Map(Map::of(pairs.collect()))
        }
        // What a document's value is where OTLP has no form for it.
        AnyValue::Bytes(bytes) => std::str::from_utf8(bytes)
            .ok()
            .and_then(json::parse)
            .unwrap_or_else(|| Json::Text(Cow::Owned(base64(bytes)))),
    }
}

/// Writes a value as JSON; bytes as base64, as OTLP's own JSON has them.
pub(super) fn write(out: &mut Vec<u8>, value: AnyValue<'_>) {
    write_within(out, value, MOST_DEPTH);
}

fn write_within(out: &mut Vec<u8>, value: AnyValue<'_>, depth: u32) {
    let Some(depth) = depth.checked_sub(1) else {
        return out.extend_from_slice(b"null");
    };
    match value {
        AnyValue::Empty => out.extend_from_slice(b"null"),
        AnyValue::Text(text) => json::text(out, text),
        AnyValue::Bool(value) => json::boolean(out, value),
        AnyValue::Int(value) => json::integer(out, value),
        AnyValue::Double(value) => json::float(out, value),
        AnyValue::Array(values) => json::list(out, |out| {
            for value in values.iter() {
                json::element(out);
                write_within(out, value, depth);
            }
        }),
        AnyValue::Map(pairs) => json::object(out, |out| {
            for (key, value) in pairs.iter() {
                json::field(out, key);
                write_within(out, value, depth);
            }
        }),
        AnyValue::Bytes(bytes) => json::text(out, &base64(bytes)),
    }
}

/// The whole number that a value is, or that its text is.
pub(super) fn integer(value: AnyValue<'_>) -> Option<i64> {
    match value {
        AnyValue::Int(value) => Some(value),
        AnyValue::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// Tells whether a value can be an annotation.
pub(super) fn is_scalar(value: AnyValue<'_>) -> bool {
    match value {
        AnyValue::Text(_) | AnyValue::Bool(_) | AnyValue::Int(_) => true,
        AnyValue::Double(value) => value.is_finite(),
        _ => false,
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            let letter = if place <= group.len() {
                LETTERS[index]
            } else {
                b'='
            };
            text.push(char::from(letter));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_base64() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("\u{ff}\u{3e}", "w78+"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
