//! The spec as text. The one way to write it is the formatter's business.

use std::fmt::Write;

use serde_json::Value;

use super::{Entry, Head};
use crate::model::{Lifecycle, Tags};

/// Characters that an inline table may take before it becomes one of its own.
const INLINE: usize = 72;

/// Writes `[stack]`.
pub(super) fn head(head: &Head) -> String {
    format!(
        "# What stands in account {}, written by `xrayctl export`. To take it into the\n\
         # stack, without a change: xrayctl apply --adopt\n\n\
         [stack]\nname = {}\nregion = {}\n\
         # A plan against any other account is refused.\n# account = {}\n",
        head.account,
        text(&head.stack),
        text(&head.region),
        text(&head.account)
    )
}

/// Writes one resource.
pub(super) fn write(out: &mut String, entry: &Entry<'_>) {
    let facts = entry.kind.facts();
    let mut path = facts.table.to_owned();
    if let Some(name) = entry.address.name() {
        path = format!("{path}.{}", key(name));
    }
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n[{path}]");
    let mut tables = Vec::new();
    for (name, value) in &entry.fields {
        if facts.is_document(name) {
            let _ = writeln!(out, "{} = {}", key(name), document(value));
        } else {
            field(out, &path, name, value, &mut tables);
        }
    }
    let tags = entry.live.user_tags().unwrap_or_default();
    // Those who make a thing tag it for themselves.
    if !tags.is_empty() && facts.lifecycle != Lifecycle::Existing {
        let _ = writeln!(out, "tags = {}", inline(&tags_value(&tags)));
    }
    write_tables(out, tables);
}

/// Writes a field on its line, or leaves it for a table of its own.
fn field<'v>(
    out: &mut String,
    path: &str,
    name: &str,
    value: &'v Value,
    tables: &mut Vec<(String, &'v Value)>,
) {
    let written = inline(value);
    if value.is_object() && written.len() > INLINE {
        tables.push((format!("{path}.{}", key(name)), value));
    } else {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{} = {written}", key(name));
    }
}

fn write_tables(out: &mut String, tables: Vec<(String, &Value)>) {
    for (path, value) in tables {
        let mut inner = Vec::new();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n[{path}]");
        for (name, value) in value.as_object().into_iter().flatten() {
            field(out, &path, name, value, &mut inner);
        }
        write_tables(out, inner);
    }
}

fn tags_value(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Writes a value on one line. `${` would be taken for a variable.
fn inline(value: &Value) -> String {
    match value {
        Value::String(value) => text(value),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{} = {}", key(name), inline(value)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn text(text: &str) -> String {
    toml::Value::from(text.replace("${", "$${")).to_string()
}

/// Writes a document as JSON over several lines.
fn document(value: &Value) -> String {
    let json = format!("{value:#}").replace("${", "$${");
    if json.contains("'''") {
        toml::Value::from(json).to_string()
    } else {
        format!("'''\n{json}\n'''")
    }
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare {
        name.to_owned()
    } else {
        toml::Value::from(name).to_string()
    }
}
