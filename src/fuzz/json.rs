//! Changes of JSON that leave it JSON.

use serde_json::{Map, Value, json};

use super::random::Random;

/// Changes one value in `input`, which may have a line of a header before its
/// JSON; `None` where there is no JSON in it.
pub(super) fn change(input: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let start = match serde_json::from_slice::<Value>(input) {
        Ok(_) => 0,
        Err(_) => input.iter().position(|byte| *byte == b'\n')? + 1,
    };
    let mut value: Value = serde_json::from_slice(&input[start..]).ok()?;
    let count = count(&value);
    let mut place = random.below(count);
    at(&mut value, &mut place, random);
    let mut out = input[..start].to_vec();
    serde_json::to_writer(&mut out, &value).ok()?;
    Some(out)
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Changes the value at `place`, counted as they are written.
fn at(value: &mut Value, place: &mut usize, random: &mut Random) -> bool {
    if *place == 0 {
        one(value, random);
        return true;
    }
    *place -= 1;
    match value {
        Value::Array(values) => values.iter_mut().any(|value| at(value, place, random)),
        Value::Object(map) => map.values_mut().any(|value| at(value, place, random)),
        _ => false,
    }
}

fn one(value: &mut Value, random: &mut Random) {
    match value {
        Value::Array(values) if !values.is_empty() && !random.once_in(4) => {
            let place = random.below(values.len());
            match random.below(3) {
                0 => drop(values.remove(place)),
                1 => values.push(values[place].clone()),
                _ => {
                    let last = values.len() - 1;
                    values.swap(place, last);
                }
            }
        }
        Value::Object(map) if !map.is_empty() && !random.once_in(4) => keys(map, random),
        Value::String(text) if random.once_in(2) => match random.below(5) {
            0 => text.clear(),
            1 => *text = text.repeat(2),
            2 => text.push_str("\u{0}\"\\/~é\u{1f4a9}"),
            3 => *text = text.to_uppercase(),
            _ => drop(text.pop()),
        },
        Value::String(text) if random.once_in(3) => {
            // A document within a text, as X-Ray's API has them.
            if let Some(Ok(inner)) = change(text.as_bytes(), random).map(String::from_utf8) {
                *text = inner;
            }
        }
        other => *other = nasty(other.take(), random),
    }
}

fn keys(map: &mut Map<String, Value>, random: &mut Random) {
    let keys: Vec<String> = map.keys().cloned().collect();
    let (key, other) = (random.pick(&keys), random.pick(&keys));
    match random.below(4) {
        0 => drop(map.remove(key)),
        1 => {
            let value = map[key].clone();
            map.insert(other.clone(), value);
        }
        2 => {
            let value = map[key].clone();
            map.insert(format!("{key}~/ é"), value);
        }
        _ => {
            let value = map[key].clone();
            map.insert(other.clone(), json!({ key: value }));
        }
    }
}

/// A value that is not what is expected, or lies deeper than is expected.
fn nasty(old: Value, random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(1e308),
        5 => json!(1_790_164_769.123_456_7),
        6 => json!(""),
        7 => json!("0"),
        8 => json!([]),
        9 => json!({}),
        10 => {
            let mut deep = old;
            for _ in 0..1 << random.below(7) {
                deep = json!([deep]);
            }
            deep
        }
        _ => json!({ "a": old.clone(), "": old }),
    }
}
