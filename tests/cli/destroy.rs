//! Destroy: what the stack owns goes, settings go back to AWS's defaults.

use insta::assert_snapshot;
use serde_json::json;

use crate::cloud::Cloud;
use crate::specs::{FULL, RULE};

#[test]
fn nothing_owned_is_left_and_settings_are_as_aws_ships_them() {
    let cloud = Cloud::start();
    let shipped = cloud.inventory();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    assert_ne!(cloud.inventory(), shipped);
    let destroyed = scenario.run("destroy --auto-approve").succeeds();
    assert!(
        destroyed.stdout.ends_with(
            "Destroy complete! Resources: 4 destroyed, 4 settings put back to AWS's default.\n"
        ),
        "{destroyed}"
    );
    let left: Vec<_> = cloud.keys();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["KeyState"], "PendingDeletion");
    // AWS keeps a key for its waiting time, without its alias.
    let inventory = cloud.inventory();
    let (settings, _) = inventory.split_once("key: ").unwrap();
    assert_eq!(settings, shipped);
    let id = json!({ "KeyId": left[0]["KeyId"] });
    assert_eq!(cloud.kms("ListAliases", &id)["Aliases"], json!([]));
}

#[test]
fn a_second_destroy_finds_nothing() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    scenario.run("destroy --auto-approve").succeeds();
    assert_snapshot!(scenario.run("destroy --auto-approve").snapshot(), @r"
    $ xrayctl destroy --auto-approve
    No changes. The stack `shop` owns nothing in account 123456789012, us-east-1.

    Destroy complete! Resources: 0 destroyed.
    --- exit 0
    ");
}

#[test]
fn the_plan_of_a_destroy_shows_what_goes() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.apply();
    let plan = scenario.run("plan --destroy --detailed-exitcode");
    assert_snapshot!(plan.snapshot(), @r#"
    $ xrayctl plan --destroy --detailed-exitcode
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # sampling_rule.checkout will be destroyed
      - sampling_rule "checkout" {
          - rule_name      = "checkout"
          - priority       = 100
          - fixed_rate     = 0.1
          - reservoir_size = 1
          - service_name   = "*"
          - service_type   = "*"
          - host           = "*"
          - http_method    = "*"
          - url_path       = "*"
          - resource_arn   = "*"
        }

    Plan: 0 to add, 0 to change, 1 to destroy.
    --- exit 2
    "#);
    assert_eq!(cloud.rules().len(), 1);
}

#[test]
fn a_destroyed_stack_can_be_applied_again() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    scenario.run("destroy --auto-approve").succeeds();
    scenario.apply();
    scenario.is_settled();
    // The key is brought back, not made a second time.
    assert_eq!(cloud.only_key()["KeyState"], "Enabled");
}

#[test]
fn a_target_destroys_that_alone() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    scenario
        .run("destroy --auto-approve --target group.errors")
        .succeeds()
        .prints("Destroy complete! Resources: 1 destroyed");
    assert!(cloud.groups().is_empty());
    assert_eq!(cloud.rules().len(), 1);
}
