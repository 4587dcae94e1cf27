//! Log groups: what AWS refuses, and what `winterbaume-cloudwatchlogs` forgets
//! of them.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};
use winterbaume_cloudwatchlogs::views::LogGroupView;

use super::invalid;
use crate::local_aws::neighbours::json_call::{JsonFault, amended};
use crate::local_aws::service::Siblings;

/// The class of each log group that is not of the standard one.
pub type Classes = BTreeMap<String, String>;

const STANDARD: &str = "STANDARD";
const CLASSES: &[&str] = &[STANDARD, "INFREQUENT_ACCESS", "DELIVERY"];
/// Most log groups of one page, and as many as come where nothing is asked.
const PAGE: i64 = 50;

/// Demands members that AWS takes.
///
/// # Errors
/// The error that AWS answers where they are not.
pub fn check(operation: &str, members: &Map<String, Value>) -> Result<(), JsonFault> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match operation {
        "CreateLogGroup" => {
            let name = text("logGroupName").unwrap_or_default();
            let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
            if name.is_empty() || name.len() > 512 || !name.chars().all(allowed) {
                return Err(invalid(format!(
                    "1 validation error detected: Value '{name}' at 'logGroupName' failed to \
                     satisfy constraint: Member must satisfy regular expression pattern: \
                     [\\.\\-_/#A-Za-z0-9]+"
                )));
            }
            if name.starts_with("aws/") {
                return Err(invalid(
                    "Log groups starting with AWS/ are reserved for AWS.".to_owned(),
                ));
            }
            match text("logGroupClass") {
                Some(class) if !CLASSES.contains(&class) => {
                    Err(invalid(format!("{class} is no class of log groups")))
                }
                _ => Ok(()),
            }
        }
        "DescribeLogGroups" => match members.get("limit").and_then(Value::as_i64) {
            Some(limit) if !(1..=PAGE).contains(&limit) => Err(invalid(format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy \
                 constraint: Member must have value between 1 and {PAGE}"
            ))),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Demands that the key that a request names can be used.
///
/// # Errors
/// The error that AWS answers where it cannot.
pub async fn check_key(
    members: &Map<String, Value>,
    siblings: &dyn Siblings,
) -> Result<(), JsonFault> {
    let Some(key) = members.get("kmsKeyId").and_then(Value::as_str) else {
        return Ok(());
    };
    let asked = json!({ "KeyId": key });
    let answer = siblings
        .call("kms", "TrentService.DescribeKey", &asked)
        .await;
    let described: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let metadata = &described["KeyMetadata"];
    let is_usable = answer.status().is_success()
        && metadata["Enabled"] == true
        && metadata["KeySpec"].as_str().unwrap_or("SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT";
    if is_usable {
        return Ok(());
    }
    let name = members.get("logGroupName").and_then(Value::as_str);
    Err(invalid(format!(
        "The specified KMS key does not exist or is not allowed to be used with LogGroup '{}'",
        name.unwrap_or_default()
    )))
}

/// Demands that a log group may be deleted.
///
/// # Errors
/// Where it is protected.
pub fn check_deletion(name: &str, group: Option<&LogGroupView>) -> Result<(), JsonFault> {
    match group {
        Some(group) if group.deletion_protection_enabled => Err(JsonFault::new(
            "ValidationException",
            format!("Deletion protection is enabled for log group {name}"),
        )),
        _ => Ok(()),
    }
}

/// Asks for as many log groups as AWS gives at most.
pub fn with_limit(members: &Map<String, Value>) -> Value {
    let mut members = members.clone();
    members.entry("limit").or_insert(json!(PAGE));
    Value::Object(members)
}

/// The list of log groups with what is known of each.
pub fn described(
    response: Response<Bytes>,
    groups: &std::collections::HashMap<String, LogGroupView>,
    classes: &Classes,
) -> Response<Bytes> {
    amended(response, |answer| {
        let list = answer.get_mut("logGroups").and_then(Value::as_array_mut);
        for group in list.into_iter().flatten() {
            let name = group["logGroupName"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let class = classes.get(&name).map_or(STANDARD, String::as_str);
            group["logGroupClass"] = json!(class);
            let Some(kept) = groups.get(&name) else {
                continue;
            };
            group["deletionProtectionEnabled"] = json!(kept.deletion_protection_enabled);
            if let Some(key) = &kept.kms_key_id {
                group["kmsKeyId"] = json!(key);
            }
        }
    })
}
