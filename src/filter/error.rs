//! Why a text is not a filter expression.

use std::fmt::{self, Write};
use std::ops::Range;

use thiserror::Error;

use super::keyword::{NodeField, Operator};
use super::scope::Scope;

/// A fault in a filter expression and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct ParseError {
    /// What is wrong. Its `Display` is the message.
    pub kind: ParseErrorKind,
    /// The bytes at fault, always on character boundaries of the text; empty at
    /// the end of the text when something is missing there.
    pub span: Range<usize>,
    /// How to put it right, as a lowercase fragment.
    pub hint: Option<String>,
}

impl ParseError {
    pub(super) fn new(kind: ParseErrorKind, span: Range<usize>) -> Self {
        let hint = None;
        Self { kind, span, hint }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn with_hint_if_any(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

/// What is wrong with a filter expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The text is empty or blank.
    #[error("filter expression is empty")]
    Empty,
    /// An entity selector is longer than AWS accepts.
    #[error("entity selector has {length} characters, more than {limit}")]
    TooLong {
        /// Characters of the text.
        length: usize,
        /// Characters that AWS accepts.
        limit: usize,
    },
    /// Parentheses or blocks nest too deeply.
    #[error("expression nests more than {limit} levels deep")]
    TooDeep {
        /// Levels that are accepted.
        limit: usize,
    },
    /// A character that no token starts with.
    #[error("unexpected character `{}`", Visible(*character))]
    UnexpectedCharacter {
        /// The character.
        character: char,
    },
    /// Something else should stand here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What should stand here.
        expected: String,
        /// What stands here.
        found: String,
    },
    /// A bracket without its counterpart.
    #[error("`{open}` is never closed")]
    Unclosed {
        /// The opening bracket.
        open: char,
    },
    /// A string without its closing quote.
    #[error("string is never closed")]
    UnterminatedString,
    /// A string in other quotes than `"`.
    #[error("strings need double quotes, found `{quote}`")]
    WrongQuote {
        /// The quote that was used.
        quote: char,
    },
    /// A backslash that starts no JSON escape.
    #[error("unknown escape `{escape}`")]
    InvalidEscape {
        /// The escape with its backslash.
        escape: String,
    },
    /// A text that starts like a number and is none.
    #[error("`{text}` is not a number")]
    InvalidNumber {
        /// The text.
        text: String,
    },
    /// The array after `#` is not valid JSON.
    #[error("invalid JSON array: {reason}")]
    InvalidJson {
        /// What the JSON parser says.
        reason: String,
    },
    /// A run of operator characters that is no operator.
    #[error("unknown operator `{operator}`")]
    UnknownOperator {
        /// The characters.
        operator: String,
    },
    /// A word that is no keyword.
    #[error("unknown keyword `{keyword}`")]
    UnknownKeyword {
        /// The word.
        keyword: String,
    },
    /// A word that starts with `rootcause` and names no list.
    #[error("unknown root cause list `{list}`")]
    UnknownRootCauseList {
        /// The word.
        list: String,
    },
    /// A field that `id(…)` does not have.
    #[error("unknown field `{field}` of `id`")]
    UnknownField {
        /// The field.
        field: String,
    },
    /// A field that `id(…)` already has.
    #[error("field `{field}` of `id` is repeated")]
    RepeatedField {
        /// The field.
        field: NodeField,
    },
    /// `edge(…)` with one endpoint.
    #[error("`edge` needs two endpoints, found one")]
    MissingDestination,
    /// A keyword that does not exist in this place.
    #[error("`{keyword}` cannot be used {scope}")]
    OutOfScope {
        /// The keyword.
        keyword: &'static str,
        /// The place.
        scope: Scope,
    },
    /// A root cause list without its block.
    #[error("`{list}` needs a block")]
    MissingBlock {
        /// The list.
        list: &'static str,
    },
    /// A keyword that means nothing without a comparison.
    #[error("`{keyword}` needs `=` or `!=` and {expected}")]
    MissingComparison {
        /// The keyword.
        keyword: &'static str,
        /// What it is compared with.
        expected: ValueKind,
    },
    /// An operator that the keyword's type does not have.
    #[error("`{operator}` does not apply to `{keyword}`, which is {kind}")]
    OperatorMismatch {
        /// The operator.
        operator: Operator,
        /// The keyword.
        keyword: &'static str,
        /// The keyword's type.
        kind: ValueKind,
    },
    /// An operator other than `=` and `!=` where only those exist.
    #[error("`{keyword}` takes `=` or `!=`, found `{operator}`")]
    EqualityOnly {
        /// The operator.
        operator: Operator,
        /// The keyword.
        keyword: &'static str,
    },
    /// An annotation compared by an operator that the value's type does not have.
    #[error("`{operator}` does not compare with {value}")]
    AnnotationOperator {
        /// The operator.
        operator: Operator,
        /// The value's type.
        value: ValueKind,
    },
    /// A value of another type than the keyword's.
    #[error("`{keyword}` is {expected}, found {found}")]
    ValueMismatch {
        /// The keyword.
        keyword: &'static str,
        /// The keyword's type.
        expected: ValueKind,
        /// The value's type.
        found: ValueKind,
    },
    /// A word where a string in quotes should stand.
    #[error("string `{word}` has no quotes")]
    UnquotedString {
        /// The word.
        word: String,
    },
    /// `annotation` without a key.
    #[error("annotation has no key")]
    MissingAnnotationKey,
    /// A key with dots outside brackets.
    #[error("annotation key `{key}` has dots and needs brackets")]
    DottedAnnotationKey {
        /// The key.
        key: String,
    },
    /// A key with a character that is never indexed.
    #[error("annotation key has the character `{}`", Visible(*character))]
    InvalidAnnotationKey {
        /// The first such character.
        character: char,
    },
}

/// Displays a character, one that cannot be seen as an escape.
struct Visible(char);

impl fmt::Display for Visible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            quote @ ('"' | '\'' | '\\') => f.write_char(quote),
            other => other.escape_debug().fmt(f),
        }
    }
}

/// The type of a value. Its `Display` has the article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A string in quotes.
    String,
    /// `#` and a JSON array.
    Json,
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Json => "a JSON array",
        })
    }
}
