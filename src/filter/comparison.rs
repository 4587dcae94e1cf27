//! The grammar of comparisons and their types.
//!
//! ```text
//! comparison := keyword [ operator value ]
//! annotation := ["source." | "destination."] "annotation" ("." key | "[" key "]")
//! ```

use std::fmt::Display;
use std::ops::Range;

use super::ast::{Annotation, AnnotationTest, Condition, Logic, Test};
use super::construct::ParseLeaf;
use super::error::{ParseError, ParseErrorKind, ValueKind};
use super::keyword::{
    AnnotationSide, BooleanKeyword, Equality, NumberKeyword, NumberOperator, Operator,
    OperatorSubset, StringKeyword, StringOperator,
};
use super::lex::{Token, TokenKind};
use super::name::{self, Name};
use super::parse::Parser;
use super::quote::Quoted;
use super::scope::{Placement, Scope};
use super::suggest;
use super::value::{AnnotationKey, Number};

impl<'a> Parser<'a> {
    /// Parses the condition that `word` begins.
    pub(super) fn leaf<T: ParseLeaf>(
        &mut self,
        word: &'a str,
        span: Range<usize>,
        scope: Scope,
    ) -> Result<Logic<T>, ParseError> {
        let Some(name) = Name::classify(word) else {
            return Err(unknown_word(word, span));
        };
        let condition = match name {
            Name::Boolean(keyword) => {
                check_scope(keyword.as_str(), keyword.placement(), scope, span)?;
                return self.boolean(keyword);
            }
            Name::Construct(construct) => {
                return T::construct(self, construct, span, scope).map(Logic::Leaf);
            }
            Name::Number(keyword) => {
                check_scope(keyword.as_str(), keyword.placement(), scope, span)?;
                self.number(keyword)?
            }
            Name::String(keyword) => {
                check_scope(keyword.as_str(), keyword.placement(), scope, span)?;
                self.string(keyword)?
            }
            Name::Annotation { side, key } => {
                let (keyword, placement) = annotation_placement(side);
                check_scope(keyword, placement, scope, span.clone())?;
                self.annotation(side, key, span)?
            }
        };
        Ok(Logic::Leaf(condition.into()))
    }

    fn boolean<T: ParseLeaf>(&mut self, keyword: BooleanKeyword) -> Result<Logic<T>, ParseError> {
        let leaf = Logic::Leaf(Condition::Boolean(keyword).into());
        let name = keyword.as_str();
        let Some(operator) = self.typed_operator::<Equality>(name, ValueKind::Boolean)? else {
            return Ok(leaf);
        };
        let token = self.advance();
        let value = match &token.kind {
            TokenKind::Boolean(value) => *value,
            // X-Ray takes quoted truth values as well.
            TokenKind::String(text) if text.eq_ignore_ascii_case("true") => true,
            TokenKind::String(text) if text.eq_ignore_ascii_case("false") => false,
            _ => return Err(self.value_mismatch(name, operator, ValueKind::Boolean, &token)),
        };
        let holds = value == (operator == Equality::Equal);
        Ok(if holds { leaf } else { !leaf })
    }

    fn number(&mut self, keyword: NumberKeyword) -> Result<Condition, ParseError> {
        let name = keyword.as_str();
        let operator = self.typed_operator::<NumberOperator>(name, ValueKind::Number)?;
        let Some(operator) = operator else {
            return Ok(Condition::Number {
                keyword,
                test: None,
            });
        };
        let token = self.advance();
        let TokenKind::Number(value) = token.kind else {
            return Err(self.value_mismatch(name, operator, ValueKind::Number, &token));
        };
        let test = Some(Test { operator, value });
        Ok(Condition::Number { keyword, test })
    }

    fn string(&mut self, keyword: StringKeyword) -> Result<Condition, ParseError> {
        let name = keyword.as_str();
        let operator = self.typed_operator::<StringOperator>(name, ValueKind::String)?;
        let Some(operator) = operator else {
            return Ok(Condition::String {
                keyword,
                test: None,
            });
        };
        let token = self.advance();
        let TokenKind::String(value) = token.kind else {
            return Err(self.value_mismatch(name, operator, ValueKind::String, &token));
        };
        let value = value.into_owned();
        let test = Some(Test { operator, value });
        Ok(Condition::String { keyword, test })
    }

    /// Takes an operator if one stands here, which must be of the keyword's type.
    fn typed_operator<O: OperatorSubset>(
        &mut self,
        keyword: &'static str,
        kind: ValueKind,
    ) -> Result<Option<O>, ParseError> {
        let Some((operator, span)) = self.eat_operator() else {
            return Ok(None);
        };
        if let Some(operator) = O::narrow(operator) {
            return Ok(Some(operator));
        }
        let hint = match kind {
            ValueKind::Boolean => truth_of(keyword),
            _ => operators_of(kind).to_owned(),
        };
        let kind = ParseErrorKind::OperatorMismatch {
            operator,
            keyword,
            kind,
        };
        Err(ParseError::new(kind, span).with_hint(hint))
    }

    fn annotation(
        &mut self,
        side: Option<AnnotationSide>,
        key: Option<&'a str>,
        span: Range<usize>,
    ) -> Result<Condition, ParseError> {
        let key = match key {
            Some(key) => dotless_key(key, span.end - key.len()..span.end)?,
            None => self.bracketed_key(span)?,
        };
        let annotation = Annotation { side, key };
        let test = match self.eat_operator() {
            Some((operator, span)) => Some(self.annotation_test(&annotation, operator, span)?),
            None => None,
        };
        Ok(Condition::Annotation { annotation, test })
    }

    fn bracketed_key(&mut self, annotation: Range<usize>) -> Result<AnnotationKey, ParseError> {
        let token = self.advance();
        let TokenKind::Bracketed(content) = token.kind else {
            return Err(missing_key(annotation));
        };
        let from_key = content.trim_ascii_start();
        let start = token.span.end - "]".len() - from_key.len();
        let key = from_key.trim_ascii_end();
        checked_key(key, start..start + key.len())
    }

    /// Parses the value; its type decides which operators there are.
    fn annotation_test(
        &mut self,
        annotation: &Annotation,
        operator: Operator,
        span: Range<usize>,
    ) -> Result<AnnotationTest, ParseError> {
        let token = self.advance();
        match token.kind {
            TokenKind::Boolean(value) => {
                test(operator, value, ValueKind::Boolean, span).map(AnnotationTest::Boolean)
            }
            TokenKind::Number(value) => {
                test(operator, value, ValueKind::Number, span).map(AnnotationTest::Number)
            }
            TokenKind::String(value) => test(operator, value.into_owned(), ValueKind::String, span)
                .map(AnnotationTest::String),
            TokenKind::Word(word) => Err(unquoted(word, annotation, operator, token.span)),
            _ => Err(self.unexpected("a string, a number or a boolean", &token)),
        }
    }

    /// Reports a value that is not of the keyword's type, or no value at all.
    pub(super) fn value_mismatch(
        &self,
        keyword: &'static str,
        operator: impl Display,
        expected: ValueKind,
        token: &Token<'_>,
    ) -> ParseError {
        let found = match token.kind {
            TokenKind::Boolean(_) => ValueKind::Boolean,
            TokenKind::Number(_) => ValueKind::Number,
            TokenKind::String(_) => ValueKind::String,
            TokenKind::Json(_) => ValueKind::Json,
            TokenKind::Word(word) if expected == ValueKind::String => {
                return unquoted(word, keyword, operator, token.span.clone());
            }
            TokenKind::Word(_) if expected == ValueKind::Boolean => {
                return self
                    .unexpected("`true` or `false`", token)
                    .with_hint(truth_of(keyword));
            }
            _ => return self.unexpected(&expected.to_string(), token),
        };
        let kind = ParseErrorKind::ValueMismatch {
            keyword,
            expected,
            found,
        };
        let hint = self.correction(keyword, operator, expected, token);
        ParseError::new(kind, token.span.clone()).with_hint_if_any(hint)
    }

    /// Suggests the comparison with a value of the type that was expected.
    fn correction(
        &self,
        keyword: &str,
        operator: impl Display,
        expected: ValueKind,
        token: &Token<'_>,
    ) -> Option<String> {
        let value = match (expected, &token.kind) {
            (ValueKind::Boolean, _) => return Some(truth_of(keyword)),
            (ValueKind::Json, _) => "#[…]".to_owned(),
            (ValueKind::Number, TokenKind::String(text)) => {
                Number::new(text.parse().ok()?)?.to_string()
            }
            (ValueKind::String, TokenKind::Number(_) | TokenKind::Boolean(_)) => {
                Quoted(self.source(token)).to_string()
            }
            _ => return None,
        };
        Some(format!("write `{keyword} {operator} {value}`"))
    }
}

fn unknown_word(word: &str, span: Range<usize>) -> ParseError {
    let is_root_cause = name::strip_prefix(word, "rootcause")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if is_root_cause {
        let kind = ParseErrorKind::UnknownRootCauseList {
            list: word.to_owned(),
        };
        return ParseError::new(kind, span).with_hint(suggest::root_cause_list(word));
    }
    let kind = ParseErrorKind::UnknownKeyword {
        keyword: word.to_owned(),
    };
    ParseError::new(kind, span).with_hint_if_any(suggest::keyword(word))
}

fn check_scope(
    keyword: &'static str,
    placement: Placement,
    scope: Scope,
    span: Range<usize>,
) -> Result<(), ParseError> {
    if placement.includes(scope) {
        return Ok(());
    }
    let kind = ParseErrorKind::OutOfScope { keyword, scope };
    Err(ParseError::new(kind, span).with_hint(format!("use it {placement}")))
}

/// The guide shows a side in `edge` blocks only, and no annotation at all in
/// root causes, which have none in a trace summary either.
const fn annotation_placement(side: Option<AnnotationSide>) -> (&'static str, Placement) {
    match side {
        None => ("annotation", Placement::Request),
        Some(AnnotationSide::Source) => ("source.annotation", Placement::Edge),
        Some(AnnotationSide::Destination) => ("destination.annotation", Placement::Edge),
    }
}

fn missing_key(span: Range<usize>) -> ParseError {
    ParseError::new(ParseErrorKind::MissingAnnotationKey, span)
        .with_hint("write `annotation.key` or `annotation[key]`")
}

/// Checks a key outside brackets.
fn dotless_key(key: &str, span: Range<usize>) -> Result<AnnotationKey, ParseError> {
    let checked = checked_key(key, span.clone())?;
    if checked.has_dot() {
        let kind = ParseErrorKind::DottedAnnotationKey {
            key: key.to_owned(),
        };
        let hint = format!("write `annotation[{key}]`");
        return Err(ParseError::new(kind, span).with_hint(hint));
    }
    Ok(checked)
}

fn checked_key(key: &str, span: Range<usize>) -> Result<AnnotationKey, ParseError> {
    let fault = key
        .char_indices()
        .find(|&(_, c)| !AnnotationKey::permits(c));
    if let Some((offset, character)) = fault {
        let start = span.start + offset;
        let kind = ParseErrorKind::InvalidAnnotationKey { character };
        return Err(ParseError::new(kind, start..start + character.len_utf8())
            .with_hint("only letters, digits, `_` and `.` are indexed"));
    }
    AnnotationKey::new(key).ok_or_else(|| missing_key(span))
}

fn test<O: OperatorSubset, V>(
    operator: Operator,
    value: V,
    kind: ValueKind,
    span: Range<usize>,
) -> Result<Test<O, V>, ParseError> {
    let narrowed = O::narrow(operator).ok_or_else(|| {
        let error = ParseErrorKind::AnnotationOperator {
            operator,
            value: kind,
        };
        ParseError::new(error, span).with_hint(operators_of(kind))
    });
    narrowed.map(|operator| Test { operator, value })
}

fn unquoted(
    word: &str,
    subject: impl Display,
    operator: impl Display,
    span: Range<usize>,
) -> ParseError {
    let kind = ParseErrorKind::UnquotedString {
        word: word.to_owned(),
    };
    let hint = format!("write `{subject} {operator} {}`", Quoted(word));
    ParseError::new(kind, span).with_hint(hint)
}

fn truth_of(keyword: &str) -> String {
    format!("write `{keyword}` or `!{keyword}`")
}

const fn operators_of(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Number => "use `=`, `!=`, `<`, `<=`, `>` or `>=`",
        ValueKind::String => "use `=`, `!=`, `CONTAINS`, `BEGINSWITH` or `ENDSWITH`",
        ValueKind::Boolean | ValueKind::Json => "use `=` or `!=`",
    }
}
