//! Fields that hold a JSON document: written out as a table, given as JSON
//! text, or kept in a file of its own.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use super::json_place;
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
    /// The document, variables put in.
    pub(super) value: Json,
    /// Where it was read from.
    origin: Origin,
}

/// Where the text of a document stands.
#[derive(Clone, Debug)]
enum Origin {
    /// In the spec, as a string.
    Text(Text),
    /// In a file of its own.
    File(Arc<SourceFile>),
}

impl Origin {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) => &text.text,
            Self::File(file) => &file.text,
        }
    }

    /// Puts a finding at the bytes `within` of the document. `span` is where
    /// the spec gives it.
    fn place(&self, spec: &SourceFile, span: &Span, within: Span, finding: Finding) -> Finding {
        match self {
            Self::Text(text) => Finding {
                span: inside(spec, text, span, &within),
                ..finding
            },
            Self::File(file) => finding.elsewhere(SourceRange::new(file, within)),
        }
    }
}

impl Document {
    /// Puts a finding at the value that `steps` lead to.
    pub(super) fn place(
        &self,
        spec: &SourceFile,
        span: &Span,
        steps: &[String],
        finding: Finding,
    ) -> Finding {
        let within = json_place::find(self.origin.text(), steps);
        self.origin.place(spec, span, within, finding)
    }
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
        // JSON text is parsed before variables are put in, but for a text that
        // is one variable and nothing else: its value is the JSON text.
        let is_json = node
            .as_text()
            .is_some_and(|text| !is_one_variable(&text.text));
        if !is_json {
            self.scope.interpolate(node, self.subject, self.report);
        }
        match &node.value {
            Value::Text(text) => {
                let origin = Origin::Text(text.clone());
                node.value = self.parse(name, origin, &node.span);
            }
            Value::Table(_) | Value::Document(_) | Value::Broken => {}
            _ => {
                let message = format!(
                    "`{name}`: expected a JSON document, found {}",
                    node.type_name()
                );
                let hint = "write it as a table, as JSON text, or as `{ file = \"PATH\" }`";
                node.value = self.broken(Finding::new(&node.span, message).hint(hint));
            }
        }
    }

    fn read_file(&mut self, name: &str, path: &Node) -> Value {
        let text = match &path.value {
            Value::Text(path) => path,
            Value::Broken => return Value::Broken,
            _ => {
                let message = format!(
                    "`{name}.file`: expected a string, found {}",
                    path.type_name()
                );
                return self.broken(Finding::new(&path.span, message));
            }
        };
        match self.files.read(&text.text) {
            Ok(content) if content.len() > MAX_BYTES => {
                let message = format!("`{}` is larger than 8 MiB", text.text);
                self.broken(Finding::new(&path.span, message))
            }
            Ok(content) => {
                let file = SourceFile::new(beside(self.report.source(), &text.text), content);
                self.parse(name, Origin::File(file), &path.span)
            }
            Err(error) => {
                let message = format!("cannot read `{}`: {error}", text.text);
                let hint = "the path starts at the folder of the spec";
                self.broken(Finding::new(&path.span, message).hint(hint))
            }
        }
    }

    /// Parses a document and puts variables in, in this order: what they stand
    /// for cannot break out of the JSON string that they stand in.
    fn parse(&mut self, name: &str, origin: Origin, span: &Span) -> Value {
        let spec = Arc::clone(self.report.source());
        let mut value: Json = match serde_json::from_str(origin.text()) {
            Ok(value) => value,
            Err(error) => {
                let mut finding =
                    Finding::new(span, format!("`{name}` is not JSON: {}", wording(&error)));
                if matches!(origin, Origin::Text(_)) {
                    finding = finding.hint("for a file, write `{ file = \"PATH\" }`");
                }
                let within = fault_of(origin.text(), &error);
                return self.broken(origin.place(&spec, span, within, finding));
            }
        };
        if !value.is_object() {
            let message = format!(
                "`{name}`: expected a JSON object, found {}",
                kind_of(&value)
            );
            let within = json_place::find(origin.text(), &[]);
            return self.broken(origin.place(&spec, span, within, Finding::new(span, message)));
        }
        if self.put_in(&mut value, &origin, span) {
            Value::Document(Box::new(Document { value, origin }))
        } else {
            Value::Broken
        }
    }

    /// Puts variables into all strings of a document; false where one failed.
    fn put_in(&mut self, value: &mut Json, origin: &Origin, span: &Span) -> bool {
        match value {
            Json::String(text) => {
                let (made, faults) = self.scope.expand(text, self.report);
                let spec = Arc::clone(self.report.source());
                for fault in faults {
                    let written = &text[fault.at.clone()];
                    let finding = fault.finding(span);
                    let finding = match origin.text().find(written) {
                        Some(start) => {
                            origin.place(&spec, span, start..start + written.len(), finding)
                        }
                        None => finding,
                    };
                    self.report.add(self.subject, finding);
                }
                let whole = made.is_some();
                if let Some(made) = made {
                    *value = made.to_json();
                }
                whole
            }
            Json::Array(items) => self.put_in_all(items.iter_mut(), origin, span),
            Json::Object(entries) => self.put_in_all(entries.values_mut(), origin, span),
            Json::Null | Json::Bool(_) | Json::Number(_) => true,
        }
    }

    /// Goes through all values, also behind one that failed.
    fn put_in_all<'j>(
        &mut self,
        values: impl Iterator<Item = &'j mut Json>,
        origin: &Origin,
        span: &Span,
    ) -> bool {
        let mut whole = true;
        for value in values {
            whole &= self.put_in(value, origin, span);
        }
        whole
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

/// Names a file beside the spec as the user would from where the spec was named.
fn beside(spec: &SourceFile, path: &str) -> String {
    match Path::new(&spec.name).parent() {
        Some(folder) => folder.join(path).display().to_string(),
        None => path.to_owned(),
    }
}

/// Finds the character that serde stumbled over, by its line and column. The
/// column counts bytes.
fn fault_of(text: &str, error: &serde_json::Error) -> Span {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => text
            .match_indices('\n')
            .nth(line - 2)
            .map_or(text.len(), |(at, _)| at + 1),
    };
    let mut start = (line_start + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let width = text[start..].chars().next().map_or(0, char::len_utf8);
    start..start + width
}

/// Words serde's message without the place, which is shown in its own way.
fn wording(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "it ends too early".to_owned();
    }
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place).unwrap_or(&text) {
        "expected ident" => "expected `true`, `false` or `null`".to_owned(),
        other => other.to_owned(),
    }
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
