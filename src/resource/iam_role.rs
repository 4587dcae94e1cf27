//! IAM roles: what tasks, functions and service accounts act as.

mod change;
mod inline;
mod live;
#[cfg(test)]
mod tests;
mod trust;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::iam_document::{self, Document, Purpose};
use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Mention, Problems, Query, Reference,
    ReplaceOrder, Resource, Tags, Update, iam_reference, iam_write, terraform,
};
use crate::aws::{IAM, call};
pub(super) use change::{attach, detach};
use inline::InlinePolicy;
pub(super) use live::attached;
use trust::Trust;

const ARN: &str = "arn";
const ROLE_ID: &str = "role_id";
const ROLE_NAME: &str = "role_name";

/// The most characters of a role's name.
const LONGEST_NAME: usize = 64;
/// The most characters of a trust policy, white space not counted, where AWS
/// was not asked for more.
const MOST_TRUST: usize = 2048;

/// The type.
pub(super) struct IamRole;

/// An IAM role. Who may assume it is given in one of two ways: as
/// `assume_role_policy`, or as a preset in `[iam.roles.NAME.trust]`.
///
/// Its policies are managed as sets: where the spec names `managed_policies`,
/// those that it does not name are detached, and the same with
/// `inline_policies`. Left out, either is left to others. A role that is
/// deleted is detached from its policies first; one in an instance profile is
/// not deleted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_role")]
#[serde(deny_unknown_fields)]
pub(super) struct IamRoleSpec {
    /// The role's name at AWS, 1 to 64 of letters, digits and `_+=,.@-`.
    /// Default: its name in the spec. AWS cannot rename a role: a change
    /// replaces it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_+=,.@-]+$"), extend("x-hint" = "a role's name takes letters, digits and `_+=,.@-`"))]
    role_name: Option<String>,
    /// The role's path, which becomes a part of its ARN. AWS cannot change it:
    /// a change replaces the role. Default: `/`.
    #[serde(default = "root")]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^(/|/[!-~]+/)$"), extend("x-hint" = "a path begins and ends with `/`"))]
    path: String,
    /// What the role is for, at most 1000 characters. Default: nothing.
    #[serde(default)]
    #[schemars(length(max = 1000), regex(pattern = "^[\t\n\r -~¡-ÿ]*$"), extend("x-hint" = "a role's description takes Latin-1 characters alone"))]
    description: String,
    /// How long a session of the role may last, in seconds, 3600 to 43200.
    /// Default: 3600.
    #[serde(default = "an_hour")]
    #[schemars(range(min = 3600, max = 43200))]
    max_session_duration: i32,
    /// The policy that bounds what the role may do, whatever its policies
    /// allow: its name in `[iam.policies]`, an ARN, or the name of one of
    /// AWS's own after `aws:`. Default: none.
    #[serde(default)]
    #[schemars(length(min = 1, max = 2048))]
    permissions_boundary: Option<String>,
    /// Who may assume the role: a policy as a table, JSON in a text, or
    /// `{ file = "trust.json" }`, at most 2048 characters without white space.
    #[serde(default)]
    assume_role_policy: Option<Document>,
    /// Who may assume the role, by what runs as it. In place of
    /// `assume_role_policy`.
    #[serde(default)]
    trust: Option<Trust>,
    /// The managed policies of the role, all of them: names in
    /// `[iam.policies]`, ARNs, or names of AWS's own after `aws:`, such as
    /// `aws:AWSXRayDaemonWriteAccess`. Left out, they are left to others.
    #[serde(default)]
    managed_policies: Option<Vec<String>>,
    /// The policies written into the role itself, all of them, by name: each a
    /// table or JSON in a text, together at most 10240 characters without
    /// white space. Left out, they are left to others.
    #[serde(default)]
    inline_policies: Option<BTreeMap<String, InlinePolicy>>,
}

fn root() -> String {
    "/".to_owned()
}

fn an_hour() -> i32 {
    3600
}

impl Resource for IamRole {
    const FACTS: Facts = Facts {
        kind: "iam_role",
        table: "iam.roles",
        title: "IAM role",
        terraform: "aws_iam_role",
        docs: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some(ROLE_NAME),
        replace_on: &["role_name", "path"],
        // A name is taken once in an account, whatever the path.
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &["assume_role_policy"],
        unmanaged_when_absent: &["managed_policies", "inline_policies"],
        refers_to: &["iam_policy"],
        holds_data: false,
    };

    type Spec = IamRoleSpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.role_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
        let fits = name.len() <= LONGEST_NAME && name.chars().all(is_allowed);
        if spec.role_name.is_none() && !fits {
            problems
                .report("", format!("AWS takes no role named `{name}`"))
                .hint(
                    "use at most 64 letters, digits and `_+=,.@-`, or give AWS another name with \
                     `role_name`",
                );
        }
        validate_trust(spec, problems);
        if let Some(boundary) = &spec.permissions_boundary {
            iam_reference::check("/permissions_boundary", boundary, problems);
        }
        for (index, policy) in spec.managed_policies.iter().flatten().enumerate() {
            iam_reference::check(&format!("/managed_policies/{index}"), policy, problems);
        }
        if let Some(policies) = &spec.inline_policies {
            inline::check(policies, problems);
        }
    }

    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        let trusted = spec.trust.as_ref().and_then(Trust::document);
        if trusted.is_some() {
            spec.assume_role_policy = trusted;
            spec.trust = None;
        }
        spec.assume_role_policy = spec.assume_role_policy.map(iam_document::canonical);
        if let Some(policies) = &mut spec.managed_policies {
            policies.sort();
            policies.dedup();
        }
        spec.inline_policies = spec.inline_policies.map(|policies| {
            let policies = policies.into_iter();
            policies
                .map(|(name, policy)| (name, policy.canonical()))
                .collect()
        });
        spec
    }

    fn references(spec: &Self::Spec) -> Vec<Reference> {
        let boundary = spec.permissions_boundary.as_deref();
        let boundary = boundary
            .and_then(|boundary| iam_reference::reference("/permissions_boundary", boundary));
        let policies = spec.managed_policies.iter().flatten().enumerate();
        let policies = policies.filter_map(|(index, policy)| {
            iam_reference::reference(&format!("/managed_policies/{index}"), policy)
        });
        boundary.into_iter().chain(policies).collect()
    }

    /// The roles that may assume this one: AWS takes no trust policy that names
    /// a role which does not exist.
    fn mentions(spec: &Self::Spec) -> Vec<Mention> {
        let document = spec.assume_role_policy.as_ref();
        let roles = document.map(iam_document::roles_trusted);
        let mention = |key| Mention {
            kind: Self::FACTS.kind,
            key,
        };
        roles.into_iter().flatten().map(mention).collect()
    }

    /// Fills in what account, region and part of AWS have to do with trust and
    /// with the names of AWS's own policies.
    async fn resolve(aws: &Aws, mut spec: Self::Spec) -> Result<Self::Spec, Error> {
        if let Some(trust) = spec.trust.take() {
            spec.assume_role_policy = Some(trust.resolve(aws).await?);
        }
        if let Some(boundary) = spec.permissions_boundary.take() {
            spec.permissions_boundary = Some(iam_reference::resolve(aws, boundary).await?);
        }
        for policy in spec.managed_policies.iter_mut().flatten() {
            *policy = iam_reference::resolve(aws, std::mem::take(policy)).await?;
        }
        Ok(spec)
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        live::read(aws, query).await
    }

    async fn create(
        aws: &Aws,
        key: &str,
        spec: &Self::Spec,
        tags: &Tags,
    ) -> Result<Attributes, Error> {
        change::create(aws, key, spec, tags).await
    }

    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        // All its parts at a time make a large future.
        Box::pin(change::update(aws, update.key, update.before, update.after)).await?;
        Ok(update.outputs.clone())
    }

    async fn delete(aws: &Aws, key: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        change::delete(aws, key).await
    }

    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let mut attributes = terraform::plain(&Self::FACTS, key, spec, outputs);
        for field in [ROLE_NAME, "trust", "managed_policies", "inline_policies"] {
            attributes.remove(field);
        }
        attributes.insert("name".to_owned(), Value::from(key));
        attributes.insert("id".to_owned(), Value::from(key));
        if let Some(id) = outputs.get(ROLE_ID) {
            attributes.insert("unique_id".to_owned(), id.clone());
        }
        if let Some(policies) = &spec.managed_policies {
            attributes.insert("managed_policy_arns".to_owned(), json!(policies));
        }
        if let Some(policies) = &spec.inline_policies {
            let blocks = policies
                .iter()
                .map(|(name, policy)| json!({"name": name, "policy": policy.text()}));
            attributes.insert("inline_policy".to_owned(), blocks.collect());
        }
        attributes
    }

    fn terraform_key(values: &Attributes) -> Option<String> {
        terraform::text(values, "name")
    }

    async fn retag(
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        let name = text(outputs, ROLE_NAME);
        if !remove.is_empty() {
            let request = aws.iam.untag_role().role_name(name);
            let request = request.set_tag_keys(Some(remove.to_vec()));
            call(IAM, "UntagRole", request.send()).await?;
        }
        if !set.is_empty() {
            let request = aws.iam.tag_role().role_name(name);
            let request = request.set_tags(Some(iam_write::tags_to_aws(set)?));
            call(IAM, "TagRole", request.send()).await?;
        }
        Ok(())
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let empty = IamRoleSpec {
            role_name: None,
            path: root(),
            description: String::new(),
            max_session_duration: an_hour(),
            permissions_boundary: None,
            assume_role_policy: None,
            trust: None,
            managed_policies: None,
            inline_policies: None,
        };
        let document = |service: &str| {
            let document = json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole"
                }]
            });
            document.as_object().cloned()
        };
        let of_aws = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
        let plain = IamRoleSpec {
            assume_role_policy: document("scheduler.amazonaws.com"),
            managed_policies: Some(vec![of_aws("AWSXRayDaemonWriteAccess")]),
            inline_policies: Some(inline::examples(&["logs:PutLogEvents"])),
            ..empty.clone()
        };
        let mut examples = vec![("scheduled", plain)];
        for (name, trust) in trust::examples() {
            let preset = IamRoleSpec {
                trust: Some(trust),
                managed_policies: Some(vec!["aws:AWSXRayDaemonWriteAccess".to_owned()]),
                ..empty.clone()
            };
            examples.push((name, preset));
        }
        let full = IamRoleSpec {
            role_name: Some("team-task".to_owned()),
            path: "/team/".to_owned(),
            description: "runs the API".to_owned(),
            max_session_duration: 7200,
            permissions_boundary: Some(of_aws("AWSXrayFullAccess")),
            assume_role_policy: document("lambda.amazonaws.com"),
            managed_policies: Some(vec![
                of_aws("AWSXrayReadOnlyAccess"),
                of_aws("AWSXRayDaemonWriteAccess"),
            ]),
            inline_policies: Some(inline::examples(&[
                "logs:PutLogEvents",
                "logs:CreateLogStream",
            ])),
            ..empty
        };
        examples.push(("team", full));
        examples
    }
}

fn validate_trust(spec: &IamRoleSpec, problems: &mut Problems) {
    match (&spec.assume_role_policy, &spec.trust) {
        (None, None) => {
            problems
                .report("", "it is not said who may assume the role")
                .hint("give `assume_role_policy`, or `trust = { preset = \"ecs-tasks\" }`");
        }
        (Some(_), Some(_)) => {
            problems
                .report("/trust", "who may assume the role is said twice")
                .hint("give one of `assume_role_policy` and `trust`");
        }
        (Some(document), None) => {
            let field = "/assume_role_policy";
            iam_document::check(document, Purpose::Trust, field, problems);
            let size = iam_document::size(document);
            iam_document::check_size(size, MOST_TRUST, field, problems);
        }
        (None, Some(trust)) => trust.check(problems),
    }
}

fn text<'a>(outputs: &'a Attributes, name: &str) -> &'a str {
    outputs
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn outputs(arn: &str, id: &str) -> Attributes {
    Attributes::from_iter([
        (ARN.to_owned(), Value::from(arn)),
        (ROLE_ID.to_owned(), Value::from(id)),
    ])
}
