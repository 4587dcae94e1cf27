//! The spec as a tree of values that know where in the text they stand.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::document::Document;
use super::report::Span;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The value's bytes. A table under a header has the header's, `[a.b]`.
    pub(super) span: Span,
    /// The value.
    pub(super) value: Value,
}

/// What a spec is made of. Dates are refused while reading: no field of AWS
/// that a spec holds takes one.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A string.
    Text(Text),
    /// An integer.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// An array.
    Array(Vec<Node>),
    /// A table, inline or under a header.
    Table(Table),
    /// A JSON document that was given as text or in a file of its own.
    Document(Box<Document>),
    /// A value that is wrong and already reported. Nothing more is said of it.
    Broken,
}

/// A string value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// The decoded text.
    pub(super) text: String,
    /// Whether it is what the file says, so that a place inside it can be
    /// found in the file. False where a variable was put in.
    pub(super) verbatim: bool,
}

impl Text {
    /// A text that no longer is what the file says.
    pub(super) fn made(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            verbatim: false,
        }
    }
}

/// A table's entries by key. The order of the file is kept in the spans.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    entries: BTreeMap<String, Entry>,
}

/// One entry of a table.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Where the key stands.
    pub(super) key: Span,
    /// The value.
    pub(super) node: Node,
}

impl Table {
    /// Adds or replaces an entry.
    pub(super) fn insert(&mut self, key: String, entry: Entry) -> Option<Entry> {
        self.entries.insert(key, entry)
    }

    /// Finds an entry.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Finds an entry to change it.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.entries.get_mut(key)
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, key: &str) -> Option<Entry> {
        self.entries.remove(key)
    }

    /// Tells whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts the entries.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Lists the keys, sorted.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> + Clone {
        self.entries.keys().map(String::as_str)
    }

    /// Walks the entries, sorted by key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(key, entry)| (key.as_str(), entry))
    }

    /// Walks the entries to change them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Entry)> {
        self.entries
            .iter_mut()
            .map(|(key, entry)| (key.as_str(), entry))
    }

    /// Takes the entries apart.
    pub(super) fn into_entries(self) -> impl Iterator<Item = (String, Entry)> {
        self.entries.into_iter()
    }

    /// Writes the table as a JSON object, keys in the order of the file.
    pub(super) fn to_json(&self) -> serde_json::Map<String, Json> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(_, entry)| entry.key.start);
        entries
            .into_iter()
            .map(|(key, entry)| (key.clone(), entry.node.to_json()))
            .collect()
    }
}

impl Node {
    /// Returns the table that it is.
    pub(super) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the string that it is.
    pub(super) fn as_text(&self) -> Option<&Text> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Tells whether it, or anything in it, is wrong and already reported.
    pub(super) fn is_broken(&self) -> bool {
        match &self.value {
            Value::Broken => true,
            Value::Array(items) => items.iter().any(Self::is_broken),
            Value::Table(table) => table.iter().any(|(_, entry)| entry.node.is_broken()),
            _ => false,
        }
    }

    /// Names what it is, for `expected ..., found ...`.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Bool(_) => "a boolean",
            Value::Array(_) => "an array",
            Value::Table(_) | Value::Document(_) => "a table",
            Value::Broken => "nothing",
        }
    }

    /// Writes it as JSON. What is broken becomes null.
    pub(super) fn to_json(&self) -> Json {
        self.value.to_json()
    }
}

impl Value {
    /// Writes it as JSON. What is broken becomes null.
    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => Json::String(text.text.clone()),
            Self::Integer(number) => Json::from(*number),
            Self::Float(number) => Json::from(*number),
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Array(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Self::Table(table) => Json::Object(table.to_json()),
            Self::Document(document) => document.value.clone(),
            Self::Broken => Json::Null,
        }
    }
}

/// Splits a JSON pointer into its unescaped steps.
pub(super) fn pointer_steps(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer
        .split('/')
        .skip(1)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
}
