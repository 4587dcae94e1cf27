//! Which fields a spec has to say.

use std::collections::BTreeSet;

use schemars::SchemaGenerator;
use serde_json::Value;

use crate::model::{Address, Attributes};
use crate::resource::Kind;

/// Leaves out what has no value, and what is not for the spec to say.
pub(super) fn of_spec(kind: &dyn Kind, attributes: &Attributes) -> Attributes {
    let known = known_fields(kind);
    attributes
        .iter()
        .filter(|(name, value)| known.contains(*name) && !value.is_null())
        .map(|(name, value)| {
            let is_document = kind.facts().is_document(name);
            let value = if is_document {
                value.clone()
            } else {
                without_null(value)
            };
            (name.clone(), value)
        })
        .collect()
}

/// Leaves out every field, and every field within a table, that the type fills
/// in with the same value.
pub(super) fn shorten(kind: &dyn Kind, address: &Address, fields: &mut Attributes) {
    let name = address.name().unwrap_or_default();
    let Ok(whole) = kind.prepare(name, fields.clone()) else {
        return;
    };
    let says_the_same = |shorter: &Attributes| {
        let prepared = kind.prepare(name, shorter.clone());
        prepared.is_ok_and(|prepared| {
            prepared.attributes == whole.attributes && prepared.key == whole.key
        })
    };
    let names: Vec<String> = fields.keys().cloned().collect();
    for field in names {
        let mut shorter = fields.clone();
        shorter.shift_remove(&field);
        if says_the_same(&shorter) {
            *fields = shorter;
            continue;
        }
        let Some(Value::Object(inner)) = fields.get(&field) else {
            continue;
        };
        if kind.facts().is_document(&field) {
            continue;
        }
        let inner_names: Vec<String> = inner.keys().cloned().collect();
        for inner_name in inner_names {
            let mut shorter = fields.clone();
            if let Some(Value::Object(inner)) = shorter.get_mut(&field) {
                inner.shift_remove(&inner_name);
            }
            if says_the_same(&shorter) {
                *fields = shorter;
            }
        }
    }
}

/// Lists the fields that the type's schema has.
fn known_fields(kind: &dyn Kind) -> BTreeSet<String> {
    let mut generator = SchemaGenerator::default();
    let schema = kind.schema(&mut generator);
    let definitions = generator.take_definitions(true);
    let name = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.rsplit('/').next());
    let root = match name {
        Some(name) => definitions.get(name),
        None => Some(schema.as_value()),
    };
    root.and_then(|root| root.get("properties"))
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|properties| properties.keys().cloned())
        .collect()
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
