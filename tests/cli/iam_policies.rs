//! Policies of IAM: their five versions, and who uses them.

use insta::assert_snapshot;

use crate::cloud::Cloud;
use crate::iam_account::{IAM, WRITE};
use crate::proxy::Proxy;
use crate::specs::without;

const POLICY: &str = r#"[stack]
name = "shop"
region = "us-east-1"

[iam.policies.xray-write]
path = "/tracing/"

[[iam.policies.xray-write.statements]]
actions = ["xray:Put1"]
resources = ["*"]

[iam.roles.task]
trust = { preset = "lambda" }
managed_policies = ["xray-write"]
"#;

#[test]
fn a_sixth_version_takes_the_place_of_the_oldest() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(POLICY);
    scenario.apply();
    for number in 2..=7 {
        let before = format!("xray:Put{}", number - 1);
        scenario.edit(&before, &format!("xray:Put{number}"));
        scenario.apply();
        scenario.is_settled();
        assert!(cloud.versions(WRITE).len() <= 5);
    }
    assert_eq!(cloud.versions(WRITE), ["v3", "v4", "v5", "v6", "v7*"]);

    // The default is never the one to go, even where it is the oldest.
    let back = [("PolicyArn", WRITE), ("VersionId", "v3")];
    cloud.iam("SetDefaultPolicyVersion", &back);
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), ["iam_policy.xray-write policy"], "{plan}");
    proxy.take_calls();
    scenario.apply();
    scenario.is_settled();
    assert_eq!(
        proxy.take_mutations(),
        ["DeletePolicyVersion", "CreatePolicyVersion"]
    );
    assert_eq!(cloud.versions(WRITE), ["v3", "v5", "v6", "v7", "v8*"]);
    // Nothing of it stands in the way of its end.
    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(cloud.iam_inventory(), "");
}

#[test]
fn a_policy_that_only_our_own_roles_use_is_detached_and_deleted() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(POLICY);
    scenario.apply();
    // The role's policies are left to others from now on.
    scenario.edit("managed_policies = [\"xray-write\"]\n", "");
    let spec = scenario.read("xrayctl.toml");
    let spec = without(&spec, "[[iam.policies.xray-write.statements]]");
    scenario.spec(&without(&spec, "[iam.policies.xray-write]"));
    scenario
        .apply()
        .prints("Apply complete! Resources: 0 added, 0 changed, 1 destroyed.");
    scenario.is_settled();
    assert_eq!(cloud.policies(), [""; 0]);
    assert_eq!(cloud.attached("task"), [""; 0]);
}

#[test]
fn a_policy_that_others_use_is_kept_and_they_are_named() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(POLICY);
    scenario.apply();
    cloud.make_role("theirs");
    cloud.attach("theirs", WRITE);
    cloud.make_role("bounded");
    let boundary = [("RoleName", "bounded"), ("PermissionsBoundary", WRITE)];
    cloud.iam("PutRolePermissionsBoundary", &boundary);
    cloud.iam("CreateUser", &[("UserName", "ann")]);
    cloud.iam(
        "AttachUserPolicy",
        &[("UserName", "ann"), ("PolicyArn", WRITE)],
    );
    proxy.take_calls();
    let destroy = scenario
        .run("destroy --auto-approve --target iam_policy.xray-write")
        .ends_with(1);
    let told = destroy.snapshot();
    let (_, stderr) = told.split_once("--- stderr\n").unwrap();
    assert_snapshot!(stderr, @r#"
    iam_policy.xray-write: Destruction failed after 0s
    error: iam_policy.xray-write: the policy `xray-write` is in use outside this stack, as policy of user `ann`, permissions boundary of role `bounded`, policy of role `theirs`; take it away there, or keep it in the spec
    --- exit 1
    "#);
    assert_eq!(cloud.policies(), ["xray-write"]);
    assert_eq!(cloud.versions(WRITE), ["v1*"]);
    assert_eq!(cloud.attached("theirs"), [WRITE]);

    cloud.detach("theirs", WRITE);
    let bounded = [("RoleName", "bounded")];
    cloud.iam("DeleteRolePermissionsBoundary", &bounded);
    cloud.iam(
        "DetachUserPolicy",
        &[("UserName", "ann"), ("PolicyArn", WRITE)],
    );
    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(cloud.policies(), [""; 0]);
}

/// A change of its path is a new policy of the same name: the roles of the
/// stack let go of the old one and take the new one.
#[test]
fn a_policy_that_is_replaced_stays_with_its_roles() {
    let cloud = Cloud::start();
    cloud.make_role("legacy");
    let scenario = cloud.scenario(IAM);
    scenario.apply();
    scenario.edit(
        "[iam.policies.xray-write]\npath = \"/tracing/\"",
        "[iam.policies.xray-write]\npath = \"/other/\"",
    );
    scenario.apply();
    scenario.is_settled();
    let moved = "arn:aws:iam::123456789012:policy/other/xray-write";
    let reading = "arn:aws:iam::aws:policy/AWSXrayReadOnlyAccess";
    assert_eq!(cloud.attached("task"), [moved, reading]);
    assert_eq!(cloud.attached("legacy"), [moved]);
    assert_eq!(cloud.policies(), ["boundary", "xray-write"]);
}
