//! What AWS refuses and `winterbaume-iam` takes.

use serde_json::Value;
use winterbaume_iam::views::IamStateView;

use super::aws_managed_policies;
use super::iam_form::Form;

/// The most characters of a managed policy, white space not counted.
const MOST_MANAGED: usize = 6144;
/// The most characters of a trust policy.
const MOST_TRUST: usize = 2048;
/// The most characters of all inline policies of a role.
const MOST_INLINE: usize = 10240;

/// A refusal.
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// AWS's code.
    pub code: &'static str,
    /// AWS's words.
    pub message: String,
}

fn refusal<T>(status: u16, code: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        status,
        code,
        message: message.into(),
    })
}

/// Refuses what AWS refuses of a call on `state`.
///
/// # Errors
/// What AWS says.
pub fn check(operation: &str, form: &Form, state: &IamStateView) -> Result<(), Refusal> {
    check_not_of_aws(operation, form.text("PolicyArn"))?;
    match operation {
        "CreatePolicy" => {
            check_managed(form.text("PolicyDocument"))?;
            check_policy_name(form.text("PolicyName"), state)
        }
        "CreatePolicyVersion" => check_managed(form.text("PolicyDocument")),
        "PutRolePolicy" => check_inline(form, state),
        "PutUserPolicy" | "PutGroupPolicy" => {
            document(form.text("PolicyDocument"), "Syntax errors in policy.").map(drop)
        }
        "CreateRole" => {
            check_role_name(form.text("RoleName"), state)?;
            check_boundary(form.get("PermissionsBoundary"), state)?;
            check_trust(form.text("AssumeRolePolicyDocument"), state)
        }
        "UpdateAssumeRolePolicy" => check_trust(form.text("PolicyDocument"), state),
        "PutRolePermissionsBoundary" => check_boundary(form.get("PermissionsBoundary"), state),
        "DeletePolicy" => check_unused(form.text("PolicyArn"), state),
        _ => Ok(()),
    }
}

/// Nobody but AWS changes the policies that AWS manages.
fn check_not_of_aws(operation: &str, arn: &str) -> Result<(), Refusal> {
    let changes = [
        "CreatePolicyVersion",
        "DeletePolicy",
        "DeletePolicyVersion",
        "SetDefaultPolicyVersion",
        "TagPolicy",
        "UntagPolicy",
    ];
    if changes.contains(&operation) && aws_managed_policies::is_one(arn) {
        let message = format!("Policy {arn} is managed by AWS and cannot be changed");
        return refusal(403, "AccessDenied", message);
    }
    Ok(())
}

fn document(text: &str, fault: &str) -> Result<Value, Refusal> {
    match serde_json::from_str::<Value>(text) {
        Ok(document) if document.get("Statement").is_some() => Ok(document),
        _ => refusal(400, "MalformedPolicyDocument", fault),
    }
}

/// Characters without white space, which is free.
fn size(text: &str) -> usize {
    text.chars().filter(|char| !char.is_whitespace()).count()
}

fn check_managed(text: &str) -> Result<(), Refusal> {
    document(text, "Syntax errors in policy.")?;
    if size(text) > MOST_MANAGED {
        let message = format!("Cannot exceed quota for PolicySize: {MOST_MANAGED}");
        return refusal(409, "LimitExceeded", message);
    }
    Ok(())
}

fn check_inline(form: &Form, state: &IamStateView) -> Result<(), Refusal> {
    let text = form.text("PolicyDocument");
    document(text, "Syntax errors in policy.")?;
    let (role, name) = (form.text("RoleName"), form.text("PolicyName"));
    let policies = state.roles.get(role).map(|role| &role.inline_policies);
    let others = policies.into_iter().flatten();
    let others = others.filter(|policy| policy.policy_name != name);
    let others: usize = others.map(|policy| size(&policy.policy_document)).sum();
    if others + size(text) > MOST_INLINE {
        let message =
            format!("Maximum policy size of {MOST_INLINE} bytes exceeded for role {role}");
        return refusal(409, "LimitExceeded", message);
    }
    Ok(())
}

fn check_trust(text: &str, state: &IamStateView) -> Result<(), Refusal> {
    let document = document(text, "This policy contains invalid Json")?;
    if size(text) > MOST_TRUST {
        let message = format!("Cannot exceed quota for ACLSizePerRole: {MOST_TRUST}");
        return refusal(409, "LimitExceeded", message);
    }
    for principal in roles_in(&document) {
        if !state.roles.values().any(|role| role.arn == principal) {
            let message = format!("Invalid principal in policy: \"AWS\":\"{principal}\"");
            return refusal(400, "MalformedPolicyDocument", message);
        }
    }
    Ok(())
}

/// The roles that a trust policy names. Those of other accounts are taken as
/// they are: this account cannot see them.
fn roles_in(document: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    for statement in listed(document.get("Statement")) {
        for principal in listed(statement.get("Principal").and_then(|one| one.get("AWS"))) {
            found.extend(principal.as_str().filter(|arn| arn.contains(":role/")));
        }
    }
    found
}

fn listed(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    }
}

/// Names of policies differ in more than their case, whatever their paths.
fn check_policy_name(name: &str, state: &IamStateView) -> Result<(), Refusal> {
    let is_same = |other: &str| other.eq_ignore_ascii_case(name);
    let mut own = state
        .policies
        .values()
        .filter(|policy| !aws_managed_policies::is_one(&policy.arn));
    if own.any(|policy| is_same(&policy.policy_name)) {
        let message =
            format!("A policy called {name} already exists. Duplicate names are not allowed.");
        return refusal(409, "EntityAlreadyExists", message);
    }
    Ok(())
}

fn check_role_name(name: &str, state: &IamStateView) -> Result<(), Refusal> {
    if state
        .roles
        .keys()
        .any(|other| other.eq_ignore_ascii_case(name))
    {
        let message = format!("Role with name {name} already exists.");
        return refusal(409, "EntityAlreadyExists", message);
    }
    Ok(())
}

fn check_boundary(arn: Option<&str>, state: &IamStateView) -> Result<(), Refusal> {
    match arn {
        Some(arn) if !state.policies.contains_key(arn) => {
            let message = format!("Scope ARN: {arn} does not exist or is not attachable.");
            refusal(404, "NoSuchEntity", message)
        }
        _ => Ok(()),
    }
}

fn check_unused(arn: &str, state: &IamStateView) -> Result<(), Refusal> {
    let is_boundary = |boundary: &Option<String>| boundary.as_deref() == Some(arn);
    let bounds_any = state
        .roles
        .values()
        .any(|role| is_boundary(&role.permissions_boundary))
        || state
            .users
            .values()
            .any(|user| is_boundary(&user.permissions_boundary));
    if bounds_any {
        return refusal(
            409,
            "DeleteConflict",
            "Cannot delete a policy attached to entities.",
        );
    }
    let versions = state
        .policies
        .get(arn)
        .map_or(0, |policy| policy.versions.len());
    if versions > 1 {
        let message = "This policy has more than one version. Before you delete a policy, you must \
                       delete the policy's versions. The default version is deleted with the policy.";
        return refusal(409, "DeleteConflict", message);
    }
    Ok(())
}
