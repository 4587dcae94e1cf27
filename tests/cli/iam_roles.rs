//! Roles of IAM: who is trusted, what IAM sees only a moment later, and what
//! others do with them.

use std::thread;
use std::time::Instant;

use serde_json::json;

use crate::cloud::Cloud;
use crate::harness::{PATIENCE, PAUSE};
use crate::iam_account::{OF_AWS, all, allows};
use crate::proxy::Proxy;

const STACK: &str = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n";

/// A role that trusts the role `later`.
const TRUSTING: &str = r#"
[iam.roles.task.assume_role_policy]
Version = "2012-10-17"

[[iam.roles.task.assume_role_policy.Statement]]
Effect = "Allow"
Action = "sts:AssumeRole"
Principal = { AWS = "arn:aws:iam::123456789012:role/later" }
"#;

/// What IAM says of a principal that it does not see.
const UNSEEN: (u16, &str, &str) = (
    400,
    "MalformedPolicyDocument",
    "Invalid principal in policy: \"AWS\":\"arn:aws:iam::123456789012:role/later\"",
);

#[test]
fn a_principal_that_exists_only_a_moment_later_is_waited_for() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&format!("{STACK}{TRUSTING}"));
    let running = scenario.start("apply --auto-approve");
    let started = Instant::now();
    let mut tries = 0;
    while tries < 2 {
        assert!(started.elapsed() < PATIENCE, "{}", running.stderr());
        thread::sleep(PAUSE);
        let calls = proxy.take_calls();
        tries += calls
            .iter()
            .filter(|call| call.operation == "CreateRole")
            .count();
    }
    cloud.make_role("later");
    running.finish().succeeds();
    scenario.is_settled();
    assert_eq!(cloud.roles(), ["later", "task"]);
}

#[test]
fn a_principal_that_iam_does_not_see_yet_is_waited_for() {
    let cloud = Cloud::start();
    cloud.make_role("later");
    let proxy = Proxy::before(&cloud);
    proxy.fail("CreateRole", 2, UNSEEN);
    let scenario = proxy.scenario(&format!("{STACK}{TRUSTING}"));
    scenario.apply();
    assert_eq!(proxy.take_mutations(), ["CreateRole"; 3]);
    scenario.is_settled();
    // The same where the trust of a role changes.
    proxy.fail("UpdateAssumeRolePolicy", 2, UNSEEN);
    scenario.edit(
        "\"sts:AssumeRole\"",
        "[\"sts:AssumeRole\", \"sts:TagSession\"]",
    );
    proxy.take_calls();
    scenario.apply();
    let trusts = "UpdateAssumeRolePolicy";
    assert_eq!(proxy.take_mutations(), ["TagRole", trusts, trusts, trusts]);
    scenario.is_settled();
}

#[test]
fn a_document_that_is_wrong_is_not_tried_again() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let wrong = (
        400,
        "MalformedPolicyDocument",
        "Has prohibited field Resource",
    );
    proxy.fail("CreateRole", usize::MAX, wrong);
    let scenario = proxy.scenario(&format!("{STACK}{TRUSTING}"));
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("IAM CreateRole: MalformedPolicyDocument: Has prohibited field Resource");
    assert_eq!(proxy.take_mutations(), ["CreateRole"]);
}

/// `later` comes after `earlier` in the alphabet, and before it in time.
#[test]
fn a_role_is_made_after_those_that_it_trusts() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let spec = format!(
        "{STACK}{}\n[iam.roles.later]\ntrust = {{ preset = \"ec2\" }}\n",
        TRUSTING.replace("roles.task", "roles.earlier")
    );
    let scenario = proxy.scenario(&spec);
    scenario
        .run("apply --auto-approve --parallelism 1")
        .succeeds();
    let calls = proxy.take_calls();
    let made: Vec<_> = calls
        .iter()
        .filter(|call| call.operation == "CreateRole")
        .map(|call| call.body["RoleName"].clone())
        .collect();
    assert_eq!(made, ["later", "earlier"]);
    // A role may trust itself, and two may trust one another.
    scenario.edit(
        "trust = { preset = \"ec2\" }",
        "assume_role_policy = { Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", \
         Action = \"sts:AssumeRole\", Principal = { AWS = [\
         \"arn:aws:iam::123456789012:role/later\", \"arn:aws:iam::123456789012:role/earlier\"] } }] }",
    );
    scenario.apply();
    scenario.is_settled();
    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(cloud.roles(), [""; 0]);
}

/// IAM shows what was made a moment ago everywhere only after some seconds.
#[test]
fn a_role_and_a_policy_that_iam_does_not_see_yet_are_waited_for() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let unseen = |what: &'static str| (404, "NoSuchEntity", what);
    proxy.fail("AttachRolePolicy", 2, unseen("The role cannot be found."));
    proxy.fail("PutRolePolicy", 2, unseen("The role cannot be found."));
    proxy.fail("DeletePolicy", 1, (409, "DeleteConflict", "attached"));
    proxy.fail("DeleteRole", 1, (409, "DeleteConflict", "detach first"));
    let busy = (409, "ConcurrentModification", "try again");
    proxy.fail("CreatePolicy", 1, busy);
    let spec = format!(
        "{STACK}\n[iam.policies.write]\npreset = \"xray-daemon-write\"\n\n[iam.roles.task]\n\
         trust = {{ preset = \"ec2\" }}\nmanaged_policies = [\"write\"]\n\
         inline_policies = {{ logs = '{}' }}\n",
        allows("logs:*")
    );
    let scenario = proxy.scenario(&spec);
    scenario.apply();
    scenario.is_settled();
    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(cloud.iam_inventory(), "");
}

#[test]
fn presets_say_who_may_assume_a_role_here() {
    let cloud = Cloud::start();
    let spec = format!(
        "{STACK}\n[iam.roles.task]\ntrust = {{ preset = \"ecs-tasks\" }}\n\n\
         [iam.roles.api.trust]\npreset = \"eks-irsa\"\nnamespace = \"shop\"\n\
         service_account = \"api\"\noidc_provider = \"https://oidc.example.com/id/ABC\"\n"
    );
    let scenario = cloud.scenario(&spec);
    scenario.apply();
    scenario.is_settled();
    let statement = |role: &str| cloud.trust_of(role)["Statement"][0].clone();
    assert_eq!(
        statement("task"),
        json!({
            "Effect": "Allow",
            "Principal": { "Service": "ecs-tasks.amazonaws.com" },
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnLike": { "aws:SourceArn": "arn:aws:ecs:us-east-1:123456789012:*" },
                "StringEquals": { "aws:SourceAccount": "123456789012" },
            },
        })
    );
    let provider = "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/id/ABC";
    assert_eq!(
        statement("api"),
        json!({
            "Effect": "Allow",
            "Principal": { "Federated": provider },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                "oidc.example.com/id/ABC:aud": "sts.amazonaws.com",
                "oidc.example.com/id/ABC:sub": "system:serviceaccount:shop:api",
            } },
        })
    );
}

#[test]
fn policies_that_the_spec_leaves_out_are_left_to_others() {
    let cloud = Cloud::start();
    let role = "[iam.roles.task]\ntrust = { preset = \"lambda\" }\n";
    let scenario = cloud.scenario(&format!("{STACK}\n{role}"));
    scenario.apply();
    cloud.attach("task", OF_AWS);
    let document = allows("logs:*");
    let inline = [
        ("RoleName", "task"),
        ("PolicyName", "logs"),
        ("PolicyDocument", document.as_str()),
    ];
    cloud.iam("PutRolePolicy", &inline);
    scenario.is_settled();
    scenario.edit("preset = \"lambda\"", "preset = \"ec2\"");
    scenario.apply();
    assert_eq!(cloud.attached("task"), [OF_AWS]);
    // They go with the role.
    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(cloud.roles(), [""; 0]);
}

#[test]
fn a_role_in_an_instance_profile_is_kept_whole() {
    let cloud = Cloud::start();
    let spec = format!(
        "{STACK}\n[iam.roles.task]\ntrust = {{ preset = \"ec2\" }}\n\
         managed_policies = [\"{OF_AWS}\"]\n"
    );
    let scenario = cloud.scenario(&spec);
    scenario.apply();
    let profile = ("InstanceProfileName", "web");
    cloud.iam("CreateInstanceProfile", &[profile]);
    let both = [profile, ("RoleName", "task")];
    cloud.iam("AddRoleToInstanceProfile", &both);
    scenario.run("destroy --auto-approve").ends_with(1).says(
        "error: iam_role.task: the role `task` is in the instance profile `web`; take it out with \
         `aws iam remove-role-from-instance-profile` first, or keep it in the spec",
    );
    assert_eq!(cloud.attached("task"), [OF_AWS]);
    let profiles = cloud.iam("ListInstanceProfiles", &[]);
    assert_eq!(all(&profiles, "RoleName"), ["task"]);
}
