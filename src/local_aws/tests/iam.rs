//! Every correction of IAM, through the SDK.

use std::sync::Arc;

use aws_sdk_iam::Client;
use aws_sdk_iam::error::ProvideErrorMetadata;
use aws_sdk_iam::types::{PolicyScopeType, Tag};
use serde_json::{Value, json};

use super::{folder, fresh, open, sdk};
use crate::local_aws::LocalAws;

const WRITE: &str = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess";

struct Iam {
    client: Client,
    _local: Arc<LocalAws>,
    _folder: tempfile::TempDir,
}

fn iam() -> Iam {
    let (folder, local) = fresh();
    Iam {
        client: Client::new(&sdk(&local, "eu-west-1")),
        _local: local,
        _folder: folder,
    }
}

fn permissions(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": action, "Resource": "*"}
    ]})
    .to_string()
}

fn trust(principal: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    ]})
    .to_string()
}

fn service() -> String {
    trust(&json!({"Service": "ecs-tasks.amazonaws.com"}))
}

impl Iam {
    async fn role(&self, name: &str) {
        let role = self.client.create_role().role_name(name);
        let role = role.assume_role_policy_document(service());
        role.send().await.expect("a role");
    }

    async fn policy(&self, name: &str) -> String {
        let policy = self.client.create_policy().policy_name(name);
        let policy = policy.policy_document(permissions("xray:*")).send().await;
        let policy = policy.expect("a policy").policy.expect("a policy");
        policy.arn.expect("an ARN")
    }

    async fn version(&self, arn: &str, action: &str) -> Result<String, String> {
        let version = self.client.create_policy_version().policy_arn(arn);
        let version = version.policy_document(permissions(action));
        match version.set_as_default(true).send().await {
            Ok(made) => {
                let version = made.policy_version.expect("a version");
                Ok(version.version_id.expect("its number"))
            }
            Err(error) => Err(error.code().unwrap_or_default().to_owned()),
        }
    }
}

/// Code and text of a call that must fail.
macro_rules! refusal {
    ($call:expr) => {{
        let error = $call
            .send()
            .await
            .expect_err("refused")
            .into_service_error();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        (text(error.code()), text(error.message()))
    }};
}

#[tokio::test]
async fn policies_of_aws_are_attached_read_and_used_as_boundaries() {
    let iam = iam();
    let client = &iam.client;
    iam.role("task").await;
    let attach = client.attach_role_policy().role_name("task");
    attach.policy_arn(WRITE).send().await.expect("attached");
    let attached = client.list_attached_role_policies().role_name("task");
    let attached = attached.send().await.expect("policies");
    assert_eq!(attached.attached_policies()[0].policy_arn(), Some(WRITE));
    let policy = client.get_policy().policy_arn(WRITE).send().await;
    let policy = policy.expect("a policy").policy.expect("a policy");
    let version = policy.default_version_id.expect("a version");
    let document = client.get_policy_version().policy_arn(WRITE);
    let document = document.version_id(version).send().await.expect("read");
    let document = document.policy_version.expect("a version").document;
    assert!(document.expect("one").contains("xray%3APutTraceSegments"));
    let bound = client.put_role_permissions_boundary().role_name("task");
    let bound = bound.permissions_boundary("arn:aws:iam::aws:policy/AWSXrayFullAccess");
    bound.send().await.expect("bound");
    let (code, _) = refusal!(client.delete_policy().policy_arn(WRITE));
    assert_eq!(code, "AccessDenied");
    // They are not the account's own.
    let own = client.list_policies().scope(PolicyScopeType::Local);
    assert!(own.send().await.expect("a list").policies().is_empty());
}

#[tokio::test]
async fn documents_are_read_counted_and_their_principals_looked_up() {
    let iam = iam();
    let client = &iam.client;
    iam.role("task").await;
    let create = |document: String| {
        let create = client.create_policy().policy_name("p");
        create.policy_document(document)
    };
    for text in ["x", "[]", "{}"] {
        let (code, _) = refusal!(create(text.to_owned()));
        assert_eq!(code, "MalformedPolicyDocument", "{text}");
    }
    let long = |length: usize| permissions(&format!("xray:{}", "x".repeat(length)));
    let rest = long(0).len();
    let (code, message) = refusal!(create(long(6145 - rest)));
    assert_eq!(code, "LimitExceeded");
    assert_eq!(message, "Cannot exceed quota for PolicySize: 6144");
    let spaced = format!("{}{}", long(6144 - rest), " ".repeat(100));
    create(spaced).send().await.expect("white space is free");

    let put = |name: &str, document: String| {
        let put = client.put_role_policy().role_name("task");
        put.policy_name(name).policy_document(document)
    };
    assert_eq!(
        refusal!(put("a", "x".to_owned())).0,
        "MalformedPolicyDocument"
    );
    put("a", long(10240 - rest)).send().await.expect("put");
    put("a", long(10239 - rest)).send().await.expect("anew");
    assert_eq!(refusal!(put("b", permissions("x:y"))).0, "LimitExceeded");

    let trusts = |document: String| {
        let update = client.update_assume_role_policy().role_name("task");
        update.policy_document(document)
    };
    let who = json!({"AWS": ["arn:aws:iam::123456789012:role/later"]});
    let (code, message) = refusal!(trusts(trust(&who)));
    assert_eq!(code, "MalformedPolicyDocument");
    assert_eq!(
        message,
        "Invalid principal in policy: \"AWS\":\"arn:aws:iam::123456789012:role/later\""
    );
    iam.role("later").await;
    trusts(trust(&who)).send().await.expect("it is there now");
    let (code, message) = refusal!(trusts(trust(&json!({"Service": "x".repeat(2048)}))));
    assert_eq!(code, "LimitExceeded");
    assert_eq!(message, "Cannot exceed quota for ACLSizePerRole: 2048");
}

#[tokio::test]
async fn a_role_is_given_back_whole() {
    let iam = iam();
    let client = &iam.client;
    let boundary = iam.policy("boundary").await;
    let tag = Tag::builder().key("team").value("größe").build();
    let create = client.create_role().role_name("task");
    let create = create
        .path("/team/")
        .description("für die Api")
        .max_session_duration(7200)
        .permissions_boundary(&boundary)
        .assume_role_policy_document(service())
        .tags(tag.expect("a tag"));
    create.send().await.expect("a role");
    let role = client.get_role().role_name("task").send().await;
    let role = role.expect("a role").role.expect("a role");
    assert_eq!(role.description(), Some("für die Api"));
    assert_eq!(role.max_session_duration(), Some(7200));
    assert_eq!(role.tags()[0].value(), "größe");
    let bound = role.permissions_boundary().expect("a boundary");
    assert_eq!(bound.permissions_boundary_arn(), Some(boundary.as_str()));
    let document = role.assume_role_policy_document().expect("a document");
    assert!(document.starts_with("%7B%22"), "{document}");
    // A list tells neither tags nor boundary.
    let listed = client.list_roles().send().await.expect("a list");
    let listed = &listed.roles()[0];
    assert_eq!(listed.description(), Some("für die Api"));
    assert!(listed.tags().is_empty() && listed.permissions_boundary().is_none());
    let other = client.create_role().role_name("TASK").path("/other/");
    let (code, _) = refusal!(other.assume_role_policy_document(service()));
    assert_eq!(code, "EntityAlreadyExists");
    let nowhere = client.create_role().role_name("x");
    let nowhere = nowhere.assume_role_policy_document(service());
    let missing = "arn:aws:iam::123456789012:policy/none";
    let (code, _) = refusal!(nowhere.permissions_boundary(missing));
    assert_eq!(code, "NoSuchEntity");
}

#[tokio::test]
async fn lists_are_sorted_and_paged() {
    let iam = iam();
    let client = &iam.client;
    for name in ["c", "a", "b"] {
        iam.role(name).await;
        iam.policy(name).await;
    }
    let roles = client.list_roles().max_items(2).send().await;
    let roles = roles.expect("a page");
    let names = |roles: &[aws_sdk_iam::types::Role]| -> Vec<String> {
        roles.iter().map(|role| role.role_name.clone()).collect()
    };
    assert_eq!(names(roles.roles()), ["a", "b"]);
    assert!(roles.is_truncated());
    let rest = client.list_roles().set_marker(roles.marker).send().await;
    let rest = rest.expect("a page");
    assert_eq!(names(rest.roles()), ["c"]);
    assert!(!rest.is_truncated() && rest.marker().is_none());
    let mut pages = client
        .list_policies()
        .max_items(1)
        .into_paginator()
        .items()
        .send();
    let mut names = Vec::new();
    while let Some(policy) = pages.next().await {
        names.push(policy.expect("a policy").policy_name.expect("a name"));
    }
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_policy_in_use_is_not_deleted() {
    let iam = iam();
    let client = &iam.client;
    let arn = iam.policy("p").await;
    iam.role("task").await;
    let bound = client.put_role_permissions_boundary().role_name("task");
    let bound = bound.permissions_boundary(&arn).send().await;
    bound.expect("bound");
    let delete = || client.delete_policy().policy_arn(&arn);
    assert_eq!(refusal!(delete()).0, "DeleteConflict");
    let users = client.list_entities_for_policy().policy_arn(&arn);
    let users = users.send().await.expect("users");
    assert_eq!(users.policy_roles()[0].role_name(), Some("task"));
    let free = client.delete_role_permissions_boundary();
    free.role_name("task").send().await.expect("free");
    assert_eq!(iam.version(&arn, "xray:Get*").await.as_deref(), Ok("v2"));
    let (code, message) = refusal!(delete());
    assert_eq!(code, "DeleteConflict");
    assert!(message.contains("more than one version"), "{message}");
    let old = client.delete_policy_version().policy_arn(&arn);
    old.version_id("v1").send().await.expect("deleted");
    delete().send().await.expect("deleted");
    iam.policy("Name").await;
    let other = client.create_policy().policy_name("nAME").path("/x/");
    let (code, _) = refusal!(other.policy_document(permissions("x:y")));
    assert_eq!(code, "EntityAlreadyExists");
}

#[tokio::test]
async fn versions_are_five_and_count_on_after_a_restart() {
    let folder = folder();
    let open = || {
        let local = open(&folder);
        let client = Client::new(&sdk(&local, "us-east-1"));
        (local, client)
    };
    let (local, client) = open();
    let iam = Iam {
        client,
        _local: local,
        _folder: super::folder(),
    };
    let arn = iam.policy("p").await;
    for number in 2..=5 {
        let version = iam.version(&arn, "xray:Get*").await;
        assert_eq!(version, Ok(format!("v{number}")));
    }
    let sixth = iam.version(&arn, "xray:Put*").await;
    assert_eq!(sixth.as_ref().map_err(String::as_str), Err("LimitExceeded"));
    drop(iam);
    let (local, client) = open();
    let iam = Iam {
        client,
        _local: local,
        _folder: super::folder(),
    };
    let oldest = iam.client.delete_policy_version().policy_arn(&arn);
    oldest.version_id("v1").send().await.expect("deleted");
    let version = iam.version(&arn, "xray:Put*").await;
    assert_eq!(version.as_deref(), Ok("v6"));
    let policy = iam.client.get_policy().policy_arn(&arn).send().await;
    let policy = policy.expect("a policy").policy.expect("a policy");
    assert_eq!(policy.default_version_id(), Some("v6"));
}
