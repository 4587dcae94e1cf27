//! Parts of a stack, its order, and its variants.

use insta::assert_snapshot;

use crate::cloud::Cloud;
use crate::harness::Scenario;
use crate::proxy::Proxy;
use crate::specs::{FULL, RULE};

const GROUP: &str = "\n[groups.errors]\nfilter_expression = \"error\"\n";

#[test]
fn a_target_is_planned_alone() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(&format!("{RULE}{GROUP}"));
    let plan = scenario.run("plan --target group.errors --detailed-exitcode");
    assert_snapshot!(plan.snapshot(), @r#"
    $ xrayctl plan --target group.errors --detailed-exitcode
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # group.errors will be created
      + group "errors" {
          + group_name                                   = "errors"
          + filter_expression                            = "error"
          + insights_configuration.insights_enabled      = false
          + insights_configuration.notifications_enabled = false
        }

    Only what --target names, and what that needs, is shown.
    Plan: 1 to add, 0 to change, 0 to destroy.
    --- exit 2
    "#);
    scenario
        .run("apply --auto-approve --target group.errors")
        .succeeds()
        .prints("Apply complete! Resources: 1 added, 0 changed, 0 destroyed.");
    assert!(cloud.rules().is_empty());
    assert_eq!(cloud.groups().len(), 1);
}

#[test]
fn a_target_brings_what_it_needs() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario
        .run("apply --auto-approve --target encryption")
        .succeeds()
        .prints("Apply complete! Resources: 1 added, 1 changed, 0 destroyed.");
    assert_eq!(cloud.encryption()["KeyId"], cloud.only_key()["Arn"]);
    assert!(cloud.rules().is_empty());
}

#[test]
fn several_targets_are_planned_together() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario
        .run("plan --target group.errors --target sampling_rule.checkout")
        .succeeds()
        .prints("Plan: 2 to add, 0 to change, 0 to destroy.");
}

#[test]
fn a_target_that_is_not_there() {
    let scenario = Scenario::local(RULE);
    let plan = scenario
        .run("plan --target sampling_rule.chekout")
        .ends_with(1);
    assert_snapshot!(plan.snapshot(), @r"
    $ xrayctl plan --target sampling_rule.chekout
    --- stderr
    error: there is no `sampling_rule.chekout` to target
      hint: `xrayctl plan` lists the addresses of this stack
    --- exit 1
    ");
}

#[test]
fn what_is_protected_is_not_deleted() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&format!("{RULE}protect = true\n{GROUP}"));
    scenario.apply();
    proxy.take_calls();
    let destroy = scenario.run("destroy --auto-approve").ends_with(1);
    assert_snapshot!(destroy.snapshot(), @r"
    $ xrayctl destroy --auto-approve
    --- stderr
    error: sampling rule `checkout` is protected and would be deleted
     --> xrayctl.toml:5:1
      |
    5 | [sampling_rules.checkout]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: remove `protect = true` from it if that is what you want
    --- exit 1
    ");
    assert_eq!(proxy.take_mutations(), [""; 0]);
    scenario.edit("protect = true\n", "");
    scenario.run("destroy --auto-approve").succeeds();
    assert!(cloud.rules().is_empty());
}

#[test]
fn what_is_protected_is_not_replaced_and_may_be_changed() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(&format!("{RULE}protect = true\n"));
    scenario.apply();
    scenario.edit("priority = 100", "priority = 101");
    scenario.apply();
    scenario.edit("protect = true", "protect = true\nrule_name = \"new\"");
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("is protected and would be replaced")
        .says("5 | [sampling_rules.checkout]");
    assert_eq!(cloud.rules()[0]["RuleName"], "checkout");
}

#[test]
fn depends_on_orders_what_nothing_else_orders() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let needs_group = format!("{RULE}depends_on = [\"group.errors\"]\n{GROUP}");
    let scenario = proxy.scenario(&needs_group);
    scenario.apply();
    assert_eq!(
        proxy.take_mutations(),
        ["CreateGroup", "CreateSamplingRule"]
    );
    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(
        proxy.take_mutations(),
        ["DeleteSamplingRule", "DeleteGroup"]
    );
    let needs_rule = format!("{RULE}{GROUP}depends_on = [\"sampling_rule.checkout\"]\n");
    scenario.spec(&needs_rule);
    scenario.apply();
    assert_eq!(
        proxy.take_mutations(),
        ["CreateSamplingRule", "CreateGroup"]
    );
    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(
        proxy.take_mutations(),
        ["DeleteGroup", "DeleteSamplingRule"]
    );
}

#[test]
fn what_depends_on_a_failure_is_skipped() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let message = "Filter Expression is not allowed here";
    proxy.fail(
        "CreateGroup",
        usize::MAX,
        (400, "InvalidRequestException", message),
    );
    let scenario = proxy.scenario(&format!("{RULE}depends_on = [\"group.errors\"]\n{GROUP}"));
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("group.errors: X-Ray CreateGroup: InvalidRequestException: Filter Expression")
        .says("1 resource skipped: sampling_rule.checkout (needs group.errors)");
    assert!(cloud.rules().is_empty());
}

#[test]
fn what_goes_away_goes_in_the_order_of_references() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    scenario.apply();
    proxy.take_calls();
    scenario.run("destroy --auto-approve").succeeds();
    let sent = proxy.take_mutations();
    let at = |name: &str| sent.iter().position(|operation| operation == name);
    assert!(at("PutEncryptionConfig").is_some());
    assert!(
        at("PutEncryptionConfig") < at("ScheduleKeyDeletion"),
        "{sent:?}"
    );
}

const VARIANTS: &str = r#"[stack]
name = "shop"
region = "us-east-1"

[vars]
rate = 0.1

[sampling_rules.checkout]
priority = 100
fixed_rate = "${var.rate}"

[env.test.vars]
rate = 0.5

[env.test.sampling_rules.checkout]
url_path = "/test/*"
"#;

#[test]
fn an_environment_is_merged_over_the_spec() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(VARIANTS);
    scenario.run("--env test apply --auto-approve").succeeds();
    let rule = cloud.rule("checkout");
    assert_eq!(rule["FixedRate"], 0.5);
    assert_eq!(rule["URLPath"], "/test/*");
    assert_eq!(rule["Priority"], 100);
    let plan = scenario.plan().ends_with(2);
    let expected = [
        "sampling_rule.checkout fixed_rate",
        "sampling_rule.checkout url_path",
    ];
    assert_eq!(plan.changes(), expected, "{plan}");
}

#[test]
fn an_unknown_environment() {
    let scenario = Scenario::local(VARIANTS);
    assert_snapshot!(scenario.run("--env tset plan").ends_with(1).snapshot(), @r"
    $ xrayctl --env tset plan
    --- stderr
    error: the spec has no environment `tset`
      hint: did you mean `test`?
    --- exit 1
    ");
}

#[test]
fn a_variable_of_the_command_line_goes_before_the_process_environment_and_that_before_the_spec() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(VARIANTS).with("XRAYCTL_VAR_rate", "0.25");
    scenario.apply();
    assert_eq!(cloud.rule("checkout")["FixedRate"], 0.25);
    scenario
        .run("--var rate=0.75 apply --auto-approve")
        .succeeds();
    assert_eq!(cloud.rule("checkout")["FixedRate"], 0.75);
    scenario.run("--env test apply --auto-approve").succeeds();
    assert_eq!(cloud.rule("checkout")["FixedRate"], 0.25);
}

#[test]
fn a_variable_that_the_spec_does_not_have() {
    let scenario = Scenario::local(VARIANTS);
    let plan = scenario.run("--var rat=0.5 plan").ends_with(1);
    assert_snapshot!(plan.snapshot(), @r"
    $ xrayctl --var rat=0.5 plan
    --- stderr
    error: `--var rat`: the spec has no such variable
      hint: did you mean `rate`?
    --- exit 1
    ");
}

#[test]
fn a_variable_of_the_wrong_type() {
    let scenario = Scenario::local(VARIANTS);
    let plan = scenario.run("--var rate=often plan").ends_with(1);
    assert_snapshot!(plan.snapshot(), @r"
    $ xrayctl --var rate=often plan
    --- stderr
    error: `--var rate`: expected a number, found `often`
    --- exit 1
    ");
    assert!(!scenario.path(".xrayctl").exists());
}

#[test]
fn one_at_a_time_and_many_at_a_time_lead_to_the_same() {
    let one = Cloud::start();
    let many = Cloud::start();
    let apply = |cloud: &Cloud, number: &str| {
        let line = format!("apply --auto-approve --parallelism {number}");
        cloud.scenario(FULL).run(&line).succeeds();
    };
    apply(&one, "1");
    apply(&many, "50");
    assert_eq!(one.inventory(), many.inventory());
}
