//! Fingerprints: short texts that are equal exactly where what they stand for
//! is equal.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{Attributes, Live, Tags};

/// Characters of a fingerprint that is kept in a tag: 96 bits.
const TAG_LENGTH: usize = 24;

/// Fingerprints what was applied to one resource: its managed fields in
/// comparable form and its user tags.
pub fn of_resource(managed: &[String], attributes: &Attributes, tags: Option<&Tags>) -> String {
    let fields: Attributes = managed
        .iter()
        .filter_map(|name| {
            let value = attributes.get(name).filter(|value| !value.is_null())?;
            Some((name.clone(), value.clone()))
        })
        .collect();
    let mut text = of(&(fields, tags));
    text.truncate(TAG_LENGTH);
    text
}

/// Fingerprints a set of live resources, whatever their order.
pub fn of_live<'a>(live: impl Iterator<Item = &'a Live>) -> String {
    let mut each: Vec<String> = live.map(of).collect();
    each.sort();
    of(&each)
}

/// Fingerprints anything that can be written as JSON, whatever the order of
/// its keys; SHA-256 in hex.
pub fn of(value: &impl Serialize) -> String {
    let mut hash = Sha256::new();
    if let Ok(value) = serde_json::to_value(value) {
        feed(&mut hash, &value);
    }
    hex(&hash.finalize())
}

/// Each value goes in with its kind and length, so that no two trees feed the
/// same bytes.
fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            hash.update(format!("o{};", names.len()));
            for name in names {
                feed_text(hash, 'k', name);
                feed(hash, &fields[name]);
            }
        }
        Value::Array(items) => {
            hash.update(format!("a{};", items.len()));
            for item in items {
                feed(hash, item);
            }
        }
        Value::String(text) => feed_text(hash, 's', text),
        other => feed_text(hash, 'v', &other.to_string()),
    }
}

fn feed_text(hash: &mut Sha256, kind: char, text: &str) {
    hash.update(format!("{kind}{};", text.len()));
    hash.update(text);
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn does_not_see_the_order_of_keys() {
        assert_eq!(
            of(&json!({"a": 1, "b": [2]})),
            of(&json!({"b": [2], "a": 1}))
        );
        assert_ne!(of(&json!({"a": "1"})), of(&json!({"a": 1})));
        assert_ne!(of(&json!(["ab", "c"])), of(&json!(["a", "bc"])));
    }

    #[test]
    fn leaves_out_what_is_not_managed() {
        let attributes = |policy: &str| json!({"x": 1, "policy": policy}).as_object().cloned();
        let (one, two) = (attributes("a").unwrap(), attributes("b").unwrap());
        let managed = ["x".to_owned()];
        assert_eq!(
            of_resource(&managed, &one, None),
            of_resource(&managed, &two, None)
        );
    }
}
