//! What KMS refuses, where `winterbaume-kms` takes it.
//!
//! Sources: <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>,
//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html>,
//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html>.

use serde_json::{Map, Value};
use winterbaume_kms::views::KeyView;

use super::json_call::JsonFault;

/// Days between rotations where a request does not say.
pub const ROTATION_DAYS: u32 = 365;

/// Operations that a key pending deletion refuses.
const NOT_WHILE_PENDING: &[&str] = &[
    "CreateAlias",
    "CreateGrant",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "PutKeyPolicy",
    "RotateKeyOnDemand",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
];

/// Operations that a disabled key refuses, among those that manage keys.
const NOT_WHILE_DISABLED: &[&str] = &[
    "DisableKeyRotation",
    "EnableKeyRotation",
    "RotateKeyOnDemand",
];

/// Whether the state of `key`, and who manages it, permit `operation`.
///
/// # Errors
/// The error that AWS answers where they do not.
pub fn check_state(operation: &str, key: &KeyView) -> Result<(), JsonFault> {
    let arn = &key.arn;
    if key.key_manager == "AWS" && NOT_WHILE_PENDING.contains(&operation) {
        return Err(JsonFault::new(
            "AccessDeniedException",
            format!("{operation} is not permitted on {arn}, which AWS manages"),
        ));
    }
    if key.key_state == "PendingDeletion" && NOT_WHILE_PENDING.contains(&operation) {
        return Err(JsonFault::new(
            "KMSInvalidStateException",
            format!("{arn} is pending deletion."),
        ));
    }
    if key.key_state == "Disabled" && NOT_WHILE_DISABLED.contains(&operation) {
        return Err(JsonFault::new(
            "DisabledException",
            format!("{arn} is disabled."),
        ));
    }
    Ok(())
}

/// Whether the members of a request are such as AWS takes.
///
/// # Errors
/// The error that AWS answers where they are not.
pub fn check_members(operation: &str, members: &Map<String, Value>) -> Result<(), JsonFault> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match operation {
        "CreateKey" | "PutKeyPolicy" => text("Policy").map_or(Ok(()), check_policy),
        "CreateAlias" => text("AliasName").map_or(Ok(()), check_alias),
        "EnableKeyRotation" => check_range(members, "RotationPeriodInDays", 90, 2560),
        "ListKeys" => check_range(members, "Limit", 1, 1000),
        "ListAliases" => check_range(members, "Limit", 1, 100),
        "ListResourceTags" => check_range(members, "Limit", 1, 50),
        _ => Ok(()),
    }
}

fn check_policy(policy: &str) -> Result<(), JsonFault> {
    match serde_json::from_str::<Value>(policy) {
        Ok(Value::Object(document)) if document.contains_key("Statement") => Ok(()),
        _ => Err(JsonFault::new(
            "MalformedPolicyDocumentException",
            "The new key policy is not a valid policy document.",
        )),
    }
}

fn check_alias(alias: &str) -> Result<(), JsonFault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte);
    if alias.is_empty() || alias.len() > 256 || !alias.bytes().all(allowed) {
        return Err(JsonFault::new(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{alias}' at 'aliasName' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"
            ),
        ));
    }
    if !alias.starts_with("alias/") || alias == "alias/" {
        return Err(JsonFault::new(
            "ValidationException",
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    }
    if alias.starts_with("alias/aws/") {
        return Err(JsonFault::new(
            "InvalidAliasNameException",
            "Aliases that begin with alias/aws/ are reserved for AWS",
        ));
    }
    Ok(())
}

fn check_range(
    members: &Map<String, Value>,
    name: &str,
    least: i64,
    most: i64,
) -> Result<(), JsonFault> {
    let Some(found) = members.get(name).and_then(Value::as_i64) else {
        return Ok(());
    };
    let rule = if found < least {
        format!("greater than or equal to {least}")
    } else if found > most {
        format!("less than or equal to {most}")
    } else {
        return Ok(());
    };
    let (first, rest) = name.split_at(1);
    Err(JsonFault::new(
        "ValidationException",
        format!(
            "1 validation error detected: Value '{found}' at '{}{rest}' failed to satisfy \
             constraint: Member must have value {rule}",
            first.to_ascii_lowercase()
        ),
    ))
}
