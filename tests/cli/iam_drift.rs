//! Changes that others make in IAM: each comes back as exactly its field, and
//! apply repairs it.

use serde_json::json;

use crate::cloud::Cloud;
use crate::harness::Scenario;
use crate::iam_account::{IAM, OF_AWS, WRITE, allows, first, trusts};

/// The fields that a plan shows, and the change at AWS that makes it so.
type Case<'a> = (&'a str, &'a dyn Fn(&Cloud));

fn applied() -> (Cloud, Scenario) {
    let cloud = Cloud::start();
    cloud.make_role("legacy");
    let scenario = cloud.scenario(IAM);
    scenario.apply();
    (cloud, scenario)
}

/// Makes each change at AWS in turn, and sees that the plan shows that field
/// and nothing else, that apply repairs it, and that no trace is left.
fn each_is_seen_and_repaired(address: &str, cases: &[Case]) {
    let (cloud, scenario) = applied();
    let before = cloud.iam_inventory();
    for (field, change) in cases {
        change(&cloud);
        assert_ne!(cloud.iam_inventory(), before, "{field} did not change");
        let plan = scenario.plan().ends_with(2);
        // A document within a field is shown member by member.
        let whole = format!("{address} {field}");
        let is_of_field = |change: &String| {
            let rest = change.strip_prefix(&whole);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let changes = plan.changes();
        assert!(
            !changes.is_empty() && changes.iter().all(is_of_field),
            "{field}: {plan}"
        );
        scenario
            .apply()
            .prints("Apply complete! Resources: 0 added, 1 changed, 0 destroyed.");
        scenario.is_settled();
        assert_eq!(cloud.iam_inventory(), before, "after {field}");
    }
}

#[test]
fn every_field_of_a_policy() {
    let tag = |cloud: &Cloud, key: &str, value: &str| {
        let parameters = [
            ("PolicyArn", WRITE),
            ("Tags.member.1.Key", key),
            ("Tags.member.1.Value", value),
        ];
        cloud.iam("TagPolicy", &parameters);
    };
    each_is_seen_and_repaired(
        "iam_policy.xray-write",
        &[
            ("policy", &|cloud| {
                let document = allows("xray:*");
                let parameters = [
                    ("PolicyArn", WRITE),
                    ("PolicyDocument", document.as_str()),
                    ("SetAsDefault", "true"),
                ];
                cloud.iam("CreatePolicyVersion", &parameters);
            }),
            // The version of others, made above, as the default again.
            ("policy", &|cloud| {
                let parameters = [("PolicyArn", WRITE), ("VersionId", "v2")];
                cloud.iam("SetDefaultPolicyVersion", &parameters);
            }),
            ("tags.owner", &|cloud| tag(cloud, "owner", "bob")),
            ("tags.more", &|cloud| tag(cloud, "more", "")),
            ("tags.team", &|cloud| {
                let parameters = [("PolicyArn", WRITE), ("TagKeys.member.1", "team")];
                cloud.iam("UntagPolicy", &parameters);
            }),
        ],
    );
}

#[test]
fn every_field_of_a_role() {
    let of_task = |cloud: &Cloud, operation: &str, more: &[(&str, &str)]| {
        let mut parameters = vec![("RoleName", "task")];
        parameters.extend(more);
        cloud.iam(operation, &parameters);
    };
    let tag = |cloud: &Cloud, key: &str, value: &str| {
        let tag = [("Tags.member.1.Key", key), ("Tags.member.1.Value", value)];
        of_task(cloud, "TagRole", &tag);
    };
    let put = |cloud: &Cloud, name: &str, action: &str| {
        let document = allows(action);
        let policy = [("PolicyName", name), ("PolicyDocument", document.as_str())];
        of_task(cloud, "PutRolePolicy", &policy);
    };
    let session = |cloud: &Cloud, description: &str, seconds: &str| {
        let settings = [
            ("Description", description),
            ("MaxSessionDuration", seconds),
        ];
        of_task(cloud, "UpdateRole", &settings);
    };
    each_is_seen_and_repaired(
        "iam_role.task",
        &[
            ("description", &|cloud| session(cloud, "other", "7200")),
            ("max_session_duration", &|cloud| {
                session(cloud, "runs the API", "3600");
            }),
            ("assume_role_policy", &|cloud| {
                let document = trusts(&json!({ "Service": "ec2.amazonaws.com" }));
                let document = [("PolicyDocument", document.as_str())];
                of_task(cloud, "UpdateAssumeRolePolicy", &document);
            }),
            ("permissions_boundary", &|cloud| {
                let boundary = [("PermissionsBoundary", OF_AWS)];
                of_task(cloud, "PutRolePermissionsBoundary", &boundary);
            }),
            ("permissions_boundary", &|cloud| {
                of_task(cloud, "DeleteRolePermissionsBoundary", &[]);
            }),
            ("managed_policies", &|cloud| cloud.attach("task", OF_AWS)),
            ("managed_policies", &|cloud| cloud.detach("task", WRITE)),
            ("inline_policies.logs", &|cloud| {
                put(cloud, "logs", "logs:*");
            }),
            ("inline_policies.other", &|cloud| {
                put(cloud, "other", "logs:*");
            }),
            ("inline_policies.logs", &|cloud| {
                of_task(cloud, "DeleteRolePolicy", &[("PolicyName", "logs")]);
            }),
            ("tags.owner", &|cloud| tag(cloud, "owner", "bob")),
            ("tags.more", &|cloud| tag(cloud, "more", "")),
            ("tags.team", &|cloud| {
                of_task(cloud, "UntagRole", &[("TagKeys.member.1", "team")]);
            }),
        ],
    );
}

#[test]
fn an_attachment_that_is_gone_is_made_again() {
    let (cloud, scenario) = applied();
    let before = cloud.iam_inventory();
    cloud.detach("legacy", WRITE);
    let plan = scenario.plan().ends_with(2);
    assert_eq!(
        plan.changes(),
        [
            "iam_role_policy_attachment.legacy role",
            "iam_role_policy_attachment.legacy policy"
        ],
        "{plan}"
    );
    plan.prints("Plan: 1 to add, 0 to change, 0 to destroy.");
    scenario.apply();
    scenario.is_settled();
    assert_eq!(cloud.iam_inventory(), before);
}

/// Tags of a thing of IAM as parameters that make it with them again.
fn tags_again(xml: &str) -> Vec<(String, String)> {
    let keys = crate::iam_account::all(xml, "Key").into_iter();
    let tags = keys.zip(crate::iam_account::all(xml, "Value"));
    let numbered = tags.enumerate().flat_map(|(index, (key, value))| {
        let place = format!("Tags.member.{}", index + 1);
        [
            (format!("{place}.Key"), key),
            (format!("{place}.Value"), value),
        ]
    });
    numbered.collect()
}

const NAMED: &str = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n\
                     [iam.policies.read]\ndescription = \"reads\"\npreset = \"xray-read\"\n\n\
                     [iam.roles.task]\nmanaged_policies = [\"read\"]\n\
                     trust = { preset = \"lambda\" }\n";

/// What AWS cannot change, others can only have changed by making the thing
/// anew, with its tags.
#[test]
fn description_and_path_of_a_policy_that_was_made_anew() {
    let cloud = Cloud::start();
    let spec = crate::specs::without(NAMED, "[iam.roles.task]");
    let scenario = cloud.scenario(&spec);
    scenario.apply();
    let before = cloud.iam_inventory();
    let mut arn = "arn:aws:iam::123456789012:policy/read".to_owned();
    for (field, path, description) in [("description", "/", "other"), ("path", "/other/", "reads")]
    {
        let document = cloud.default_document(&arn).to_string();
        let tags = tags_again(&cloud.iam("GetPolicy", &[("PolicyArn", &arn)]));
        cloud.iam("DeletePolicy", &[("PolicyArn", &arn)]);
        let mut parameters = vec![
            ("PolicyName", "read"),
            ("Path", path),
            ("Description", description),
            ("PolicyDocument", &document),
        ];
        parameters.extend(
            tags.iter()
                .map(|(key, value)| (key.as_str(), value.as_str())),
        );
        cloud.iam("CreatePolicy", &parameters);
        let plan = scenario.plan().ends_with(2);
        assert_eq!(
            plan.changes(),
            [format!("iam_policy.read {field}")],
            "{plan}"
        );
        scenario
            .apply()
            .prints("Apply complete! Resources: 1 added, 0 changed, 1 destroyed.");
        scenario.is_settled();
        assert_eq!(cloud.iam_inventory(), before, "after {field}");
        arn = first(&cloud.iam("ListPolicies", &[("Scope", "Local")]), "Arn");
    }
}

#[test]
fn the_path_of_a_role_that_was_made_anew() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(NAMED);
    scenario.apply();
    let before = cloud.iam_inventory();
    let policy = "arn:aws:iam::123456789012:policy/read";
    let trust = cloud.trust_of("task").to_string();
    let tags = tags_again(&cloud.iam("GetRole", &[("RoleName", "task")]));
    cloud.detach("task", policy);
    cloud.iam("DeleteRole", &[("RoleName", "task")]);
    let mut parameters = vec![
        ("RoleName", "task"),
        ("Path", "/other/"),
        ("AssumeRolePolicyDocument", &trust),
    ];
    parameters.extend(
        tags.iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
    );
    cloud.iam("CreateRole", &parameters);
    cloud.attach("task", policy);
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), ["iam_role.task path"], "{plan}");
    scenario
        .apply()
        .prints("Apply complete! Resources: 1 added, 0 changed, 1 destroyed.");
    scenario.is_settled();
    assert_eq!(cloud.iam_inventory(), before);
}
