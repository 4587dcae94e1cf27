//! String literals, read and written.

use std::borrow::Cow;
use std::fmt::{self, Write};

use winnow::Parser;
use winnow::combinator::{opt, preceded};
use winnow::stream::{AsChar, Location};
use winnow::token::{any, take_till, take_while};

use super::error::{ParseError, ParseErrorKind};
use super::lex::Input;

/// Reads a literal from its opening quote to its closing one.
///
/// # Errors
///
/// Fails when the literal does not end or has an escape that JSON does not have.
pub(super) fn string<'a>(input: &mut Input<'a>) -> Result<Cow<'a, str>, ParseError> {
    let open = input.current_token_start();
    let unescaped = || take_till(0.., ('"', '\\'));
    let (_, text) = ('"', unescaped()).parse_next(input)?;
    let mut value = Cow::Borrowed(text);
    loop {
        match opt(any).parse_next(input)? {
            Some('"') => return Ok(value),
            Some(_) => value.to_mut().push(escape(input)?),
            None => {
                let span = open..open + 1;
                return Err(ParseError::new(ParseErrorKind::UnterminatedString, span));
            }
        }
        value += unescaped().parse_next(input)?;
    }
}

/// Reads an escape whose backslash has been consumed.
fn escape(input: &mut Input<'_>) -> Result<char, ParseError> {
    let text: &str = input;
    let start = input.current_token_start();
    let resolved = match opt(any).parse_next(input)? {
        Some(character @ ('"' | '\\' | '/')) => Some(character),
        Some('b') => Some('\u{8}'),
        Some('f') => Some('\u{c}'),
        Some('n') => Some('\n'),
        Some('r') => Some('\r'),
        Some('t') => Some('\t'),
        Some('u') => unicode_escape(input),
        _ => None,
    };
    resolved.ok_or_else(|| {
        let end = input.current_token_start();
        let escape = format!("\\{}", text.get(..end - start).unwrap_or_default());
        let kind = ParseErrorKind::InvalidEscape { escape };
        ParseError::new(kind, start - 1..end).with_hint("a backslash is written `\\\\`")
    })
}

/// Reads four digits, or two times four where they are a surrogate pair.
fn unicode_escape(input: &mut Input<'_>) -> Option<char> {
    let first = code_unit(input).ok()?;
    if let Some(character) = char::from_u32(first.into()) {
        return Some(character);
    }
    let second = preceded("\\u", code_unit).parse_next(input).ok()?;
    char::decode_utf16([first, second]).next()?.ok()
}

fn code_unit(input: &mut Input<'_>) -> Result<u16, ParseError> {
    take_while(4, AsChar::is_hex_digit)
        .verify_map(|digits| u16::from_str_radix(digits, 16).ok())
        .parse_next(input)
}

/// Explains a literal in quotes that the language does not have.
pub(super) fn wrong_quote(input: &Input<'_>) -> ParseError {
    let text: &str = input;
    let start = input.current_token_start();
    let mut characters = text.chars();
    let Some(quote) = characters.next() else {
        return ParseError::new(ParseErrorKind::UnterminatedString, start..start);
    };
    let kind = ParseErrorKind::WrongQuote { quote };
    let rest = characters.as_str();
    match rest.find(closing_quotes(quote)) {
        Some(length) => {
            let inner = rest.get(..length).unwrap_or_default();
            let closing = rest.get(length..).and_then(|rest| rest.chars().next());
            let end = start + quote.len_utf8() + length + closing.map_or(0, char::len_utf8);
            ParseError::new(kind, start..end).with_hint(format!("write `{}`", Quoted(inner)))
        }
        None => ParseError::new(kind, start..start + quote.len_utf8()),
    }
}

/// Gives the quotes that end a literal which `quote` has begun.
fn closing_quotes(quote: char) -> &'static [char] {
    match quote {
        '“' | '”' | '„' => &['“', '”'],
        '‘' | '’' => &['’'],
        '`' => &['`'],
        _ => &['\''],
    }
}

/// Displays a string as a literal that [`string`] reads back.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                control if control.is_ascii_control() => {
                    write!(f, "\\u{:04x}", u32::from(control))?;
                }
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use winnow::LocatingSlice;

    fn read(text: &str) -> Result<Cow<'_, str>, ParseError> {
        string(&mut LocatingSlice::new(text))
    }

    #[test]
    fn plain_literals_borrow() {
        assert!(matches!(read("\"a b\" rest"), Ok(Cow::Borrowed("a b"))));
    }

    #[test]
    fn escapes_are_those_of_json() {
        let text = r#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00""#;
        assert_eq!(read(text).as_deref(), Ok("\"\\/\u{8}\u{c}\n\r\té\u{1f600}"));
    }

    #[test]
    fn unknown_escapes_are_pointed_at() {
        let cases = [
            (r#""a\x""#, r"\x"),
            (r#""\u12""#, r"\u"),
            (r#""\uD83D!""#, r"\uD83D"),
            (r#""\uDE00\u0041""#, r"\uDE00\u0041"),
            (r#""\é""#, r"\é"),
        ];
        for (text, escape) in cases {
            let error = read(text).expect_err("invalid");
            assert_eq!(&text[error.span], escape);
            assert_eq!(error.kind.to_string(), format!("unknown escape `{escape}`"));
        }
    }

    #[test]
    fn written_literals_read_back() {
        let all: String = ('\0'..'\u{250}').chain(['\u{2028}', '\u{1f600}']).collect();
        let text = Quoted(&all).to_string();
        assert_eq!(read(&text).as_deref(), Ok(all.as_str()));
    }

    #[test]
    fn literals_must_end() {
        for text in ["\"", "\"abc", "\"abc\\\""] {
            let error = read(text).expect_err("invalid");
            assert_eq!(error.kind, ParseErrorKind::UnterminatedString);
            assert_eq!(error.span, 0..1);
        }
    }
}
