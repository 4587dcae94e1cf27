//! The grammar: entry points, connectives and the token cursor.
//!
//! ```text
//! any_of  := all_of { "OR" all_of }
//! all_of  := unary { ["AND"] unary }
//! unary   := { "!" | "NOT" } ( "(" any_of ")" | leaf )
//! ```
//!
//! The leaves are in `comparison` and `construct`. Descent is by hand because
//! each place knows best what should have stood there.

use std::ops::Range;

use super::ast::{EntitySelector, Expression, Logic};
use super::construct::ParseLeaf;
use super::error::{ParseError, ParseErrorKind};
use super::keyword::Operator;
use super::lex::{self, Token, TokenKind};
use super::scope::Scope;

/// Deepest nesting of parentheses and blocks, in a text as in its canonical
/// form. It bounds the recursion of everything that walks a tree.
pub const MAX_NESTING: usize = 100;

/// Most characters of an entity selector, from the API reference of
/// `GetTimeSeriesServiceStatistics`:
/// <https://docs.aws.amazon.com/xray/latest/api/API_GetTimeSeriesServiceStatistics.html>.
pub const MAX_SELECTOR_CHARS: usize = 500;

/// Parses the filter expression of a trace query or a group.
///
/// # Errors
///
/// Fails at the first fault in the text, faults of single tokens before those
/// of the grammar.
pub fn parse(text: &str) -> Result<Expression, ParseError> {
    let mut parser = Parser::new(text)?;
    let expression: Expression = parser.any_of(Scope::Trace)?;
    parser.end("`AND`, `OR` or the end")?;
    // The canonical text may nest deeper than this one, and must parse as well.
    if expression.nesting() > MAX_NESTING {
        return Err(too_deep(0..text.len()));
    }
    Ok(expression)
}

/// Parses the expression that selects the entities of time series statistics:
/// one `service(…)`, `edge(…)` or `id(…)` without a block.
///
/// # Errors
///
/// Fails when the text is too long, or else at its first fault.
pub fn parse_entity_selector(text: &str) -> Result<EntitySelector, ParseError> {
    if let Some((start, _)) = text.char_indices().nth(MAX_SELECTOR_CHARS) {
        let kind = ParseErrorKind::TooLong {
            length: text.chars().count(),
            limit: MAX_SELECTOR_CHARS,
        };
        return Err(ParseError::new(kind, start..text.len()));
    }
    let mut parser = Parser::new(text)?;
    let selector = parser.entity_selector()?;
    parser.end("the end")?;
    Ok(selector)
}

impl std::str::FromStr for Expression {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text)
    }
}

fn too_deep(span: Range<usize>) -> ParseError {
    let kind = ParseErrorKind::TooDeep { limit: MAX_NESTING };
    ParseError::new(kind, span)
}

/// A cursor over the tokens of a text. The methods of the grammar are spread
/// over this file, `comparison` and `construct`.
pub(super) struct Parser<'a> {
    text: &'a str,
    /// The token that is looked at; at the end of the text, and only there, `End`.
    current: Token<'a>,
    rest: std::vec::IntoIter<Token<'a>>,
    nesting: usize,
}

/// An opening bracket that has been read.
pub(super) struct Open {
    bracket: char,
    pub(super) span: Range<usize>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, ParseError> {
        let mut rest = lex::tokens(text)?.into_iter();
        let Some(current) = rest.next() else {
            return Err(ParseError::new(ParseErrorKind::Empty, 0..text.len()));
        };
        Ok(Self {
            text,
            current,
            rest,
            nesting: 0,
        })
    }

    /// Parses operands of `OR`.
    fn any_of<T: ParseLeaf>(&mut self, scope: Scope) -> Result<Logic<T>, ParseError> {
        let first = self.all_of(scope)?;
        let mut rest = Vec::new();
        while self.eat(&TokenKind::Or).is_some() {
            rest.push(self.all_of(scope)?);
        }
        Ok(Logic::any_of(first, rest))
    }

    /// Parses operands of `AND`, which may be left out.
    fn all_of<T: ParseLeaf>(&mut self, scope: Scope) -> Result<Logic<T>, ParseError> {
        let first = self.unary(scope)?;
        let mut rest = Vec::new();
        while self.eat(&TokenKind::And).is_some() || self.at_operand() {
            rest.push(self.unary(scope)?);
        }
        Ok(Logic::all_of(first, rest))
    }

    fn at_operand(&self) -> bool {
        matches!(
            self.current.kind,
            TokenKind::Not | TokenKind::OpenParenthesis | TokenKind::Word(_)
        )
    }

    fn unary<T: ParseLeaf>(&mut self, scope: Scope) -> Result<Logic<T>, ParseError> {
        // A loop and not recursion: negations in a row nest nothing, they cancel.
        let mut is_negated = false;
        while self.eat(&TokenKind::Not).is_some() {
            is_negated = !is_negated;
        }
        let operand = self.operand(scope)?;
        Ok(if is_negated { !operand } else { operand })
    }

    fn operand<T: ParseLeaf>(&mut self, scope: Scope) -> Result<Logic<T>, ParseError> {
        if let Some(open) = self.open('(') {
            return self.enclosed(&open, scope);
        }
        let token = self.advance();
        match token.kind {
            TokenKind::Word(word) => self.leaf(word, token.span, scope),
            _ => Err(self.unexpected("a condition", &token)),
        }
    }

    /// Parses what follows an opening parenthesis or brace, and its closing one.
    pub(super) fn enclosed<T: ParseLeaf>(
        &mut self,
        open: &Open,
        scope: Scope,
    ) -> Result<Logic<T>, ParseError> {
        if self.nesting == MAX_NESTING {
            return Err(too_deep(open.span.clone()));
        }
        self.nesting += 1;
        let inner = self.any_of(scope)?;
        self.close(open)?;
        self.nesting -= 1;
        Ok(inner)
    }

    /// Takes the current token and moves to the next one.
    pub(super) fn advance(&mut self) -> Token<'a> {
        let end = Token {
            kind: TokenKind::End,
            span: self.text.len()..self.text.len(),
        };
        let next = self.rest.next().unwrap_or(end);
        std::mem::replace(&mut self.current, next)
    }

    /// Takes the current token if it is of this kind, and gives its place.
    pub(super) fn eat(&mut self, kind: &TokenKind<'_>) -> Option<Range<usize>> {
        (self.current.kind == *kind).then(|| self.advance().span)
    }

    /// Takes the current token if it is an operator.
    pub(super) fn eat_operator(&mut self) -> Option<(Operator, Range<usize>)> {
        let TokenKind::Operator(operator) = self.current.kind else {
            return None;
        };
        Some((operator, self.advance().span))
    }

    /// Takes the opening bracket if it stands here.
    pub(super) fn open(&mut self, bracket: char) -> Option<Open> {
        let kind = match bracket {
            '{' => TokenKind::OpenBrace,
            _ => TokenKind::OpenParenthesis,
        };
        let span = self.eat(&kind)?;
        Some(Open { bracket, span })
    }

    /// Takes the bracket that closes `open`, and gives its place.
    pub(super) fn close(&mut self, open: &Open) -> Result<Range<usize>, ParseError> {
        match open.bracket {
            '{' => self.expect(&TokenKind::CloseBrace, "`}`", open),
            _ => self.expect(&TokenKind::CloseParenthesis, "`)`", open),
        }
    }

    /// Takes a token of this kind, which must come before `open` is closed.
    pub(super) fn expect(
        &mut self,
        kind: &TokenKind<'_>,
        expected: &str,
        open: &Open,
    ) -> Result<Range<usize>, ParseError> {
        let token = self.advance();
        if token.kind == *kind {
            return Ok(token.span);
        }
        if token.kind == TokenKind::End {
            let kind = ParseErrorKind::Unclosed { open: open.bracket };
            return Err(ParseError::new(kind, open.span.clone()));
        }
        Err(self.unexpected(expected, &token))
    }

    fn end(&mut self, expected: &str) -> Result<(), ParseError> {
        let token = self.advance();
        match token.kind {
            TokenKind::End => Ok(()),
            _ => Err(self.unexpected(expected, &token)),
        }
    }

    /// Reports a token that should have been something else.
    pub(super) fn unexpected(&self, expected: &str, token: &Token<'_>) -> ParseError {
        let found = match token.kind {
            TokenKind::String(_) => "a string".to_owned(),
            TokenKind::Number(_) => "a number".to_owned(),
            TokenKind::Json(_) => "a JSON array".to_owned(),
            TokenKind::End => "the end".to_owned(),
            _ => format!("`{}`", self.source(token)),
        };
        let expected = expected.to_owned();
        let kind = ParseErrorKind::Unexpected { expected, found };
        ParseError::new(kind, token.span.clone())
    }

    /// Gives the text of a token.
    pub(super) fn source(&self, token: &Token<'_>) -> &'a str {
        self.text.get(token.span.clone()).unwrap_or_default()
    }
}
