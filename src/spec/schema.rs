//! The JSON Schema of a spec: of each table, for the check, and of the whole,
//! for editors.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use super::{collector, lint, tags, traffic};
use crate::model::{Facts, Lifecycle};
use crate::resource::Kind;

/// Names of the fields that every resource has, whatever its type.
pub(super) const COMMON: [&str; 5] = ["protect", "ignore", "depends_on", "tags", lint::KEY];

/// What names of resources are made of. They may hold what stands in names of
/// log groups, `/ecs/api`.
pub(super) const NAME: &str = r"^[A-Za-z0-9._/-]{1,128}$";

/// The dialect of JSON Schema that it is written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Starts a generator.
pub(super) fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.meta_schema = None)
        .into_generator()
}

/// Describes the table of one resource: its type's fields and those that every
/// resource has. The definitions that it refers to stay with the generator.
pub(super) fn of_resource(kind: &dyn Kind, generator: &mut SchemaGenerator) -> Json {
    let facts = kind.facts();
    let mut schema = kind.schema(generator).to_value();
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix("#/$defs/"))
    {
        schema = generator
            .definitions()
            .get(name)
            .cloned()
            .unwrap_or_default();
    }
    let Json::Object(keywords) = &mut schema else {
        return schema;
    };
    let properties = keywords
        .entry("properties")
        .or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(properties) = properties {
        properties.extend(common_fields(facts));
    }
    generator
        .definitions_mut()
        .insert(lint::KEY.to_owned(), lint::schema(lint::OF_RESOURCE));
    if !facts.taggable {
        keywords.insert(
            "x-refused".to_owned(),
            json!({ "tags": "AWS keeps no tags on it" }),
        );
    }
    keywords.insert("additionalProperties".to_owned(), Json::Bool(false));
    keywords.remove("title");
    schema
}

/// Writes `a sampling rule`, `an encryption setting`.
pub(super) fn with_article(title: &str) -> String {
    let article = if title.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {title}")
}

fn common_fields(facts: &Facts) -> Map<String, Json> {
    let mut fields = Map::new();
    fields.insert(
        "protect".to_owned(),
        json!({
            "description": "Refuses to delete or replace the resource.",
            "type": "boolean",
            "default": false,
        }),
    );
    fields.insert(
        "ignore".to_owned(),
        json!({
            "description": "Fields that are left to others: a difference in them is no change.",
            "type": "array",
            "items": { "type": "string" },
            "uniqueItems": true,
        }),
    );
    fields.insert(
        "depends_on".to_owned(),
        json!({
            "description": "Addresses of resources that must stand before this one, \
                            such as `kms_key.traces`. References need no mention.",
            "type": "array",
            "items": { "type": "string" },
            "uniqueItems": true,
        }),
    );
    let reference = format!("#/$defs/{}", lint::KEY);
    fields.insert(lint::KEY.to_owned(), json!({ "$ref": reference }));
    if facts.taggable {
        let text = "Tags of the resource. Those of the stack are added; where both have a key, \
                    the resource's value holds.";
        fields.insert("tags".to_owned(), tags::schema(text));
    }
    fields
}

/// Describes a whole spec as JSON Schema (2020-12), for editors.
pub fn schema(kinds: &[&'static dyn Kind]) -> Json {
    let mut generator = generator();
    let tables: Vec<(&Facts, Json)> = kinds
        .iter()
        .map(|kind| (kind.facts(), of_resource(*kind, &mut generator)))
        .collect();
    let collector = collector::schema(&mut generator);
    let traffic = traffic::schema(&mut generator);
    let mut definitions = generator.take_definitions(true);
    // The types themselves stand in their tables; only what they use is left.
    prune(&mut definitions, &tables, [&collector, &traffic]);
    let mut body = Map::new();
    body.insert("stack".to_owned(), super::stack::schema());
    body.insert(lint::KEY.to_owned(), lint::schema(lint::OF_SPEC));
    body.insert(collector::KEY.to_owned(), collector);
    body.insert(traffic::KEY.to_owned(), traffic);
    for (facts, table) in &tables {
        place(&mut body, facts, documents(facts, table.clone()));
    }
    let mut part = body.clone();
    for value in body.values_mut().chain(definitions.values_mut()) {
        publish(value);
    }
    let mut definitions_of_parts = Map::new();
    for (name, definition) in &definitions {
        let mut definition = definition.clone();
        relax(&mut definition);
        definitions_of_parts.insert(part_name(name), definition);
    }
    for value in part.values_mut() {
        publish(value);
        relax(value);
    }
    definitions.extend(definitions_of_parts);
    // A variable is declared by what it is, and no variable stands for that.
    body.insert("vars".to_owned(), vars());
    part.insert("vars".to_owned(), vars());
    assemble(body, &part, &definitions)
}

fn assemble(
    mut body: Map<String, Json>,
    part: &Map<String, Json>,
    definitions: &Map<String, Json>,
) -> Json {
    body.insert(
        "env".to_owned(),
        json!({
            "description": "Overlays by name. The one chosen with `--env` is merged over the spec.",
            "type": "object",
            "additionalProperties": {
                "description": "Any part of the spec.",
                "type": "object",
                "properties": part,
                "additionalProperties": false,
            },
        }),
    );
    json!({
        "$schema": DIALECT,
        "title": "xrayctl spec",
        "description": "What one stack traces on AWS X-Ray.",
        "type": "object",
        "properties": body,
        "required": ["stack"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

fn vars() -> Json {
    json!({
        "description": "Variables, used as `${var.name}`. `--var name=value` and \
                        `XRAYCTL_VAR_name` go before the value given here.",
        "type": "object",
        "additionalProperties": {
            "anyOf": [
                { "description": "The default; it tells the type as well.",
                  "type": ["string", "number", "boolean"] },
                { "description": "A variable without default, which must be given.",
                  "type": "object",
                  "properties": { "type": { "enum": ["string", "number", "integer", "bool"] } },
                  "required": ["type"],
                  "additionalProperties": false },
            ],
        },
    })
}

/// Puts the schema of a type at its dotted table.
fn place(body: &mut Map<String, Json>, facts: &Facts, table: Json) {
    let table = match facts.lifecycle {
        Lifecycle::Setting => table,
        Lifecycle::Collection | Lifecycle::Existing => json!({
            "description": format!("Every {} by its name.", facts.title),
            "type": "object",
            "propertyNames": { "pattern": NAME },
            "additionalProperties": table,
        }),
    };
    let mut level = body;
    let mut steps = facts.table.split('.').peekable();
    while let Some(step) = steps.next() {
        if steps.peek().is_none() {
            level.insert(step.to_owned(), table);
            return;
        }
        let namespace = level.entry(step).or_insert_with(
            || json!({ "type": "object", "properties": {}, "additionalProperties": false }),
        );
        let Some(Json::Object(properties)) = namespace.get_mut("properties") else {
            return;
        };
        level = properties;
    }
}

/// Lets document fields be given in all three forms.
fn documents(facts: &Facts, mut table: Json) -> Json {
    for field in facts.documents {
        let Some(property) = table["properties"].get_mut(*field) else {
            continue;
        };
        let description = property["description"].as_str().unwrap_or_default();
        *property = json!({
            "description": description,
            "anyOf": [
                { "description": "The document, read from a file beside the spec.",
                  "type": "object",
                  "properties": { "file": { "type": "string" } },
                  "required": ["file"],
                  "additionalProperties": false },
                { "description": "The document, written out.", "type": "object" },
                { "description": "The document as JSON text.", "type": "string" },
            ],
        });
    }
    table
}

/// Makes of a schema for the check one for editors.
fn publish(schema: &mut Json) {
    allow_variables(schema);
    strip(schema);
}

/// Drops the keywords that only the check knows.
fn strip(schema: &mut Json) {
    match schema {
        Json::Object(keywords) => {
            keywords.retain(|name, value| {
                let is_for_check = matches!(name.as_str(), "x-hint" | "x-refused");
                // What is absent by default is no null: TOML has none.
                !(is_for_check || name == "default" && value.is_null())
            });
            keywords.values_mut().for_each(strip);
        }
        Json::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Lets `${...}` stand wherever a value is asked for that is not any string.
fn allow_variables(schema: &mut Json) {
    let Json::Object(keywords) = schema else {
        return;
    };
    if is_refusing_scalar(keywords) {
        let mut outer = Map::new();
        for name in ["description", "default"] {
            if let Some(value) = keywords.remove(name) {
                outer.insert(name.to_owned(), value);
            }
        }
        let inner = std::mem::take(keywords);
        let variable = json!({ "type": "string", "pattern": r"\$\{[^}]+\}" });
        outer.insert("anyOf".to_owned(), json!([inner, variable]));
        *keywords = outer;
        return;
    }
    for name in [
        "properties",
        "anyOf",
        "oneOf",
        "items",
        "additionalProperties",
    ] {
        match keywords.get_mut(name) {
            Some(Json::Object(inner)) if name == "properties" => {
                inner.values_mut().for_each(allow_variables);
            }
            Some(Json::Array(branches)) => branches.iter_mut().for_each(allow_variables),
            Some(inner) => allow_variables(inner),
            None => {}
        }
    }
}

/// Tells whether a schema asks for one plain value and would refuse `${...}`.
fn is_refusing_scalar(keywords: &Map<String, Json>) -> bool {
    let is_scalar = |name: &str| !matches!(name, "object" | "array" | "null");
    let scalar = match keywords.get("type") {
        Some(Json::String(name)) => is_scalar(name),
        Some(Json::Array(names)) => names
            .iter()
            .filter_map(Json::as_str)
            .all(|name| name == "null" || is_scalar(name)),
        _ => keywords.contains_key("enum") || keywords.contains_key("const"),
    };
    let choices = keywords
        .get("oneOf")
        .or_else(|| keywords.get("anyOf"))
        .and_then(Json::as_array);
    let choice_of_words = choices.is_some_and(|choices| {
        choices
            .iter()
            .all(|one| one.get("const").is_some() || one.get("enum").is_some())
    });
    let takes_any_string = keywords.get("type").and_then(Json::as_str) == Some("string")
        && ![
            "enum",
            "const",
            "pattern",
            "minLength",
            "maxLength",
            "oneOf",
            "anyOf",
        ]
        .iter()
        .any(|keyword| keywords.contains_key(*keyword));
    (scalar || choice_of_words) && !takes_any_string
}

/// Makes of a schema the schema of any part of what it describes.
fn relax(schema: &mut Json) {
    match schema {
        Json::Object(keywords) => {
            for name in ["required", "minProperties"] {
                // A property may be called `required`; as a keyword it is a list.
                if keywords
                    .get(name)
                    .is_some_and(|value| value.is_array() || value.is_u64())
                {
                    keywords.remove(name);
                }
            }
            for (name, value) in keywords.iter_mut() {
                match value {
                    Json::String(reference) if name == "$ref" => {
                        if let Some(target) = reference.strip_prefix("#/$defs/") {
                            *reference = format!("#/$defs/{}", part_name(target));
                        }
                    }
                    value => relax(value),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(relax),
        _ => {}
    }
}

fn part_name(name: &str) -> String {
    format!("{name}Part")
}

/// Drops the definitions that no table leads to.
fn prune(definitions: &mut Map<String, Json>, tables: &[(&Facts, Json)], others: [&Json; 2]) {
    let mut used = std::collections::BTreeSet::new();
    let mut open: Vec<&Json> = tables.iter().map(|(_, table)| table).collect();
    open.extend(others);
    while let Some(schema) = open.pop() {
        match schema {
            Json::Object(keywords) => {
                let target = keywords.get("$ref").and_then(Json::as_str);
                let target = target.and_then(|reference| reference.strip_prefix("#/$defs/"));
                if let Some((name, definition)) =
                    target.and_then(|name| definitions.get_key_value(name))
                    && used.insert(name.clone())
                {
                    open.push(definition);
                }
                open.extend(keywords.values());
            }
            Json::Array(items) => open.extend(items),
            _ => {}
        }
    }
    definitions.retain(|name, _| used.contains(name));
}
