//! CloudWatch Logs, with what `winterbaume-cloudwatchlogs` leaves out.
//!
//! Corrected, each because xrayctl acts on it: resource policies must be JSON,
//! are ten at most, and are listed in order and in pages; a retention must be
//! one of the numbers of days that AWS offers; a log group keeps its class, its
//! key and its protection from the start, shows them, is refused a key that
//! cannot be used, and is not deleted while it is protected.
//!
//! Sources:
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>.

mod groups;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use winterbaume_cloudwatchlogs::CloudWatchLogsService;

use super::engine::{Call, Engine, changes};
use super::json_call::{self, JsonFault, amended};
use crate::local_aws::service::{Answer, Service, Siblings, StateError};
use groups::Classes;

/// Most resource policies of one account and region.
const MOST_POLICIES: usize = 10;
/// Most characters of one policy.
const MOST_CHARACTERS: usize = 5120;
/// Days for which AWS keeps log events, where it does not keep them for ever.
const RETENTIONS: &[i64] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// What the targets of its calls start with.
const TARGET: &str = "Logs_20140328";
/// The member of a snapshot that holds the classes of log groups.
const CLASSES: &str = "xrayctl_classes";

/// The service with its corrections.
pub struct Logs {
    engine: Engine<CloudWatchLogsService>,
    classes: Mutex<HashMap<String, Classes>>,
}

impl Logs {
    /// CloudWatch Logs of one account.
    pub fn new(account: &str) -> Self {
        Self {
            engine: Engine::new("logs", account, CloudWatchLogsService::new),
            classes: Mutex::default(),
        }
    }

    fn classes(&self) -> MutexGuard<'_, HashMap<String, Classes>> {
        self.classes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(
        &self,
        region: &str,
        operation: &str,
        members: &Map<String, Value>,
    ) -> Result<(), JsonFault> {
        match operation {
            "PutResourcePolicy" => self.check_policy(region, members),
            "PutRetentionPolicy" => match members.get("retentionInDays").and_then(Value::as_i64) {
                Some(days) if !RETENTIONS.contains(&days) => Err(invalid(format!(
                    "Invalid retention value {days}: must be one of {RETENTIONS:?}"
                ))),
                _ => Ok(()),
            },
            "DescribeResourcePolicies" => match members.get("limit").and_then(Value::as_i64) {
                Some(limit) if !(1..=50).contains(&limit) => Err(invalid(format!(
                    "1 validation error detected: Value '{limit}' at 'limit' failed to \
                         satisfy constraint: Member must have value between 1 and 50"
                ))),
                _ => Ok(()),
            },
            "DeleteLogGroup" => {
                let name = members.get("logGroupName").and_then(Value::as_str);
                let name = name.unwrap_or_default();
                let view = self.engine.view(region);
                groups::check_deletion(name, view.log_groups.get(name))
            }
            _ => groups::check(operation, members),
        }
    }

    async fn call(&self, region: &str, operation: &str, body: &Value) -> Response<Bytes> {
        let request = json_call::request(&format!("{TARGET}.{operation}"), body);
        self.engine.handle(region, request).await
    }

    /// Makes a log group, and tells the engine what it drops at that.
    async fn create_group(
        &self,
        region: &str,
        members: &Map<String, Value>,
        request: Request<Bytes>,
    ) -> Response<Bytes> {
        let response = self.engine.handle(region, request).await;
        if !response.status().is_success() {
            return response;
        }
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let name = text("logGroupName").unwrap_or_default();
        if let Some(key) = text("kmsKeyId") {
            let body = json!({ "logGroupName": name, "kmsKeyId": key });
            self.call(region, "AssociateKmsKey", &body).await;
        }
        if members.get("deletionProtectionEnabled") == Some(&Value::Bool(true)) {
            let body = json!({ "logGroupIdentifier": name, "deletionProtectionEnabled": true });
            self.call(region, "PutLogGroupDeletionProtection", &body)
                .await;
        }
        let mut all = self.classes();
        let classes = all.entry(region.to_owned()).or_default();
        classes.remove(name);
        if let Some(class) = text("logGroupClass") {
            classes.insert(name.to_owned(), class.to_owned());
        }
        response
    }

    async fn answer(
        &self,
        region: &str,
        operation: &str,
        members: &Map<String, Value>,
        request: Request<Bytes>,
    ) -> Response<Bytes> {
        match operation {
            "CreateLogGroup" => self.create_group(region, members, request).await,
            "DescribeLogGroups" => {
                let asked = groups::with_limit(members);
                let response = self.call(region, operation, &asked).await;
                let view = self.engine.view(region);
                let classes = self.classes().get(region).cloned().unwrap_or_default();
                groups::described(response, &view.log_groups, &classes)
            }
            "DescribeResourcePolicies" => {
                let response = self.engine.handle(region, request).await;
                paged_policies(response, members)
            }
            _ => self.engine.handle(region, request).await,
        }
    }

    fn check_policy(&self, region: &str, members: &Map<String, Value>) -> Result<(), JsonFault> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if let Some(document) = text("policyDocument") {
            if document.chars().count() > MOST_CHARACTERS {
                return Err(invalid(format!(
                    "Policy document is longer than {MOST_CHARACTERS} characters"
                )));
            }
            if !serde_json::from_str::<Value>(document).is_ok_and(|json| json.is_object()) {
                return Err(invalid("Unable to parse policy document".to_owned()));
            }
        }
        let policies = self.engine.view(region).resource_policies;
        let is_new = text("policyName").is_some_and(|name| !policies.contains_key(name));
        if is_new && policies.len() >= MOST_POLICIES {
            return Err(JsonFault::new(
                "LimitExceededException",
                "Resource limit exceeded.",
            ));
        }
        Ok(())
    }
}

fn invalid(message: String) -> JsonFault {
    JsonFault::new("InvalidParameterException", message)
}

fn paged_policies(response: Response<Bytes>, members: &Map<String, Value>) -> Response<Bytes> {
    let marker = members.get("nextToken").and_then(Value::as_str);
    let limit = members.get("limit").and_then(Value::as_u64).unwrap_or(50);
    let limit = usize::try_from(limit).unwrap_or(50);
    amended(response, |answer| {
        let mut items = match answer.remove("resourcePolicies") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let key = "policyName";
        items.sort_by(|a, b| a[key].as_str().cmp(&b[key].as_str()));
        let page = json_call::page(&items, key, marker, limit);
        answer.insert("resourcePolicies".to_owned(), json!(page.items));
        if let Some(next) = page.next {
            answer.insert("nextToken".to_owned(), json!(next));
        }
    })
}

#[async_trait]
impl Service for Logs {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn target_prefix(&self) -> Option<&'static str> {
        Some(TARGET)
    }

    async fn handle(
        &self,
        region: &str,
        request: Request<Bytes>,
        siblings: &dyn Siblings,
    ) -> Answer {
        let call = Call::of(&request);
        let operation = call.operation().unwrap_or_default().to_owned();
        let members = json_call::members(&request).unwrap_or_default();
        let mut checked = self.check(region, &operation, &members);
        if checked.is_ok() && ["CreateLogGroup", "AssociateKmsKey"].contains(&operation.as_str()) {
            checked = groups::check_key(&members, siblings).await;
        }
        if let Err(fault) = checked {
            return Answer {
                response: fault.response(),
                changed: false,
            };
        }
        let response = self.answer(region, &operation, &members, request).await;
        let changed = changes(&call, &response);
        Answer { response, changed }
    }

    fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        let mut snapshot = self.engine.snapshot(region)?;
        let classes = self.classes().get(region).cloned().unwrap_or_default();
        if let Value::Object(members) = &mut snapshot {
            members.insert(CLASSES.to_owned(), json!(classes));
        }
        Ok(snapshot)
    }

    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        let mut state = state.clone();
        let classes = state
            .as_object_mut()
            .and_then(|all| all.shift_remove(CLASSES));
        let classes = classes.map_or(Ok(Classes::new()), serde_json::from_value);
        let classes = classes.map_err(|error| self.engine.state_error(&error))?;
        self.engine.restore(region, &state)?;
        self.classes().insert(region.to_owned(), classes);
        Ok(())
    }
}
