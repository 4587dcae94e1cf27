//! Resource policies of an account and region.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_PutResourcePolicy.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use super::log_permission::is_like;
use super::{Input, Place, State, typed};

/// Most policies of one account and region.
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_PutResourcePolicy.html>.
const MOST_POLICIES: usize = 5;
/// Most bytes of one document, from the same page.
const MOST_BYTES: usize = 5 * 1024;

/// All policies, by name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ResourcePolicies(BTreeMap<String, Policy>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Policy {
    document: String,
    revision: u64,
    updated_at: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    policy_name: String,
    policy_document: String,
    policy_revision_id: Option<String>,
    #[serde(default)]
    bypass_policy_lockout_check: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteRequest {
    policy_name: String,
    policy_revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    next_token: Option<String>,
}

impl Policy {
    fn view(&self, name: &str) -> Value {
        json!({
            "PolicyName": name,
            "PolicyDocument": self.document,
            "PolicyRevisionId": self.revision.to_string(),
            "LastUpdatedTime": self.updated_at,
        })
    }
}

/// `PutResourcePolicy`: every put that succeeds makes a new revision, the same
/// document or not.
pub fn put(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: PutRequest = typed(input.body)?;
    let name = request.policy_name;
    if request.policy_document.len() > MOST_BYTES {
        return Err(Fault::policy_size(format!(
            "Policy document exceeds the maximum size of {MOST_BYTES} bytes"
        )));
    }
    let document = parsed(&request.policy_document).ok_or_else(Fault::malformed_policy)?;
    if !request.bypass_policy_lockout_check && locks_out(&document, &state.place) {
        return Err(Fault::policy_lockout(
            "The policy would prevent its author from changing it again",
        ));
    }
    let policies = &mut state.resource_policies.0;
    let revision = policies.get(&name).map_or(0, |policy| policy.revision);
    check_revision(&name, revision, request.policy_revision_id.as_deref())?;
    if revision == 0 && policies.len() >= MOST_POLICIES {
        return Err(Fault::policy_count(format!(
            "Cannot have more than {MOST_POLICIES} resource policies"
        )));
    }
    let policy = Policy {
        document: document.to_string(),
        revision: revision + 1,
        updated_at: input.now.floor(),
    };
    let view = policy.view(&name);
    policies.insert(name, policy);
    Ok(json!({ "ResourcePolicy": view }))
}

/// Compares revisions; none given means any, "0" means that there must be no
/// policy yet.
fn check_revision(name: &str, found: u64, wanted: Option<&str>) -> Result<(), Fault> {
    if wanted.is_none_or(|wanted| wanted == found.to_string()) {
        return Ok(());
    }
    Err(Fault::policy_revision(format!(
        "Another concurrent request has modified the resource policy {name}"
    )))
}

/// `DeleteResourcePolicy`
pub fn delete(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: DeleteRequest = typed(input.body)?;
    let name = request.policy_name;
    let wanted = request.policy_revision_id;
    let policies = &mut state.resource_policies.0;
    match policies.get(&name) {
        Some(policy) => check_revision(&name, policy.revision, wanted.as_deref())?,
        None if wanted.is_some() => check_revision(&name, 0, Some(""))?,
        None => {
            return Err(Fault::invalid_request(format!(
                "Resource policy does not exist: {name}"
            )));
        }
    }
    policies.remove(&name);
    Ok(json!({}))
}

/// `ListResourcePolicies`: by name; AWS takes no token.
pub fn list(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: ListRequest = typed(input.body)?;
    if request.next_token.is_some() {
        return Err(Fault::invalid_request(
            "NextToken is currently not supported",
        ));
    }
    let policies = &state.resource_policies.0;
    let views: Vec<_> = policies.iter().map(|(name, p)| p.view(name)).collect();
    Ok(json!({ "ResourcePolicies": views, "NextToken": null }))
}

/// The document as AWS stores it: parsed, and lists of one action written as
/// that action. None where it is not a resource policy.
fn parsed(text: &str) -> Option<Value> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    let version = document.as_object()?.get("Version");
    if !version.is_none_or(|v| v == "2012-10-17" || v == "2008-10-17") {
        return None;
    }
    let statements = match document.get_mut("Statement")? {
        Value::Array(items) if !items.is_empty() => items.as_mut_slice(),
        item @ Value::Object(_) => std::slice::from_mut(item),
        _ => return None,
    };
    for statement in statements {
        let statement = statement.as_object_mut()?;
        let has = |name: &str| statement.contains_key(name);
        let effect = statement.get("Effect")?.as_str()?;
        if !matches!(effect, "Allow" | "Deny")
            || !(has("Principal") || has("NotPrincipal"))
            || !(has("Action") || has("NotAction"))
        {
            return None;
        }
        for member in ["Action", "NotAction"] {
            if let Some(actions) = statement.get_mut(member) {
                collapse(actions);
            }
        }
    }
    Some(document)
}

fn collapse(value: &mut Value) {
    if let Some([only]) = value.as_array().map(Vec::as_slice) {
        *value = only.clone();
    }
}

/// Whether a statement without condition denies everyone, or this account, the
/// call that would put the policy right.
fn locks_out(document: &Value, place: &Place) -> bool {
    let root = format!("arn:aws:iam::{}:root", place.account);
    let names_caller = |principal: &Value| {
        many(principal.get("AWS").unwrap_or(principal))
            .any(|name| name == "*" || name == place.account || name == root)
    };
    let denies = |statement: &Value| {
        statement["Effect"] == "Deny"
            && statement.get("Condition").is_none()
            && names_caller(&statement["Principal"])
            && many(&statement["Action"])
                .any(|action| is_like(&action.to_ascii_lowercase(), "xray:putresourcepolicy"))
    };
    match &document["Statement"] {
        Value::Array(statements) => statements.iter().any(denies),
        statement => denies(statement),
    }
}

fn many(value: &Value) -> impl Iterator<Item = &str> {
    match value {
        Value::Array(items) => items.as_slice(),
        item => std::slice::from_ref(item),
    }
    .iter()
    .filter_map(Value::as_str)
}
