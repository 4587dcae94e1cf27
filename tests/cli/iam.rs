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

#[test]
fn what_stands_becomes_a_spec_that_plans_empty_once_it_is_adopted() {
    let cloud = Cloud::start();
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
    let before = cloud.iam_inventory();

    let scenario = cloud.scenario(EMPTY);
    let export = "export --region us-east-1 --stack shop --only iam_policy --only iam_role";
    let exported = scenario.run(&format!("{export} --out shop.toml"));
    exported
        .succeeds()
        .says("Wrote shop.toml with 3 resources.");
    assert_snapshot!(scenario.read("shop.toml"), @"");
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
        oidc_provider = \"my-cluster\", namespace = \"shop\", service_account = \"web\" }\n"), @"");
}

#[test]
fn presets_that_there_are_not() {
    assert_snapshot!(refused("[iam.roles.api]\ntrust = { preset = \"ecs-task\" }\n\n\
        [iam.policies.write]\npreset = \"xray-daemon-writer\"\n"), @"");
}

#[test]
fn a_policy_above_6144_characters() {
    let resources = "\"arn:aws:logs:us-east-1:123456789012:log-group:/ecs/api:*\", ".repeat(110);
    let policy = format!(
        "[iam.policies.write]\nstatements = [{{ actions = [\"logs:*\"], resources = [{resources}] }}]\n"
    );
    let told = refused(&policy);
    for text in [
        "error: IAM policy `write`: the policy has 6",
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
        [iam.policies.xray-write]\npreset = \"xray-full\"\n"), @"");
}
