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
