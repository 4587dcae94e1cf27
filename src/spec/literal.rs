//! From a place inside a decoded string to the place in the TOML text.
//!
//! A filter expression or a JSON document stands in the spec as a TOML string.
//! A fault in it is known by its offset in the decoded text; the user needs it
//! where the file has it, behind quotes, escapes and folded lines.

use std::ops::Range;

/// Finds the bytes of `raw`, one TOML string with its quotes, that decode to
/// the bytes `decoded` of its value. An empty range becomes an empty range.
/// `None` where `raw` is not a string literal.
pub(super) fn raw_range(raw: &str, decoded: &Range<usize>) -> Option<Range<usize>> {
    let mut pieces = Pieces::new(raw)?;
    let mut start = None;
    let mut end = None;
    let mut position = 0;
    for piece in pieces.by_ref() {
        let next = position + piece.decoded;
        if start.is_none() && next > decoded.start {
            start = Some(piece.raw.start);
        }
        if position < decoded.end {
            end = Some(piece.raw.end);
        }
        position = next;
        if position >= decoded.end && start.is_some() {
            break;
        }
    }
    let start = start.unwrap_or(pieces.at);
    let end = if decoded.is_empty() { start } else { end? };
    Some(start..end.max(start))
}

/// One step through a string literal.
struct Piece {
    /// Bytes of the literal.
    raw: Range<usize>,
    /// How many bytes they decode to; none for a folded line.
    decoded: usize,
}

/// Walks a string literal, character by character or escape by escape.
struct Pieces<'a> {
    raw: &'a str,
    at: usize,
    end: usize,
    escapes: bool,
}

impl<'a> Pieces<'a> {
    fn new(raw: &'a str) -> Option<Self> {
        let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let triple = if quote == '"' { "\"\"\"" } else { "'''" };
        let is_long = raw.len() >= 6 && raw.starts_with(triple) && raw.ends_with(triple);
        let width = if is_long { 3 } else { 1 };
        let end = raw.len().checked_sub(width).filter(|end| *end >= width)?;
        let body = raw.get(width..end)?;
        // The line break right behind the opening quotes is not part of the value.
        let trimmed = match body {
            _ if !is_long => 0,
            _ if body.starts_with("\r\n") => 2,
            _ if body.starts_with('\n') => 1,
            _ => 0,
        };
        Some(Self {
            raw,
            at: width + trimmed,
            end,
            escapes: quote == '"',
        })
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let start = self.at;
        let rest = self.raw.get(start..self.end)?;
        let first = rest.chars().next()?;
        let (length, decoded) = match rest.strip_prefix('\\') {
            Some(escape) if self.escapes => escape_lengths(escape),
            _ => (first.len_utf8(), first.len_utf8()),
        };
        self.at = (start + length).min(self.end);
        Some(Piece {
            raw: start..self.at,
            decoded,
        })
    }
}

/// Measures the escape whose backslash stands right before `rest`: bytes in
/// the literal, backslash included, and bytes decoded.
fn escape_lengths(rest: &str) -> (usize, usize) {
    let digits = match rest.chars().next() {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(c) if c.is_ascii_whitespace() => {
            let folded = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            return (1 + folded, 0);
        }
        Some(c) => return (1 + c.len_utf8(), 1),
        None => return (1, 0),
    };
    let decoded = rest
        .get(1..1 + digits)
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .and_then(char::from_u32)
        .map_or(0, char::len_utf8);
    (2 + digits, decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(raw: &str, needle: &str) -> String {
        let document = format!("a = {raw}");
        let table: toml::Table = document.parse().unwrap();
        let value = table["a"].as_str().unwrap();
        let start = value.find(needle).unwrap();
        raw[raw_range(raw, &(start..start + needle.len())).unwrap()].to_owned()
    }

    #[test]
    fn finds_places_in_all_four_kinds() {
        assert_eq!(find(r#""a \"b\" c""#, "c"), "c");
        assert_eq!(find(r#""a \"b\" c""#, "\"b\""), r#"\"b\""#);
        assert_eq!(find(r#""\u00e9\x41 = \U0001F600z""#, "z"), "z");
        assert_eq!(find(r"'a \n c'", "c"), "c");
        assert_eq!(find("\"\"\"\nab\ncd\"\"\"", "cd"), "cd");
        assert_eq!(find("\"\"\"\r\nab \\\n   cd\"\"\"", "cd"), "cd");
        assert_eq!(find("'''\nab\"'cd'''", "cd"), "cd");
        assert_eq!(find("\"\"\"quote\"\" x\"\"\"", "x"), "x");
    }

    #[test]
    fn marks_the_end_where_nothing_follows() {
        let raw = r#""a \"b""#;
        assert_eq!(raw_range(raw, &(4..4)), Some(6..6));
        assert_eq!(raw_range("\"\"", &(0..0)), Some(1..1));
        assert_eq!(raw_range("17", &(0..1)), None);
    }

    proptest! {
        /// Every character of every string is found where it was written.
        #[test]
        fn finds_every_character(text in "[ -~éß€😀\n\t\\\\\"']{0,24}", style in 0..3usize) {
            let raw = match style {
                0 => format!("{}", toml::Value::String(text.clone())),
                1 => format!("\"\"\"\n{}\"\"\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
                _ => serde_json::to_string(&text).unwrap(),
            };
            let table: toml::Table = format!("a = {raw}").parse().unwrap();
            let value = table["a"].as_str().unwrap();
            prop_assert_eq!(value, &text);
            for (at, c) in value.char_indices() {
                let range = raw_range(&raw, &(at..at + c.len_utf8())).unwrap();
                let piece = &raw[range];
                let escaped = piece.starts_with('\\');
                prop_assert!(escaped || piece == c.to_string(), "{piece:?} for {c:?} in {raw}");
            }
        }
    }
}
