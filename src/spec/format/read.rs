//! TOML text to statements. The text is known to be TOML; on any other this
//! ends as well, with something else.

use super::{Body, Item, Line, Value};

/// Reads a whole document.
pub(super) fn document(text: &str) -> Vec<Line<'_>> {
    let mut scan = Scan {
        text: text.strip_prefix('\u{feff}').unwrap_or(text),
        at: 0,
        is_inline: false,
        loose: Vec::new(),
    };
    let mut lines = Vec::new();
    while !scan.rest().is_empty() {
        let before = scan.at;
        if let Some(line) = scan.line() {
            lines.push(line);
        }
        if scan.at == before {
            break;
        }
    }
    lines
}

/// A walk through the text.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// In an inline table, the parts of a pair may stand on lines of their own.
    is_inline: bool,
    /// Comments on such lines.
    loose: Vec<&'a str>,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes over `mark`, if that is next.
    fn skip(&mut self, mark: &str) -> bool {
        let is_next = self.rest().starts_with(mark);
        if is_next {
            self.at += mark.len();
        }
        is_next
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Passes over what may stand between the parts of a pair.
    fn space(&mut self) {
        self.blanks();
        while self.is_inline && !self.rest().is_empty() {
            if let Some(comment) = self.comment() {
                self.loose.push(comment);
            } else if !self.line_break() {
                break;
            }
            self.blanks();
        }
    }

    fn line_break(&mut self) -> bool {
        self.skip("\r\n") || self.skip("\n")
    }

    /// Takes everything up to the first of `ends`.
    fn until(&mut self, ends: &[char]) -> &'a str {
        let rest = self.rest();
        let length = rest.find(ends).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn comment(&mut self) -> Option<&'a str> {
        self.blanks();
        let is_comment = self.rest().starts_with('#');
        is_comment.then(|| self.until(&['\n']).trim_end())
    }

    fn line(&mut self) -> Option<Line<'a>> {
        self.blanks();
        if self.line_break() {
            return Some(Line::Blank);
        }
        if let Some(comment) = self.comment() {
            self.line_break();
            return Some(Line::Comment(comment));
        }
        if self.rest().is_empty() {
            return None;
        }
        let line = if self.rest().starts_with('[') {
            self.header()
        } else {
            let key = self.name();
            let value = self.value();
            let comment = self.comment();
            Line::Pair {
                key,
                value,
                comment,
            }
        };
        self.blanks();
        self.line_break();
        Some(line)
    }

    fn header(&mut self) -> Line<'a> {
        let (open, close) = if self.rest().starts_with("[[") {
            ("[[", "]]")
        } else {
            ("[", "]")
        };
        self.skip(open);
        let key = self.key();
        self.blanks();
        self.skip(close);
        Line::Header {
            text: format!("{open}{key}{close}"),
            comment: self.comment(),
        }
    }

    /// Reads a pair as far as its value.
    fn name(&mut self) -> String {
        let key = self.key();
        self.space();
        self.skip("=");
        self.space();
        key
    }

    /// Reads a key, its parts joined without blanks.
    fn key(&mut self) -> String {
        let mut key = String::new();
        loop {
            self.space();
            let part = match self.rest().chars().next() {
                Some('"' | '\'') => self.string(),
                _ => self.until(&['.', '=', ']', ' ', '\t', '\r', '\n', '#']),
            };
            key.push_str(part);
            self.space();
            if !self.skip(".") {
                return key;
            }
            key.push('.');
        }
    }

    fn value(&mut self) -> Value<'a> {
        match self.rest().chars().next() {
            Some('"' | '\'') => Value::Scalar(self.string()),
            Some('[') => {
                self.skip("[");
                Value::Array(self.body("]"))
            }
            Some('{') => {
                self.skip("{");
                Value::Table(self.body("}"))
            }
            // A date may hold a blank.
            _ => Value::Scalar(self.until(&[',', ']', '}', '#', '\n']).trim_end()),
        }
    }

    /// Reads a string with its quotes.
    fn string(&mut self) -> &'a str {
        let rest = self.rest();
        let quote = if rest.starts_with('"') { "\"" } else { "'" };
        let long = quote.repeat(3);
        let is_long = rest.starts_with(&long);
        let close = if is_long { long.as_str() } else { quote };
        let mut length = close.len();
        while let Some(next) = rest.get(length..).and_then(|rest| rest.chars().next()) {
            if next == '\\' && quote == "\"" {
                length += 1 + rest[length + 1..].chars().next().map_or(0, char::len_utf8);
            } else if rest[length..].starts_with(close) {
                length += close.len();
                // Up to two quotes may stand right before the closing three.
                while is_long && rest[length..].starts_with(quote) {
                    length += 1;
                }
                break;
            } else {
                length += next.len_utf8();
            }
        }
        self.at += length;
        rest.get(..length).unwrap_or(rest)
    }

    /// Reads what stands up to `close`, and passes over it.
    fn body(&mut self, close: &str) -> Body<'a> {
        let mut body = Body::default();
        let mut pending = Vec::new();
        // Whether the text stands on the line of the last item.
        let mut is_beside = false;
        while !self.rest().is_empty() {
            let before = self.at;
            self.blanks();
            if self.line_break() {
                is_beside = false;
            } else if let Some(comment) = self.comment() {
                match body.items.last_mut() {
                    Some(item) if is_beside => item.beside = Some(comment),
                    _ => pending.push(comment),
                }
            } else if self.skip(close) {
                break;
            } else if !self.skip(",") {
                let is_inline = std::mem::replace(&mut self.is_inline, true);
                let key = (close == "}").then(|| self.name());
                self.is_inline = is_inline;
                pending.append(&mut self.loose);
                let value = self.value();
                body.items.push(Item {
                    before: std::mem::take(&mut pending),
                    key,
                    value,
                    beside: None,
                });
                is_beside = true;
            }
            if self.at == before {
                break;
            }
        }
        body.tail = pending;
        body
    }
}
