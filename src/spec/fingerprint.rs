//! The hash of a spec's meaning: comments, blanks and the order of keys do not
//! change it, a changed value or a changed file behind a document does.

use serde_json::Value as Json;
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
            // `1` and `1.0` mean the same.
            Json::Number(number) => {
                let text = match number.as_f64() {
                    Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => {
                        format!("{float:.0}")
                    }
                    _ => number.to_string(),
                };
                self.frame(b"d", text.len());
                self.0.update(text);
            }
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
            Json::Object(entries) => {
                self.frame(b"o", entries.len());
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|(key, _)| *key);
                for (key, value) in entries {
                    self.frame(b"k", key.len());
                    self.0.update(key);
                    self.add(value);
                }
            }
        }
    }

    fn frame(&mut self, mark: &[u8], length: usize) {
        self.0.update(mark);
        self.0.update((length as u64).to_le_bytes());
    }

    /// Writes the hash in hexadecimal.
    pub(super) fn finish(self) -> String {
        let digest = self.0.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
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
