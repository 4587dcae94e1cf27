//! CloudWatch Logs, with what `winterbaume-cloudwatchlogs` leaves out.
//!
//! Corrected, each because xrayctl acts on it: resource policies must be JSON,
//! are ten at most, and are listed in order and in pages; a retention must be
//! one of the numbers of days that AWS offers.
//!
//! Sources:
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use winterbaume_cloudwatchlogs::CloudWatchLogsService;

use super::engine::{Call, Engine, changes};
use super::json_call::{self, JsonFault, amended};
use crate::local_aws::service::{Answer, Service, Siblings, StateError};

/// Most resource policies of one account and region.
const MOST_POLICIES: usize = 10;
/// Most characters of one policy.
const MOST_CHARACTERS: usize = 5120;
/// Days for which AWS keeps log events, where it does not keep them for ever.
const RETENTIONS: &[i64] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// The service with its corrections.
pub struct Logs {
    engine: Engine<CloudWatchLogsService>,
}

impl Logs {
    /// CloudWatch Logs of one account.
    pub fn new(account: &str) -> Self {
        Self {
            engine: Engine::new("logs", account, CloudWatchLogsService::new()),
        }
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
            _ => Ok(()),
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
        Some("Logs_20140328")
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        let operation = call.operation().unwrap_or_default().to_owned();
        let members = json_call::members(&request).unwrap_or_default();
        if let Err(fault) = self.check(region, &operation, &members) {
            return Answer {
                response: fault.response(),
                changed: false,
            };
        }
        let mut response = self.engine.handle(region, request).await;
        if operation == "DescribeResourcePolicies" {
            response = paged_policies(response, &members);
        }
        let changed = changes(&call, &response);
        Answer { response, changed }
    }

    fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        self.engine.snapshot(region)
    }

    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        self.engine.restore(region, state)
    }
}
