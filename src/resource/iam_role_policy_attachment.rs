//! Attachments of policies to roles that others own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Mention, Problems, Query, Reference,
    ReplaceOrder, Resource, Tags, Update, Wanted, iam_policy, iam_reference, iam_role,
};
use crate::model::Owner;
use crate::resource::read::in_parallel;

/// The type.
pub(super) struct IamRolePolicyAttachment;

/// A policy attached to a role that others own, such as the task role of a
/// service whose set-up is kept elsewhere. Roles of the spec name their
/// policies themselves, with `managed_policies`.
///
/// AWS keeps no tags on it, so it belongs to the stack only while the spec
/// names it: before you take it out or change it, take it away with
/// `xrayctl destroy --target`. Role and policy stay.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_role_policy_attachment")]
#[serde(deny_unknown_fields)]
pub(super) struct IamRolePolicyAttachmentSpec {
    /// The role, by its name at AWS or its ARN.
    #[schemars(length(min = 1, max = 2048))]
    role: String,
    /// The policy: its name in `[iam.policies]`, an ARN, or the name of one of
    /// AWS's own after `aws:`, such as `aws:AWSXRayDaemonWriteAccess`.
    #[schemars(length(min = 1, max = 2048))]
    policy: String,
}

impl Resource for IamRolePolicyAttachment {
    const FACTS: Facts = Facts {
        kind: "iam_role_policy_attachment",
        table: "iam.role_policy_attachments",
        title: "IAM role policy attachment",
        terraform: "aws_iam_role_policy_attachment",
        docs: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html",
        lifecycle: Lifecycle::Collection,
        taggable: false,
        name_field: None,
        replace_on: &["role", "policy"],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &[],
        unmanaged_when_absent: &[],
        refers_to: &["iam_role", "iam_policy"],
        holds_data: false,
    };

    type Spec = IamRolePolicyAttachmentSpec;

    /// A role and what is attached to it, as the spec names it: the ARN of a
    /// policy of the spec is not known before it is made.
    fn key(_: &str, spec: &Self::Spec) -> String {
        format!("{}/{}", iam_reference::name_in(&spec.role), spec.policy)
    }

    fn validate(_: &str, spec: &Self::Spec, problems: &mut Problems) {
        let role = iam_reference::name_in(&spec.role);
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
        let is_role = !spec.role.starts_with("arn:") || spec.role.contains(":role/");
        if !is_role || role.is_empty() || role.len() > 64 || !role.chars().all(is_allowed) {
            problems
                .report("/role", format!("`{}` is no role", spec.role))
                .hint("give the role's name at AWS, or its ARN");
        }
        iam_reference::check("/policy", &spec.policy, problems);
    }

    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        spec.role = iam_reference::name_in(&spec.role).to_owned();
        spec
    }

    fn references(spec: &Self::Spec) -> Vec<Reference> {
        let reference = iam_reference::reference("/policy", &spec.policy);
        reference.into_iter().collect()
    }

    fn mentions(spec: &Self::Spec) -> Vec<Mention> {
        vec![Mention {
            kind: "iam_role",
            key: iam_reference::name_in(&spec.role).to_owned(),
        }]
    }

    async fn resolve(aws: &Aws, mut spec: Self::Spec) -> Result<Self::Spec, Error> {
        spec.policy = iam_reference::resolve(aws, spec.policy).await?;
        Ok(spec)
    }

    /// Reads those that the spec names, and no others even for an export: what
    /// is attached to a role is exported with the role.
    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        let wanted = query.wanted.to_vec();
        let found = in_parallel(wanted, |wanted| find(aws, query.stack, wanted)).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(aws: &Aws, _: &str, spec: &Self::Spec, _: &Tags) -> Result<Attributes, Error> {
        let role = iam_reference::name_in(&spec.role);
        iam_role::attach(aws, role, &spec.policy).await?;
        Ok(Attributes::new())
    }

    /// Never called: a change of either field makes another attachment.
    async fn update(_: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        Ok(update.outputs.clone())
    }

    async fn delete(aws: &Aws, _: &str, _: &Attributes, spec: &Self::Spec) -> Result<(), Error> {
        iam_role::detach(aws, &spec.role, &spec.policy).await
    }

    fn terraform(_: &str, spec: &Self::Spec, _: &Attributes) -> Attributes {
        let id = format!("{}/{}", spec.role, spec.policy);
        Attributes::from_iter([
            ("role".to_owned(), Value::from(spec.role.as_str())),
            ("policy_arn".to_owned(), Value::from(spec.policy.as_str())),
            ("id".to_owned(), Value::from(id)),
        ])
    }

    /// None: what is attached to a role is taken over with the role.
    fn terraform_key(_: &Attributes) -> Option<String> {
        None
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        vec![(
            "legacy-task",
            IamRolePolicyAttachmentSpec {
                role: "legacy-task-role".to_owned(),
                policy: "aws:AWSXRayDaemonWriteAccess".to_owned(),
            },
        )]
    }
}

/// Finds one attachment that the spec names; `None` where it does not stand.
async fn find(
    aws: &Aws,
    stack: &str,
    wanted: Wanted<IamRolePolicyAttachmentSpec>,
) -> Result<Option<Found<IamRolePolicyAttachmentSpec>>, Error> {
    let role = iam_reference::name_in(&wanted.spec.role);
    let attached = match iam_role::attached(aws, role).await {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let policy = if iam_reference::is_name(&wanted.spec.policy) {
        find_own(aws, stack, &wanted.spec.policy, attached).await?
    } else {
        let arn = iam_reference::resolve(aws, wanted.spec.policy.clone()).await?;
        attached.contains(&arn).then_some(arn)
    };
    Ok(policy.map(|policy| Found {
        key: wanted.key.clone(),
        spec: IamRolePolicyAttachmentSpec {
            role: role.to_owned(),
            policy,
        },
        tags: None,
        outputs: Attributes::new(),
        deletion_scheduled: false,
        status: Attributes::new(),
    }))
}

/// Finds the policy that the stack calls `name` among `attached`, by its tags.
async fn find_own(
    aws: &Aws,
    stack: &str,
    name: &str,
    attached: Vec<String>,
) -> Result<Option<String>, Error> {
    let customer = attached
        .into_iter()
        .filter(|arn| !arn.contains(":iam::aws:"));
    let tagged = in_parallel(customer, |arn| async move {
        let tags = iam_policy::tags_of(aws, &arn).await?;
        Ok((arn, tags))
    })
    .await?;
    let mut own = tagged.into_iter().filter(|(_, tags)| {
        let owner = tags.as_ref().and_then(Owner::from_tags);
        owner.is_some_and(|owner| owner.stack == stack && owner.name.as_deref() == Some(name))
    });
    Ok(own.next().map(|(arn, _)| arn))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(role: &str, policy: &str) -> IamRolePolicyAttachmentSpec {
        serde_json::from_value(json!({"role": role, "policy": policy})).unwrap()
    }

    #[test]
    fn a_role_is_the_same_by_name_and_by_arn() {
        let by_name = spec("task", "xray-write");
        let by_arn = spec("arn:aws:iam::123456789012:role/team/task", "xray-write");
        let key = IamRolePolicyAttachment::key("x", &by_name);
        assert_eq!(key, "task/xray-write");
        assert_eq!(IamRolePolicyAttachment::key("x", &by_arn), key);
        let mentions = IamRolePolicyAttachment::mentions(&by_arn);
        assert_eq!(mentions[0].key, "task");
    }

    #[test]
    fn refuses_what_is_no_role() {
        for role in [
            "a b",
            "arn:aws:iam::123456789012:user/ann",
            "arn:aws:iam::1:role/",
        ] {
            let mut problems = Problems::new();
            IamRolePolicyAttachment::validate("x", &spec(role, "xray-write"), &mut problems);
            assert_eq!(problems.into_vec().len(), 1, "{role}");
        }
    }

    #[test]
    fn looks_as_in_terraform() {
        let arn = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess";
        let attributes =
            IamRolePolicyAttachment::terraform("", &spec("task", arn), &Attributes::new());
        let expected = json!({"role": "task", "policy_arn": arn, "id": format!("task/{arn}")});
        assert_eq!(Value::Object(attributes), expected);
    }
}
