//! AWS KMS, with what `winterbaume-kms` leaves out.
//!
//! Corrected, each because xrayctl acts on it:
//! - the rotation period is kept and returned;
//! - the policy of `CreateKey` is kept, and policies that are not JSON refused;
//! - `GetKeyPolicy` writes the document anew, so that nobody compares it as text;
//! - lists are sorted and paged;
//! - references to keys are resolved, and refused, as AWS does;
//! - a key that is disabled or pending deletion refuses what AWS refuses;
//! - deletion answers with ARN and window, and is refused a second time;
//! - `alias/aws/xray` exists, made on first use.
//!
//! Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html>.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use winterbaume_kms::KmsService;
use winterbaume_kms::views::{AliasView, KeyView};

use super::engine::{Call, Engine, changes};
use super::json_call::{self, JsonFault, amended};
use super::kms_key::Keyring;
use super::kms_rules as rules;
use crate::local_aws::Clock;
use crate::local_aws::service::{Answer, Service, Siblings, StateError};

const TARGET: &str = "TrentService";
/// Alias of the key that AWS makes for X-Ray in every account.
const XRAY_ALIAS: &str = "alias/aws/xray";

/// Rotation of keys, by key id.
type Rotations = BTreeMap<String, Rotation>;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Rotation {
    days: u32,
    /// Epoch seconds.
    enabled_at: f64,
}

/// The state of a region, ours beside the engine's.
#[derive(Default, Serialize, Deserialize)]
struct Saved {
    rotations: Rotations,
    engine: Value,
}

/// The service with its corrections.
pub struct Kms {
    engine: Engine<KmsService>,
    clock: Clock,
    rotations: Mutex<HashMap<String, Rotations>>,
}

/// A request to KMS, with what it refers to.
struct Asked<'a> {
    region: &'a str,
    operation: &'a str,
    members: &'a Map<String, Value>,
    key: Option<&'a KeyView>,
}

impl Kms {
    /// KMS of one account.
    pub fn new(account: &str, clock: Clock) -> Self {
        Self {
            clock,
            engine: Engine::new("kms", account, KmsService::new),
            rotations: Mutex::default(),
        }
    }

    fn rotations(&self) -> MutexGuard<'_, HashMap<String, Rotations>> {
        self.rotations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn call(&self, region: &str, operation: &str, body: &Value) -> Response<Bytes> {
        let request = json_call::request(&format!("{TARGET}.{operation}"), body);
        self.engine.handle(region, request).await
    }

    async fn answer(
        &self,
        region: &str,
        operation: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, JsonFault> {
        let Some(members) = json_call::members(&request) else {
            return Ok(self.engine.handle(region, request).await);
        };
        let view = self.engine.view(region);
        let keyring = Keyring {
            account: self.engine.account(),
            region,
            view: &view,
        };
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let key = match text("KeyId").or(text("TargetKeyId")) {
            Some(reference) => Some(keyring.find(operation, reference)?),
            None => None,
        };
        if let Some(key) = key {
            rules::check_state(operation, key)?;
        }
        rules::check_members(operation, &members)?;
        if matches!(operation, "DeleteAlias" | "UpdateAlias")
            && let Some(alias) = text("AliasName").filter(|a| !view.aliases.contains_key(*a))
        {
            return Err(keyring.no_alias(alias));
        }
        let asked = Asked {
            region,
            operation,
            members: &members,
            key,
        };
        self.corrected(asked, request).await
    }

    async fn corrected(
        &self,
        asked: Asked<'_>,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, JsonFault> {
        if asked.operation == "CreateKey" {
            return Ok(self.create_key(asked, request).await);
        }
        let response = self.engine.handle(asked.region, request).await;
        match (asked.operation, asked.key) {
            ("ListKeys", _) => Ok(paged(response, asked.members, "Keys", "KeyId", 100)),
            ("ListAliases", _) => Ok(paged(response, asked.members, "Aliases", "AliasName", 50)),
            ("ListResourceTags", _) => Ok(paged(response, asked.members, "Tags", "TagKey", 50)),
            ("EnableKeyRotation", Some(key)) if response.status().is_success() => {
                let days = asked.members.get("RotationPeriodInDays");
                self.set_rotation(asked.region, key, days.and_then(Value::as_u64));
                Ok(response)
            }
            ("GetKeyRotationStatus", Some(key)) => {
                Ok(self.rotation_status(asked.region, key, response))
            }
            ("ScheduleKeyDeletion", Some(key)) => {
                let days = asked.members.get("PendingWindowInDays");
                let days = days.cloned().unwrap_or_else(|| json!(30));
                Ok(amended(response, |answer| {
                    answer.insert("KeyId".to_owned(), json!(key.arn));
                    answer.insert("PendingWindowInDays".to_owned(), days);
                }))
            }
            ("GetKeyPolicy", _) => Ok(amended(response, |answer| {
                if let Some(policy) = answer.get_mut("Policy") {
                    *policy = rewritten(policy);
                }
            })),
            ("CancelKeyDeletion", Some(key)) => Ok(amended(response, |answer| {
                answer.insert("KeyId".to_owned(), json!(key.arn));
            })),
            _ => Ok(response),
        }
    }

    /// The engine drops the policy that a new key is given.
    async fn create_key(&self, asked: Asked<'_>, request: Request<Bytes>) -> Response<Bytes> {
        let response = self.engine.handle(asked.region, request).await;
        let id = key_id(&response);
        if let (Some(id), Some(policy)) = (id, asked.members.get("Policy")) {
            let body = json!({ "KeyId": id, "PolicyName": "default", "Policy": policy });
            let put = self.call(asked.region, "PutKeyPolicy", &body).await;
            if !put.status().is_success() {
                return put;
            }
        }
        response
    }

    fn set_rotation(&self, region: &str, key: &KeyView, days: Option<u64>) {
        let rotation = Rotation {
            days: days
                .and_then(|days| u32::try_from(days).ok())
                .unwrap_or(rules::ROTATION_DAYS),
            enabled_at: self.clock.epoch_seconds(),
        };
        let mut rotations = self.rotations();
        let of_region = rotations.entry(region.to_owned()).or_default();
        of_region.insert(key.key_id.clone(), rotation);
    }

    /// A key pending deletion does not rotate, whatever it is set to.
    fn rotation_status(
        &self,
        region: &str,
        key: &KeyView,
        response: Response<Bytes>,
    ) -> Response<Bytes> {
        let rotations = self.rotations();
        let rotation = rotations.get(region).and_then(|of| of.get(&key.key_id));
        let is_on = key.key_rotation_enabled && key.key_state != "PendingDeletion";
        amended(response, |answer| {
            answer.insert("KeyRotationEnabled".to_owned(), json!(is_on));
            if let (true, Some(rotation)) = (is_on, rotation) {
                let days = rotation.days;
                let next = rotation.enabled_at + 86_400.0 * f64::from(days);
                answer.insert("RotationPeriodInDays".to_owned(), json!(days));
                answer.insert("NextRotationDate".to_owned(), json!(next));
            }
        })
    }

    /// Makes the key of `alias/aws/xray`, as AWS does when it is first asked
    /// for. Says whether it did.
    async fn make_managed_key(&self, region: &str) -> Result<bool, StateError> {
        if self.engine.view(region).aliases.contains_key(XRAY_ALIAS) {
            return Ok(false);
        }
        let description = "Default key that protects my X-Ray data when no other key is defined";
        let body = json!({ "Description": description });
        let created = self.call(region, "CreateKey", &body).await;
        let id = key_id(&created)
            .ok_or_else(|| self.engine.state_error(&"a key could not be created"))?;
        let mut view = self.engine.view(region);
        if let Some(key) = view.keys.get_mut(&id) {
            key.key_manager = String::from("AWS");
            key.key_rotation_enabled = true;
        }
        let alias = AliasView {
            alias_name: XRAY_ALIAS.to_owned(),
            alias_arn: format!(
                "arn:aws:kms:{region}:{}:{XRAY_ALIAS}",
                self.engine.account()
            ),
            target_key_id: id,
        };
        view.aliases.insert(XRAY_ALIAS.to_owned(), alias);
        self.engine.set_view(region, view)?;
        Ok(true)
    }
}

fn key_id(response: &Response<Bytes>) -> Option<String> {
    let body: Value = serde_json::from_slice(response.body()).ok()?;
    Some(body["KeyMetadata"]["KeyId"].as_str()?.to_owned())
}

/// The policy with white space of AWS's own, where it is JSON.
fn rewritten(policy: &Value) -> Value {
    let document: Option<Value> = policy
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    let text = document.and_then(|document| serde_json::to_string_pretty(&document).ok());
    text.map_or_else(|| policy.clone(), Value::String)
}

/// The engine answers lists whole and in no order.
fn paged(
    response: Response<Bytes>,
    members: &Map<String, Value>,
    list: &str,
    key: &str,
    usual: usize,
) -> Response<Bytes> {
    let marker = members.get("Marker").and_then(Value::as_str);
    let limit = members.get("Limit").and_then(Value::as_u64);
    let limit = limit.map_or(usual, |limit| usize::try_from(limit).unwrap_or(usual));
    amended(response, |answer| {
        let mut items = match answer.remove(list) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        items.sort_by(|a, b| a[key].as_str().cmp(&b[key].as_str()));
        let page = json_call::page(&items, key, marker, limit);
        answer.insert(list.to_owned(), json!(page.items));
        answer.insert("Truncated".to_owned(), json!(page.next.is_some()));
        if let Some(next) = page.next {
            answer.insert("NextMarker".to_owned(), json!(next));
        }
    })
}

#[async_trait]
impl Service for Kms {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn target_prefix(&self) -> Option<&'static str> {
        Some(TARGET)
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        let wants_managed = json_call::members(&request)
            .is_some_and(|members| names_managed_key(members.get("KeyId")));
        let made = if wants_managed {
            self.make_managed_key(region).await.unwrap_or(false)
        } else {
            false
        };
        let operation = call.operation().unwrap_or_default().to_owned();
        let response = match self.answer(region, &operation, request).await {
            Ok(response) => response,
            Err(fault) => fault.response(),
        };
        let changed = made || changes(&call, &response);
        Answer { response, changed }
    }

    fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        let saved = Saved {
            rotations: self.rotations().get(region).cloned().unwrap_or_default(),
            engine: self.engine.snapshot(region)?,
        };
        serde_json::to_value(saved).map_err(|error| self.engine.state_error(&error))
    }

    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        let saved = if state.is_null() {
            Saved::default()
        } else {
            Saved::deserialize(state).map_err(|error| self.engine.state_error(&error))?
        };
        self.engine.restore(region, &saved.engine)?;
        self.rotations().insert(region.to_owned(), saved.rotations);
        Ok(())
    }
}

fn names_managed_key(reference: Option<&Value>) -> bool {
    reference
        .and_then(Value::as_str)
        .is_some_and(|text| text == XRAY_ALIAS || text.ends_with(&format!(":{XRAY_ALIAS}")))
}
