//! Encryption at rest: none, with a key, and back.

use serde_json::json;

use crate::cloud::Cloud;
use crate::proxy::Proxy;

const NONE: &str = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n\
                    [kms_keys.traces]\n\n[encryption]\ntype = \"NONE\"\n";

fn with_key(key: &str) -> String {
    NONE.replace(
        "type = \"NONE\"",
        &format!("type = \"KMS\"\nkey_id = \"{key}\""),
    )
}

#[test]
fn from_none_to_a_key_and_back() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(NONE);
    scenario.apply();
    scenario.is_settled();
    scenario.spec(&with_key("traces"));
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), ["encryption type", "encryption key_id"]);
    scenario.apply();
    scenario.is_settled();
    let encryption = cloud.encryption();
    assert_eq!(encryption["Type"], "KMS");
    assert_eq!(encryption["Status"], "ACTIVE");
    assert_eq!(encryption["KeyId"], cloud.only_key()["Arn"]);
    scenario.spec(NONE);
    scenario.apply();
    scenario.is_settled();
    assert_eq!(cloud.encryption()["Type"], "NONE");
}

/// A reference, an alias, an ARN and an id of one key are one key.
#[test]
fn one_key_in_all_its_forms_makes_no_difference() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(&with_key("traces"));
    scenario.apply();
    let key = cloud.only_key();
    let alias_arn = "arn:aws:kms:us-east-1:123456789012:alias/traces";
    let id = key["KeyId"].as_str().unwrap();
    for form in ["alias/traces", alias_arn, id, key["Arn"].as_str().unwrap()] {
        scenario.spec(&with_key(form));
        scenario.is_settled();
    }
}

#[test]
fn the_key_that_aws_manages() {
    let cloud = Cloud::start();
    let spec = with_key("alias/aws/xray").replace("[kms_keys.traces]\n", "");
    let scenario = cloud.scenario(&spec);
    scenario.apply();
    scenario.is_settled();
    assert_eq!(cloud.encryption()["Type"], "KMS");
    assert!(cloud.keys().is_empty(), "no key of the user");
}

/// Until the change is in force, apply is not done.
#[test]
fn apply_waits_until_the_change_is_in_force() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&with_key("traces"));
    scenario.apply();
    assert_eq!(cloud.encryption()["Status"], "ACTIVE");
    let calls = proxy.take_calls();
    let put = calls
        .iter()
        .position(|call| call.operation == "PutEncryptionConfig")
        .unwrap();
    let looks = calls[put..]
        .iter()
        .filter(|call| call.operation == "GetEncryptionConfig");
    assert!(looks.count() > 1, "asked only once");
}

#[test]
fn a_key_that_does_not_exist_is_told_by_the_plan() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&with_key("alias/nobodys"));
    scenario
        .plan()
        .ends_with(1)
        .says("there is no KMS key `alias/nobodys` in this account and region");
    assert_eq!(proxy.take_mutations(), [""; 0]);
}

#[test]
fn a_disabled_key_is_told_with_what_aws_says() {
    let cloud = Cloud::start();
    let created = cloud.kms("CreateKey", &json!({}));
    let id = created["KeyMetadata"]["KeyId"].as_str().unwrap();
    cloud.kms("DisableKey", &json!({ "KeyId": id }));
    let spec = with_key(id).replace("[kms_keys.traces]\n", "");
    let scenario = cloud.scenario(&spec);
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("encryption: X-Ray PutEncryptionConfig: ");
    assert_eq!(cloud.encryption()["Type"], "NONE");
}
