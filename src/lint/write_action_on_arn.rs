//! Actions of X-Ray that know no resources, given an ARN.

use super::policies::{IAM_POLICY, Statement, of_permissions};
use super::resources::Resources;
use super::{Finding, Rule, list};
use crate::sampling::Pattern;

/// What sends traces, and what sampling needs with it. None of them acts on a
/// resource: only `*` takes them.
/// <https://docs.aws.amazon.com/xray/latest/devguide/security_iam_service-with-iam.html>.
const ACTIONS: [&str; 7] = [
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:PutSpans",
    "xray:PutSpansForIndexing",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
];
/// What all actions of X-Ray start with.
const XRAY: &str = "xray:";

pub(super) const RULE: Rule = Rule {
    code: "write-action-on-arn",
    title: "An action of X-Ray that knows no resources, given an ARN",
    explanation: "\
Sending traces and asking for sampling rules are actions on no resource: IAM \
checks them against `*`. A statement that names an ARN, of whatever kind, does \
not match, so that it allows nothing, and the traces are refused. Only groups \
and sampling rules have ARNs that X-Ray's actions take.

Write `Resource = \"*\"`, and bind the statement with a condition, such as \
`aws:RequestedRegion`, where it has to be narrower.",
    bad: r#"
[iam.policies.xray-write.policy]
Version = "2012-10-17"

[[iam.policies.xray-write.policy.Statement]]
Effect = "Allow"
Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
Resource = "arn:aws:xray:us-east-1:123456789012:*"
"#,
    good: r#"
[iam.policies.xray-write.policy]
Version = "2012-10-17"

[[iam.policies.xray-write.policy.Statement]]
Effect = "Allow"
Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
Resource = "*"
"#,
    kinds: &[IAM_POLICY],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    of_permissions(resources)
        .iter()
        .filter_map(finding)
        .collect()
}

fn finding(statement: &Statement<'_>) -> Option<Finding> {
    let arns = statement.texts("Resource");
    let is_for_all = arns.iter().any(|arn| Pattern::new(arn).matches("*"));
    if arns.is_empty() || is_for_all {
        return None;
    }
    let written = statement.texts("Action");
    let lost: Vec<&str> = written
        .into_iter()
        .filter(|action| is_lost(action, &arns))
        .collect();
    if lost.is_empty() {
        return None;
    }
    let verb = if statement.allows() {
        "allows"
    } else {
        "denies"
    };
    Some(Finding::new(
        statement.desired,
        statement.pointer("Resource"),
        format!(
            "{} on {} {verb} nothing: sending traces and asking for sampling rules take `*` alone",
            list(&lost),
            list(&arns)
        ),
        "write `*`",
    ))
}

/// Tells whether an action, or what it stands for, comes to nothing on `arns`.
/// What stands for all of X-Ray may be meant for groups and sampling rules.
fn is_lost(action: &str, arns: &[&str]) -> bool {
    let folded = action.to_ascii_lowercase();
    if !folded.starts_with(XRAY) {
        return false;
    }
    let is_on_xrays_own = |arn: &&str| {
        arn.starts_with("arn:")
            && [":group/", ":sampling-rule/"]
                .iter()
                .any(|part| arn.contains(part))
    };
    if folded.ends_with('*') && arns.iter().all(is_on_xrays_own) {
        return false;
    }
    let pattern = Pattern::new(action);
    ACTIONS.iter().any(|known| pattern.matches(known))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{found, resource};
    use super::*;

    const ARN: &str = "arn:aws:xray:us-east-1:123456789012:*";

    fn found_in(action: &Value, arn: &Value) -> Vec<String> {
        let statement = json!({"Effect": "Allow", "Action": action, "Resource": arn});
        let policy = json!({"policy": {"Statement": [statement]}});
        found(&RULE, &[resource("iam_policy.a", policy)])
    }

    #[test]
    fn finds_actions_given_one_by_one_or_by_pattern() {
        assert_eq!(
            found_in(
                &json!(["xray:PutTraceSegments", "s3:GetObject"]),
                &json!(ARN)
            ),
            [
                "iam_policy.a /policy/Statement/0/Resource: `xray:PutTraceSegments` on \
                 `arn:aws:xray:us-east-1:123456789012:*` allows nothing: sending traces and \
                 asking for sampling rules take `*` alone"
            ]
        );
        for action in [
            "XRAY:putTelemetryRecords",
            "xray:Put*",
            "xray:*",
            "xray:GetSampling*",
        ] {
            assert_eq!(found_in(&json!(action), &json!([ARN])).len(), 1, "{action}");
        }
    }

    #[test]
    fn finds_the_specs_own_words_and_inline_policies() {
        let own = json!({"statements": [
            {"actions": ["xray:PutTraceSegments"], "resources": [ARN], "not_actions": []}
        ]});
        let inline = |policy: Value| json!({"inline_policies": {"a/b": policy}});
        let statement = json!({"Effect": "Deny", "Action": "xray:Put*", "Resource": ARN});
        let table = inline(json!({"Statement": statement}));
        let text = inline(json!(json!({"Statement": statement}).to_string()));
        let found = found(
            &RULE,
            &[
                resource("iam_policy.own", own),
                resource("iam_role.table", table),
                resource("iam_role.text", text),
            ],
        );
        let places: Vec<&str> = found
            .iter()
            .map(|one| one.split(": ").next().unwrap())
            .collect();
        assert_eq!(
            places,
            [
                "iam_policy.own /statements/0/resources",
                "iam_role.table /inline_policies/a~1b/Statement/Resource",
                "iam_role.text /inline_policies/a~1b/Resource",
            ]
        );
        assert!(found[1].contains("denies nothing"));
    }

    #[test]
    fn is_silent_where_the_statement_works() {
        for (action, arn) in [
            (json!("xray:PutTraceSegments"), json!("*")),
            (json!("xray:PutTraceSegments"), json!([ARN, "*"])),
            (json!("xray:UpdateGroup"), json!(ARN)),
            (
                json!("xray:*"),
                json!("arn:aws:xray:us-east-1:123456789012:group/*"),
            ),
            (json!("*"), json!("arn:aws:s3:::bucket")),
        ] {
            assert!(found_in(&action, &arn).is_empty(), "{action} {arn}");
        }
    }
}
