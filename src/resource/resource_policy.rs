//! Resource policies: which other accounts and AWS services may send traces
//! to X-Ray in this account and region.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update, policy_document, terraform,
};
use crate::aws::{Class, XRAY, call, xray};

/// The most bytes that AWS takes in one policy:
/// <https://docs.aws.amazon.com/xray/latest/api/API_PutResourcePolicy.html>.
const MAX_BYTES: usize = 5 * 1024;
/// A revision that only a policy that does not exist yet has.
const NOT_YET: &str = "0";
const REVISION: &str = "policy_revision_id";

/// The type.
pub(super) struct ResourcePolicy;

/// A policy that lets other accounts or AWS services call X-Ray. AWS keeps no
/// tags on it, so it belongs to the stack only while the spec names it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "resource_policy")]
#[serde(deny_unknown_fields)]
pub(super) struct ResourcePolicySpec {
    /// The policy's name at AWS, 1 to 128 of letters, digits and `_+=,.@-`.
    /// Default: its name in the spec. AWS cannot tell that the old one was
    /// ours: before you change the name, take the policy away with
    /// `xrayctl destroy --target`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_+=,.@-]+$"))]
    policy_name: Option<String>,
    /// The policy, at most 5 KB: a table, JSON in a text, or
    /// `{ file = "policy.json" }`.
    policy_document: serde_json::Map<String, Value>,
    /// Lets AWS take a policy that would keep you from changing it again.
    /// Default: false.
    #[serde(default)]
    bypass_policy_lockout_check: bool,
}

impl Resource for ResourcePolicy {
    const FACTS: Facts = Facts {
        kind: "resource_policy",
        table: "resource_policies",
        title: "resource policy",
        terraform: "aws_xray_resource_policy",
        docs: "https://docs.aws.amazon.com/xray/latest/api/API_PutResourcePolicy.html",
        lifecycle: Lifecycle::Collection,
        taggable: false,
        name_field: Some("policy_name"),
        replace_on: &[],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &["policy_document"],
        unmanaged_when_absent: &[],
        refers_to: &[],
        holds_data: false,
    };

    type Spec = ResourcePolicySpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.policy_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
        if spec.policy_name.is_none() && !name.chars().all(is_allowed) {
            problems
                .report("", format!("AWS takes no policy named `{name}`"))
                .hint("use letters, digits and `_+=,.@-`, or set `policy_name`");
        }
        let bytes = document_text(spec).len();
        if bytes > MAX_BYTES {
            problems.report(
                "/policy_document",
                format!("the policy has {bytes} bytes, AWS takes at most {MAX_BYTES}"),
            );
        }
        if !spec.policy_document.contains_key("Statement") {
            problems
                .report("/policy_document", "the policy has no `Statement`")
                .hint("a policy is `{ Version = \"2012-10-17\", Statement = [ … ] }`");
        }
    }

    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        let document = Value::Object(std::mem::take(&mut spec.policy_document));
        if let Value::Object(normal) = policy_document::normalize(&document) {
            spec.policy_document = normal;
        }
        // How to send it, not what it is: AWS does not give it back.
        spec.bypass_policy_lockout_check = false;
        spec
    }

    async fn read(aws: &Aws, _: Query<'_, Self::Spec>) -> Result<Vec<Found<Self::Spec>>, Error> {
        let policies = list(aws).await?;
        Ok(policies.into_iter().map(from_aws).collect())
    }

    async fn create(
        aws: &Aws,
        key: &str,
        spec: &Self::Spec,
        _: &Tags,
    ) -> Result<Attributes, Error> {
        put(aws, key, spec, NOT_YET).await
    }

    /// Compares and swaps: a policy that someone changed since it was read is
    /// not overwritten.
    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        let revision = update.outputs.get(REVISION).and_then(Value::as_str);
        let put = put(aws, update.key, update.after, revision.unwrap_or(NOT_YET)).await;
        match put {
            // Put already, perhaps by a first attempt whose answer was lost.
            Err(error) if error.class == Class::Conflict => {
                let found = find(aws, update.key).await?.filter(|found| {
                    let wanted = Value::Object(update.after.policy_document.clone());
                    let standing = Value::Object(found.spec.policy_document.clone());
                    policy_document::normalize(&wanted) == policy_document::normalize(&standing)
                });
                found.map(|found| found.outputs).ok_or(error)
            }
            other => other,
        }
    }

    async fn delete(
        aws: &Aws,
        key: &str,
        outputs: &Attributes,
        _: &Self::Spec,
    ) -> Result<(), Error> {
        let revision = outputs.get(REVISION).and_then(Value::as_str);
        let request = aws
            .xray
            .delete_resource_policy()
            .policy_name(key)
            .set_policy_revision_id(revision.map(str::to_owned));
        match call(XRAY, "DeleteResourcePolicy", request.send()).await {
            Err(error) if error.is_not_found() => Ok(()),
            // Gone meanwhile, perhaps by a first attempt whose answer was lost.
            Err(error) if error.class == Class::Conflict => match find(aws, key).await? {
                Some(_) => Err(explain_conflict(error, key)),
                None => Ok(()),
            },
            other => other.map(drop),
        }
    }

    /// The provider has no `id` for it, and no revision that is known before.
    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let mut attributes = terraform::plain(&Self::FACTS, key, spec, outputs);
        attributes.remove("id");
        attributes
    }

    fn new_outputs() -> &'static [&'static str] {
        &[]
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "SNSAccess",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": ["xray:PutTraceSegments", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}
            }]
        });
        let Value::Object(document) = document else {
            return Vec::new();
        };
        vec![(
            "sns",
            ResourcePolicySpec {
                policy_name: None,
                policy_document: document,
                bypass_policy_lockout_check: false,
            },
        )]
    }
}

async fn list(aws: &Aws) -> Result<Vec<xray::types::ResourcePolicy>, Error> {
    let mut policies = Vec::new();
    let mut token = None;
    loop {
        let request = aws.xray.list_resource_policies().set_next_token(token);
        let page = call(XRAY, "ListResourcePolicies", request.send()).await?;
        policies.extend(page.resource_policies.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(policies);
        }
    }
}

async fn find(aws: &Aws, name: &str) -> Result<Option<Found<ResourcePolicySpec>>, Error> {
    let policies = list(aws).await?.into_iter();
    let mut named = policies.filter(|policy| policy.policy_name.as_deref() == Some(name));
    Ok(named.next().map(from_aws))
}

fn from_aws(policy: xray::types::ResourcePolicy) -> Found<ResourcePolicySpec> {
    let text = policy.policy_document.unwrap_or_default();
    let document = match policy_document::parse(&text) {
        Value::Object(document) => document,
        // Shown as it is, so that the plan mends it.
        other => serde_json::Map::from_iter([("Unreadable".to_owned(), other)]),
    };
    Found {
        key: policy.policy_name.clone().unwrap_or_default(),
        spec: ResourcePolicySpec {
            policy_name: policy.policy_name,
            policy_document: document,
            bypass_policy_lockout_check: false,
        },
        tags: None,
        outputs: outputs(policy.policy_revision_id),
        deletion_scheduled: false,
        status: Attributes::new(),
    }
}

fn document_text(spec: &ResourcePolicySpec) -> String {
    Value::Object(spec.policy_document.clone()).to_string()
}

async fn put(
    aws: &Aws,
    name: &str,
    spec: &ResourcePolicySpec,
    revision: &str,
) -> Result<Attributes, Error> {
    let request = aws
        .xray
        .put_resource_policy()
        .policy_name(name)
        .policy_document(document_text(spec))
        .policy_revision_id(revision)
        .bypass_policy_lockout_check(spec.bypass_policy_lockout_check);
    let reply = call(XRAY, "PutResourcePolicy", request.send())
        .await
        .map_err(|error| explain_conflict(error, name))?;
    let revision = reply
        .resource_policy
        .and_then(|policy| policy.policy_revision_id);
    Ok(outputs(revision))
}

fn outputs(revision: Option<String>) -> Attributes {
    Attributes::from_iter([(
        REVISION.to_owned(),
        revision.map_or(Value::Null, Value::from),
    )])
}

fn explain_conflict(error: Error, name: &str) -> Error {
    if error.class == Class::Conflict {
        return Error::refused(
            error.operation,
            format!("someone changed the resource policy `{name}` since it was read; plan again"),
        );
    }
    error
}
