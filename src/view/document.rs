//! JSON documents, also where a terminal shows them.

use serde::Serialize;

use super::visible::is_visible;

/// Writes a value as JSON. What a terminal would obey is escaped beyond what
/// JSON demands: names and messages in traces are written by others.
///
/// # Errors
/// Where the value has no form in JSON.
pub fn document(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(harmless(&serde_json::to_string_pretty(value)?))
}

/// The same on one line.
///
/// # Errors
/// Where the value has no form in JSON.
pub fn line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(harmless(&serde_json::to_string(value)?))
}

/// JSON itself has line breaks and blanks alone outside of strings, and escapes
/// the control characters of ASCII in them, but for the last.
fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_visible(c) {
            text.push(c);
        } else {
            // None of them is beyond the first plane.
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn means_the_same_and_commands_nothing() {
        let value = json!({"a\u{9b}31m": "\x1b[2J\u{7f}\u{202e} ü 名 \n\t\"", "n": [1, 2.5]});
        let text = document(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(text.chars().all(|c| c == '\n' || is_visible(c)), "{text}");
        assert!(!line(&value).unwrap().contains('\n'));
    }
}
