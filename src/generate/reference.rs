//! The reference page of a resource type, in Markdown, from what the type says
//! of itself: its schema with the doc comments of its fields, its facts and
//! its examples.

use std::fmt::Write;

use schemars::SchemaGenerator;
use serde_json::{Map, Value};

use crate::model::{Facts, Lifecycle, ReplaceOrder};
use crate::resource::Kind;

/// Writes the page of `kind`.
pub fn page(kind: &dyn Kind) -> String {
    let mut generator = SchemaGenerator::default();
    let root = kind.schema(&mut generator).to_value();
    let definitions = generator.take_definitions(true);
    let page = Page {
        facts: kind.facts(),
        definitions: &definitions,
    };
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = page.write(&mut text, &root, &kind.examples());
    text
}

struct Page<'a> {
    facts: &'a Facts,
    definitions: &'a Map<String, Value>,
}

impl Page<'_> {
    fn write(
        &self,
        out: &mut String,
        root: &Value,
        examples: &[(&'static str, Map<String, Value>)],
    ) -> std::fmt::Result {
        let facts = self.facts;
        let schema = self.resolve(root);
        writeln!(out, "# `{}`\n", facts.kind)?;
        writeln!(out, "{}\n", text(schema, "description"))?;
        match facts.lifecycle {
            Lifecycle::Collection | Lifecycle::Existing => {
                writeln!(out, "Table: `[{}.NAME]`.", facts.table)?;
            }
            Lifecycle::Setting => writeln!(
                out,
                "Table: `[{}]`. A setting of the account and region: changed, never created or deleted.",
                facts.table
            )?,
        }
        writeln!(out, "AWS: <{}>.\n", facts.docs)?;
        writeln!(out, "## Fields\n")?;
        self.write_fields(out, schema, "")?;
        self.write_common(out)?;
        writeln!(out, "\n## Examples\n\n```toml")?;
        for (index, (name, fields)) in examples.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            self.write_example(out, name, fields)?;
        }
        writeln!(out, "```")
    }

    /// Follows a `$ref` into the definitions, and an optional to what it may be.
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return self.definitions.get(name).unwrap_or(schema);
        }
        let choices = schema.get("anyOf").and_then(Value::as_array);
        let inner = choices.and_then(|choices| {
            choices
                .iter()
                .find(|choice| choice.get("type").and_then(Value::as_str) != Some("null"))
        });
        inner.map_or(schema, |inner| self.resolve(inner))
    }

    fn write_fields(&self, out: &mut String, schema: &Value, prefix: &str) -> std::fmt::Result {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            |name: &str| required.is_some_and(|list| list.iter().any(|one| one == name));
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, field) in properties.into_iter().flatten() {
            let inner = self.resolve(field);
            let description = match text(field, "description") {
                "" => text(inner, "description"),
                own => own,
            };
            let mut notes = vec![self.type_name(field)];
            if is_required(name) {
                notes.push("required".to_owned());
            }
            if prefix.is_empty() && self.facts.replace_on.contains(&name.as_str()) {
                notes.push("forces replacement".to_owned());
            }
            writeln!(
                out,
                "- `{prefix}{name}` ({}): {}",
                notes.join(", "),
                description.replace('\n', " ")
            )?;
            if inner.get("properties").is_some() {
                self.write_fields(out, inner, &format!("{prefix}{name}."))?;
            }
        }
        Ok(())
    }

    fn type_name(&self, field: &Value) -> String {
        let inner = self.resolve(field);
        let names = enumeration(inner);
        if !names.is_empty() {
            return format!("one of {}", names.join(", "));
        }
        let kind = match inner.get("type") {
            Some(Value::Array(kinds)) => kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|kind| *kind != "null"),
            Some(kind) => kind.as_str(),
            None => None,
        };
        match kind {
            Some("object") => "table",
            Some("array") => "list",
            Some(other) => other,
            None => "any",
        }
        .to_owned()
    }

    fn write_common(&self, out: &mut String) -> std::fmt::Result {
        let common: &[(&str, &str)] = &[
            (
                "protect",
                "(boolean): refuses deletion and replacement. Default: false.",
            ),
            (
                "ignore",
                "(list): fields that are left to others. Default: none.",
            ),
            (
                "depends_on",
                "(list): addresses of resources that must be in place first.",
            ),
            (
                "lint.allow",
                "(list): rules of [lint](../lint.md) that are switched off for it.",
            ),
        ];
        if self.facts.taggable {
            let of_others = match self.facts.lifecycle {
                Lifecycle::Existing => "stay",
                _ => "are removed",
            };
            writeln!(
                out,
                "- `tags` (table): tags, added to those of `[stack]`. Tags of others on it {of_others}."
            )?;
        }
        for (name, text) in common {
            writeln!(out, "- `{name}` {text}")?;
        }
        if !self.facts.unmanaged_when_absent.is_empty() {
            let names: Vec<String> = self
                .facts
                .unmanaged_when_absent
                .iter()
                .map(|name| format!("`{name}`"))
                .collect();
            writeln!(
                out,
                "\nLeft to others where the spec does not name it: {}.",
                names.join(", ")
            )?;
        }
        if !self.facts.replace_on.is_empty() {
            let order = match self.facts.replace_order {
                ReplaceOrder::DeleteFirst => "the old one is deleted first",
                ReplaceOrder::CreateFirst => "the new one is made first",
            };
            writeln!(out, "\nWhere it is replaced, {order}.")?;
        }
        Ok(())
    }

    fn write_example(
        &self,
        out: &mut String,
        name: &str,
        fields: &Map<String, Value>,
    ) -> std::fmt::Result {
        let table = self.facts.table;
        match self.facts.lifecycle {
            Lifecycle::Collection | Lifecycle::Existing => writeln!(out, "[{table}.{name}]")?,
            Lifecycle::Setting => writeln!(out, "[{table}]")?,
        }
        for (field, value) in fields {
            if let Some(value) = toml(value) {
                writeln!(out, "{field} = {value}")?;
            }
        }
        Ok(())
    }
}

fn text<'a>(schema: &'a Value, key: &str) -> &'a str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Lists the values of an enumeration, however its schema spells them.
fn enumeration(schema: &Value) -> Vec<String> {
    let plain = schema.get("enum").and_then(Value::as_array);
    let described = schema.get("oneOf").and_then(Value::as_array);
    plain
        .into_iter()
        .flatten()
        .chain(
            described
                .into_iter()
                .flatten()
                .filter_map(|one| one.get("const")),
        )
        .filter_map(Value::as_str)
        .map(|value| format!("`{value}`"))
        .collect()
}

/// Writes a JSON value as TOML; `None` for null, which TOML has not.
fn toml(value: &Value) -> Option<String> {
    let value: toml::Value = match value {
        Value::Null => return None,
        other => serde_json::from_value(without_null(other)).ok()?,
    };
    Some(value.to_string())
}

fn without_null(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_null(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_null).collect(),
        other => other.clone(),
    }
}
