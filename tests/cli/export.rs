//! `export` writes a spec of what stands, and `import --terraform` one of what
//! a Terraform state holds.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::cloud::{Cloud, text};

const EMPTY: &str = "[stack]\nname = \"empty\"\nregion = \"us-east-1\"\n";

/// Makes things that no stack owns, each with something that a spec has to
/// say: references, documents, names that are no names of a spec.
fn made_by_hand(cloud: &Cloud) {
    cloud.xray(
        "/CreateSamplingRule",
        &json!({ "SamplingRule": {
            "RuleName": "check.out@pay", "ResourceARN": "*", "Priority": 7, "FixedRate": 0.1,
            "ReservoirSize": 1, "ServiceName": "shop", "ServiceType": "*", "Host": "*",
            "HTTPMethod": "POST", "URLPath": "/pay*", "Version": 1,
            "Attributes": { "tier": "gold" },
        }, "Tags": [{ "Key": "team", "Value": "pay" }] }),
    );
    cloud.xray(
        "/CreateGroup",
        &json!({ "GroupName": "slow", "FilterExpression": "responsetime > 1",
                 "InsightsConfiguration": { "InsightsEnabled": true } }),
    );
    let key = cloud.kms("CreateKey", &json!({ "Description": "traces" }));
    let id = text(&key["KeyMetadata"]["KeyId"]);
    let alias = json!({ "AliasName": "alias/team/traces", "TargetKeyId": id });
    cloud.kms("CreateAlias", &alias);
    cloud.xray(
        "/PutEncryptionConfig",
        &json!({ "Type": "KMS", "KeyId": id }),
    );
    let document = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "xray:PutTraceSegments",
        "Resource": "*", "Condition": { "StringLike": { "aws:username": "${aws:username}" } },
    }] });
    cloud.xray(
        "/PutResourcePolicy",
        &json!({ "PolicyName": "writers", "PolicyDocument": document.to_string() }),
    );
}

#[test]
fn what_stands_becomes_a_spec_that_plans_empty_once_it_is_adopted() {
    let cloud = Cloud::start();
    made_by_hand(&cloud);
    let scenario = cloud.scenario(EMPTY);
    let exported = scenario.run("export --region us-east-1 --stack shop --out shop.toml");
    assert_snapshot!(exported.succeeds().snapshot(), @r"
    $ xrayctl export --region us-east-1 --stack shop --out shop.toml
    --- stderr
    Wrote shop.toml with 5 resources. Take them into the stack with: xrayctl apply --adopt shop.toml
    --- exit 0
    ");
    assert_snapshot!(scenario.read("shop.toml"), @r#"
    # What stands in account 123456789012, written by `xrayctl export`. To take it into the
    # stack, without a change: xrayctl apply --adopt

    [stack]
    name = "shop"
    region = "us-east-1"
    # A plan against any other account is refused.
    # account = "123456789012"

    [sampling_rules."check.out-pay"]
    rule_name = "check.out@pay"
    priority = 7
    fixed_rate = 0.1
    service_name = "shop"
    http_method = "POST"
    url_path = "/pay*"
    attributes = { tier = "gold" }
    tags = { team = "pay" }

    [groups.slow]
    filter_expression = "responsetime > 1"
    insights_configuration = { insights_enabled = true }

    [encryption]
    type = "KMS"
    key_id = "team/traces"

    [kms_keys."team/traces"]
    description = "traces"
    key_rotation_enabled = false

    [resource_policies.writers]
    policy_document = '''
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Action": [
            "xray:PutTraceSegments"
          ],
          "Condition": {
            "StringLike": {
              "aws:username": [
                "$${aws:username}"
              ]
            }
          },
          "Effect": "Allow",
          "Principal": {
            "AWS": [
              "*"
            ]
          },
          "Resource": [
            "*"
          ]
        }
      ]
    }
    '''
    "#);

    let adopted = scenario.run("apply --adopt --auto-approve shop.toml");
    assert_snapshot!(adopted.succeeds().stdout, @r#"
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # group.slow will be imported as it is
      = group "slow" {
        }

      # kms_key.team/traces will be imported as it is
      = kms_key "team/traces" {
        }

      # sampling_rule.check.out-pay will be imported as it is
      = sampling_rule "check.out-pay" {
        }

    Plan: 3 to import, 0 to add, 0 to change, 0 to destroy.

    Apply complete! Resources: 3 imported, 0 added, 0 changed, 0 destroyed.
    "#);
    scenario
        .run("plan --detailed-exitcode shop.toml")
        .ends_with(0)
        .prints("No changes.");
    // The same again, now that the stack owns it, and from its tags.
    let again = scenario.run("export --region us-east-1 --stack shop");
    assert_eq!(again.succeeds().stdout, scenario.read("shop.toml"));
}

#[test]
fn what_was_exported_from_one_account_can_be_applied_in_another() {
    let (one, other) = (
        Cloud::start(),
        Cloud::start_with(&["--account", "999999999999"]),
    );
    made_by_hand(&one);
    let exported = one
        .scenario(EMPTY)
        .run("export --region us-east-1 --stack shop")
        .succeeds();
    let scenario = other.scenario(&exported.stdout);
    scenario
        .plan()
        .ends_with(2)
        .prints("Plan: 4 to add, 1 to change, 0 to destroy.");
    scenario.apply().succeeds();
    scenario.is_settled();
}

#[test]
fn types_and_tags_narrow_an_export() {
    let cloud = Cloud::start();
    made_by_hand(&cloud);
    let scenario = cloud.scenario(EMPTY);
    let export = |line: &str| {
        let line = format!("export --region us-east-1 --stack shop {line}");
        let output = scenario.run(&line).succeeds();
        let tables = output.stdout.lines().filter(|line| line.starts_with('['));
        tables
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(export("--only group"), "[groups.slow]");
    assert_eq!(
        export("--only group --only kms_key"),
        "[groups.slow] [kms_keys.\"team/traces\"]"
    );
    assert_eq!(export("--tag team"), "[sampling_rules.\"check.out-pay\"]");
    assert_eq!(export("--tag team=other"), "");
    scenario
        .run("export --region us-east-1 --only spoon")
        .ends_with(1)
        .says("there is no such type; xrayctl knows");
}

#[test]
fn what_other_stacks_own_is_left_out_and_told() {
    let cloud = Cloud::start();
    let spec = format!("{EMPTY}\n[groups.errors]\nfilter_expression = \"error\"\n");
    let scenario = cloud.scenario(&spec);
    scenario.apply().succeeds();
    let exported = scenario
        .run("export --region us-east-1 --stack shop")
        .succeeds();
    assert!(!exported.stdout.contains("[groups"), "{}", exported.stdout);
    exported.says("1 resource of the stack `empty` left out: group `errors`");
}

#[test]
fn an_export_never_writes_over_a_file_and_asks_for_a_region() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(EMPTY);
    scenario
        .run("export --region us-east-1 --out xrayctl.toml")
        .ends_with(1)
        .says("`xrayctl.toml` exists already");
    scenario
        .run("export")
        .ends_with(1)
        .says("there is no region to read");
}

/// A state that holds what [`made_by_hand`] made, in a module, and a bucket.
fn state(key_arn: &Value) -> String {
    let resource = |kind: &str, values: Value| {
        json!({ "address": format!("module.tracing.{kind}.this"), "mode": "managed",
                "type": kind, "name": "this", "values": values })
    };
    json!({ "format_version": "1.0", "terraform_version": "1.9.0", "values": { "root_module": {
        "resources": [
            { "address": "data.aws_region.here", "mode": "data", "type": "aws_region", "name": "here" },
            resource("aws_s3_bucket", json!({ "bucket": "b" })),
        ],
        "child_modules": [{ "resources": [
            resource("aws_xray_group", json!({ "group_name": "slow" })),
            resource("aws_kms_key", json!({ "arn": key_arn })),
            resource("aws_xray_sampling_rule", json!({ "rule_name": "gone" })),
        ] }],
    } } })
    .to_string()
}

#[test]
fn a_terraform_state_is_taken_over() {
    let cloud = Cloud::start();
    made_by_hand(&cloud);
    let scenario = cloud.scenario(EMPTY);
    scenario.write("state.json", state(&cloud.only_key()["Arn"]));

    let printed = scenario
        .run("import --region us-east-1 --terraform state.json --stack shop")
        .succeeds();
    assert_snapshot!(printed.snapshot(), @r#"
    $ xrayctl import --region us-east-1 --terraform state.json --stack shop
    # What stands in account 123456789012, written by `xrayctl export`. To take it into the
    # stack, without a change: xrayctl apply --adopt

    [stack]
    name = "shop"
    region = "us-east-1"
    # A plan against any other account is refused.
    # account = "123456789012"

    [groups.slow]
    filter_expression = "responsetime > 1"
    insights_configuration = { insights_enabled = true }

    [kms_keys."team/traces"]
    description = "traces"
    key_rotation_enabled = false
    --- stderr
    warning: `module.tracing.aws_xray_sampling_rule.this` of the state does not stand in this account and region

    warning: 1 resource of types that xrayctl does not know or that are part of others: 1 aws_s3_bucket

    Found 2 warnings.
    --- exit 0
    "#);
    let imported = scenario.run(
        "import --region us-east-1 --terraform state.json --stack shop --out shop.toml --auto-approve",
    );
    assert_snapshot!(imported.succeeds().stdout, @r#"
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # group.slow will be imported as it is
      = group "slow" {
        }

      # kms_key.team/traces will be imported as it is
      = kms_key "team/traces" {
        }

    Plan: 2 to import, 0 to add, 0 to change, 0 to destroy.

    Apply complete! Resources: 2 imported, 0 added, 0 changed, 0 destroyed.
    "#);
    scenario
        .run("plan --detailed-exitcode shop.toml")
        .ends_with(0);
}

#[test]
fn what_is_no_terraform_state_is_told() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(EMPTY);
    scenario.write(
        "state.json",
        r#"{"version": 4, "serial": 1, "lineage": "x"}"#,
    );
    assert_snapshot!(
        scenario.run("import --region us-east-1 --terraform state.json").ends_with(1).snapshot(), @r"
    $ xrayctl import --region us-east-1 --terraform state.json
    --- stderr
    error: cannot read `state.json`: it is a state file as Terraform keeps it, which changes from version to version
      hint: write one with `terraform show -json > state.json`
    --- exit 1
    ");
}
