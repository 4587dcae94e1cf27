//! KMS keys: their deletion, and their way back.

use insta::assert_snapshot;
use serde_json::json;

use crate::cloud::Cloud;
use crate::proxy::Proxy;
use crate::specs::{FULL, without};

#[test]
fn the_key_that_x_ray_encrypts_with_is_not_deleted() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    scenario.apply();
    proxy.take_calls();
    let spec = without(FULL, "[kms_keys.traces]");
    scenario.spec(&without(&spec, "[encryption]"));
    let apply = scenario.run("apply --auto-approve").ends_with(1);
    assert_snapshot!(apply.snapshot(), @r#"
    $ xrayctl apply --auto-approve
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # kms_key.traces will be destroyed (no longer in the spec)
      - kms_key "traces" {
          - alias                   = "alias/shop-traces"
          - description             = "traces at rest"
          - enabled                 = true
          - key_rotation_enabled    = true
          - rotation_period_in_days = 180
          - multi_region            = false
        }

    Plan: 0 to add, 0 to change, 1 to destroy.

    Apply incomplete! Resources: 0 added, 0 changed, 0 destroyed.
    --- stderr
    kms_key.traces: Destruction failed after 0s
    error: kms_key.traces: X-Ray encrypts traces with the KMS key arn:aws:kms:us-east-1:123456789012:key/[uuid]; set `[encryption]` to another key or to `type = "NONE"` first
    --- exit 1
    "#);
    assert_eq!(proxy.take_mutations(), [""; 0]);
    assert_eq!(cloud.only_key()["KeyState"], "Enabled");
}

#[test]
fn a_target_does_not_get_around_that() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    scenario
        .run("destroy --auto-approve --target kms_key.traces")
        .ends_with(1)
        .says("X-Ray encrypts traces with the KMS key");
    assert_eq!(cloud.only_key()["KeyState"], "Enabled");
}

#[test]
fn a_deleted_key_waits_for_as_long_as_the_spec_says() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    scenario.apply();
    proxy.take_calls();
    scenario.run("destroy --auto-approve").succeeds();
    let calls = proxy.take_calls();
    let deletion = calls
        .iter()
        .find(|call| call.operation == "ScheduleKeyDeletion")
        .unwrap();
    assert_eq!(deletion.body["PendingWindowInDays"], 7);
}

#[test]
fn a_key_scheduled_for_deletion_is_seen_and_brought_back() {
    let cloud = Cloud::start();
    let spec = without(FULL, "[encryption]");
    let scenario = cloud.scenario(&spec);
    scenario.apply();
    let key = cloud.only_key();
    let id = json!({ "KeyId": key["KeyId"], "PendingWindowInDays": 7 });
    cloud.kms("ScheduleKeyDeletion", &id);
    let plan = scenario.plan().ends_with(2);
    assert!(
        plan.stdout
            .contains("# kms_key.traces will be brought back from its scheduled deletion"),
        "{plan}"
    );
    scenario.apply();
    scenario.is_settled();
    assert_eq!(cloud.only_key()["KeyState"], "Enabled");
    assert_eq!(cloud.only_key()["KeyId"], key["KeyId"]);
}

#[test]
fn a_key_that_left_the_spec_comes_back_with_its_alias() {
    let cloud = Cloud::start();
    let spec = without(FULL, "[encryption]");
    let scenario = cloud.scenario(&spec);
    scenario.apply();
    let before = cloud.inventory();
    scenario.spec(&without(&spec, "[kms_keys.traces]"));
    scenario
        .apply()
        .prints("Apply complete! Resources: 0 added, 0 changed, 1 destroyed.");
    assert_eq!(cloud.only_key()["KeyState"], "PendingDeletion");
    // Gone for this spec.
    scenario.is_settled();
    scenario.spec(&spec);
    scenario.apply();
    scenario.is_settled();
    assert_eq!(cloud.inventory(), before);
}

#[test]
fn every_field_that_the_spec_changes() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    let id = cloud.only_key()["KeyId"].clone();
    for (from, to) in [
        ("alias/shop-traces", "alias/shop/xray"),
        ("\"traces at rest\"", "\"traces\""),
        (
            "rotation_period_in_days = 180",
            "rotation_period_in_days = 90",
        ),
        ("\"Sid\": \"Account\"", "\"Sid\": \"Root\""),
        (
            "key_rotation_enabled = true",
            "key_rotation_enabled = false",
        ),
        ("pending_window", "enabled = false\npending_window"),
        ("enabled = false\npending", "enabled = true\npending"),
    ] {
        scenario.edit(from, to);
        scenario.plan().ends_with(2);
        scenario.apply();
        scenario.is_settled();
    }
    assert_eq!(cloud.only_key()["KeyId"], id, "in place");
    let inventory = cloud.inventory();
    assert!(
        inventory.contains("alias: \"alias/shop/xray\""),
        "{inventory}"
    );
    assert!(!inventory.contains("alias/shop-traces"), "{inventory}");
}

#[test]
fn a_key_policy_that_the_spec_leaves_out_is_left_to_others() {
    let cloud = Cloud::start();
    let spec = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n[kms_keys.traces]\n";
    let scenario = cloud.scenario(spec);
    scenario.apply();
    let policy = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    cloud.kms(
        "PutKeyPolicy",
        &json!({ "KeyId": cloud.only_key()["KeyId"], "PolicyName": "default", "Policy": policy }),
    );
    scenario.is_settled();
}
