//! Changes of protobuf that leave the lengths of messages right.

use super::random::Random;

/// Messages are looked for no deeper.
const MOST_DEPTH: u32 = 12;

/// A field: its key, and what follows.
struct Field {
    key: u64,
    value: Value,
}

enum Value {
    Varint(u64),
    Fixed(Vec<u8>),
    Bytes(Vec<u8>),
    /// Bytes that can be read as fields.
    Message(Vec<Field>),
}

/// Changes one field in `input`; `None` where it is no protobuf.
pub(super) fn change(input: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut fields = read(input, MOST_DEPTH)?;
    within(&mut fields, random);
    let mut out = Vec::new();
    write(&fields, &mut out);
    Some(out)
}

/// Changes one of the fields, or goes into it.
fn within(fields: &mut Vec<Field>, random: &mut Random) {
    if fields.is_empty() {
        return;
    }
    let place = random.below(fields.len());
    if let Value::Message(inner) = &mut fields[place].value
        && !inner.is_empty()
        && !random.once_in(4)
    {
        return within(inner, random);
    }
    let mut bytes = Vec::new();
    write(&fields[place..=place], &mut bytes);
    let again = read(&bytes, MOST_DEPTH).unwrap_or_default();
    match random.below(6) {
        0 => drop(fields.remove(place)),
        1 => {
            let to = random.below(fields.len() + 1);
            fields.splice(to..to, again);
        }
        2 => {
            let last = fields.len() - 1;
            fields.swap(place, last);
        }
        3 => {
            // A field that holds itself, as values of attributes do.
            fields[place] = Field {
                key: fields[place].key & !7 | 2,
                value: Value::Message(again),
            };
        }
        4 => {
            let number = u64::try_from(1 + random.below(20)).unwrap();
            fields[place].key = number << 3 | fields[place].key & 7;
        }
        _ => value(&mut fields[place].value, random),
    }
}

fn value(value: &mut Value, random: &mut Random) {
    let numbers = [0, 1, 2, 127, 128, 1 << 31, 1 << 32, 1 << 63, u64::MAX];
    match value {
        Value::Varint(number) => *number = *random.pick(&numbers),
        Value::Fixed(bytes) => {
            let byte = random.byte();
            bytes.fill(byte);
        }
        Value::Bytes(bytes) => super::bytes::change(bytes, &[0, 0xff, b'a'], random),
        Value::Message(fields) => fields.clear(),
    }
}

fn write(fields: &[Field], out: &mut Vec<u8>) {
    for field in fields {
        varint(field.key, out);
        match &field.value {
            Value::Varint(number) => varint(*number, out),
            Value::Fixed(bytes) => out.extend(bytes),
            Value::Bytes(bytes) => {
                varint(u64::try_from(bytes.len()).unwrap(), out);
                out.extend(bytes);
            }
            Value::Message(fields) => {
                let mut inner = Vec::new();
                write(fields, &mut inner);
                varint(u64::try_from(inner.len()).unwrap(), out);
                out.extend(inner);
            }
        }
    }
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn read(mut rest: &[u8], depth: u32) -> Option<Vec<Field>> {
    let depth = depth.checked_sub(1)?;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let key = read_varint(&mut rest)?;
        let length = match key & 7 {
            0 => {
                let value = Value::Varint(read_varint(&mut rest)?);
                fields.push(Field { key, value });
                continue;
            }
            1 => 8,
            2 => usize::try_from(read_varint(&mut rest)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (bytes, after) = rest.split_at_checked(length)?;
        rest = after;
        let value = match read(bytes, depth).filter(|_| key & 7 == 2) {
            _ if key & 7 != 2 => Value::Fixed(bytes.to_vec()),
            Some(fields) if !fields.is_empty() => Value::Message(fields),
            _ => Value::Bytes(bytes.to_vec()),
        };
        fields.push(Field { key, value });
    }
    Some(fields)
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}
