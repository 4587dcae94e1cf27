//! Whose a resource is: ours, nobody's, another stack's; and in which account.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::cloud::{Cloud, text};
use crate::proxy::Proxy;
use crate::specs::{FULL, RULE};

/// Makes a rule `checkout` that no stack owns.
fn unowned_rule(cloud: &Cloud) {
    let rule = json!({
        "RuleName": "checkout", "ResourceARN": "*", "Priority": 7, "FixedRate": 0.1,
        "ReservoirSize": 1, "ServiceName": "*", "ServiceType": "*", "Host": "*",
        "HTTPMethod": "*", "URLPath": "*", "Version": 1,
    });
    let tags = json!([{ "Key": "hand", "Value": "made" }]);
    cloud.xray(
        "/CreateSamplingRule",
        &json!({ "SamplingRule": rule, "Tags": tags }),
    );
}

fn stack_tag(cloud: &Cloud, arn: &str) -> Value {
    let tags = cloud.xray("/ListTagsForResource", &json!({ "ResourceARN": arn }));
    let tag = crate::cloud::rows(&tags["Tags"]).find(|tag| tag["Key"] == "xrayctl:stack");
    tag.map_or(Value::Null, |tag| tag["Value"].clone())
}

#[test]
fn an_unowned_rule_of_the_same_name_is_refused() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    unowned_rule(&cloud);
    let scenario = proxy.scenario(RULE);
    assert_snapshot!(scenario.plan().ends_with(1).snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: sampling rule `checkout` exists already and no stack owns it
     --> xrayctl.toml:5:1
      |
    5 | [sampling_rules.checkout]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: take it into this stack with `xrayctl import sampling_rule.checkout`, or with --adopt
    --- exit 1
    ");
    scenario.run("apply --auto-approve").ends_with(1);
    assert_eq!(proxy.take_mutations(), [""; 0]);
}

#[test]
fn an_unowned_rule_is_adopted_and_made_as_the_spec_says() {
    let cloud = Cloud::start();
    unowned_rule(&cloud);
    let scenario = cloud.scenario(RULE);
    let plan = scenario.run("plan --adopt --detailed-exitcode");
    assert_snapshot!(plan.snapshot(), @r#"
    $ xrayctl plan --adopt --detailed-exitcode
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # sampling_rule.checkout will be imported and updated in place
      ~ sampling_rule "checkout" {
          ~ priority  = 7 -> 100
          - tags.hand = "made"
          # (9 unchanged fields hidden)
        }

    Plan: 1 to import, 0 to add, 1 to change, 0 to destroy.
    --- exit 2
    "#);
    scenario
        .run("apply --adopt --auto-approve")
        .succeeds()
        .prints("Apply complete! Resources: 1 imported, 0 added, 1 changed, 0 destroyed.");
    scenario.is_settled();
    let rule = cloud.rule("checkout");
    assert_eq!(rule["Priority"], 100);
    let arn = text(&rule["RuleARN"]);
    assert_eq!(stack_tag(&cloud, &arn), "shop");
    assert_eq!(cloud.tags(&arn), json!({}));
}

#[test]
fn an_unowned_rule_that_is_as_the_spec_says_is_adopted_with_its_tags_alone() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    unowned_rule(&cloud);
    let scenario = proxy.scenario(&format!("{RULE}tags = {{ hand = \"made\" }}\n"));
    scenario.edit("priority = 100", "priority = 7");
    scenario
        .run("apply --adopt --auto-approve")
        .succeeds()
        .prints("Apply complete! Resources: 1 imported, 0 added, 0 changed, 0 destroyed.");
    assert_eq!(proxy.take_mutations(), ["TagResource"]);
    scenario.is_settled();
}

#[test]
fn import_takes_a_rule_in_as_it_is() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    unowned_rule(&cloud);
    let scenario = proxy.scenario(RULE);
    let import = scenario.run("import sampling_rule.checkout --auto-approve");
    import
        .succeeds()
        .prints("# sampling_rule.checkout will be imported as it is")
        .prints("Apply complete! Resources: 1 imported, 0 added, 0 changed, 0 destroyed.");
    assert_eq!(proxy.take_mutations(), ["TagResource"]);
    assert_eq!(cloud.rule("checkout")["Priority"], 7);
    // What else differs is shown by the next plan.
    let plan = scenario.plan().ends_with(2);
    assert_eq!(
        plan.changes(),
        [
            "sampling_rule.checkout priority",
            "sampling_rule.checkout tags.hand"
        ],
        "{plan}"
    );
    scenario.apply();
    scenario.is_settled();
    scenario
        .run("import sampling_rule.checkout --auto-approve")
        .succeeds()
        .prints("belongs to the stack already");
}

#[test]
fn import_of_what_is_not_there_says_so() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario
        .run("import sampling_rule.checkout --auto-approve")
        .ends_with(1)
        .says("AWS has no sampling_rule `checkout`");
    scenario
        .run("import group.errors --auto-approve")
        .ends_with(1)
        .says("the spec has no `group.errors`");
    assert!(cloud.rules().is_empty());
}

#[test]
fn two_stacks_in_one_account_leave_each_other_alone() {
    let cloud = Cloud::start();
    let shop = cloud.scenario(RULE);
    let other = RULE
        .replace("\"shop\"", "\"bank\"")
        .replace("sampling_rules.checkout", "sampling_rules.payment");
    let bank = cloud.scenario(&other);
    shop.apply();
    bank.apply();
    shop.is_settled();
    bank.is_settled();
    shop.run("destroy --auto-approve").succeeds();
    bank.is_settled();
    let rules = cloud.rules();
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0]["RuleName"], "payment");
}

#[test]
fn what_another_stack_owns_is_refused_even_with_adopt() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    cloud
        .scenario(&RULE.replace("\"shop\"", "\"bank\""))
        .apply();
    let shop = proxy.scenario(RULE);
    assert_snapshot!(shop.plan().ends_with(1).snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: sampling rule `checkout` belongs to the stack `bank`
     --> xrayctl.toml:5:1
      |
    5 | [sampling_rules.checkout]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: rename it here, or remove it there first
    --- exit 1
    ");
    shop.run("apply --adopt --auto-approve")
        .ends_with(1)
        .says("belongs to the stack `bank`");
    shop.run("import sampling_rule.checkout --auto-approve")
        .ends_with(1)
        .says("belongs to the stack `bank`");
    shop.run("destroy --auto-approve").succeeds();
    assert_eq!(proxy.take_mutations(), [""; 0]);
    let arn = text(&cloud.rule("checkout")["RuleARN"]);
    assert_eq!(stack_tag(&cloud, &arn), "bank");
}

#[test]
fn destroy_leaves_alone_what_nobody_owns() {
    let cloud = Cloud::start();
    unowned_rule(&cloud);
    let scenario = cloud.scenario(RULE);
    scenario
        .run("destroy --auto-approve")
        .succeeds()
        .prints("No changes.");
    assert_eq!(cloud.rules().len(), 1);
}

#[test]
fn a_stack_for_another_account_is_refused_before_anything_is_changed() {
    let cloud = Cloud::start_with(&["--account", "210987654321"]);
    let proxy = Proxy::before(&cloud);
    let guarded = FULL.replace(
        "region = \"us-east-1\"",
        "region = \"us-east-1\"\naccount = \"123456789012\"",
    );
    let scenario = proxy.scenario(&guarded);
    assert_snapshot!(scenario.plan().ends_with(1).snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: the stack `shop` is for account 123456789012, but the credentials are for account 210987654321
      hint: choose other credentials with --profile or AWS_PROFILE
    --- exit 1
    ");
    scenario.run("apply --auto-approve").ends_with(1);
    scenario.run("destroy --auto-approve").ends_with(1);
    assert_eq!(proxy.take_mutations(), [""; 0]);
}

#[test]
fn a_stack_for_the_account_is_applied() {
    let cloud = Cloud::start_with(&["--account", "210987654321"]);
    let guarded = RULE.replace(
        "region = \"us-east-1\"",
        "region = \"us-east-1\"\naccount = \"210987654321\"",
    );
    let scenario = cloud.scenario(&guarded);
    scenario.apply();
    scenario.is_settled();
}

/// What differs after an import differs on purpose, and the rest of the stack
/// is none of its business.
#[test]
fn import_does_not_warn_of_what_it_leaves() {
    let cloud = Cloud::start();
    unowned_rule(&cloud);
    let group = "\n[groups.errors]\nfilter_expression = \"error\"\n";
    let scenario = cloud.scenario(&format!("{RULE}{group}"));
    let import = scenario.run("import sampling_rule.checkout --auto-approve");
    let import = import.succeeds();
    assert!(!import.stderr.contains("warning"), "{import}");
}
