//! Every correction of KMS, through the SDK.

use std::sync::Arc;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::types::{KeyManagerType, KeySpec, KeyState, KeyUsageType, Tag};

use serde_json::{Value, json};

use super::{fresh, sdk};
use crate::local_aws::LocalAws;
use crate::local_aws::neighbours::json_call;

struct Kms {
    local: Arc<LocalAws>,
    client: Client,
    _folder: tempfile::TempDir,
}

fn kms() -> Kms {
    let (folder, local) = fresh();
    Kms {
        client: Client::new(&sdk(&local, "us-east-1")),
        local,
        _folder: folder,
    }
}

impl Kms {
    async fn key(&self) -> (String, String) {
        let created = self.client.create_key().send().await.expect("a key");
        let metadata = created.key_metadata.expect("metadata");
        (metadata.key_id, metadata.arn.expect("an ARN"))
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
async fn a_rotation_period_is_kept() {
    let kms = kms();
    let (key, _) = kms.key().await;
    let client = &kms.client;
    let status = async || {
        let status = client.get_key_rotation_status().key_id(&key).send().await;
        let status = status.expect("status");
        (status.key_rotation_enabled, status.rotation_period_in_days)
    };
    assert_eq!(status().await, (false, None));
    let enable = || client.enable_key_rotation().key_id(&key);
    enable().send().await.expect("enabled");
    assert_eq!(status().await, (true, Some(365)));
    enable()
        .rotation_period_in_days(90)
        .send()
        .await
        .expect("enabled");
    assert_eq!(status().await, (true, Some(90)));
    for (days, rule) in [
        (89, "greater than or equal to 90"),
        (2561, "less than or equal to 2560"),
    ] {
        let (code, text) = refusal!(enable().rotation_period_in_days(days));
        assert_eq!(code, "ValidationException");
        assert_eq!(
            text,
            format!(
                "1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed to \
                 satisfy constraint: Member must have value {rule}"
            )
        );
    }
    client
        .disable_key_rotation()
        .key_id(&key)
        .send()
        .await
        .expect("disabled");
    assert_eq!(status().await, (false, None));
    let rsa = client.create_key().key_spec(KeySpec::Rsa2048);
    let rsa = rsa
        .key_usage(KeyUsageType::SignVerify)
        .send()
        .await
        .expect("a key");
    let rsa = rsa.key_metadata.expect("metadata").key_id;
    let (code, _) = refusal!(client.enable_key_rotation().key_id(rsa));
    assert_eq!(code, "UnsupportedOperationException");
}

#[tokio::test]
async fn policies_are_kept_rewritten_and_checked() {
    let kms = kms();
    let client = &kms.client;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}"#;
    let key = client
        .create_key()
        .policy(policy)
        .send()
        .await
        .expect("a key");
    let key = key.key_metadata.expect("metadata").key_id;
    let read = async || {
        let got = client.get_key_policy().key_id(&key).send().await;
        got.expect("a policy").policy.expect("a document")
    };
    let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_ne!(read().await, policy);
    assert_eq!(parsed(&read().await), parsed(policy));
    let other = policy.replace("kms:*", "kms:Describe*");
    let put = client.put_key_policy().key_id(&key).policy(&other);
    put.send().await.expect("put");
    assert_eq!(parsed(&read().await), parsed(&other));
    for bad in ["x", "[]", "{}"] {
        let (code, _) = refusal!(client.put_key_policy().key_id(&key).policy(bad));
        assert_eq!(code, "MalformedPolicyDocumentException");
        let (code, _) = refusal!(client.create_key().policy(bad));
        assert_eq!(code, "MalformedPolicyDocumentException");
    }
    let keys = client.list_keys().send().await.expect("a list");
    assert_eq!(keys.keys().len(), 1);
}

#[tokio::test]
async fn keys_are_found_and_not_found_as_aws_does() {
    let kms = kms();
    let client = &kms.client;
    let (key, arn) = kms.key().await;
    let alias = client
        .create_alias()
        .alias_name("alias/a")
        .target_key_id(&key);
    alias.send().await.expect("an alias");
    let alias_arn = "arn:aws:kms:us-east-1:123456789012:alias/a";
    for reference in [&key, &arn, "alias/a", alias_arn] {
        let described = client.describe_key().key_id(reference).send().await;
        let metadata = described.expect("a key").key_metadata.expect("metadata");
        assert_eq!(metadata.arn.as_deref(), Some(arn.as_str()));
    }
    let unknown = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let base = "arn:aws:kms:us-east-1:123456789012";
    let elsewhere = arn.replace("us-east-1", "eu-west-1");
    for (reference, text) in [
        (
            unknown,
            format!("Key '{base}:key/{unknown}' does not exist"),
        ),
        ("alias/b", format!("Alias {base}:alias/b is not found.")),
        ("nonsense", "Invalid keyId 'nonsense'".to_owned()),
        (&elsewhere, "Invalid arn eu-west-1".to_owned()),
    ] {
        let refusal = refusal!(client.describe_key().key_id(reference));
        assert_eq!(refusal, ("NotFoundException".to_owned(), text));
    }
    let refusal = refusal!(client.get_key_policy().key_id("alias/a"));
    let expected = (
        "NotFoundException".to_owned(),
        "Invalid keyId 'alias/a'".to_owned(),
    );
    assert_eq!(refusal, expected);
}

#[tokio::test]
async fn lists_come_in_order_and_in_pages() {
    let kms = kms();
    let client = &kms.client;
    let (key, _) = kms.key().await;
    let (other, _) = kms.key().await;
    for name in ["c", "a", "b"] {
        let alias = client.create_alias().alias_name(format!("alias/{name}"));
        alias.target_key_id(&key).send().await.expect("an alias");
        let tag = Tag::builder()
            .tag_key(name)
            .tag_value("v")
            .build()
            .expect("a tag");
        client
            .tag_resource()
            .key_id(&key)
            .tags(tag)
            .send()
            .await
            .expect("tagged");
    }
    let page = client
        .list_aliases()
        .key_id(&key)
        .limit(2)
        .send()
        .await
        .expect("a page");
    assert!(page.truncated);
    let names: Vec<_> = page
        .aliases()
        .iter()
        .filter_map(|alias| alias.alias_name())
        .collect();
    assert_eq!(names, ["alias/a", "alias/b"]);
    let pages = client
        .list_aliases()
        .limit(1)
        .into_paginator()
        .items()
        .send();
    assert_eq!(
        pages
            .collect::<Result<Vec<_>, _>>()
            .await
            .expect("pages")
            .len(),
        3
    );
    let pages = client.list_keys().limit(1).into_paginator().items().send();
    let keys = pages.collect::<Result<Vec<_>, _>>().await.expect("pages");
    let keys: Vec<_> = keys.iter().filter_map(|key| key.key_id()).collect();
    assert_eq!(keys.len(), 2);
    assert!(keys.is_sorted());
    let pages = client.list_resource_tags().key_id(&key).limit(2);
    let tags = pages
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    let tags = tags.expect("pages");
    let names: Vec<_> = tags.iter().map(Tag::tag_key).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let none = client
        .list_aliases()
        .key_id(&other)
        .send()
        .await
        .expect("a page");
    assert!(none.aliases().is_empty() && !none.truncated);
    let (code, _) = refusal!(client.list_aliases().limit(101));
    assert_eq!(code, "ValidationException");
    let unknown = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let (code, _) = refusal!(client.list_aliases().key_id(unknown));
    assert_eq!(code, "NotFoundException");
}

#[tokio::test]
async fn a_deletion_is_scheduled_within_a_month_and_can_be_cancelled() {
    let kms = kms();
    let client = &kms.client;
    let (key, arn) = kms.key().await;
    let enable = client.enable_key_rotation().key_id(&key).send();
    enable.await.expect("enabled");
    for days in [6, 31] {
        let schedule = client.schedule_key_deletion().key_id(&key);
        let (code, _) = refusal!(schedule.pending_window_in_days(days));
        assert_eq!(code, "ValidationException");
    }
    let schedule = client.schedule_key_deletion().key_id(&key);
    let scheduled = schedule.pending_window_in_days(7).send().await;
    let scheduled = scheduled.expect("scheduled");
    assert_eq!(scheduled.key_id.as_deref(), Some(arn.as_str()));
    assert_eq!(scheduled.pending_window_in_days, Some(7));
    assert_eq!(scheduled.key_state, Some(KeyState::PendingDeletion));
    assert!(scheduled.deletion_date.is_some());
    let described = client.describe_key().key_id(&key).send().await;
    let metadata = described.expect("a key").key_metadata.expect("metadata");
    assert!(!metadata.enabled && metadata.deletion_date.is_some());
    let status = client.get_key_rotation_status().key_id(&key).send().await;
    assert!(!status.expect("status").key_rotation_enabled);
    let cancelled = client.cancel_key_deletion().key_id(&key).send().await;
    let cancelled = cancelled.expect("cancelled").key_id;
    assert_eq!(cancelled.as_deref(), Some(arn.as_str()));
    let (code, _) = refusal!(client.cancel_key_deletion().key_id(&key));
    assert_eq!(code, "KMSInvalidStateException");
    let text = format!("{arn} is disabled.");
    let refusal = refusal!(client.enable_key_rotation().key_id(&key));
    assert_eq!(refusal, ("DisabledException".to_owned(), text));
    let enable = client.enable_key().key_id(&key).send();
    enable.await.expect("enabled");
    let status = client.get_key_rotation_status().key_id(&key).send().await;
    assert!(status.expect("status").key_rotation_enabled);
}

#[tokio::test]
async fn a_key_pending_deletion_refuses_changes() {
    let kms = kms();
    let (key, arn) = kms.key().await;
    let schedule = kms.client.schedule_key_deletion().key_id(&key);
    schedule.send().await.expect("scheduled");
    for (operation, members) in [
        ("ScheduleKeyDeletion", json!({})),
        ("EnableKey", json!({})),
        ("DisableKey", json!({})),
        ("EnableKeyRotation", json!({})),
        ("DisableKeyRotation", json!({})),
        ("PutKeyPolicy", json!({ "Policy": "{\"Statement\":[]}" })),
        ("UpdateKeyDescription", json!({ "Description": "d" })),
        (
            "TagResource",
            json!({ "Tags": [{ "TagKey": "k", "TagValue": "v" }] }),
        ),
        ("UntagResource", json!({ "TagKeys": ["k"] })),
        (
            "CreateAlias",
            json!({ "AliasName": "alias/x", "TargetKeyId": key }),
        ),
    ] {
        let mut body = members;
        if operation != "CreateAlias" {
            body["KeyId"] = json!(key);
        }
        let request = json_call::request(&format!("TrentService.{operation}"), &body);
        let response = kms.local.handle(request).await;
        let answer: Value = serde_json::from_slice(response.body()).expect("JSON");
        let expected = json!({
            "__type": "KMSInvalidStateException",
            "message": format!("{arn} is pending deletion."),
        });
        assert_eq!(answer, expected, "{operation}");
    }
}

#[tokio::test]
async fn aliases_are_checked() {
    let kms = kms();
    let client = &kms.client;
    let (key, _) = kms.key().await;
    let (other, other_arn) = kms.key().await;
    let create = |name: &str| client.create_alias().alias_name(name).target_key_id(&key);
    create("alias/a").send().await.expect("an alias");
    for (name, expected) in [
        ("alias/a", "AlreadyExistsException"),
        ("alias/aws/mine", "InvalidAliasNameException"),
        ("a", "ValidationException"),
        ("alias/", "ValidationException"),
        ("alias/a b", "ValidationException"),
    ] {
        assert_eq!(refusal!(create(name)).0, expected, "{name}");
    }
    let base = "arn:aws:kms:us-east-1:123456789012";
    let missing = (
        "NotFoundException".to_owned(),
        format!("Alias {base}:alias/z is not found."),
    );
    assert_eq!(
        refusal!(client.delete_alias().alias_name("alias/z")),
        missing
    );
    let update = client
        .update_alias()
        .alias_name("alias/z")
        .target_key_id(&other);
    assert_eq!(refusal!(update), missing);
    let update = client
        .update_alias()
        .alias_name("alias/a")
        .target_key_id(&other_arn);
    update.send().await.expect("updated");
    let described = client
        .describe_key()
        .key_id("alias/a")
        .send()
        .await
        .expect("a key");
    assert_eq!(described.key_metadata.expect("metadata").key_id, other);
    client
        .delete_alias()
        .alias_name("alias/a")
        .send()
        .await
        .expect("deleted");
}

#[tokio::test]
async fn the_key_of_xray_is_made_when_asked_for_and_belongs_to_aws() {
    let kms = kms();
    let client = &kms.client;
    let describe = async || {
        let described = client.describe_key().key_id("alias/aws/xray").send().await;
        described.expect("a key").key_metadata.expect("metadata")
    };
    let first = describe().await;
    assert_eq!(
        first.key_manager.as_ref().map(KeyManagerType::as_str),
        Some("AWS")
    );
    assert_eq!(describe().await.key_id, first.key_id);
    let (code, _) = refusal!(client.schedule_key_deletion().key_id(&first.key_id));
    assert_eq!(code, "AccessDeniedException");
}
