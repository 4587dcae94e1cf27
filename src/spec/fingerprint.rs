//! The hash of a spec's meaning: comments, blanks and the order of keys do not
//! change it, a changed value or a changed file behind a document does.

use serde_json::{Map, Number, Value as Json};
use sha2::{Digest, Sha256};

/// Hashes JSON values in a form that does not depend on the order of keys.
#[derive(Default)]
pub(super) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Takes in a value. Each is framed, so that no two lists of values look
    /// alike.
    pub(super) fn add(&mut self, value: &Json) {
        match value {
            Json::Null => self.0.update(b"n"),
            Json::Bool(flag) => self.0.update(if *flag { b"t" } else { b"f" }),
            Json::Number(number) => self.add_number(number),
            Json::String(text) => {
                self.frame(b"s", text.len());
                self.0.update(text);
            }
            Json::Array(items) => {
                self.frame(b"a", items.len());
                for item in items {
                    self.add(item);
                }
            }
            Json::Object(entries) => self.add_object(entries),
        }
    }

    /// Takes in an object, whatever the order of its keys.
    pub(super) fn add_object(&mut self, entries: &Map<String, Json>) {
        self.frame(b"o", entries.len());
        let mut entries: Vec<_> = entries.iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        for (key, value) in entries {
            self.frame(b"k", key.len());
            self.0.update(key);
            self.add(value);
        }
    }

    /// Takes in a number; `1` and `1.0` mean the same.
    fn add_number(&mut self, number: &Number) {
        /// Integers up to here are exact as floating-point numbers.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let float = number.as_f64().unwrap_or_default();
        self.0.update(b"d");
        match number.as_i64() {
            Some(integer) if float.abs() > EXACT => self.0.update(integer.to_le_bytes()),
            // Adding nothing turns -0 into 0.
            _ => self.0.update((float + 0.0).to_le_bytes()),
        }
    }

    fn frame(&mut self, mark: &[u8], length: usize) {
        self.0.update(mark);
        self.0.update((length as u64).to_le_bytes());
    }

    /// Writes the hash in hexadecimal.
    pub(super) fn finish(self) -> String {
        let digest = self.0.finalize();
        let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hash(value: &Json) -> String {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(value);
        fingerprint.finish()
    }

    #[test]
    fn depends_on_meaning_alone() {
        assert_eq!(
            hash(&json!({"a": 1, "b": [2]})),
            hash(&json!({"b": [2.0], "a": 1.0}))
        );
        assert_ne!(hash(&json!({"a": 1})), hash(&json!({"a": "1"})));
        assert_ne!(hash(&json!(["ab", "c"])), hash(&json!(["a", "bc"])));
        assert_ne!(hash(&json!([[], 1])), hash(&json!([[1]])));
        assert_eq!(hash(&json!(null)).len(), 64);
    }
}
