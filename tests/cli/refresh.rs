//! Drift: what a plan says of who changed what, and what is left to others.

use insta::assert_snapshot;
use serde_json::json;

use crate::cloud::{Cloud, text};
use crate::specs::RULE;

#[test]
fn refresh_only_shows_drift_and_nothing_that_the_spec_changed() {
    let cloud = Cloud::start();
    let two = format!("{RULE}\n[groups.errors]\nfilter_expression = \"error\"\n");
    let scenario = cloud.scenario(&two);
    scenario.apply();
    scenario
        .run("plan --refresh-only --detailed-exitcode")
        .succeeds();
    let update = json!({ "RuleName": "checkout", "Priority": 7 });
    cloud.xray(
        "/UpdateSamplingRule",
        &json!({ "SamplingRuleUpdate": update }),
    );
    let plan = scenario.run("plan --refresh-only --detailed-exitcode");
    assert_snapshot!(plan.snapshot(), @r#"
    $ xrayctl plan --refresh-only --detailed-exitcode
    At AWS these differ from the spec (account 123456789012, us-east-1):

      # sampling_rule.checkout has changed (changed outside xrayctl since the last apply)
      ~ sampling_rule "checkout" {
          ~ priority = 7 -> 100
          # (9 unchanged fields hidden)
        }

    Drift: 1 resource. `xrayctl apply` puts them back.
    --- exit 2
    "#);
    assert_snapshot!(scenario.plan().snapshot(), @r#"
    $ xrayctl plan --detailed-exitcode
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # sampling_rule.checkout will be updated in place (changed outside xrayctl since the last apply)
      ~ sampling_rule "checkout" {
          ~ priority = 7 -> 100
          # (9 unchanged fields hidden)
        }

    Plan: 0 to add, 1 to change, 0 to destroy.
    --- exit 2
    "#);
}

#[test]
fn a_change_of_the_spec_is_not_told_as_drift() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.apply();
    scenario.edit("priority = 100", "priority = 101");
    let plan = scenario.plan().ends_with(2);
    assert!(!plan.stdout.contains("changed outside"), "{plan}");
}

#[test]
fn a_change_of_both_is_told_as_such() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.apply();
    scenario.edit("priority = 100", "priority = 101");
    let update = json!({ "RuleName": "checkout", "FixedRate": 0.7 });
    cloud.xray(
        "/UpdateSamplingRule",
        &json!({ "SamplingRuleUpdate": update }),
    );
    scenario
        .plan()
        .ends_with(2)
        .prints("both the spec and AWS changed since the last apply");
}

#[test]
fn an_ignored_field_is_left_to_others() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(&format!("{RULE}ignore = [\"priority\"]\n"));
    scenario.apply();
    let update = json!({ "RuleName": "checkout", "Priority": 7 });
    cloud.xray(
        "/UpdateSamplingRule",
        &json!({ "SamplingRuleUpdate": update }),
    );
    scenario.is_settled();
    // An update sends the whole state, the others' value in it.
    scenario.edit("fixed_rate = 0.1", "fixed_rate = 0.2");
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), ["sampling_rule.checkout fixed_rate"]);
    scenario.apply();
    assert_eq!(cloud.rule("checkout")["Priority"], 7);
    assert_eq!(cloud.rule("checkout")["FixedRate"], 0.2);
    scenario.is_settled();
}

#[test]
fn ignored_tags_are_left_to_others() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(&format!("{RULE}ignore = [\"tags\"]\n"));
    scenario.apply();
    let arn = text(&cloud.rule("checkout")["RuleARN"]);
    let tags = json!([{ "Key": "cost", "Value": "center" }]);
    cloud.xray("/TagResource", &json!({ "ResourceARN": arn, "Tags": tags }));
    scenario.is_settled();
    scenario.edit("priority = 100", "priority = 101");
    scenario.apply();
    assert_eq!(cloud.tags(&arn), json!({ "cost": "center" }));
    scenario.is_settled();
}

#[test]
fn refresh_only_tells_what_is_no_longer_there() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.apply();
    cloud.xray("/DeleteSamplingRule", &json!({ "RuleName": "checkout" }));
    scenario
        .run("plan --refresh-only --detailed-exitcode")
        .ends_with(2)
        .prints("# sampling_rule.checkout is not there")
        .prints("Drift: 1 resource.");
    assert!(cloud.rules().is_empty());
}
