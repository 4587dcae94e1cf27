//! X-Ray filter expressions: parser, syntax tree and printer.
//!
//! A filter expression selects traces, as in
//!
//! ```text
//! service("checkout") { fault } AND (responsetime > 3 OR annotation.tier = "gold")
//! ```
//!
//! [`parse()`] turns the text into an [`Expression`] and refuses what X-Ray would
//! refuse or what could never match: a number compared with a string, a keyword
//! that only exists inside another block, an annotation key that is never
//! indexed. Every [`ParseError`] names the bytes at fault. `Display` gives the
//! canonical text of a tree, and two texts of one meaning give equal trees:
//! letter case of keywords, white space, redundant parentheses, implicit `AND`,
//! `fault = false` against `!fault` and double negation all vanish. The order of
//! the operands is kept, so `ok AND partial` and `partial AND ok` differ.
//!
//! [`parse_entity_selector`] reads the smaller language that picks the nodes and
//! edges of `GetTimeSeriesServiceStatistics`.
//!
//! The module is pure: it neither evaluates a tree against traces nor resolves
//! the groups that a tree names. An evaluator matches on [`Expression`]
//! ([`Logic`] over [`Term`]) and on [`Block`] ([`Logic`] over [`Condition`]).
//!
//! # Sources
//!
//! The keywords and the examples come from the page "Use filter expressions" of
//! the AWS X-Ray developer guide,
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html>.
//! AWS publishes no grammar. Where the guide is silent the parser accepts the
//! reading of its examples: `AND` binds tighter than `OR`, strings escape as in
//! JSON. The printer does not rely on precedence and writes the parentheses.

mod ast;
mod comparison;
mod construct;
mod error;
mod keyword;
mod lex;
mod name;
mod parse;
mod print;
mod quote;
mod scope;
mod suggest;
#[cfg(test)]
pub(crate) mod tests;
mod value;

pub use ast::{
    Annotation, AnnotationTest, Block, Condition, EdgeSelector, Endpoints, EntitySelector,
    Expression, Leaf, Logic, NodePattern, Operands, RootCauseSelector, ServiceSelector, Term, Test,
};
pub use error::{ParseError, ParseErrorKind, ValueKind};
pub use keyword::{
    AnnotationSide, BooleanKeyword, Equality, GroupField, NodeField, NumberKeyword, NumberOperator,
    Operator, RootCauseElement, RootCauseList, StringKeyword, StringOperator,
};
pub use parse::{MAX_NESTING, MAX_SELECTOR_CHARS, parse, parse_entity_selector};
pub use scope::Scope;
pub use value::{AnnotationKey, NodeId, Number, RootCausePattern};
