//! Changes that others make at AWS: each comes back as exactly its field, and
//! apply repairs it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::cloud::{Cloud, text};
use crate::harness::Scenario;
use crate::specs::FULL;

/// An applied stack with something of every type.
fn applied() -> (Cloud, Scenario) {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    (cloud, scenario)
}

/// The fields that a plan shows, and the change at AWS that makes it so.
type Case<'a> = (&'a [&'a str], Box<dyn Fn(&Cloud) + 'a>);

/// Makes each change at AWS in turn, and sees that the plan shows `fields` of
/// `address` and nothing else, that apply repairs it, and that no trace is
/// left.
fn each_is_seen_and_repaired(address: &str, cases: &[Case]) {
    let (cloud, scenario) = applied();
    let before = cloud.inventory();
    for (fields, change) in cases {
        change(&cloud);
        assert_ne!(cloud.inventory(), before, "{fields:?} did not change");
        let plan = scenario.plan().ends_with(2);
        let expected: Vec<String> = fields
            .iter()
            .map(|field| format!("{address} {field}"))
            .collect();
        assert_eq!(plan.changes(), expected, "{plan}");
        scenario
            .apply()
            .prints("Apply complete! Resources: 0 added, 1 changed, 0 destroyed.");
        scenario.is_settled();
        assert_eq!(cloud.inventory(), before, "after {fields:?}");
    }
}

/// Updates the rule with its boost, which AWS drops otherwise.
fn update_rule(cloud: &Cloud, member: &str, value: Value) {
    let mut update = json!({
        "RuleName": "checkout",
        "SamplingRateBoost": { "MaxRate": 0.5, "CooldownWindowMinutes": 10 },
    });
    update[member] = value;
    cloud.xray(
        "/UpdateSamplingRule",
        &json!({ "SamplingRuleUpdate": update }),
    );
}

#[test]
fn every_field_of_a_sampling_rule() {
    let fields: [(&[&str], &str, Value); 14] = [
        (&["priority"], "Priority", json!(7)),
        (&["fixed_rate"], "FixedRate", json!(0.9)),
        (&["reservoir_size"], "ReservoirSize", json!(0)),
        (&["service_name"], "ServiceName", json!("other")),
        (
            &["service_type"],
            "ServiceType",
            json!("AWS::EC2::Instance"),
        ),
        (&["host"], "Host", json!("example.org")),
        (&["http_method"], "HTTPMethod", json!("GET")),
        (&["url_path"], "URLPath", json!("/")),
        (&["resource_arn"], "ResourceARN", json!("arn:aws:eks:*")),
        (
            &["attributes.tier"],
            "Attributes",
            json!({ "tier": "lead" }),
        ),
        (
            &["attributes.zone"],
            "Attributes",
            json!({ "tier": "gold", "zone": "a" }),
        ),
        (&["attributes.tier"], "Attributes", json!({})),
        (
            &["sampling_rate_boost.max_rate"],
            "SamplingRateBoost",
            json!({ "MaxRate": 0.6, "CooldownWindowMinutes": 10 }),
        ),
        (
            &["sampling_rate_boost.cooldown_window_minutes"],
            "SamplingRateBoost",
            json!({ "MaxRate": 0.5, "CooldownWindowMinutes": 11 }),
        ),
    ];
    let cases: Vec<Case> = fields
        .into_iter()
        .map(|(fields, member, value)| -> Case {
            let change = move |cloud: &Cloud| update_rule(cloud, member, value.clone());
            (fields, Box::new(change))
        })
        .collect();
    each_is_seen_and_repaired("sampling_rule.checkout", &cases);
}

#[test]
fn a_boost_that_an_update_of_others_dropped() {
    let (cloud, scenario) = applied();
    let update = json!({ "SamplingRuleUpdate": { "RuleName": "checkout", "Priority": 100 } });
    cloud.xray("/UpdateSamplingRule", &update);
    assert!(cloud.rule("checkout")["SamplingRateBoost"].is_null());
    let plan = scenario.plan().ends_with(2);
    let changes = plan.changes();
    assert!(
        !changes.is_empty()
            && changes
                .iter()
                .all(|field| field.starts_with("sampling_rule.checkout sampling_rate_boost")),
        "{plan}"
    );
    scenario.apply();
    scenario.is_settled();
}

/// Tags `arn` in X-Ray.
fn tag(cloud: &Cloud, arn: &str, key: &str, value: &str) {
    let tags = json!([{ "Key": key, "Value": value }]);
    cloud.xray("/TagResource", &json!({ "ResourceARN": arn, "Tags": tags }));
}

fn untag(cloud: &Cloud, arn: &str, key: &str) {
    cloud.xray(
        "/UntagResource",
        &json!({ "ResourceARN": arn, "TagKeys": [key] }),
    );
}

#[test]
fn tags_of_a_sampling_rule() {
    let arn = |cloud: &Cloud| text(&cloud.rule("checkout")["RuleARN"]);
    each_is_seen_and_repaired(
        "sampling_rule.checkout",
        &[
            (
                &["tags.owner"],
                Box::new(|cloud| {
                    tag(cloud, &arn(cloud), "owner", "bob");
                }),
            ),
            (
                &["tags.owner"],
                Box::new(|cloud| untag(cloud, &arn(cloud), "owner")),
            ),
            (
                &["tags.team"],
                Box::new(|cloud| tag(cloud, &arn(cloud), "team", "")),
            ),
            (
                &["tags.other"],
                Box::new(|cloud| {
                    tag(cloud, &arn(cloud), "other", "x");
                }),
            ),
        ],
    );
}

#[test]
fn every_field_of_a_group() {
    let update = |cloud: &Cloud, filter: &str, insights: bool, notifications: bool| {
        let configuration =
            json!({ "InsightsEnabled": insights, "NotificationsEnabled": notifications });
        cloud.xray(
            "/UpdateGroup",
            &json!({
                "GroupName": "errors",
                "FilterExpression": filter,
                "InsightsConfiguration": configuration,
            }),
        );
    };
    each_is_seen_and_repaired(
        "group.errors",
        &[
            (
                &["filter_expression"],
                Box::new(|cloud| {
                    update(cloud, "error", true, true);
                }),
            ),
            (
                &["insights_configuration.notifications_enabled"],
                Box::new(|cloud| {
                    update(cloud, "error OR fault", true, false);
                }),
            ),
            (
                &[
                    "insights_configuration.insights_enabled",
                    "insights_configuration.notifications_enabled",
                ],
                Box::new(|cloud| update(cloud, "error OR fault", false, false)),
            ),
            (
                &["tags.owner"],
                Box::new(|cloud| {
                    tag(cloud, &cloud.group_arn("errors"), "owner", "bob");
                }),
            ),
            (
                &["tags.other"],
                Box::new(|cloud| {
                    tag(cloud, &cloud.group_arn("errors"), "other", "");
                }),
            ),
            (
                &["tags.team"],
                Box::new(|cloud| {
                    untag(cloud, &cloud.group_arn("errors"), "team");
                }),
            ),
        ],
    );
}

#[test]
fn the_document_of_a_resource_policy() {
    let put = |cloud: &Cloud, action: &str| {
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Sns",
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": action,
                "Resource": "*",
            }],
        });
        cloud.xray(
            "/PutResourcePolicy",
            &json!({ "PolicyName": "sns", "PolicyDocument": document.to_string() }),
        );
    };
    each_is_seen_and_repaired(
        "resource_policy.sns",
        &[(
            &["policy_document"],
            Box::new(|cloud| {
                put(cloud, "xray:PutTraceSegments");
            }),
        )],
    );
}

#[test]
fn every_field_of_a_kms_key() {
    let with = |cloud: &Cloud, operation: &str, mut body: Value| {
        body["KeyId"] = cloud.only_key()["KeyId"].clone();
        cloud.kms(operation, &body);
    };
    let tag = |key: &str, value: &str| json!({ "Tags": [{ "TagKey": key, "TagValue": value }] });
    each_is_seen_and_repaired(
        "kms_key.traces",
        &[
            (
                &["description"],
                Box::new(|cloud| {
                    with(cloud, "UpdateKeyDescription", json!({ "Description": "x" }));
                }),
            ),
            (
                &["rotation_period_in_days"],
                Box::new(|cloud| {
                    with(
                        cloud,
                        "EnableKeyRotation",
                        json!({ "RotationPeriodInDays": 90 }),
                    );
                }),
            ),
            (
                &["tags.team"],
                Box::new(|cloud| {
                    with(cloud, "TagResource", tag("team", "other"));
                }),
            ),
            (
                &["tags.more"],
                Box::new(|cloud| {
                    with(cloud, "TagResource", tag("more", ""));
                }),
            ),
            (
                &["tags.team"],
                Box::new(|cloud| {
                    with(cloud, "UntagResource", json!({ "TagKeys": ["team"] }));
                }),
            ),
            (
                &["enabled"],
                Box::new(|cloud| with(cloud, "DisableKey", json!({}))),
            ),
        ],
    );
}

#[test]
fn rotation_of_a_kms_key_that_was_switched_off() {
    let (cloud, scenario) = applied();
    let id = json!({ "KeyId": cloud.only_key()["KeyId"] });
    cloud.kms("DisableKeyRotation", &id);
    let plan = scenario.plan().ends_with(2);
    // KMS tells no period of a key that it does not rotate.
    assert_eq!(
        plan.changes(),
        [
            "kms_key.traces key_rotation_enabled",
            "kms_key.traces rotation_period_in_days"
        ],
        "{plan}"
    );
    scenario.apply();
    scenario.is_settled();
    let rotation = cloud.kms("GetKeyRotationStatus", &id);
    assert_eq!(rotation["KeyRotationEnabled"], true);
    assert_eq!(rotation["RotationPeriodInDays"], 180);
}

#[test]
fn the_policy_of_a_kms_key() {
    let (cloud, scenario) = applied();
    let id = cloud.only_key()["KeyId"].clone();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "kms:Describe*",
            "Resource": "*",
        }],
    });
    let request = json!({ "KeyId": id, "PolicyName": "default", "Policy": policy.to_string() });
    cloud.kms("PutKeyPolicy", &request);
    let plan = scenario.plan().ends_with(2);
    assert_snapshot!(plan.snapshot(), @r#"
    $ xrayctl plan --detailed-exitcode
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # kms_key.traces will be updated in place (changed outside xrayctl since the last apply)
      ~ kms_key "traces" {
          ~ policy = <<JSON … JSON
          # (6 unchanged fields hidden)
        }

    Plan: 0 to add, 1 to change, 0 to destroy.
    --- exit 2
    "#);
    assert_eq!(plan.changes(), ["kms_key.traces policy"]);
    scenario.apply();
    scenario.is_settled();
}

#[test]
fn an_alias_that_points_elsewhere_is_refused() {
    let (cloud, scenario) = applied();
    let other = cloud.kms("CreateKey", &json!({ "Description": "someone's" }));
    let other = &other["KeyMetadata"]["KeyId"];
    cloud.kms(
        "UpdateAlias",
        &json!({ "AliasName": "alias/shop-traces", "TargetKeyId": other }),
    );
    scenario
        .plan()
        .ends_with(1)
        .says("KMS key `alias/shop-traces` exists already and no stack owns it");
}

#[test]
fn an_alias_that_is_gone_is_made_again_for_the_same_key() {
    let (cloud, scenario) = applied();
    cloud.kms("DeleteAlias", &json!({ "AliasName": "alias/shop-traces" }));
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), ["kms_key.traces alias"], "{plan}");
    scenario.apply();
    scenario.is_settled();
    let id = json!({ "KeyId": cloud.only_key()["KeyId"] });
    let aliases = cloud.kms("ListAliases", &id);
    assert_eq!(aliases["Aliases"][0]["AliasName"], "alias/shop-traces");
}

#[test]
fn every_setting() {
    let (cloud, scenario) = applied();
    let before = cloud.inventory();
    let logs_policy = json!({ "policyName": "xrayctl-transaction-search" });
    let cases: [(&str, &dyn Fn()); 6] = [
        ("default_sampling_rule fixed_rate", &|| {
            let update = json!({ "RuleName": "Default", "FixedRate": 0.05 });
            cloud.xray(
                "/UpdateSamplingRule",
                &json!({ "SamplingRuleUpdate": update }),
            );
        }),
        ("default_sampling_rule reservoir_size", &|| {
            let update = json!({ "RuleName": "Default", "ReservoirSize": 1 });
            cloud.xray(
                "/UpdateSamplingRule",
                &json!({ "SamplingRuleUpdate": update }),
            );
        }),
        ("indexing_rule desired_sampling_percentage", &|| {
            let rule = json!({ "Probabilistic": { "DesiredSamplingPercentage": 1.0 } });
            cloud.xray(
                "/UpdateIndexingRule",
                &json!({ "Name": "Default", "Rule": rule }),
            );
        }),
        ("trace_segment_destination destination", &|| {
            let destination = json!({ "Destination": "XRay" });
            cloud.xray("/UpdateTraceSegmentDestination", &destination);
        }),
        ("trace_segment_destination logs_policy_document", &|| {
            cloud.logs("DeleteResourcePolicy", &logs_policy);
        }),
        ("trace_segment_destination logs_policy_document", &|| {
            let document = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
            let mut policy = logs_policy.clone();
            policy["policyDocument"] = json!(document);
            cloud.logs("PutResourcePolicy", &policy);
        }),
    ];
    for (field, change) in cases {
        change();
        let plan = scenario.plan().ends_with(2);
        assert_eq!(plan.changes(), [field], "{plan}");
        scenario.apply();
        scenario.is_settled();
        assert_eq!(cloud.inventory(), before, "after {field}");
    }
}

#[test]
fn encryption_that_was_switched_off_or_to_another_key() {
    let (cloud, scenario) = applied();
    cloud.xray("/PutEncryptionConfig", &json!({ "Type": "NONE" }));
    let plan = scenario.plan().ends_with(2);
    assert_eq!(
        plan.changes(),
        ["encryption type", "encryption key_id"],
        "{plan}"
    );
    scenario.apply();
    scenario.is_settled();
    let managed = json!({ "Type": "KMS", "KeyId": "alias/aws/xray" });
    cloud.xray("/PutEncryptionConfig", &managed);
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), ["encryption key_id"], "{plan}");
    scenario.apply();
    scenario.is_settled();
    assert_eq!(cloud.encryption()["KeyId"], cloud.only_key()["Arn"]);
}

#[test]
fn what_was_deleted_behind_our_back_is_created_again() {
    let (cloud, scenario) = applied();
    let before = cloud.inventory();
    cloud.xray("/DeleteSamplingRule", &json!({ "RuleName": "checkout" }));
    cloud.xray("/DeleteGroup", &json!({ "GroupName": "errors" }));
    cloud.xray("/DeleteResourcePolicy", &json!({ "PolicyName": "sns" }));
    scenario
        .plan()
        .ends_with(2)
        .prints("Plan: 3 to add, 0 to change, 0 to destroy.");
    scenario.apply();
    scenario.is_settled();
    assert_eq!(cloud.inventory(), before);
}
