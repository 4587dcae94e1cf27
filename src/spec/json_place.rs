//! Where a value stands in the text of a JSON document.

use std::ops::Range;

/// Finds the bytes of the value that `steps` lead to, in a text that is known
/// to be JSON. Where the text does not go all the way, the innermost value
/// that it has.
pub fn find(text: &str, steps: &[String]) -> Range<usize> {
    let mut scan = Scan { text, at: 0 };
    scan.blanks();
    let mut found = scan.value();
    for step in steps {
        scan.at = found.start;
        match scan.child(step) {
            Some(child) => found = child,
            None => break,
        }
    }
    found
}

/// A walk through JSON text. On text that is no JSON it ends early, and
/// somewhere.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Passes over one value, without recursion, and returns its bytes.
    fn value(&mut self) -> Range<usize> {
        let start = self.at;
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                _ if depth > 0 => self.at += 1,
                // A number or a word ends where something else begins.
                _ => {
                    while self.peek().is_some_and(|byte| {
                        !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace()
                    }) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                break;
            }
        }
        start..self.at
    }

    /// Passes over one string.
    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'"' => break,
                _ => {}
            }
        }
    }

    /// Finds one entry of the object or array that starts here.
    fn child(&mut self, step: &str) -> Option<Range<usize>> {
        let is_object = match self.peek()? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        self.at += 1;
        let mut found = None;
        for index in 0.. {
            self.blanks();
            if matches!(self.peek(), None | Some(b'}' | b']')) {
                break;
            }
            let is_wanted = if is_object {
                let key = self.value();
                self.blanks();
                self.at += 1;
                self.blanks();
                serde_json::from_str::<String>(self.text.get(key)?).is_ok_and(|key| key == step)
            } else {
                step.parse() == Ok(index)
            };
            let before = self.at;
            let value = self.value();
            // Of keys that stand twice, the last holds.
            if is_wanted {
                found = Some(value);
            }
            self.blanks();
            if self.peek() == Some(b',') {
                self.at += 1;
            }
            if self.at == before {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str, pointer: &str) -> String {
        let steps: Vec<String> = super::super::node::pointer_steps(pointer).collect();
        text[find(text, &steps)].to_owned()
    }

    #[test]
    fn finds_values() {
        let text = r#" { "a": [1, {"b\"": "x,]"}, null ], "c" : -1.5e3 , "a/b": true } "#;
        assert_eq!(at(text, "/a/0"), "1");
        assert_eq!(at(text, "/a/1/b\""), "\"x,]\"");
        assert_eq!(at(text, "/a/2"), "null");
        assert_eq!(at(text, "/c"), "-1.5e3");
        assert_eq!(at(text, "/a~1b"), "true");
        assert_eq!(at(text, "/a/1/nothing"), r#"{"b\"": "x,]"}"#);
        assert_eq!(at(text, ""), text.trim());
    }

    proptest! {
        #[test]
        fn ends_on_any_text(text in "[\\[\\]{}\",:a0\\\\ é]*", steps in proptest::collection::vec("[a0]?", 0..3)) {
            let found = find(&text, &steps);
            prop_assert!(found.end <= text.len() + 2);
        }
    }
}
