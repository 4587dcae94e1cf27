//! The JSON Schema for editors.

use serde_json::{Value, json};

use super::toys::KINDS;
use crate::spec::schema;

fn property<'a>(schema: &'a Value, path: &str) -> &'a Value {
    schema
        .pointer(path)
        .unwrap_or_else(|| panic!("{path} in {schema:#}"))
}

#[test]
fn describes_every_table_and_what_all_have() {
    let schema = schema(KINDS);
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert_eq!(schema["required"], json!(["stack"]));
    assert_eq!(schema["additionalProperties"], false);
    let rule = property(&schema, "/properties/sampling_rules/additionalProperties");
    assert_eq!(rule["required"], json!(["priority"]));
    assert_eq!(rule["additionalProperties"], false);
    for field in ["protect", "ignore", "depends_on", "tags", "fixed_rate"] {
        assert!(
            rule["properties"][field]["description"].is_string(),
            "{field}"
        );
    }
    let setting = property(&schema, "/properties/encryption/properties");
    assert!(setting.get("tags").is_none());
    property(
        &schema,
        "/properties/iam/properties/policies/additionalProperties/properties/document",
    );
}

#[test]
fn lets_variables_stand_for_values() {
    let schema = schema(KINDS);
    let rate = property(
        &schema,
        "/properties/sampling_rules/additionalProperties/properties/fixed_rate",
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(rate).unwrap(), @r#"
    {
      "description": "Fraction after the reservoir.",
      "default": 0.0,
      "anyOf": [
        {
          "type": "number",
          "format": "double",
          "minimum": 0.0,
          "maximum": 1.0
        },
        {
          "type": "string",
          "pattern": "\\$\\{[^}]+\\}"
        }
      ]
    }
    "#);
    // Any string may hold `${...}` already.
    let filter = property(
        &schema,
        "/properties/groups/additionalProperties/properties/filter_expression",
    );
    assert_eq!(filter["type"], "string");
    let word = property(&schema, "/$defs/EncryptionType/anyOf/1/type");
    assert_eq!(word, "string");
}

#[test]
fn asks_for_nothing_in_an_overlay() {
    let schema = schema(KINDS);
    let overlay = property(&schema, "/properties/env/additionalProperties/properties");
    assert!(overlay.get("env").is_none());
    let rule = property(overlay, "/sampling_rules/additionalProperties");
    assert!(rule.get("required").is_none());
    assert!(
        property(&schema, "/$defs/BoostPart")
            .get("required")
            .is_none()
    );
    assert!(property(&schema, "/$defs/Boost").get("required").is_some());
}

#[test]
fn leads_nowhere_in_vain() {
    let schema = schema(KINDS);
    let mut open = vec![&schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(entries) => {
                if let Some(Value::String(target)) = entries.get("$ref") {
                    property(&schema, target.trim_start_matches('#'));
                }
                open.extend(entries.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}
