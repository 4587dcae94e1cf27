//! KMS keys that AWS does not rotate.

use serde_json::json;

use super::resources::{Resources, value};
use super::{Finding, Rule, list};
use crate::model::Desired;

/// The type of keys.
const KEY: &str = "kms_key";
/// The field that says whether one is rotated.
const ROTATION: &str = "key_rotation_enabled";

pub(super) const RULE: Rule = Rule {
    code: "key-without-rotation",
    title: "A KMS key that is not rotated",
    explanation: "\
With `key_rotation_enabled = false` AWS never makes new key material, and \
everything that was ever encrypted with the key hangs on one secret. Rotation \
changes neither the key's ARN nor its policy, and what is encrypted already can \
still be read.

Leave the field out: keys are rotated by default, once a year. A key that is \
disabled, or whose rotation is left to others with `ignore`, is not reported.",
    bad: r#"
[kms_keys.traces]
key_rotation_enabled = false

[encryption]
type = "KMS"
key_id = "traces"
"#,
    good: r#"
[kms_keys.traces]

[encryption]
type = "KMS"
key_id = "traces"
"#,
    kinds: &[KEY, "encryption"],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let is_off =
        |key: &&Desired, field: &str| value(key, &format!("/{field}")) == Some(&json!(false));
    let keys = resources.of_kind(KEY).filter(|key| {
        let is_ours = !key.ignore.iter().any(|field| field == ROTATION);
        is_ours && is_off(key, ROTATION) && !is_off(key, "enabled")
    });
    let found = keys.map(|key| {
        let users: Vec<String> = resources
            .all()
            .filter(|other| other.references.iter().any(|one| one.to == key.address))
            .map(|other| other.address.to_string())
            .collect();
        let with_it = match users.as_slice() {
            [] => String::new(),
            users => format!(", and {} encrypts with it", list(users)),
        };
        Finding::new(
            key,
            format!("/{ROTATION}"),
            format!("AWS never makes new key material{with_it}"),
            "leave the field out: keys are rotated once a year by default",
        )
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::testing::{found, resource};
    use super::*;
    use crate::model::Reference;

    fn key(fields: Value) -> Desired {
        resource("kms_key.traces", fields)
    }

    #[test]
    fn finds_keys_and_who_uses_them() {
        let mut encryption = resource("encryption", json!({"key_id": "traces"}));
        let key = key(json!({"key_rotation_enabled": false, "enabled": true}));
        encryption.references.push(Reference {
            field: "/key_id".to_owned(),
            to: key.address.clone(),
            output: "arn".to_owned(),
        });
        assert_eq!(
            found(&RULE, &[encryption, key]),
            [
                "kms_key.traces /key_rotation_enabled: AWS never makes new key material, and \
                 `encryption` encrypts with it"
            ]
        );
    }

    #[test]
    fn is_silent_on_others() {
        assert!(found(&RULE, &[key(json!({"key_rotation_enabled": true}))]).is_empty());
        let disabled = key(json!({"key_rotation_enabled": false, "enabled": false}));
        assert!(found(&RULE, &[disabled]).is_empty());
        let mut others = key(json!({"key_rotation_enabled": false}));
        others.ignore.push(ROTATION.to_owned());
        assert!(found(&RULE, &[others]).is_empty());
    }
}
