use serde_json::{Value, json};

use super::*;

fn spec(fields: Value) -> IamRoleSpec {
    serde_json::from_value(fields).unwrap()
}

fn problems(fields: Value) -> Vec<(String, String)> {
    let mut problems = Problems::new();
    IamRole::validate("task", &spec(fields), &mut problems);
    let problems = problems.into_vec().into_iter();
    problems.map(|one| (one.field, one.message)).collect()
}

fn trust(service: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    ]})
}

fn place(field: &str, message: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), message.to_owned())]
}

#[test]
fn wants_to_know_who_may_assume_it_and_once() {
    let found = problems(json!({}));
    assert_eq!(found, place("", "it is not said who may assume the role"));
    let found = problems(
        json!({"assume_role_policy": trust("x.amazonaws.com"), "trust": {"preset": "lambda"}}),
    );
    assert_eq!(
        found,
        place("/trust", "who may assume the role is said twice")
    );
}

#[test]
fn a_preset_and_the_document_it_stands_for_are_one() {
    let preset = IamRole::canonical(spec(json!({"trust": {"preset": "lambda"}})));
    let written = json!({"assume_role_policy": {
        "Version": "2012-10-17",
        "Statement": {"Action": ["sts:AssumeRole"], "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com"]}}
    }});
    let written = IamRole::canonical(spec(written));
    let json = |spec| serde_json::to_value(spec).unwrap();
    assert_eq!(json(preset.clone()), json(written));
    assert!(preset.trust.is_none());
}

#[test]
fn a_trust_policy_has_2048_characters_without_white_space() {
    let document = |length: usize| {
        let mut document = trust("ecs-tasks.amazonaws.com");
        document["Statement"][0]["Sid"] = json!("x".repeat(length));
        json!({"assume_role_policy": document, "description": " "})
    };
    let rest = iam_document::size(&spec(document(0)).assume_role_policy.unwrap());
    assert_eq!(problems(document(MOST_TRUST - rest)), []);
    assert_eq!(
        problems(document(MOST_TRUST - rest + 1)),
        place(
            "/assume_role_policy",
            "the policy has 2049 characters without white space, AWS takes at most 2048"
        )
    );
}

#[test]
fn inline_policies_have_10240_characters_together() {
    let policy = |length: usize| {
        json!({"Statement": [
            {"Effect": "Allow", "Action": "xray:*", "Resource": "x".repeat(length)}
        ]})
    };
    let rest = iam_document::size(policy(0).as_object().unwrap());
    let role = |length: usize| {
        json!({"trust": {"preset": "ec2"}, "inline_policies": {
            "a": policy(5120 - rest), "b": policy(length).to_string()
        }})
    };
    assert_eq!(problems(role(5120 - rest)), []);
    assert_eq!(
        problems(role(5121 - rest)),
        place(
            "/inline_policies",
            "the policy has 10241 characters without white space, AWS takes at most 10240"
        )
    );
}

#[test]
fn mentions_the_roles_that_it_trusts() {
    let role = spec(json!({"assume_role_policy": {"Statement": {
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [
            "arn:aws:iam::123456789012:role/team/deployer",
            "arn:aws:iam::123456789012:user/ann",
            "123456789012", "*"
        ]}
    }}}));
    let keys: Vec<String> = IamRole::mentions(&role)
        .into_iter()
        .map(|mention| mention.key)
        .collect();
    assert_eq!(keys, ["deployer"]);
}

#[test]
fn refers_to_policies_by_their_place() {
    let role = spec(
        json!({"trust": {"preset": "ec2"}, "permissions_boundary": "boundary",
        "managed_policies": ["aws:AWSXRayDaemonWriteAccess", "xray-write"]}),
    );
    let references: Vec<_> = IamRole::references(&role)
        .into_iter()
        .map(|reference| (reference.field, reference.to.to_string()))
        .collect();
    let to = |field: &str, address: &str| (field.to_owned(), address.to_owned());
    assert_eq!(
        references,
        [
            to("/permissions_boundary", "iam_policy.boundary"),
            to("/managed_policies/1", "iam_policy.xray-write"),
        ]
    );
}

#[test]
fn looks_as_in_terraform() {
    let boundary = "arn:aws:iam::123456789012:policy/boundary";
    let write = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess";
    let role = spec(json!({
        "path": "/team/", "description": "runs the API", "max_session_duration": 7200,
        "permissions_boundary": boundary, "assume_role_policy": trust("ec2.amazonaws.com"),
        "managed_policies": [write],
        "inline_policies": {"logs": {"Statement": []}}
    }));
    let outputs = outputs("arn:aws:iam::123456789012:role/team/task", "AROA1");
    assert_eq!(
        Value::Object(IamRole::terraform("task", &role, &outputs)),
        json!({
            "arn": "arn:aws:iam::123456789012:role/team/task",
            "assume_role_policy": trust("ec2.amazonaws.com").to_string(),
            "description": "runs the API",
            "id": "task",
            "inline_policy": [{"name": "logs", "policy": "{\"Statement\":[]}"}],
            "managed_policy_arns": [write],
            "max_session_duration": 7200,
            "name": "task",
            "path": "/team/",
            "permissions_boundary": boundary,
            "unique_id": "AROA1",
        })
    );
    let state = json!({"name": "task", "id": "task"});
    let key = IamRole::terraform_key(state.as_object().unwrap());
    assert_eq!(key.as_deref(), Some("task"));
}
