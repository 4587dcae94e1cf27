//! The one way to write a spec.
//!
//! A text is read into statements that keep every comment and every literal
//! as written, and written again: one blank line between tables, one blank
//! around `=`, arrays on one line where they fit and one element a line where
//! they do not. The order stays, and so does the meaning.

mod read;
mod write;

use std::sync::Arc;

use super::report::Report;
use super::syntax;
use crate::model::{Diagnostics, SourceFile};

/// A line of a document, or several where a value takes them.
#[derive(Debug)]
enum Line<'a> {
    /// One blank line or more.
    Blank,
    /// A comment on a line of its own.
    Comment(&'a str),
    /// `[a.b]`, `[[a.b]]`.
    Header {
        text: String,
        comment: Option<&'a str>,
    },
    /// `key = value`.
    Pair {
        key: String,
        value: Value<'a>,
        comment: Option<&'a str>,
    },
}

/// A value as written.
#[derive(Debug)]
enum Value<'a> {
    /// Anything without parts.
    Scalar(&'a str),
    /// `[...]`.
    Array(Body<'a>),
    /// `{...}`.
    Table(Body<'a>),
}

/// What stands between two brackets.
#[derive(Debug, Default)]
struct Body<'a> {
    items: Vec<Item<'a>>,
    /// Comments behind the last item, on lines of their own.
    tail: Vec<&'a str>,
}

/// One element of an array, or one entry of an inline table.
#[derive(Debug)]
struct Item<'a> {
    /// Comments on the lines before it.
    before: Vec<&'a str>,
    /// Its key, in an inline table.
    key: Option<String>,
    value: Value<'a>,
    /// The comment on its line.
    beside: Option<&'a str>,
}

/// Writes a spec in its canonical form. Comments, order and meaning stay.
///
/// # Errors
/// Every syntax error, where the text is no TOML.
pub fn format(source: &Arc<SourceFile>) -> Result<String, Diagnostics> {
    let mut report = Report::new(source);
    if !syntax::check(&mut report) {
        return Err(report.finish());
    }
    Ok(write::document(&read::document(&source.text)))
}

#[cfg(test)]
mod tests;
