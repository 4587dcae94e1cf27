//! Fields that hold a JSON document: written out as a table, given as JSON
//! text, or kept in a file of its own.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use super::literal::raw_range;
use super::node::{Node, Table, Text, Value};
use super::report::{Finding, Report, Span, Subject};
use super::template::{Part, parts};
use super::variables::Scope;
use super::{Files, MAX_BYTES};
use crate::model::{SourceFile, SourceRange};

/// The one key of a table that names a file.
const FILE: &str = "file";

/// A JSON document that was read from text.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// The document.
    pub(super) value: Json,
    /// The file that it was read from, where it has one of its own.
    pub(super) file: Option<Arc<SourceFile>>,
}

/// Returns the file that a table stands for: `{ file = "policy.json" }`.
pub(super) fn file_of(table: &Table) -> Option<&Node> {
    let entry = table.get(FILE)?;
    (table.len() == 1).then_some(&entry.node)
}

/// Reads documents for one resource.
pub(super) struct Reader<'a, 's> {
    /// Reads the files that the spec names.
    pub(super) files: &'a dyn Files,
    /// What `${...}` stands for.
    pub(super) scope: &'a mut Scope<'s>,
    /// The resource.
    pub(super) subject: &'a Subject,
    /// What is found wrong.
    pub(super) report: &'a mut Report,
}

impl Reader<'_, '_> {
    /// Turns the value of the document field `name` into JSON. A table that is
    /// written out stays a table, so that faults in it keep their places.
    pub(super) fn read(&mut self, name: &str, node: &mut Node) {
        if let Some(file) = node.as_table().and_then(file_of) {
            let mut file = file.clone();
            self.scope.interpolate(&mut file, self.subject, self.report);
            node.value = self.read_file(name, &file);
            return;
        }
        match &node.value {
            Value::Text(text) if !is_one_variable(&text.text) => {
                let text = text.clone();
                node.value = self.parse_text(name, &text, &node.span);
            }
            _ => {
                self.scope.interpolate(node, self.subject, self.report);
                if let Value::Text(text) = &node.value {
                    let text = text.clone();
                    node.value = self.parse_text(name, &text, &node.span);
                }
            }
        }
    }

    fn read_file(&mut self, name: &str, path: &Node) -> Value {
        let text = match &path.value {
            Value::Text(path) => path,
            Value::Broken => return Value::Broken,
            _ => {
                let found = path.type_name();
                let message = format!("`{name}.file`: expected a string, found {found}");
                return self.broken(Finding::new(&path.span, message));
            }
        };
        let content = match self.files.read(&text.text) {
            Ok(content) => content,
            Err(error) => {
                let message = format!("cannot read `{}`: {error}", text.text);
                return self.broken(
                    Finding::new(&path.span, message)
                        .hint("the path starts at the folder of the spec"),
                );
            }
        };
        if content.len() > MAX_BYTES {
            let message = format!("`{}` is larger than 8 MiB", text.text);
            return self.broken(Finding::new(&path.span, message));
        }
        let file = SourceFile::new(beside(self.report.source(), &text.text), content);
        match serde_json::from_str(&file.text) {
            Ok(value) => self.document(name, value, Some(file), &path.span),
            Err(error) => {
                let at = offset_of(&file.text, &error);
                let place = SourceRange::new(&file, at..at);
                let message = format!("`{name}` is not JSON: {}", without_place(&error));
                self.broken(Finding::new(&path.span, message).elsewhere(place))
            }
        }
    }

    fn parse_text(&mut self, name: &str, text: &Text, span: &Span) -> Value {
        match serde_json::from_str(&text.text) {
            Ok(value) => self.document(name, value, None, span),
            Err(error) => {
                let at = offset_of(&text.text, &error);
                let place = inside(self.report.source(), text, span, &(at..at));
                let message = format!("`{name}` is not JSON: {}", without_place(&error));
                self.broken(
                    Finding::new(&place, message).hint("for a file, write `{ file = \"PATH\" }`"),
                )
            }
        }
    }

    /// Finishes a parsed document. Variables are put in after the parse: their
    /// text cannot break out of the JSON string that they stand in.
    fn document(
        &mut self,
        name: &str,
        mut value: Json,
        file: Option<Arc<SourceFile>>,
        span: &Span,
    ) -> Value {
        if !value.is_object() {
            let message = format!(
                "`{name}`: expected a JSON object, found {}",
                kind_of(&value)
            );
            let mut finding = Finding::new(span, message);
            if let Some(file) = &file {
                finding = finding.elsewhere(SourceRange::new(file, 0..0));
            }
            return self.broken(finding);
        }
        let whole = self.put_in(&mut value, file.as_ref(), span);
        match whole {
            true => Value::Document(Box::new(Document { value, file })),
            false => Value::Broken,
        }
    }

    /// Puts variables into all strings of a document; false where one failed.
    fn put_in(&mut self, value: &mut Json, file: Option<&Arc<SourceFile>>, span: &Span) -> bool {
        match value {
            Json::String(text) => {
                let (made, faults) = self.scope.expand(text, self.report);
                let whole = made.is_some();
                if let Some(made) = made {
                    *value = made.to_json();
                } else {
                    for fault in faults {
                        let written = &text[fault.at.clone()];
                        let mut finding = fault.finding(span);
                        if let Some(place) = file.and_then(|file| find(file, written)) {
                            finding = finding.elsewhere(place);
                        }
                        self.report.add(self.subject, finding);
                    }
                }
                whole
            }
            Json::Array(items) => items
                .iter_mut()
                .fold(true, |whole, item| self.put_in(item, file, span) && whole),
            Json::Object(entries) => entries
                .values_mut()
                .fold(true, |whole, item| self.put_in(item, file, span) && whole),
            Json::Null | Json::Bool(_) | Json::Number(_) => true,
        }
    }

    fn broken(&mut self, finding: Finding) -> Value {
        self.report.add(self.subject, finding);
        Value::Broken
    }
}

/// Finds the bytes of the spec behind the bytes `within` of a string value:
/// the exact ones where the file has the text as it is, else the whole value.
pub(super) fn inside(file: &SourceFile, text: &Text, span: &Span, within: &Span) -> Span {
    let raw = file.text.get(span.clone()).filter(|_| text.verbatim);
    match raw.and_then(|raw| raw_range(raw, within)) {
        Some(range) => span.start + range.start..span.start + range.end,
        None => span.clone(),
    }
}

fn is_one_variable(text: &str) -> bool {
    matches!(parts(text).as_slice(), [Part::Reference { .. }])
}

/// Finds the first place where a file has `written`.
fn find(file: &Arc<SourceFile>, written: &str) -> Option<SourceRange> {
    let start = file.text.find(written)?;
    Some(SourceRange::new(file, start..start + written.len()))
}

/// Names a file beside the spec as the user would from where the spec was named.
fn beside(spec: &SourceFile, path: &str) -> String {
    match Path::new(&spec.name).parent() {
        Some(folder) => folder.join(path).display().to_string(),
        None => path.to_owned(),
    }
}

/// Turns serde's line and column, which counts bytes, into an offset.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => text
            .match_indices('\n')
            .nth(line - 2)
            .map_or(text.len(), |(at, _)| at + 1),
    };
    let mut offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Words serde's message without the place, which is shown in its own way.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
