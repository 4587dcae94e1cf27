//! Lint: warnings with codes, at their places, switched off where wanted.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::Scenario;

/// Two rules, the second of which never decides.
const SHADOWED: &str = r#"[stack]
name = "shop"
region = "us-east-1"

[sampling_rules.all]
priority = 10
fixed_rate = 0.05

[sampling_rules.payments]
priority = 20
fixed_rate = 1.0
url_path = "/payments*"
"#;

const CODE: &str = "[shadowed-rule]";

#[test]
fn a_warning_has_its_place_and_its_page() {
    let validate = Scenario::local(SHADOWED).run("validate").succeeds();
    assert_snapshot!(validate.snapshot(), @r"
    $ xrayctl validate
    xrayctl.toml is valid: stack `shop` with 2 resources.
    --- stderr
    warning[shadowed-rule]: sampling rule `payments`: never used, as `all` (priority 10) shadows it: that rule matches every request that it matches
      --> xrayctl.toml:10:12
       |
    10 | priority = 20
       |            ^^
       |
       = hint: let `all` have the higher priority number, or take this rule away (docs/lint/shadowed-rule.md)
    --- exit 0
    ");
}

#[test]
fn plan_and_apply_warn_as_well() {
    let scenario = Scenario::local(SHADOWED);
    scenario.run("plan").succeeds().says(CODE);
    scenario.apply().says(CODE);
    // What is left of it is no news to who takes it away.
    let destroy = scenario.run("destroy --auto-approve").succeeds();
    assert!(!destroy.stderr.contains(CODE), "{destroy}");
}

#[test]
fn a_ci_may_refuse_warnings() {
    let scenario = Scenario::local(SHADOWED);
    let refused = scenario.run("validate --deny-warnings").ends_with(1);
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.contains(CODE), "{refused}");
    scenario.run("validate --deny-warnings --json").ends_with(1);
    scenario.edit("priority = 20", "priority = 5");
    scenario.run("validate --deny-warnings").succeeds();
}

#[test]
fn json_tells_the_code() {
    let validate = Scenario::local(SHADOWED).run("validate --json").succeeds();
    let document: Value = serde_json::from_str(&validate.stdout).unwrap();
    let warning = &document["diagnostics"][0];
    assert_eq!(document["warning_count"], 1);
    assert_eq!(warning["code"], "shadowed-rule");
    assert_eq!(warning["address"], "sampling_rule.payments");
    assert_eq!(warning["range"]["start"]["line"], 10);
}

/// Validates the spec with something added to its end.
fn with(more: &str) -> crate::harness::Output {
    Scenario::local(&format!("{SHADOWED}{more}")).run("validate")
}

#[test]
fn a_rule_is_switched_off_for_all_or_for_one() {
    for more in [
        "\n[lint]\nallow = [\"shadowed-rule\"]\n",
        "lint.allow = [\"shadowed-rule\"]\n",
    ] {
        assert_eq!(with(more).succeeds().stderr, "", "{more}");
    }
    let other = with("\n[lint]\nallow = [\"tied-priorities\"]\n");
    other.succeeds().says(CODE);
}

#[test]
fn an_environment_may_switch_a_rule_off() {
    let scenario = Scenario::local(&format!(
        "{SHADOWED}\n[env.dev.lint]\nallow = [\"shadowed-rule\"]\n"
    ));
    scenario.run("validate").succeeds().says(CODE);
    let dev = scenario.run("--env dev validate").succeeds();
    assert_eq!(dev.stderr, "");
}

#[test]
fn a_code_that_there_is_not_is_an_error() {
    let refused = with("lint.allow = [\"tied-priority\"]\n\n[lint]\nallow = [\"shadow-rule\"]\n");
    let refused = refused.ends_with(1);
    let told: Vec<&str> = refused.stderr.lines().collect();
    assert!(told[0].starts_with(
        "error: sampling rule `payments`: `lint.allow[0]` is `tied-priority`, expected `shadowed-rule`, "
    ));
    refused
        .says("  --> xrayctl.toml:13:15")
        .says("   = hint: did you mean `tied-priorities`?")
        .says("error: lint: `allow[0]` is `shadow-rule`, expected ")
        .says("  --> xrayctl.toml:16:10")
        .says("   = hint: did you mean `shadowed-rule`?");
    with("\n[lint]\nallwo = []\n")
        .ends_with(1)
        .says("did you mean `allow`?");
}

#[test]
fn switching_off_changes_no_plan() {
    let scenario = Scenario::local(SHADOWED);
    scenario.run("plan --out plan.json").succeeds();
    scenario.spec(&format!("{SHADOWED}lint.allow = [\"shadowed-rule\"]\n"));
    scenario.run("apply plan.json").succeeds();
    scenario.is_settled();
}

#[test]
fn statements_of_documents_are_pointed_at() {
    let spec = r#"[stack]
name = "shop"
region = "us-east-1"

[resource_policies.sns]
policy_document = { file = "policy.json" }
"#;
    let scenario = Scenario::local(spec);
    scenario.write(
        "policy.json",
        r#"{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Deny", "Principal": "*", "Action": "xray:*", "Resource": "*" },
    { "Effect": "Allow", "Principal": "*", "Action": "xray:PutTraceSegments", "Resource": "*" }
  ]
}
"#,
    );
    assert_snapshot!(scenario.run("validate").succeeds().snapshot(), @r#"
    $ xrayctl validate
    xrayctl.toml is valid: stack `shop` with 1 resource.
    --- stderr
    warning[wildcard-principal]: resource policy `sns`: allows everyone, in every account: a statement with the principal `*` and no condition
     --> policy.json:5:39
      |
    5 |     { "Effect": "Allow", "Principal": "*", "Action": "xray:PutTraceSegments", "Resource":...
      |                                       ^^^
      |
      = hint: name who needs it, or add a condition such as `aws:SourceAccount` (docs/lint/wildcard-principal.md)
    --- exit 0
    "#);
}

#[test]
fn policies_of_iam_are_read_in_every_form() {
    let spec = r#"[stack]
name = "shop"
region = "us-east-1"

[[iam.policies.own.statements]]
actions = ["xray:GetGroups"]
resources = ["*"]

[[iam.policies.own.statements]]
actions = ["xray:PutTraceSegments"]
resources = ["arn:aws:xray:us-east-1:123456789012:*"]

[iam.roles.task.assume_role_policy]
Version = "2012-10-17"
Statement = [{ Effect = "Allow", Principal = "*", Action = "sts:AssumeRole" }]

[iam.roles.task.inline_policies.write]
Version = "2012-10-17"

[iam.roles.task.inline_policies.write.Statement]
Effect = "Allow"
Action = "xray:Put*"
Resource = "arn:aws:ecs:us-east-1:123456789012:*"
"#;
    let validate = Scenario::local(spec).run("validate").succeeds();
    let places: Vec<&str> = validate
        .stderr
        .lines()
        .filter_map(|line| {
            let place = line.trim_start().strip_prefix("--> xrayctl.toml:");
            place.or_else(|| line.strip_prefix("warning[")?.split(']').next())
        })
        .collect();
    assert_eq!(
        places,
        [
            "write-action-on-arn",
            "11:13",
            "wildcard-principal",
            "15:46",
            "write-action-on-arn",
            "23:12",
        ]
    );
}

#[test]
fn rules_for_functions_of_lambda_are_told_to_be_ignored() {
    let spec = r#"[stack]
name = "shop"
region = "us-east-1"

[lambda.functions.order-handler]

[sampling_rules.orders]
priority = 10
fixed_rate = 1.0
service_name = "order-*"
"#;
    let scenario = Scenario::local(spec);
    scenario
        .run("validate")
        .succeeds()
        .says("warning[lambda-ignores-rules]: sampling rule `orders`: `order-handler` ignores it");
    scenario.edit(
        "[lambda.functions.order-handler]",
        "[lambda.functions.order-handler]\ntracing_mode = \"PassThrough\"",
    );
    assert_eq!(scenario.run("validate").succeeds().stderr, "");
}

/// Priority 1 takes what priority 2 is for.
#[test]
fn pmp_is_told_what_its_rules_do() {
    let specs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let spec = std::fs::read_to_string(specs.join("pmp.toml")).unwrap();
    let scenario = Scenario::local(&spec);
    for line in ["validate", "plan", "--env production plan"] {
        scenario
            .run(line)
            .succeeds()
            .says("warning[partly-shadowed-rule]")
            .says(
                "`pmp-api-production` (priority 1) comes first and takes every request with \
                 service_name `pmp-api` and url_path `/api/stripe*`",
            );
    }
    let validate = scenario.run("validate");
    let times = validate.stderr.matches("partly-shadowed-rule]").count();
    assert_eq!(times, 1, "once, though it holds in each environment");
}
