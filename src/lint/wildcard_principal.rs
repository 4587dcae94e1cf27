//! Policies that are open to everyone.

use serde_json::Value;

use super::policies::{IAM_ROLE, Statement, texts, with_principals};
use super::resources::Resources;
use super::{Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "wildcard-principal",
    title: "A policy that allows everyone",
    explanation: "\
A statement with `\"Effect\": \"Allow\"`, the principal `*` and no condition lets \
every AWS account do what it says: use the KMS key, send traces, or assume the \
role. `NotPrincipal` with `Allow` does so for all but those that it names.

Name the accounts, roles or services that need it, or add a condition, such as \
`aws:SourceAccount` or `aws:PrincipalOrgID`. What a condition says is not \
judged.",
    bad: r#"
[resource_policies.sns]
policy_document = '''
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "xray:PutTraceSegments",
      "Resource": "*"
    }
  ]
}
'''
"#,
    good: r#"
[resource_policies.sns]
policy_document = '''
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": { "Service": "sns.amazonaws.com" },
      "Action": "xray:PutTraceSegments",
      "Resource": "*",
      "Condition": { "StringEquals": { "aws:SourceAccount": "123456789012" } }
    }
  ]
}
'''
"#,
    kinds: &["resource_policy"],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let statements = with_principals(resources);
    let open = statements
        .iter()
        .filter(|one| one.allows() && !has_condition(one));
    open.filter_map(finding).collect()
}

fn has_condition(statement: &Statement<'_>) -> bool {
    let condition = statement.fields.get("Condition").and_then(Value::as_object);
    condition.is_some_and(|condition| !condition.is_empty())
}

fn finding(statement: &Statement<'_>) -> Option<Finding> {
    let (member, what) = if statement.fields.get("Principal").is_some_and(is_everyone) {
        ("Principal", "the principal `*` and no condition")
    } else if statement.fields.contains_key("NotPrincipal") {
        ("NotPrincipal", "`NotPrincipal` and no condition")
    } else {
        return None;
    };
    let verb = if statement.desired.address.kind() == IAM_ROLE {
        "lets everyone assume the role"
    } else {
        "allows everyone, in every account"
    };
    Some(Finding::new(
        statement.desired,
        statement.pointer(member),
        format!("{verb}: a statement with {what}"),
        "name who needs it, or add a condition such as `aws:SourceAccount`",
    ))
}

/// Tells whether a principal is `*`, alone or among others.
fn is_everyone(principal: &Value) -> bool {
    match principal {
        Value::Object(kinds) => kinds.values().any(is_everyone),
        who => texts(who).contains(&"*"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{found, resource};
    use super::*;

    fn found_in(address: &str, field: &str, statement: &Value) -> Vec<String> {
        let fields = json!({ field: {"Statement": [statement]} });
        found(&RULE, &[resource(address, fields)])
    }

    #[test]
    fn finds_everyone_however_it_is_written() {
        for principal in [
            json!("*"),
            json!({"AWS": "*"}),
            json!({"AWS": ["123456789012", "*"]}),
        ] {
            let statement = json!({"Effect": "Allow", "Principal": principal});
            assert_eq!(
                found_in("kms_key.a", "policy", &statement),
                [
                    "kms_key.a /policy/Statement/0/Principal: allows everyone, in every account: a \
                     statement with the principal `*` and no condition"
                ]
            );
        }
        let trust = json!({"Effect": "Allow", "Principal": "*", "Condition": {}});
        let of_role = found_in("iam_role.a", "assume_role_policy", &trust);
        assert!(of_role[0].contains("lets everyone assume the role"));
        let all_but = json!({"Effect": "Allow", "NotPrincipal": {"AWS": "123456789012"}});
        assert_eq!(
            found_in("resource_policy.a", "policy_document", &all_but).len(),
            1
        );
    }

    #[test]
    fn one_statement_needs_no_list() {
        let document = json!({"Statement": {"Effect": "Allow", "Principal": "*"}});
        let policy = resource("resource_policy.a", json!({"policy_document": document}));
        let found = found(&RULE, &[policy]);
        assert!(found[0].starts_with("resource_policy.a /policy_document/Statement/Principal:"));
    }

    #[test]
    fn is_silent_on_who_is_named_or_bound() {
        for statement in [
            json!({"Effect": "Deny", "Principal": "*"}),
            json!({"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}),
            json!({"Effect": "Allow", "Principal": "*",
                   "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}),
        ] {
            assert!(found_in("kms_key.a", "policy", &statement).is_empty());
        }
    }
}
