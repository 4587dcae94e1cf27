//! How a spec names a managed policy: by its name in the spec, by the name of
//! one of AWS's own after `aws:`, or by its ARN.

use super::{Aws, Error, Problems, Reference};
use crate::model::Address;

/// The type that a bare name refers to.
const IAM_POLICY: &str = "iam_policy";
/// What goes before the name of a policy that AWS manages.
const OF_AWS: &str = "aws:";

/// Reads `text` in field `field` as a reference to a policy of the spec;
/// `None` where it names one in another way.
pub(super) fn reference(field: &str, text: &str) -> Option<Reference> {
    is_name(text).then(|| Reference {
        field: field.to_owned(),
        to: Address::new(IAM_POLICY, text),
        output: "arn".to_owned(),
    })
}

/// Tells whether `text` is the name of a policy in the spec.
pub(super) fn is_name(text: &str) -> bool {
    !text.starts_with("arn:") && !text.starts_with(OF_AWS)
}

/// Reports where `text` names a policy in no way that AWS knows.
pub(super) fn check(field: &str, text: &str, problems: &mut Problems) {
    if let Some(name) = text.strip_prefix(OF_AWS) {
        let is_allowed = |char: char| char.is_ascii_alphanumeric() || "_+=,.@-/".contains(char);
        if name.is_empty() || !name.chars().all(is_allowed) {
            problems
                .report(field, format!("`{text}` is no policy of AWS"))
                .hint("write `aws:` and the policy's name, such as `aws:AWSXRayDaemonWriteAccess`");
        }
    } else if text.starts_with("arn:") && !is_policy_arn(text) {
        problems
            .report(field, format!("`{text}` is not the ARN of a policy"))
            .hint("such an ARN is `arn:aws:iam::ACCOUNT:policy/NAME`");
    }
}

fn is_policy_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", _, "iam", "", account, resource]
        if !account.is_empty() && resource.strip_prefix("policy/").is_some_and(|name| !name.is_empty()))
}

/// Returns the ARN of a policy that AWS manages, in the part of AWS where we
/// are; anything else comes back as it is.
///
/// # Errors
/// Where STS cannot tell who we are.
pub(super) async fn resolve(aws: &Aws, text: String) -> Result<String, Error> {
    match text.strip_prefix(OF_AWS) {
        Some(name) => {
            let partition = &aws.identity().await?.partition;
            Ok(format!("arn:{partition}:iam::aws:policy/{name}"))
        }
        None => Ok(text),
    }
}

/// Returns the last part of an ARN, which is the name of a role or policy
/// without its path; of anything else, all of it.
pub(super) fn name_in(text: &str) -> &str {
    if text.starts_with("arn:") {
        text.rsplit('/').next().unwrap_or(text)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_other_forms() {
        for form in [
            "arn:aws:iam::123456789012:policy/a/b",
            "aws:AWSXRayDaemonWriteAccess",
        ] {
            assert_eq!(reference("/policy", form), None);
        }
        let reference = reference("/managed_policies/0", "xray-write").unwrap();
        assert_eq!(reference.to.to_string(), "iam_policy.xray-write");
        assert_eq!(name_in("arn:aws:iam::123456789012:role/team/task"), "task");
        assert_eq!(name_in("task"), "task");
    }

    #[test]
    fn refuses_what_is_no_policy() {
        let found = |text: &str| {
            let mut problems = Problems::new();
            check("/policy", text, &mut problems);
            problems.into_vec().len()
        };
        for good in [
            "xray-write",
            "aws:service-role/AmazonECSTaskExecutionRolePolicy",
            "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
            "arn:aws-cn:iam::123456789012:policy/team/x",
        ] {
            assert_eq!(found(good), 0, "{good}");
        }
        for bad in [
            "aws:",
            "aws:a b",
            "arn:aws:iam::123456789012:role/x",
            "arn:aws:iam::1:policy/",
        ] {
            assert_eq!(found(bad), 1, "{bad}");
        }
    }
}
