//! Fingerprints: short texts that are equal exactly where what they stand for
//! is equal.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{Attributes, Live, Tags};

/// Characters of a fingerprint that is kept in a tag: 96 bits.
const TAG_LENGTH: usize = 24;

/// Fingerprints what was applied to one resource: its managed fields in
/// comparable form and its user tags.
pub fn of_resource(managed: &[String], attributes: &Attributes, tags: Option<&Tags>) -> String {
    let mut hash = Sha256::new();
    let mut fields: Vec<(&String, &Value)> = managed
        .iter()
        .filter_map(|name| {
            let value = attributes.get(name).filter(|value| !value.is_null())?;
            Some((name, value))
        })
        .collect();
    fields.sort_by_key(|(name, _)| *name);
    feed_fields(&mut hash, fields.into_iter());
    feed_tags(&mut hash, tags);
    let mut text = hex(&hash.finalize());
    text.truncate(TAG_LENGTH);
    text
}

/// Fingerprints a set of live resources, whatever their order.
pub fn of_live<'a>(live: impl Iterator<Item = &'a Live>) -> String {
    let mut each: Vec<_> = live.map(hash_of_live).collect();
    each.sort_unstable();
    let mut hash = Sha256::new();
    for one in each {
        hash.update(one);
    }
    hex(&hash.finalize())
}

fn hash_of_live(live: &Live) -> [u8; 32] {
    let mut hash = Sha256::new();
    feed_text(&mut hash, b'k', &live.kind);
    feed_text(&mut hash, b'k', &live.key);
    feed_object(&mut hash, &live.attributes);
    feed_tags(&mut hash, live.tags.as_ref());
    feed_object(&mut hash, &live.outputs);
    hash.update([u8::from(live.deletion_scheduled)]);
    hash.finalize().into()
}

/// Each value goes in with its kind and length, so that no two trees feed the
/// same bytes. The order of keys does not count.
fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Object(fields) => feed_object(hash, fields),
        Value::Array(items) => {
            feed_length(hash, b'a', items.len());
            for item in items {
                feed(hash, item);
            }
        }
        Value::String(text) => feed_text(hash, b's', text),
        Value::Bool(true) => feed_text(hash, b'v', "true"),
        Value::Bool(false) => feed_text(hash, b'v', "false"),
        Value::Null => feed_text(hash, b'v', "null"),
        Value::Number(number) => feed_text(hash, b'v', &number.to_string()),
    }
}

fn feed_object(hash: &mut Sha256, fields: &Attributes) {
    let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    feed_fields(hash, fields.into_iter());
}

fn feed_fields<'a>(
    hash: &mut Sha256,
    fields: impl ExactSizeIterator<Item = (&'a String, &'a Value)>,
) {
    feed_length(hash, b'o', fields.len());
    for (name, value) in fields {
        feed_text(hash, b'k', name);
        feed(hash, value);
    }
}

fn feed_tags(hash: &mut Sha256, tags: Option<&Tags>) {
    let Some(tags) = tags else {
        return feed_text(hash, b'v', "null");
    };
    feed_length(hash, b't', tags.len());
    for (key, value) in tags {
        feed_text(hash, b'k', key);
        feed_text(hash, b's', value);
    }
}

fn feed_text(hash: &mut Sha256, kind: u8, text: &str) {
    feed_length(hash, kind, text.len());
    hash.update(text);
}

fn feed_length(hash: &mut Sha256, kind: u8, length: usize) {
    hash.update([kind]);
    hash.update((length as u64).to_le_bytes());
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

    fn of(value: &Value) -> String {
        let mut hash = Sha256::new();
        feed(&mut hash, value);
        hex(&hash.finalize())
    }

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
