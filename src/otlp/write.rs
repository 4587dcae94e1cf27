//! Writes messages of OTLP: whole ones, or copies with a few fields changed.

use super::view::AnyValue;
use super::wire::{Fields, Value};

/// Writes a number as protobuf packs them.
pub fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low_byte(number) | 0x80);
        number >>= 7;
    }
    out.push(low_byte(number));
}

fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

/// Writes a field that holds a number, boolean or enum.
pub fn number(out: &mut Vec<u8>, field: u32, number: u64) {
    varint(out, u64::from(field) << 3);
    varint(out, number);
}

/// Writes a field of eight bytes.
pub fn fixed64(out: &mut Vec<u8>, field: u32, number: u64) {
    varint(out, u64::from(field) << 3 | 1);
    out.extend_from_slice(&number.to_le_bytes());
}

/// Writes a field of four bytes.
pub fn fixed32(out: &mut Vec<u8>, field: u32, number: u32) {
    varint(out, u64::from(field) << 3 | 5);
    out.extend_from_slice(&number.to_le_bytes());
}

/// Writes a field that holds a text, bytes or a message.
pub fn bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    varint(out, u64::from(field) << 3 | 2);
    varint(out, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(bytes);
}

/// Writes a field that holds what `inside` writes.
pub fn message(out: &mut Vec<u8>, field: u32, inside: impl FnOnce(&mut Vec<u8>)) {
    varint(out, u64::from(field) << 3 | 2);
    let start = out.len();
    // Most messages are shorter than 128 bytes: one byte for the length.
    out.push(0);
    inside(out);
    let length = out.len() - start - 1;
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        out[start] = short;
        return;
    }
    let mut packed = Vec::with_capacity(5);
    varint(&mut packed, u64::try_from(length).unwrap_or(u64::MAX));
    out.splice(start..=start, packed);
}

/// Writes a field as it was read.
pub fn field(out: &mut Vec<u8>, number_of_it: u32, value: Value<'_>) {
    match value {
        Value::Varint(value) => number(out, number_of_it, value),
        Value::Fixed64(value) => fixed64(out, number_of_it, value),
        Value::Bytes(value) => bytes(out, number_of_it, value),
        Value::Fixed32(value) => fixed32(out, number_of_it, value),
    }
}

/// Copies a message but for some fields: `change` writes what stands in a
/// field's place and says whether it did.
pub fn copy<'a>(
    out: &mut Vec<u8>,
    original: &'a [u8],
    mut change: impl FnMut(&mut Vec<u8>, u32, Value<'a>) -> bool,
) {
    for (number, value) in Fields::of(original) {
        if !change(out, number, value) {
            field(out, number, value);
        }
    }
}

/// Writes an attribute into field `field`.
pub fn attribute(out: &mut Vec<u8>, field: u32, key: &str, value: AnyValue<'_>) {
    message(out, field, |out| {
        bytes(out, 1, key.as_bytes());
        message(out, 2, |out| any_value(out, value));
    });
}

/// Writes the fields of a value.
pub fn any_value(out: &mut Vec<u8>, value: AnyValue<'_>) {
    match value {
        AnyValue::Empty => {}
        AnyValue::Text(text) => bytes(out, 1, text.as_bytes()),
        AnyValue::Bool(value) => number(out, 2, u64::from(value)),
        AnyValue::Int(value) => number(out, 3, value.cast_unsigned()),
        AnyValue::Double(value) => fixed64(out, 4, value.to_bits()),
        AnyValue::Array(array) => message(out, 5, |out| {
            for value in array.iter() {
                message(out, 1, |out| any_value(out, value));
            }
        }),
        AnyValue::Map(map) => message(out, 6, |out| {
            for (key, value) in map.iter() {
                attribute(out, 1, key, value);
            }
        }),
        AnyValue::Bytes(value) => bytes(out, 7, value),
    }
}
