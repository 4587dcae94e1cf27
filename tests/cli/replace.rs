//! Changes that AWS cannot make in place.

use insta::assert_snapshot;
use serde_json::json;

use crate::cloud::Cloud;
use crate::proxy::Proxy;
use crate::specs::{FULL, RULE};

#[test]
fn another_rule_name_is_a_replacement() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&format!("{RULE}rule_name = \"old\"\n"));
    scenario.apply();
    scenario.edit("\"old\"", "\"new\"");
    assert_snapshot!(scenario.plan().snapshot(), @r#"
    $ xrayctl plan --detailed-exitcode
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # sampling_rule.checkout must be replaced
    -/+ sampling_rule "checkout" {
          ~ rule_name = "old" -> "new" # forces replacement
          # (9 unchanged fields hidden)
        }

    Plan: 1 to add, 0 to change, 1 to destroy.
    --- exit 2
    "#);
    proxy.take_calls();
    scenario
        .apply()
        .prints("Apply complete! Resources: 1 added, 0 changed, 1 destroyed.");
    let sent = proxy.take_mutations();
    assert_eq!(sent, ["DeleteSamplingRule", "CreateSamplingRule"]);
    let rules = cloud.rules();
    assert_eq!(rules.len(), 1, "{rules:?}");
    assert_eq!(rules[0]["RuleName"], "new");
    scenario.is_settled();
}

#[test]
fn another_group_name_is_a_replacement() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    scenario.edit(
        "[groups.errors]\n",
        "[groups.errors]\ngroup_name = \"failures\"\n",
    );
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), ["group.errors group_name"], "{plan}");
    assert!(
        plan.stdout
            .contains("Plan: 1 to add, 0 to change, 1 to destroy.")
    );
    scenario.apply();
    let groups = cloud.groups();
    assert_eq!(groups.len(), 1, "{groups:?}");
    assert_eq!(groups[0]["GroupName"], "failures");
    scenario.is_settled();
}

#[test]
fn another_name_in_the_spec_is_one_deleted_and_one_created() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.apply();
    scenario.edit("sampling_rules.checkout", "sampling_rules.payment");
    let plan = scenario.plan().ends_with(2);
    assert!(
        plan.stdout
            .contains("# sampling_rule.checkout will be destroyed (no longer in the spec)")
            && plan
                .stdout
                .contains("# sampling_rule.payment will be created")
            && plan
                .stdout
                .contains("Plan: 1 to add, 0 to change, 1 to destroy."),
        "{plan}"
    );
    scenario.apply();
    let rules = cloud.rules();
    assert_eq!(rules.len(), 1, "{rules:?}");
    assert_eq!(rules[0]["RuleName"], "payment");
    scenario.is_settled();
}

/// The name at AWS stays, so that nothing needs to be made anew.
#[test]
fn another_name_in_the_spec_for_the_same_rule_at_aws_changes_tags_alone() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(RULE);
    scenario.apply();
    scenario.edit(
        "[sampling_rules.checkout]",
        "[sampling_rules.payment]\nrule_name = \"checkout\"",
    );
    proxy.take_calls();
    scenario.apply();
    let sent = proxy.take_mutations();
    assert!(
        sent.iter().all(|operation| operation == "TagResource"),
        "{sent:?}"
    );
    scenario.is_settled();
    assert_eq!(cloud.rules().len(), 1);
    // Removed from the spec under its new name, it goes.
    let spec = scenario.read("xrayctl.toml");
    scenario.spec(&crate::specs::without(&spec, "[sampling_rules.payment]"));
    scenario.apply();
    assert!(cloud.rules().is_empty());
}

#[test]
fn a_policy_under_another_name_is_replaced() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    scenario.edit(
        "[resource_policies.sns]\n",
        "[resource_policies.sns]\npolicy_name = \"topics\"\n",
    );
    scenario.apply();
    scenario.is_settled();
    let policies = cloud.xray("/ListResourcePolicies", &json!({}));
    let names: Vec<_> = crate::cloud::rows(&policies["ResourcePolicies"])
        .map(|policy| policy["PolicyName"].clone())
        .collect();
    assert!(names.contains(&json!("topics")), "{names:?}");
}

/// What uses a key moves to the new one before the old one goes.
#[test]
fn a_replaced_key_is_there_before_the_old_one_goes() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    scenario.apply();
    let old = cloud.only_key()["KeyId"].clone();
    scenario.edit(
        "key_rotation_enabled",
        "multi_region = true\nkey_rotation_enabled",
    );
    let plan = scenario.plan().ends_with(2);
    assert!(
        plan.changes()
            .contains(&"kms_key.traces multi_region".to_owned()),
        "{plan}"
    );
    proxy.take_calls();
    scenario.apply();
    let sent = proxy.take_mutations();
    let at = |name: &str| sent.iter().position(|operation| operation == name);
    assert!(at("CreateKey") < at("PutEncryptionConfig"), "{sent:?}");
    assert!(
        at("PutEncryptionConfig") < at("ScheduleKeyDeletion"),
        "{sent:?}"
    );
    scenario.is_settled();
    for key in cloud.keys() {
        let is_old = key["KeyId"] == old;
        let expected = if is_old { "PendingDeletion" } else { "Enabled" };
        assert_eq!(key["KeyState"], expected);
        assert_eq!(cloud.encryption()["KeyId"] == key["Arn"], !is_old);
    }
}
