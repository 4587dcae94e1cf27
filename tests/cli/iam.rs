//! IAM as a whole: from nothing to everything and back, from an account to a
//! spec, with answers lost and lists in pages.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::harness::Scenario;
use crate::iam_account::{IAM, OF_AWS, WRITE, allows, trusts};
use crate::proxy::Proxy;

const EMPTY: &str = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n";

#[test]
fn everything_is_made_settles_and_goes() {
    let cloud = Cloud::start();
    cloud.make_role("legacy");
    cloud.attach("legacy", OF_AWS);
    let before = cloud.iam_inventory();
    let scenario = cloud.scenario(IAM);
    scenario
        .plan()
        .ends_with(2)
        .prints("Plan: 4 to add, 0 to change, 0 to destroy.");
    scenario
        .apply()
        .prints("Apply complete! Resources: 4 added, 0 changed, 0 destroyed.");
    scenario.is_settled();
    assert_eq!(cloud.attached("legacy"), [WRITE, OF_AWS]);
    let reading = "arn:aws:iam::aws:policy/AWSXrayReadOnlyAccess";
    assert_eq!(cloud.attached("task"), [WRITE, reading]);
    scenario
        .run("destroy --auto-approve")
        .succeeds()
        .prints("Destroy complete! Resources: 4 destroyed");
    // The role of others, and what others attached to it, stay.
    assert_eq!(cloud.iam_inventory(), before);
    assert_eq!(cloud.attached("legacy"), [OF_AWS]);
}

#[test]
fn all_of_it_works_without_a_server() {
    let scenario = Scenario::local(IAM);
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("error: iam_role_policy_attachment.legacy: IAM AttachRolePolicy: NoSuchEntity");
    scenario.spec(&crate::specs::without(
        IAM,
        "[iam.role_policy_attachments.legacy]",
    ));
    scenario.is_settled();
    scenario.run("destroy --auto-approve").succeeds();
    scenario
        .plan()
        .ends_with(2)
        .prints("Plan: 3 to add, 0 to change, 0 to destroy.");
}

/// AWS did it, and the answer got lost on its way: the call is tried again.
#[test]
fn a_lost_answer_leaves_nothing_twice() {
    let applied = |operation: Option<&str>| {
        let cloud = Cloud::start();
        cloud.make_role("legacy");
        let proxy = Proxy::before(&cloud);
        if let Some(operation) = operation {
            proxy.lose_answer(operation);
        }
        let scenario = proxy.scenario(IAM);
        scenario.apply();
        scenario.edit("xray:PutTraceSegments", "xray:Put*");
        scenario.apply();
        scenario.is_settled();
        cloud.iam_inventory()
    };
    let whole = applied(None);
    for operation in [
        "CreatePolicy",
        "CreatePolicyVersion",
        "CreateRole",
        "AttachRolePolicy",
        "PutRolePolicy",
    ] {
        assert_eq!(applied(Some(operation)), whole, "{operation}");
    }
}

#[test]
fn every_page_of_every_list_is_read() {
    let cloud = Cloud::start();
    cloud.make_role("legacy");
    cloud.make_role("another");
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(IAM);
    scenario.apply();
    for operation in ["ListRoles", "ListPolicies"] {
        proxy.rewrite(operation, "MaxItems=1000", "MaxItems=1");
    }
    proxy.take_calls();
    scenario.is_settled();
    let calls = proxy.take_calls();
    let count = |name: &str| calls.iter().filter(|call| call.operation == name).count();
    assert_eq!((count("ListRoles"), count("ListPolicies")), (3, 2));
    // What the spec does not name any more is found by the lists alone.
    scenario.spec(EMPTY);
    cloud.detach("legacy", WRITE);
    scenario
        .apply()
        .prints("Apply complete! Resources: 0 added, 0 changed, 3 destroyed.");
    assert_eq!(cloud.roles(), ["another", "legacy"]);
}

/// Makes roles and a policy that no stack owns.
fn made_by_hand(cloud: &Cloud) {
    let document = allows("xray:Put*");
    let policy = [
        ("PolicyName", "xray-write"),
        ("Path", "/tracing/"),
        ("Description", "writes traces"),
        ("PolicyDocument", document.as_str()),
        ("Tags.member.1.Key", "owner"),
        ("Tags.member.1.Value", "ann"),
    ];
    cloud.iam("CreatePolicy", &policy);
    cloud.make_role("deployer");
    let trust = trusts(&json!({ "AWS": "arn:aws:iam::123456789012:role/deployer" }));
    let role = [
        ("RoleName", "task"),
        ("MaxSessionDuration", "7200"),
        ("PermissionsBoundary", OF_AWS),
        ("AssumeRolePolicyDocument", trust.as_str()),
    ];
    cloud.iam("CreateRole", &role);
    cloud.attach("task", WRITE);
    cloud.attach("task", "arn:aws:iam::aws:policy/AWSXrayReadOnlyAccess");
    let inline = [
        ("RoleName", "task"),
        ("PolicyName", "logs"),
        ("PolicyDocument", document.as_str()),
    ];
    cloud.iam("PutRolePolicy", &inline);
}

#[test]
fn what_stands_becomes_a_spec_that_plans_empty_once_it_is_adopted() {
    let cloud = Cloud::start();
    made_by_hand(&cloud);
    let before = cloud.iam_inventory();

    let scenario = cloud.scenario(EMPTY);
    let export = "export --region us-east-1 --stack shop --only iam_policy --only iam_role";
    let exported = scenario.run(&format!("{export} --out shop.toml"));
    exported
        .succeeds()
        .says("Wrote shop.toml with 3 resources.");
    assert_snapshot!(scenario.read("shop.toml"), @r#"
    # What stands in account 123456789012, written by `xrayctl export`. To take it into the
    # stack, without a change: xrayctl apply --adopt

    [stack]
    name = "shop"
    region = "us-east-1"
    # A plan against any other account is refused.
    # account = "123456789012"

    [iam.policies.xray-write]
    path = "/tracing/"
    description = "writes traces"
    policy = '''
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Action": [
            "xray:Put*"
          ],
          "Effect": "Allow",
          "Resource": [
            "*"
          ]
        }
      ]
    }
    '''
    tags = { owner = "ann" }

    [iam.roles.deployer]
    assume_role_policy = '''
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Action": [
            "sts:AssumeRole"
          ],
          "Effect": "Allow",
          "Principal": {
            "Service": [
              "ec2.amazonaws.com"
            ]
          }
        }
      ]
    }
    '''
    managed_policies = []
    inline_policies = {}

    [iam.roles.task]
    max_session_duration = 7200
    permissions_boundary = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
    assume_role_policy = '''
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Action": [
            "sts:AssumeRole"
          ],
          "Effect": "Allow",
          "Principal": {
            "AWS": [
              "arn:aws:iam::123456789012:role/deployer"
            ]
          }
        }
      ]
    }
    '''
    managed_policies = ["xray-write", "arn:aws:iam::aws:policy/AWSXrayReadOnlyAccess"]

    [iam.roles.task.inline_policies]

    [iam.roles.task.inline_policies.logs]
    Version = "2012-10-17"
    Statement = [{ Action = ["xray:Put*"], Effect = "Allow", Resource = ["*"] }]
    "#);
    let adopted = scenario.run("apply --adopt --auto-approve shop.toml");
    adopted
        .succeeds()
        .prints("Plan: 3 to import, 0 to add, 0 to change, 0 to destroy.");
    scenario
        .run("plan --detailed-exitcode shop.toml")
        .ends_with(0)
        .prints("No changes.");
    assert_ne!(cloud.iam_inventory(), before, "the tags");
    // The same again, now that the stack owns it.
    assert_eq!(
        scenario.run(export).succeeds().stdout,
        scenario.read("shop.toml")
    );
}

#[test]
fn a_terraform_state_is_taken_over_attachments_with_their_role() {
    let cloud = Cloud::start();
    made_by_hand(&cloud);
    let scenario = cloud.scenario(EMPTY);
    let resource = |kind: &str, values: Value| {
        json!({ "address": format!("{kind}.this"), "mode": "managed", "type": kind,
                "name": "this", "values": values })
    };
    let state = json!({ "format_version": "1.0", "values": { "root_module": { "resources": [
        resource("aws_iam_policy", json!({ "arn": WRITE, "name": "xray-write" })),
        resource("aws_iam_role", json!({ "name": "task" })),
        resource("aws_iam_role_policy_attachment", json!({ "role": "task", "policy_arn": WRITE })),
    ] } } });
    scenario.write("state.json", state.to_string());
    let import = "import --region us-east-1 --stack shop --terraform state.json --out shop.toml";
    scenario
        .run(&format!("{import} --auto-approve"))
        .succeeds()
        .prints("Plan: 2 to import, 0 to add, 0 to change, 0 to destroy.")
        .says("or that are part of others: 1 aws_iam_role_policy_attachment");
    let spec = scenario.read("shop.toml");
    assert!(
        spec.contains("managed_policies = [\"xray-write\", "),
        "{spec}"
    );
    scenario
        .run("plan --detailed-exitcode shop.toml")
        .ends_with(0);
}
