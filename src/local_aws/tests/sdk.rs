use std::time::Duration;

use aws_sdk_xray::Client;
use aws_sdk_xray::error::ProvideErrorMetadata;
use aws_sdk_xray::types::{EncryptionStatus, EncryptionType, SamplingRule, Tag};

use super::{folder, fresh, options, sdk};
use crate::local_aws::LocalAws;

fn rule(name: &str) -> SamplingRule {
    SamplingRule::builder()
        .rule_name(name)
        .resource_arn("*")
        .priority(1)
        .fixed_rate(0.5)
        .reservoir_size(1)
        .service_name("*")
        .service_type("*")
        .host("*")
        .http_method("*")
        .url_path("*")
        .version(1)
        .build()
        .expect("a rule")
}

#[tokio::test]
async fn the_sdk_for_rust_reads_rules_groups_and_tags() {
    let (_folder, local) = fresh();
    let xray = Client::new(&sdk(&local, "eu-central-1"));
    let tag = Tag::builder().key("k").value("v").build().expect("a tag");
    let request = xray.create_sampling_rule().sampling_rule(rule("r"));
    let created = request.tags(tag).send().await.expect("a rule");
    let record = created.sampling_rule_record.expect("a record");
    assert!(
        record
            .created_at
            .is_some_and(|at| at.secs() > 1_700_000_000)
    );
    let arn = record.sampling_rule.and_then(|rule| rule.rule_arn);
    let tags = xray.list_tags_for_resource().set_resource_arn(arn);
    let tags = tags.send().await.expect("tags");
    assert_eq!(tags.tags()[0].value(), "v");
    let mut pages = xray.get_sampling_rules().into_paginator().items().send();
    let mut names = Vec::new();
    while let Some(record) = pages.next().await {
        names.extend(
            record
                .expect("a record")
                .sampling_rule
                .and_then(|r| r.rule_name),
        );
    }
    assert_eq!(names, ["r", "Default"]);
    let group = xray
        .create_group()
        .group_name("g")
        .filter_expression("fault = true");
    group.send().await.expect("a group");
    let groups = xray.get_groups().send().await.expect("groups");
    assert_eq!(groups.groups().len(), 2);
}

#[tokio::test]
async fn the_sdk_for_rust_reads_errors() {
    let (_folder, local) = fresh();
    let xray = Client::new(&sdk(&local, "us-east-1"));
    let error = xray.delete_sampling_rule().rule_name("x").send().await;
    let error = error.expect_err("no such rule").into_service_error();
    assert!(error.is_invalid_request_exception());
    assert_eq!(error.message(), Some("Sampling rule does not exist"));
    let tags = xray.list_tags_for_resource().resource_arn("arn:x");
    let error = tags
        .send()
        .await
        .expect_err("no such resource")
        .into_service_error();
    assert!(error.is_resource_not_found_exception());
    let mut bad = rule("x");
    bad.priority = 10_000;
    let request = xray.create_sampling_rule().sampling_rule(bad);
    let error = request
        .send()
        .await
        .expect_err("invalid")
        .into_service_error();
    assert_eq!(error.code(), Some("ValidationException"));
    assert!(
        error
            .message()
            .is_some_and(|text| text.starts_with("1 validation error detected"))
    );
    let data = xray.batch_get_traces().trace_ids("1-2");
    let error = data.send().await.expect_err("no id").into_service_error();
    assert!(error.is_invalid_request_exception());
}

#[tokio::test]
async fn encryption_goes_through_kms() {
    let folder = folder();
    let options = crate::local_aws::Options {
        settle: Duration::from_millis(150),
        ..options(&folder)
    };
    let local = std::sync::Arc::new(LocalAws::open(options).expect("opens"));
    let config = sdk(&local, "us-east-1");
    let (xray, kms) = (Client::new(&config), aws_sdk_kms::Client::new(&config));
    let key = kms.create_key().send().await.expect("a key");
    let key = key.key_metadata.expect("metadata");
    let arn = key.arn.expect("an ARN");
    let alias = kms.create_alias().alias_name("alias/traces");
    alias
        .target_key_id(&key.key_id)
        .send()
        .await
        .expect("an alias");
    let alias_arn = arn.replace(&format!("key/{}", key.key_id), "alias/traces");
    for reference in [&key.key_id, &arn, "alias/traces", &alias_arn] {
        let put = xray.put_encryption_config().key_id(reference);
        let put = put.r#type(EncryptionType::Kms).send().await.expect("put");
        let config = put.encryption_config.expect("a setting");
        assert_eq!(config.key_id(), Some(arn.as_str()));
        assert_eq!(config.status(), Some(&EncryptionStatus::Updating));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let got = xray.get_encryption_config().send().await.expect("get");
    let config = got.encryption_config.expect("a setting");
    assert_eq!(config.status(), Some(&EncryptionStatus::Active));
    for reference in ["alias/missing", "1234abcd-12ab-34cd-56ef-1234567890ab", "x"] {
        let put = xray.put_encryption_config().key_id(reference);
        let error = put.r#type(EncryptionType::Kms).send().await;
        let error = error.expect_err("no key").into_service_error();
        assert!(error.is_invalid_request_exception(), "{reference}");
    }
    kms.disable_key()
        .key_id(&key.key_id)
        .send()
        .await
        .expect("disabled");
    let put = xray.put_encryption_config().key_id(&arn);
    let error = put
        .r#type(EncryptionType::Kms)
        .send()
        .await
        .expect_err("disabled");
    assert!(error.into_service_error().is_invalid_request_exception());
    let put = xray.put_encryption_config().key_id("alias/aws/xray");
    let put = put.r#type(EncryptionType::Kms).send().await.expect("put");
    let managed = put.encryption_config.and_then(|config| config.key_id);
    assert!(managed.is_some_and(|managed| managed != arn && managed.contains(":key/")));
}

#[tokio::test]
async fn the_destination_goes_through_logs() {
    let (_folder, local) = fresh();
    let config = sdk(&local, "us-east-1");
    let xray = Client::new(&config);
    let to_logs = || {
        let update = xray.update_trace_segment_destination();
        update.destination("CloudWatchLogs".into()).send()
    };
    let error = to_logs().await.expect_err("no policy").into_service_error();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config);
    let document = r#"{"Statement": {"Effect": "Allow",
        "Principal": {"Service": "xray.amazonaws.com"}, "Action": "logs:PutLogEvents",
        "Resource": ["arn:aws:logs:us-east-1:123456789012:log-group:aws/spans:*",
            "arn:aws:logs:us-east-1:123456789012:log-group:/aws/application-signals/data:*"]}}"#;
    let policy = logs.put_resource_policy().policy_name("spans");
    policy
        .policy_document(document)
        .send()
        .await
        .expect("a policy");
    to_logs().await.expect("permitted");
    let got = xray
        .get_trace_segment_destination()
        .send()
        .await
        .expect("get");
    assert_eq!(
        got.destination.map(|d| d.as_str().to_owned()).as_deref(),
        Some("CloudWatchLogs")
    );
    let other = Client::new(&sdk(&local, "eu-west-1"));
    let update = other.update_trace_segment_destination();
    let error = update.destination("CloudWatchLogs".into()).send().await;
    error.expect_err("policies are regional");
}
