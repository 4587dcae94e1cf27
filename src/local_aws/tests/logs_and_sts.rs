//! Every correction of Logs and STS, through the SDKs.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata;

use super::{fresh, sdk};

#[tokio::test]
async fn resource_policies_of_logs_are_checked_counted_and_paged() {
    let (_folder, local) = fresh();
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk(&local, "us-east-1"));
    let put = |name: &str, document: &str| {
        let put = logs.put_resource_policy().policy_name(name);
        put.policy_document(document).send()
    };
    for document in ["x", "[]", &format!("{{\"a\":\"{}\"}}", "x".repeat(5120))] {
        let error = put("p", document).await.expect_err("refused");
        assert_eq!(error.code(), Some("InvalidParameterException"));
    }
    for number in (0..10).rev() {
        put(&format!("p{number}"), "{}").await.expect("a policy");
    }
    put("p0", "{\"a\":1}").await.expect("put again");
    let error = put("p10", "{}").await.expect_err("too many");
    assert_eq!(error.code(), Some("LimitExceededException"));
    let first = logs.describe_resource_policies().limit(6).send().await;
    let first = first.expect("a page");
    let second = logs.describe_resource_policies().limit(6);
    let second = second.set_next_token(first.next_token.clone()).send().await;
    let second = second.expect("a page");
    let pages = first
        .resource_policies()
        .iter()
        .chain(second.resource_policies());
    let names: Vec<_> = pages.filter_map(|policy| policy.policy_name()).collect();
    assert_eq!(
        names,
        ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"]
    );
    assert_eq!(second.next_token, None);
    let delete = || logs.delete_resource_policy().policy_name("p0").send();
    delete().await.expect("deleted");
    let error = delete().await.expect_err("gone").into_service_error();
    assert!(error.is_resource_not_found_exception());
}

#[tokio::test]
async fn a_retention_is_one_that_aws_offers() {
    let (_folder, local) = fresh();
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk(&local, "us-east-1"));
    let group = logs.create_log_group().log_group_name("/ecs/xray");
    group.send().await.expect("a group");
    let retain = |days: i32| {
        let put = logs.put_retention_policy().log_group_name("/ecs/xray");
        put.retention_in_days(days).send()
    };
    let error = retain(42).await.expect_err("refused");
    assert_eq!(error.code(), Some("InvalidParameterException"));
    retain(30).await.expect("retained");
}

#[tokio::test]
async fn a_log_group_keeps_what_it_is_made_with() {
    let (_folder, local) = fresh();
    let config = sdk(&local, "us-east-1");
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config);
    let create = |name: &str| logs.create_log_group().log_group_name(name);
    for name in ["aws/spans", "a b", ""] {
        let error = create(name).send().await.expect_err("refused");
        assert_eq!(error.code(), Some("InvalidParameterException"), "{name}");
    }
    let gone = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    let error = create("a").kms_key_id(gone).send().await;
    let error = error.expect_err("no such key");
    assert_eq!(error.code(), Some("InvalidParameterException"));
    let key = aws_sdk_kms::Client::new(&config).create_key().send().await;
    let key = key.expect("a key").key_metadata.expect("metadata");
    let class = aws_sdk_cloudwatchlogs::types::LogGroupClass::InfrequentAccess;
    let group = create("a")
        .set_kms_key_id(key.arn.clone())
        .log_group_class(class.clone())
        .deletion_protection_enabled(true)
        .tags("team", "x");
    group.send().await.expect("a log group");
    let error = create("a").send().await.expect_err("there already");
    assert_eq!(error.code(), Some("ResourceAlreadyExistsException"));
    let groups = logs.describe_log_groups().send().await.expect("groups");
    let group = &groups.log_groups()[0];
    assert_eq!(group.kms_key_id, key.arn);
    assert_eq!(group.log_group_class, Some(class));
    assert_eq!(group.deletion_protection_enabled, Some(true));
    let delete = || logs.delete_log_group().log_group_name("a").send();
    let error = delete().await.expect_err("protected");
    assert_eq!(error.code(), Some("ValidationException"));
    let free = logs.put_log_group_deletion_protection();
    let free = free
        .log_group_identifier("a")
        .deletion_protection_enabled(false);
    free.send().await.expect("free");
    delete().await.expect("deleted");
}

#[tokio::test]
async fn log_groups_are_paged() {
    let (_folder, local) = fresh();
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk(&local, "us-east-1"));
    for number in 0..60 {
        let create = logs.create_log_group();
        let create = create.log_group_name(format!("g{number:02}"));
        create.send().await.expect("a group");
    }
    let first = logs.describe_log_groups().send().await.expect("a page");
    assert_eq!(first.log_groups().len(), 50);
    let second = logs.describe_log_groups();
    let second = second.set_next_token(first.next_token.clone()).send().await;
    assert_eq!(second.expect("a page").log_groups().len(), 10);
}

#[tokio::test]
async fn callers_are_named_as_aws_names_them() {
    let (_folder, local) = fresh();
    let config = sdk(&local, "eu-west-1");
    let sts = aws_sdk_sts::Client::new(&config);
    let caller = sts.get_caller_identity().send().await.expect("a caller");
    assert_eq!(caller.account(), Some("123456789012"));
    assert_eq!(caller.arn(), Some("arn:aws:iam::123456789012:user/local"));
    let assume = sts.assume_role().role_session_name("me");
    let assume = assume.role_arn("arn:aws:iam::210987654321:role/path/deploy");
    let session = assume.send().await.expect("a session").credentials;
    let session = session.expect("credentials");
    let credentials = Credentials::new(
        session.access_key_id,
        session.secret_access_key,
        Some(session.session_token),
        None,
        "test",
    );
    let provider = SharedCredentialsProvider::new(credentials);
    let config = config.into_builder().credentials_provider(provider).build();
    let sts = aws_sdk_sts::Client::new(&config);
    let caller = sts.get_caller_identity().send().await.expect("a caller");
    let arn = "arn:aws:sts::210987654321:assumed-role/deploy/me";
    assert_eq!(caller.arn(), Some(arn));
    assert_eq!(caller.account(), Some("210987654321"));
}
