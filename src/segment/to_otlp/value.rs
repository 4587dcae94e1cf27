//! JSON values as values of attributes.

use super::super::fields::Rule;
use super::super::json::{Json, Map};
use crate::otlp::write;

/// How deep values may lie within one another as OTLP has them. Deeper ones
/// travel as JSON: each level is three messages, of which readers of protobuf
/// allow a hundred.
const MOST_DEPTH: u32 = 16;

/// Writes an attribute into field `field`.
pub(super) fn attribute(out: &mut Vec<u8>, field: u32, key: &str, value: &Json<'_>) {
    write::message(out, field, |out| {
        write::bytes(out, 1, key.as_bytes());
        write::message(out, 2, |out| any_value(out, value, MOST_DEPTH));
    });
}

/// Writes an attribute that holds a text.
pub(super) fn text(out: &mut Vec<u8>, field: u32, key: &str, text: &str) {
    write::message(out, field, |out| {
        write::bytes(out, 1, key.as_bytes());
        write::message(out, 2, |out| write::bytes(out, 1, text.as_bytes()));
    });
}

/// Moves every field that a rule has a place for to that place.
pub(super) fn move_fields(
    out: &mut Vec<u8>,
    field: u32,
    map: &mut Map<'_>,
    rules: &'static [Rule],
) {
    for rule in rules {
        let fits = map
            .at(rule.path)
            .is_some_and(|value| rule.shape.fits(value));
        if let Some(value) = fits.then(|| map.take_at(rule.path)).flatten() {
            attribute(out, field, rule.key, &value);
        }
    }
}

/// Writes the fields of a value. What OTLP has no form for travels as bytes of
/// its JSON: no value of a document is bytes otherwise.
fn any_value(out: &mut Vec<u8>, value: &Json<'_>, depth: u32) {
    match value {
        Json::Null => {}
        Json::Bool(value) => write::number(out, 2, u64::from(*value)),
        Json::Int(value) => write::number(out, 3, value.cast_unsigned()),
        Json::Float(value) => write::fixed64(out, 4, value.to_bits()),
        Json::Text(text) => write::bytes(out, 1, text.as_bytes()),
        Json::List(values) if depth > 0 => write::message(out, 5, |out| {
            for value in values {
                write::message(out, 1, |out| any_value(out, value, depth - 1));
            }
        }),
        Json::Map(map) if depth > 0 => write::message(out, 6, |out| {
            for (key, value) in map.iter() {
                write::message(out, 1, |out| {
                    write::bytes(out, 1, key.as_bytes());
                    write::message(out, 2, |out| any_value(out, value, depth - 1));
                });
            }
        }),
        Json::Large(_) | Json::List(_) | Json::Map(_) => {
            let mut json = Vec::new();
            value.write(&mut json);
            write::bytes(out, 7, &json);
        }
    }
}
