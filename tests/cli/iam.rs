//! IAM as a whole: from nothing to everything and back, from an account to a
//! spec, with answers lost and lists in pages.

use insta::assert_snapshot;
use serde_json::json;

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

/// Plans `more` added to an empty stack, which must fail and make no call.
fn refused(more: &str) -> String {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&format!("{EMPTY}\n{more}"));
    let plan = scenario.run("plan").ends_with(1);
    scenario.run("apply --auto-approve").ends_with(1);
    assert_eq!(proxy.take_calls().len(), 0);
    plan.snapshot()
}

#[test]
fn a_trust_preset_without_its_cluster() {
    assert_snapshot!(refused("[iam.roles.api.trust]\npreset = \"eks-irsa\"\nnamespace = \"shop\"\n\
        service_account = \"api\"\n\n[iam.roles.web]\ntrust = { preset = \"eks-irsa\", \
        oidc_provider = \"my-cluster\", namespace = \"shop\", service_account = \"web\" }\n"), @r#"
    $ xrayctl plan
    --- stderr
    error: IAM role `api`: `trust`: the preset `eks-irsa` needs `oidc_provider`
     --> xrayctl.toml:5:1
      |
    5 | [iam.roles.api.trust]
      | ^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: `aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer` tells the issuer

    error: IAM role `web`: `trust.oidc_provider`: `my-cluster` is no OIDC provider
      --> xrayctl.toml:11:48
       |
    11 | trust = { preset = "eks-irsa", oidc_provider = "my-cluster", namespace = "shop", servic...
       |                                                ^^^^^^^^^^^^
       |
       = hint: `aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer` tells the issuer

    Found 2 errors.
    --- exit 1
    "#);
}

#[test]
fn presets_that_there_are_not() {
    assert_snapshot!(refused("[iam.roles.api]\ntrust = { preset = \"ecs-task\" }\n\n\
        [iam.policies.write]\npreset = \"xray-daemon-writer\"\n"), @r#"
    $ xrayctl plan
    --- stderr
    error: IAM role `api`: `trust.preset` is `ecs-task`, expected `ecs-tasks`, `lambda`, `ec2`, `eks-irsa` or `eks-pod-identity`
     --> xrayctl.toml:6:20
      |
    6 | trust = { preset = "ecs-task" }
      |                    ^^^^^^^^^^
      |
      = hint: did you mean `ecs-tasks`?

    error: IAM policy `write`: `preset` is `xray-daemon-writer`, expected `xray-daemon-write`, `xray-read`, `adot-collector` or `xray-full`
     --> xrayctl.toml:9:10
      |
    9 | preset = "xray-daemon-writer"
      |          ^^^^^^^^^^^^^^^^^^^^
      |
      = hint: did you mean `xray-daemon-write`?

    Found 2 errors.
    --- exit 1
    "#);
}

#[test]
fn a_policy_above_6144_characters() {
    let resources = "\"arn:aws:logs:us-east-1:123456789012:log-group:/ecs/api:*\", ".repeat(110);
    let policy = format!(
        "[iam.policies.write]\nstatements = [{{ actions = [\"logs:*\"], resources = [{resources}] }}]\n"
    );
    let told = refused(&policy);
    for text in [
        "error: IAM policy `write`: `statements`: the policy has 6",
        "characters without white space, AWS takes at most 6144",
        "xrayctl.toml:6:",
        "hint: use wildcards in actions and resources, or split it into several policies",
    ] {
        assert!(told.contains(text), "no {text:?} in {told}");
    }
}

#[test]
fn documents_names_and_references_that_aws_would_refuse() {
    assert_snapshot!(refused("[iam.policies.\"a b\"]\npolicy = { Version = \"2012\", Statement = \
        [{ Effect = \"allow\", Action = \"xray:*\" }] }\n\n\
        [iam.roles.task]\nmax_session_duration = 60\nmanaged_policies = [\"xray-wirte\"]\n\
        trust = { preset = \"lambda\", namespace = \"shop\" }\n\n\
        [iam.role_policy_attachments.x]\nrole = \"a b\"\npolicy = \"arn:aws:iam::1:role/x\"\n\n\
        [iam.policies.xray-write]\npreset = \"xray-full\"\n"), @r#"
    $ xrayctl plan
    --- stderr
    error: IAM policy `a b`: AWS takes no policy named `a b`
     --> xrayctl.toml:5:1
      |
    5 | [iam.policies."a b"]
      | ^^^^^^^^^^^^^^^^^^^^
      |
      = hint: use letters, digits and `_+=,.@-`, or set `policy_name`

    error: IAM policy `a b`: the name holds ` `
     --> xrayctl.toml:5:15
      |
    5 | [iam.policies."a b"]
      |               ^^^^^
      |
      = hint: a name takes letters, digits and `. _ / -`

    error: IAM policy `a b`: `policy.Version`: there is no such version of the policy language
     --> xrayctl.toml:6:22
      |
    6 | policy = { Version = "2012", Statement = [{ Effect = "allow", Action = "xray:*" }] }
      |                      ^^^^^^
      |
      = hint: write `Version = "2012-10-17"`

    error: IAM policy `a b`: `policy.Statement.0`: the statement has no `Resource`
     --> xrayctl.toml:6:43
      |
    6 | policy = { Version = "2012", Statement = [{ Effect = "allow", Action = "xray:*" }] }
      |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: IAM policy `a b`: `policy.Statement.0.Effect`: the effect is `Allow` or `Deny`
     --> xrayctl.toml:6:54
      |
    6 | policy = { Version = "2012", Statement = [{ Effect = "allow", Action = "xray:*" }] }
      |                                                      ^^^^^^^

    error: IAM role `task`: `max_session_duration` 60 is outside 3600–43200
     --> xrayctl.toml:9:24
      |
    9 | max_session_duration = 60
      |                        ^^

    error: IAM role policy attachment `x`: `role`: `a b` is no role
      --> xrayctl.toml:14:8
       |
    14 | role = "a b"
       |        ^^^^^
       |
       = hint: give the role's name at AWS, or its ARN

    error: IAM role policy attachment `x`: `policy`: `arn:aws:iam::1:role/x` is not the ARN of a policy
      --> xrayctl.toml:15:10
       |
    15 | policy = "arn:aws:iam::1:role/x"
       |          ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: such an ARN is `arn:aws:iam::ACCOUNT:policy/NAME`

    Found 8 errors.
    --- exit 1
    "#);
}
