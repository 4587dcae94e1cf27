//! Saved plans: applied as they are, or refused.

use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;
use serde_json::json;

use crate::cloud::Cloud;
use crate::proxy::Proxy;
use crate::specs::{FULL, RULE};

#[test]
fn a_fresh_plan_is_applied_without_a_question() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.run("plan --out plan.json").succeeds();
    scenario
        .run("apply plan.json")
        .succeeds()
        .prints("Apply complete! Resources: 4 added, 4 changed, 0 destroyed.");
    scenario.is_settled();
}

#[test]
fn only_its_owner_may_read_a_plan() {
    let scenario = crate::harness::Scenario::local(RULE);
    scenario.write("plan.json", "someone's");
    let path = scenario.path("plan.json");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    scenario.run("plan --out plan.json").succeeds();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
}

#[test]
fn a_plan_is_stale_once_the_spec_changed() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(RULE);
    scenario.run("plan --out plan.json").succeeds();
    scenario.edit("priority = 100", "priority = 101");
    assert_snapshot!(scenario.run("apply plan.json").ends_with(1).snapshot(), @r"
    $ xrayctl apply plan.json
    --- stderr
    error: the saved plan is stale: the spec `xrayctl.toml` changed since it was made
      hint: plan again with `xrayctl plan --out FILE`
    --- exit 1
    ");
    assert_eq!(proxy.take_mutations(), [""; 0]);
    scenario.run("plan --out plan.json").succeeds();
    scenario.run("apply plan.json").succeeds();
    scenario.is_settled();
}

#[test]
fn a_comment_in_the_spec_makes_no_plan_stale() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.run("plan --out plan.json").succeeds();
    scenario.spec(&format!("# Only words.\n{RULE}"));
    scenario.run("apply plan.json").succeeds();
    scenario.is_settled();
}

#[test]
fn a_plan_is_stale_once_aws_changed() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(RULE);
    scenario.apply();
    scenario.edit("priority = 100", "priority = 101");
    scenario.run("plan --out plan.json").succeeds();
    let update = json!({ "RuleName": "checkout", "FixedRate": 0.7 });
    cloud.xray(
        "/UpdateSamplingRule",
        &json!({ "SamplingRuleUpdate": update }),
    );
    proxy.take_calls();
    assert_snapshot!(scenario.run("apply plan.json").ends_with(1).snapshot(), @r"
    $ xrayctl apply plan.json
    --- stderr
    error: the saved plan is stale: AWS changed since it was made
      hint: plan again with `xrayctl plan --out FILE`
    --- exit 1
    ");
    assert_eq!(proxy.take_mutations(), [""; 0]);
    scenario.run("plan --out plan.json").succeeds();
    scenario.run("apply plan.json").succeeds();
    scenario.is_settled();
}

#[test]
fn a_plan_that_was_applied_is_stale() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.run("plan --out plan.json").succeeds();
    scenario.run("apply plan.json").succeeds();
    scenario.run("apply plan.json").ends_with(1).says("stale");
    scenario.is_settled();
}

#[test]
fn a_plan_keeps_its_environment_its_variables_and_its_targets() {
    let cloud = Cloud::start();
    let spec = format!(
        "{RULE}\n[vars]\nrate = 0.5\n\n[groups.errors]\nfilter_expression = \"error\"\n\n\
         [env.test.sampling_rules.checkout]\npriority = 7\n"
    )
    .replace("fixed_rate = 0.1", "fixed_rate = \"${var.rate}\"");
    let scenario = cloud.scenario(&spec);
    scenario
        .run("--env test --var rate=0.25 plan --target sampling_rule.checkout --out plan.json")
        .succeeds();
    scenario.run("apply plan.json").succeeds();
    let rule = cloud.rule("checkout");
    assert_eq!(rule["Priority"], 7);
    assert_eq!(rule["FixedRate"], 0.25);
    assert!(cloud.groups().is_empty());
}

#[test]
fn choices_beside_a_saved_plan_are_refused() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.run("plan --out plan.json").succeeds();
    scenario
        .run("--var a=b apply plan.json --adopt")
        .ends_with(1)
        .says("a saved plan is applied as it is, without --var")
        .says("a saved plan is applied as it is, without --adopt");
    assert!(cloud.rules().is_empty());
}

#[test]
fn a_destroy_can_be_saved() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.apply();
    scenario.run("plan --destroy --out plan.json").succeeds();
    scenario
        .run("apply plan.json")
        .succeeds()
        .prints("Destroy complete! Resources: 1 destroyed.");
    assert!(cloud.rules().is_empty());
}

#[test]
fn a_plan_for_another_account_is_refused() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.run("plan --out plan.json").succeeds();
    let other = Cloud::start_with(&["--account", "210987654321"]);
    let elsewhere = other.scenario(RULE);
    elsewhere.write("plan.json", scenario.read("plan.json"));
    elsewhere
        .run("apply plan.json")
        .ends_with(1)
        .says("the plan was made for account 123456789012, us-east-1");
    assert!(other.rules().is_empty());
}

#[test]
fn show_draws_a_saved_plan_as_plan_did() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    let plan = scenario.run("plan --out plan.json").succeeds();
    let show = scenario.run("show plan.json").succeeds();
    assert_eq!(show.stdout, plan.stdout);
}

#[test]
fn a_file_that_is_half_a_plan_is_refused() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.run("plan --out plan.json").succeeds();
    let plan = scenario.read("plan.json");
    scenario.write("half.json", &plan[..plan.len() / 2]);
    let apply = scenario.run("apply half.json").ends_with(1);
    assert_snapshot!(apply.snapshot(), @r"
    $ xrayctl apply half.json
    --- stderr
    error: cannot apply `half.json`: this is not a plan file
      hint: plan again with `xrayctl plan --out FILE`
    --- exit 1
    ");
    assert!(cloud.rules().is_empty());
}
