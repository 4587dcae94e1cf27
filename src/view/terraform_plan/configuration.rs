//! The spec in the form of a Terraform configuration: constants, and references
//! from resource to resource.

use serde_json::{Map, Value, json};

use super::names::{Name, Names};
use super::sides::Sides;
use super::{PROVIDER, PROVIDER_KEY};
use crate::aws::Error;
use crate::model::{Address, Attributes, unknown};
use crate::plan::Change;

/// Attributes that AWS gives, and no configuration does.
const COMPUTED: [&str; 3] = ["id", "arn", "tags_all"];

/// Writes the resources of one change; none where the spec does not have it.
pub(super) fn of_change(
    sides: Sides<'_>,
    names: &Names,
    change: &Change,
) -> Result<Vec<Value>, Error> {
    let (Some(side), Some(name)) = (sides.configured(change)?, names.get(&change.address)) else {
        return Ok(Vec::new());
    };
    let mut entries = Vec::new();
    let own = Some(&change.address);
    let mut main = entry(name, expressions(names, &side.main, own));
    let needed = needed(names, change);
    if !needed.is_empty() {
        main.insert("depends_on".to_owned(), needed.into());
    }
    entries.push(main);
    for (index, (r#type, attributes)) in side.companions.iter().enumerate() {
        let of_type = side.companions[..index].iter();
        let name = match of_type.filter(|(other, _)| other == r#type).count() {
            0 => name.name.clone(),
            number => format!("{}_{}", name.name, number + 1),
        };
        entries.push(entry(
            &Name { r#type, name },
            expressions(names, attributes, None),
        ));
    }
    Ok(entries.into_iter().map(Value::Object).collect())
}

/// Writes what the provider is configured with.
pub(super) fn provider(region: &str) -> Value {
    json!({
        PROVIDER_KEY: {
            "name": PROVIDER_KEY,
            "full_name": PROVIDER,
            "expressions": { "region": { "constant_value": region } },
        }
    })
}

fn entry(name: &Name, expressions: Map<String, Value>) -> Map<String, Value> {
    Map::from_iter([
        ("address".to_owned(), name.address().into()),
        ("mode".to_owned(), "managed".into()),
        ("type".to_owned(), name.r#type.into()),
        ("name".to_owned(), name.name.as_str().into()),
        ("provider_config_key".to_owned(), PROVIDER_KEY.into()),
        ("expressions".to_owned(), expressions.into()),
        ("schema_version".to_owned(), 0.into()),
    ])
}

/// Writes attributes as expressions, but for what AWS gives by itself.
fn expressions(
    names: &Names,
    attributes: &Attributes,
    own: Option<&Address>,
) -> Map<String, Value> {
    let mut expressions = Map::new();
    for (name, value) in attributes {
        let is_given = COMPUTED.contains(&name.as_str())
            || own.is_some_and(|own| named_in(value).iter().any(|(to, _)| to == own));
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !is_given && !is_empty {
            expressions.insert(name.clone(), expression(names, value));
        }
    }
    expressions
}

fn expression(names: &Names, value: &Value) -> Value {
    if let Value::Array(items) = value
        && items.iter().all(Value::is_object)
    {
        let blocks = items.iter().filter_map(Value::as_object);
        return blocks
            .map(|block| Value::Object(expressions(names, block, None)))
            .collect();
    }
    let sources = named_in(value);
    if sources.is_empty() {
        return json!({ "constant_value": value });
    }
    // As Terraform does: each reference, and what it is a part of.
    let references = sources.iter().filter_map(|(to, output)| {
        let address = names.get(to)?.address();
        Some([format!("{address}.{output}"), address])
    });
    let references: Vec<String> = references.flatten().collect();
    json!({ "references": references })
}

fn named_in(value: &Value) -> Vec<(Address, String)> {
    match value {
        Value::String(text) => unknown::named_in(text),
        Value::Array(items) => items.iter().flat_map(named_in).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| unknown::named_in(key).into_iter().chain(named_in(value)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Lists what must be in place first though no value comes from it.
fn needed(names: &Names, change: &Change) -> Vec<String> {
    let has_value = |address: &&Address| {
        let mut references = change.references.iter();
        references.any(|reference| reference.to == **address && !reference.field.is_empty())
    };
    let needed = change
        .depends_on
        .iter()
        .filter(|address| !has_value(address));
    needed
        .filter_map(|address| Some(names.get(address)?.address()))
        .collect()
}
