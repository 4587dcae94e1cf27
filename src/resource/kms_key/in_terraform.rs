//! A KMS key in Terraform's AWS provider, where key and alias are two.

use serde_json::{Value, json};

use super::{ARN, KEY_ID, KmsKeySpec};
use crate::resource::Attributes;

/// Writes the key.
pub(super) fn key(spec: &KmsKeySpec, outputs: &Attributes) -> Attributes {
    let policy = spec.policy.as_ref();
    let mut attributes = Attributes::from_iter([
        ("description".to_owned(), json!(spec.description)),
        ("is_enabled".to_owned(), json!(spec.enabled)),
        (
            "enable_key_rotation".to_owned(),
            json!(spec.key_rotation_enabled),
        ),
        (
            "rotation_period_in_days".to_owned(),
            json!(
                spec.key_rotation_enabled
                    .then_some(spec.rotation_period_in_days)
            ),
        ),
        ("multi_region".to_owned(), json!(spec.multi_region)),
        (
            "policy".to_owned(),
            json!(policy.map(|policy| Value::Object(policy.clone()).to_string())),
        ),
        (
            "deletion_window_in_days".to_owned(),
            json!(spec.pending_window_in_days),
        ),
        // All that this type makes.
        ("key_usage".to_owned(), json!("ENCRYPT_DECRYPT")),
        (
            "customer_master_key_spec".to_owned(),
            json!("SYMMETRIC_DEFAULT"),
        ),
    ]);
    let given = [(ARN, ARN), (KEY_ID, KEY_ID), (KEY_ID, "id")];
    for (output, attribute) in given {
        if let Some(value) = outputs.get(output) {
            attributes.insert(attribute.to_owned(), value.clone());
        }
    }
    attributes
}

/// Writes the alias; a key that lost its alias has none.
pub(super) fn alias(name: &str, outputs: &Attributes) -> Option<(&'static str, Attributes)> {
    if name.is_empty() {
        return None;
    }
    let mut attributes = Attributes::from_iter([
        ("name".to_owned(), json!(name)),
        ("id".to_owned(), json!(name)),
    ]);
    if let Some(id) = outputs.get(KEY_ID) {
        attributes.insert("target_key_id".to_owned(), id.clone());
    }
    // The ARN of a key that is not made yet is a marker, and the alias's is as
    // unknown.
    if let Some(arn) = outputs.get(ARN).and_then(Value::as_str) {
        let arn = arn
            .rsplit_once(":key/")
            .map_or_else(|| arn.to_owned(), |(place, _)| format!("{place}:{name}"));
        attributes.insert(ARN.to_owned(), json!(arn));
    }
    Some(("aws_kms_alias", attributes))
}
