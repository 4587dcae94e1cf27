//! The rules that a table of the spec must meet, compiled once for each type
//! from the JSON Schema of its Rust type.
//!
//! The very schema that editors complete from is the one that is checked here,
//! so that the two cannot disagree. The check works on the spanned tree, and
//! finds everything at once.

mod check;
mod compile;

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value as Json;

use super::node::{Node, Value};

/// What one table must look like.
#[derive(Debug)]
pub(super) struct Shape {
    root: Rule,
    definitions: BTreeMap<String, Rule>,
}

/// Why a schema cannot be compiled. It is a fault of the type, not of a spec.
#[derive(Debug, thiserror::Error)]
pub enum ShapeError {
    /// A pattern that the regex engine refuses.
    #[error("the pattern `{pattern}` at `{at}` is not a regular expression")]
    Pattern {
        /// JSON pointer of the rule.
        at: String,
        /// The pattern.
        pattern: String,
        /// What the engine says.
        #[source]
        source: Box<regex_lite::Error>,
    },
    /// A keyword that would be left unchecked.
    #[error("the keyword `{keyword}` at `{at}` is not supported")]
    Keyword {
        /// JSON pointer of the rule.
        at: String,
        /// The keyword.
        keyword: String,
    },
    /// A keyword whose value is not what JSON Schema says.
    #[error("the value of `{keyword}` at `{at}` is not what JSON Schema allows")]
    Value {
        /// JSON pointer of the rule.
        at: String,
        /// The keyword.
        keyword: String,
    },
    /// A reference to a definition that is not there.
    #[error("`{reference}` at `{at}` leads nowhere")]
    Reference {
        /// JSON pointer of the rule.
        at: String,
        /// The reference.
        reference: String,
    },
}

/// One compiled subschema. What is absent is not checked.
#[derive(Debug, Default)]
struct Rule {
    /// A definition that must hold as well.
    reference: Option<String>,
    /// Accepted types; empty accepts all.
    types: Vec<Type>,
    /// The only values accepted.
    words: Option<Vec<Json>>,
    range: Range,
    /// Characters of a string.
    length: Count,
    pattern: Option<Regex>,
    /// Entries of an array.
    items_count: Count,
    items: Option<Box<Rule>>,
    unique: bool,
    /// Entries of a table.
    entries_count: Count,
    /// Boxed, since a rule is large and a map moves what it holds.
    properties: BTreeMap<String, Box<Rule>>,
    required: Vec<String>,
    names: Option<Box<Rule>>,
    extra: Extra,
    /// Of these, one must hold.
    any_of: Vec<Rule>,
    /// What to do where a value is refused.
    hint: Option<String>,
    /// Keys that are refused for a reason worth telling.
    refused: BTreeMap<String, String>,
}

/// What keys beyond the known ones are taken for.
#[derive(Debug, Default)]
enum Extra {
    /// Anything goes.
    #[default]
    Free,
    /// They are errors.
    Refused,
    /// They must meet a rule: the table is a map.
    Rule(Box<Rule>),
}

/// Bounds of a number.
#[derive(Debug, Default, Clone, Copy)]
struct Range {
    minimum: Option<f64>,
    maximum: Option<f64>,
    above: Option<f64>,
    below: Option<f64>,
    /// The upper bound is only that of the integer's width: not worth a word
    /// to who falls below the lower one.
    is_natural: bool,
}

/// Bounds of a count.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    least: Option<u64>,
    most: Option<u64>,
}

/// A type of JSON, without null, which TOML does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Type {
    Text,
    Integer,
    Number,
    Bool,
    Array,
    Table,
}

impl Type {
    /// Names it for `expected ...`.
    fn name(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Bool => "`true` or `false`",
            Self::Array => "an array",
            Self::Table => "a table",
        }
    }

    /// Tells whether `node` is of the type.
    fn accepts(self, node: &Node) -> bool {
        match &node.value {
            Value::Text(_) => self == Self::Text,
            Value::Integer(_) => matches!(self, Self::Integer | Self::Number),
            Value::Float(_) => self == Self::Number,
            Value::Bool(_) => self == Self::Bool,
            Value::Array(_) => self == Self::Array,
            Value::Table(_) | Value::Document(_) => self == Self::Table,
            Value::Broken => true,
        }
    }
}
