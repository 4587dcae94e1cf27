//! What a stack owns now, for people and for programs.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::harness::Scenario;
use crate::specs::{FULL, RULE};

#[test]
fn a_stack_that_owns_nothing() {
    let scenario = Scenario::local(RULE);
    assert_snapshot!(scenario.run("show").snapshot(), @r"
    $ xrayctl show
    The stack `shop` owns nothing in account 123456789012, us-east-1.
    --- exit 0
    ");
}

#[test]
fn a_stack_with_something_of_every_type() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    assert_snapshot!(scenario.run("show").succeeds().snapshot(), @r#"
    $ xrayctl show
    The stack `shop` in account 123456789012, us-east-1:

    default_sampling_rule
      fixed_rate = 0.02
      reservoir_size = 3

    encryption
      type = "KMS"
      key_id = "arn:aws:kms:us-east-1:123456789012:key/[uuid]"
      key_arn = "arn:aws:kms:us-east-1:123456789012:key/[uuid]"

    group.errors
      group_name = "errors"
      filter_expression = "error OR fault"
      insights_configuration.insights_enabled = true
      insights_configuration.notifications_enabled = true
      tags.owner = "ann"
      tags.team = "core"
      arn = "arn:aws:xray:us-east-1:123456789012:group/errors/[id]"

    indexing_rule
      desired_sampling_percentage = 12.5

    kms_key.traces
      alias = "alias/shop-traces"
      description = "traces at rest"
      enabled = true
      key_rotation_enabled = true
      rotation_period_in_days = 180
      multi_region = false
      policy.Version = "2012-10-17"
      policy.Statement = [{"Action":["kms:*"],"Effect":"Allow","Principal":{"AWS":["*"]},"Resource":["*"],"Sid":"Account"}]
      tags.team = "core"
      arn = "arn:aws:kms:us-east-1:123456789012:key/[uuid]"
      key_id = "[uuid]"
      key_state = "Enabled"

    resource_policy.sns
      policy_name = "sns"
      policy_document.Version = "2012-10-17"
      policy_document.Statement = [{"Action":["xray:GetSamplingRules","xray:PutTraceSegments"],"Effect":"Allow","Principal":{"Service":["sns.amazonaws.com"]},"Resource":["*"],"Sid":"Sns"}]
      bypass_policy_lockout_check = false
      policy_revision_id = "1"

    sampling_rule.checkout
      rule_name = "checkout"
      priority = 100
      fixed_rate = 0.1
      reservoir_size = 5
      service_name = "checkout"
      service_type = "AWS::ECS::Container"
      host = "*.example.com"
      http_method = "POST"
      url_path = "/orders*"
      resource_arn = "arn:aws:ecs:*"
      attributes.tier = "gold"
      sampling_rate_boost.max_rate = 0.5
      sampling_rate_boost.cooldown_window_minutes = 10
      tags.owner = "ann"
      tags.team = "core"
      arn = "arn:aws:xray:us-east-1:123456789012:sampling-rule/checkout"

    trace_segment_destination
      destination = "CloudWatchLogs"
      logs_policy_name = "xrayctl-transaction-search"
      logs_policy_document.Version = "2012-10-17"
      logs_policy_document.Statement = [{"Action":["logs:PutLogEvents"],"Condition":{"ArnLike":{"aws:SourceArn":["arn:aws:xray:us-east-1:123456789012:*"]},"StringEquals":{"aws:SourceAccount":["123456789012"]}},"Effect":"Allow","Principal":{"Service":["xray.amazonaws.com"]},"Resource":["arn:aws:logs:us-east-1:123456789012:log-group:/aws/application-signals/data:*","arn:aws:logs:us-east-1:123456789012:log-group:aws/spans:*"],"Sid":"TransactionSearchXRayAccess"}]
    --- exit 0
    "#);
}

#[test]
fn show_tells_what_stands_and_not_what_the_spec_says() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.apply();
    let update = json!({ "RuleName": "checkout", "Priority": 7 });
    cloud.xray(
        "/UpdateSamplingRule",
        &json!({ "SamplingRuleUpdate": update }),
    );
    scenario.run("show").succeeds().prints("  priority = 7\n");
}

#[test]
fn a_protected_stack_is_shown_too() {
    let scenario = Scenario::local(&format!("{RULE}protect = true\n"));
    scenario.apply();
    scenario.run("show").succeeds().prints("priority = 100");
}

#[test]
fn show_for_programs() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    let show = scenario.run("--json show").succeeds();
    assert_eq!(show.stderr, "");
    let shown: Value = serde_json::from_str(&show.stdout).unwrap();
    assert_eq!(shown["stack"], "shop");
    assert_eq!(
        shown["target"],
        json!({ "account": "123456789012", "region": "us-east-1" })
    );
    let resources = shown["resources"].as_array().unwrap();
    let addresses: Vec<&str> = resources
        .iter()
        .map(|resource| resource["address"].as_str().unwrap())
        .collect();
    assert_eq!(
        addresses,
        [
            "default_sampling_rule",
            "encryption",
            "group.errors",
            "indexing_rule",
            "kms_key.traces",
            "resource_policy.sns",
            "sampling_rule.checkout",
            "trace_segment_destination",
        ]
    );
    let rule = resources
        .iter()
        .find(|resource| resource["address"] == "sampling_rule.checkout")
        .unwrap();
    assert_eq!(rule["attributes"]["priority"], 100);
    assert_eq!(rule["tags"], json!({ "owner": "ann", "team": "core" }));
    assert_eq!(rule["outputs"]["arn"], cloud.rule("checkout")["RuleARN"]);
}

#[test]
fn alarms_are_shown_with_their_state() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(
        r#"
[stack]
name = "shop"
region = "us-east-1"

[alarms.silence]
preset = "trace-volume"

[composite_alarms.worst]
any_of = ["silence"]
"#,
    );
    scenario.apply();
    let show = scenario.run("show").succeeds();
    show.prints("  status.state_value = \"INSUFFICIENT_DATA\"\n");
    let set = json!({ "AlarmName": "silence", "StateValue": "ALARM", "StateReason": "a try" });
    cloud.cloudwatch("SetAlarmState", &set);
    let show = scenario.run("show").succeeds();
    show.prints("  status.state_reason = \"a try\"\n");
    let show = scenario.run("--json show").succeeds();
    let shown: Value = serde_json::from_str(&show.stdout).unwrap();
    let status = |address: &str| {
        let all = shown["resources"].as_array().unwrap();
        let one = all.iter().find(|one| one["address"] == address);
        one.unwrap()["status"].clone()
    };
    assert_eq!(status("alarm.silence")["state_value"], "ALARM");
    assert_eq!(status("composite_alarm.worst")["state_value"], "ALARM");
    let since = status("alarm.silence")["state_transitioned_timestamp"].clone();
    assert!(
        since.as_str().is_some_and(|since| since.ends_with('Z')),
        "{since}"
    );
    // No state is part of a plan.
    scenario.is_settled();
}

#[test]
fn a_saved_plan_for_programs() {
    let scenario = Scenario::local(RULE);
    scenario.run("plan --out plan.json").succeeds();
    let show = scenario.run("--json show plan.json").succeeds();
    let shown: Value = serde_json::from_str(&show.stdout).unwrap();
    assert!(shown.to_string().contains("sampling_rule.checkout"));
}

#[test]
fn failures_for_programs_are_json_too() {
    let scenario = Scenario::local("[stack]\n");
    let show = scenario.run("--json show").ends_with(1);
    let shown: Value = serde_json::from_str(&show.stdout).unwrap();
    assert_eq!(shown["valid"], false);
    assert_eq!(show.stderr, "");
}
