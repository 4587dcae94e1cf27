//! Splits a text into tokens.
//!
//! The whole text is split before the grammar looks at it: a character or an
//! operator that exists nowhere in the language is then reported before the
//! confusion it causes around it.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;
use winnow::LocatingSlice;
use winnow::Parser;
use winnow::ascii::multispace0;
use winnow::combinator::{opt, peek};
use winnow::error::ParserError;
use winnow::stream::{Location, Stream};
use winnow::token::{any, take_till, take_while};

use super::error::{ParseError, ParseErrorKind};
use super::keyword::Operator;
use super::quote;
use super::suggest;
use super::value::Number;

/// A token and the bytes it was read from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind<'a>,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind<'a> {
    Word(&'a str),
    /// A string in quotes, escapes resolved.
    String(Cow<'a, str>),
    Number(Number),
    Boolean(bool),
    /// `#` and a JSON array.
    Json(Vec<Value>),
    /// `[`, an annotation key and `]`. Holds all between the brackets.
    Bracketed(&'a str),
    Operator(Operator),
    And,
    Or,
    Not,
    OpenParenthesis,
    CloseParenthesis,
    OpenBrace,
    CloseBrace,
    Comma,
    Colon,
    /// The end of the text, which the parser sees after the last token.
    End,
}

pub(super) type Input<'a> = LocatingSlice<&'a str>;
type Lexed<'a> = Result<TokenKind<'a>, ParseError>;

/// Lets the parsers of winnow fail with our error. Tokens are told apart by
/// their first character, so that no error is ever dropped for an alternative.
impl ParserError<Input<'_>> for ParseError {
    type Inner = Self;

    fn from_input(input: &Input<'_>) -> Self {
        let start = input.current_token_start();
        let Some(character) = input.chars().next() else {
            return Self::new(
                ParseErrorKind::Unexpected {
                    expected: "more text".to_owned(),
                    found: "the end".to_owned(),
                },
                start..start,
            );
        };
        let span = start..start + character.len_utf8();
        Self::new(ParseErrorKind::UnexpectedCharacter { character }, span)
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

/// Splits `text` into tokens.
///
/// # Errors
///
/// Fails at the first characters that are no token.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ParseError> {
    let mut input = LocatingSlice::new(text);
    let mut tokens = Vec::new();
    multispace0.void().parse_next(&mut input)?;
    while !input.is_empty() {
        let (kind, span) = token.with_span().parse_next(&mut input)?;
        tokens.push(Token { kind, span });
        multispace0.void().parse_next(&mut input)?;
    }
    Ok(tokens)
}

fn token<'a>(input: &mut Input<'a>) -> Lexed<'a> {
    let first: char = peek(any).parse_next(input)?;
    match first {
        '(' => any.value(TokenKind::OpenParenthesis).parse_next(input),
        ')' => any.value(TokenKind::CloseParenthesis).parse_next(input),
        '{' => any.value(TokenKind::OpenBrace).parse_next(input),
        '}' => any.value(TokenKind::CloseBrace).parse_next(input),
        ',' => any.value(TokenKind::Comma).parse_next(input),
        ':' => any.value(TokenKind::Colon).parse_next(input),
        '"' => quote::string.map(TokenKind::String).parse_next(input),
        '[' => bracketed(input),
        '#' => json(input),
        '!' | '=' | '<' | '>' | '&' | '|' | '~' => operator(input),
        '-' | '.' | '0'..='9' => number(input),
        '_' => word(input),
        '\'' | '`' | '“' | '”' | '„' | '‘' | '’' => Err(quote::wrong_quote(input)),
        letter if letter.is_alphabetic() => word(input),
        _ => Err(unexpected_character(first, input)),
    }
}

fn unexpected_character(character: char, input: &Input<'_>) -> ParseError {
    let error = ParseError::from_input(input);
    // Paths, patterns and addresses start with these: most likely a string.
    match character {
        '/' | '\\' | '*' | '?' | '%' | '@' | '$' => error.with_hint("text goes in double quotes"),
        _ => error,
    }
}

fn word<'a>(input: &mut Input<'a>) -> Lexed<'a> {
    // Hyphens are in no keyword, but keeping them makes `annotation.my-key` one
    // word, whose fault can be named.
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let text: &str = take_while(1.., is_part).parse_next(input)?;
    let operators = [
        ("and", TokenKind::And),
        ("or", TokenKind::Or),
        ("not", TokenKind::Not),
        ("true", TokenKind::Boolean(true)),
        ("false", TokenKind::Boolean(false)),
    ];
    Ok(operators
        .into_iter()
        .find_map(|(name, kind)| name.eq_ignore_ascii_case(text).then_some(kind))
        .or_else(|| Operator::from_name(text).map(TokenKind::Operator))
        .unwrap_or(TokenKind::Word(text)))
}

fn number<'a>(input: &mut Input<'a>) -> Lexed<'a> {
    // Everything that is glued to the number, so that a mistake such as
    // `192.0.2.17` is reported as a whole.
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
    let (text, span) = take_while(1.., is_part).with_span().parse_next(input)?;
    let text: &str = text;
    // Rust also reads numbers that are too large, as infinity; `Number` does not.
    let number = text.parse().ok().and_then(Number::new);
    number.map(TokenKind::Number).ok_or_else(|| {
        let kind = ParseErrorKind::InvalidNumber {
            text: text.to_owned(),
        };
        ParseError::new(kind, span).with_hint(suggest::number(text))
    })
}

fn operator<'a>(input: &mut Input<'a>) -> Lexed<'a> {
    // A `!` can only begin an operator: `=!` is an operator and a negation.
    let run = (opt('!'), take_while(0.., ('=', '<', '>', '&', '|', '~')));
    let (text, span) = run.take().with_span().parse_next(input)?;
    let text: &str = text;
    if text == "!" {
        return Ok(TokenKind::Not);
    }
    Operator::from_name(text)
        .map(TokenKind::Operator)
        .ok_or_else(|| {
            let kind = ParseErrorKind::UnknownOperator {
                operator: text.to_owned(),
            };
            ParseError::new(kind, span).with_hint_if_any(suggest::operator(text))
        })
}

fn bracketed<'a>(input: &mut Input<'a>) -> Lexed<'a> {
    let open = input.current_token_start();
    let (_, key) = ('[', take_till(0.., ']')).parse_next(input)?;
    let key: &str = key;
    match opt(']').parse_next(input)? {
        Some(_) => Ok(TokenKind::Bracketed(key)),
        None => Err(ParseError::new(
            ParseErrorKind::Unclosed { open: '[' },
            open..open + 1,
        )),
    }
}

fn json<'a>(input: &mut Input<'a>) -> Lexed<'a> {
    ('#', multispace0).void().parse_next(input)?;
    let text: &str = input;
    let start = input.current_token_start();
    if !text.starts_with('[') {
        let kind = ParseErrorKind::InvalidJson {
            reason: "expected `[`".to_owned(),
        };
        let end = start + text.ceil_char_boundary(1);
        return Err(ParseError::new(kind, start..end));
    }
    let mut arrays = serde_json::Deserializer::from_str(text).into_iter();
    match arrays.next() {
        Some(Ok(array)) => {
            input.next_slice(arrays.byte_offset());
            Ok(TokenKind::Json(array))
        }
        Some(Err(error)) if !error.is_eof() => Err(invalid_json(&error, text, start)),
        _ => Err(ParseError::new(
            ParseErrorKind::Unclosed { open: '[' },
            start..start + 1,
        )),
    }
}

/// Moves an error of serde into the text, where `json` starts at byte `start`.
fn invalid_json(error: &serde_json::Error, json: &str, start: usize) -> ParseError {
    let lines = json
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1));
    let line_start: usize = lines.map(str::len).sum();
    // Columns count bytes from 1 and may point into a character.
    let at = json.floor_char_boundary(line_start + error.column().saturating_sub(1));
    let end = json.ceil_char_boundary(at + 1);
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or(&message);
    let kind = ParseErrorKind::InvalidJson {
        reason: reason.to_owned(),
    };
    ParseError::new(kind, start + at..start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Result<Vec<TokenKind<'_>>, ParseError> {
        Ok(tokens(text)?.into_iter().map(|token| token.kind).collect())
    }

    #[test]
    fn white_space_is_optional_around_operators() {
        let expected = Ok(vec![
            TokenKind::Word("duration"),
            TokenKind::Operator(Operator::Less),
            TokenKind::Number(Number::new(-3.5).expect("finite")),
            TokenKind::Not,
            TokenKind::Word("ok"),
        ]);
        assert_eq!(kinds("duration<-3.5!ok"), expected);
        assert_eq!(kinds("\n duration\t<\r\n-35e-1 ! ok "), expected);
    }

    #[test]
    fn an_operator_and_a_negation_are_two_tokens() {
        let expected = [
            TokenKind::Operator(Operator::Equal),
            TokenKind::Not,
            TokenKind::Operator(Operator::NotEqual),
        ];
        assert_eq!(kinds("=! !=").as_deref(), Ok(expected.as_slice()));
    }

    #[test]
    fn spans_are_bytes_of_the_text() {
        let text = "user = \"é\" x";
        let spans: Vec<_> = tokens(text)
            .expect("valid")
            .into_iter()
            .map(|token| &text[token.span])
            .collect();
        assert_eq!(spans, ["user", "=", "\"é\"", "x"]);
    }

    #[test]
    fn json_ends_with_its_array() {
        let kinds = kinds("#[1, [\"]\"]] )").expect("valid");
        assert!(matches!(
            kinds.as_slice(),
            [TokenKind::Json(_), TokenKind::CloseParenthesis]
        ));
    }

    #[test]
    fn json_errors_point_into_the_text() {
        let text = "= #[1,\n  é]";
        let error = tokens(text).expect_err("invalid");
        assert_eq!(&text[error.span], "é");
        let error = tokens("#{}").expect_err("invalid");
        assert_eq!(error.span, 1..2);
        assert_eq!(tokens("#").expect_err("invalid").span, 1..1);
    }
}
