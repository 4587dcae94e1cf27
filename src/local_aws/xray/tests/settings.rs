use serde_json::{Value, json};

use super::{Plane, enabled_key};
use crate::local_aws::xray::peers::Key;

const GET_ENCRYPTION: &str = "/EncryptionConfig";
const PUT_ENCRYPTION: &str = "/PutEncryptionConfig";
const GET_DESTINATION: &str = "/GetTraceSegmentDestination";
const UPDATE_DESTINATION: &str = "/UpdateTraceSegmentDestination";
const GET_INDEXING: &str = "/GetIndexingRules";
const UPDATE_INDEXING: &str = "/UpdateIndexingRule";

fn encryption(key: Option<&str>, status: &str) -> Value {
    let kind = if key.is_some() { "KMS" } else { "NONE" };
    json!({ "EncryptionConfig": { "KeyId": key, "Status": status, "Type": kind } })
}

#[test]
fn encryption_settles_after_a_while_and_answers_with_the_arn() {
    let mut plane = Plane::new();
    assert_eq!(
        plane.ok(GET_ENCRYPTION, json!({})),
        encryption(None, "ACTIVE")
    );
    plane.peers.key = Some(Ok(enabled_key()));
    let arn = enabled_key().arn;
    let answer = plane.ok(PUT_ENCRYPTION, json!({ "Type": "KMS", "KeyId": "alias/x" }));
    assert_eq!(answer, encryption(Some(&arn), "UPDATING"));
    plane.now += 0.9;
    assert_eq!(
        plane.ok(GET_ENCRYPTION, json!({})),
        encryption(Some(&arn), "UPDATING")
    );
    plane.now += 0.2;
    assert_eq!(
        plane.ok(GET_ENCRYPTION, json!({})),
        encryption(Some(&arn), "ACTIVE")
    );
    let answer = plane.ok(PUT_ENCRYPTION, json!({ "Type": "NONE" }));
    assert_eq!(answer, encryption(None, "UPDATING"));
}

#[test]
fn keys_that_xray_cannot_use_are_refused() {
    let mut plane = Plane::new();
    let put = json!({ "Type": "KMS", "KeyId": "k" });
    let key = |change: fn(&mut Key)| {
        let mut key = enabled_key();
        change(&mut key);
        Some(Ok(key))
    };
    for found in [
        Some(Err("Key 'k' does not exist".to_owned())),
        key(|key| key.state = "Disabled".to_owned()),
        key(|key| key.state = "PendingDeletion".to_owned()),
        key(|key| key.spec = "RSA_2048".to_owned()),
        key(|key| key.usage = "SIGN_VERIFY".to_owned()),
    ] {
        plane.peers.key = found;
        let (status, code, text) = plane.err(PUT_ENCRYPTION, put.clone());
        assert_eq!((status, code), (400, "InvalidRequestException"));
        assert!(text.contains("KMS key k"), "{text}");
    }
    for body in [
        json!({ "Type": "KMS" }),
        json!({ "Type": "NONE", "KeyId": "k" }),
    ] {
        assert_eq!(plane.err(PUT_ENCRYPTION, body).1, "InvalidRequestException");
    }
    let text = "Value 'AES' at 'type' failed to satisfy constraint: \
                Member must satisfy enum value set: [NONE, KMS]";
    plane.invalid(PUT_ENCRYPTION, json!({ "Type": "AES" }), &[text]);
    let text = "Value null at 'type' failed to satisfy constraint: Member must not be null";
    plane.invalid(PUT_ENCRYPTION, json!({}), &[text]);
}

fn log_policy(changes: Value) -> String {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": "xray.amazonaws.com" },
        "Action": "logs:PutLogEvents",
        "Resource": [
            "arn:aws:logs:eu-west-1:123456789012:log-group:aws/spans:*",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/application-signals/data:*",
        ],
        "Condition": {
            "ArnLike": { "aws:SourceArn": "arn:aws:xray:eu-west-1:123456789012:*" },
            "StringEquals": { "aws:SourceAccount": "123456789012" },
        },
    });
    if let Value::Object(changes) = changes {
        for (member, value) in changes {
            statement[member] = value;
        }
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn destination(destination: &str, status: &str) -> Value {
    json!({ "Destination": destination, "Status": status })
}

#[test]
fn the_destination_changes_once_at_a_time() {
    let mut plane = Plane::new();
    assert_eq!(
        plane.ok(GET_DESTINATION, json!({})),
        destination("XRay", "ACTIVE")
    );
    plane.peers.log_policies = vec!["not JSON".to_owned(), log_policy(json!({}))];
    let to_logs = json!({ "Destination": "CloudWatchLogs" });
    let answer = plane.ok(UPDATE_DESTINATION, to_logs);
    assert_eq!(answer, destination("CloudWatchLogs", "PENDING"));
    let text = "Updates are not allowed while the current status is PENDING";
    plane.refused(UPDATE_DESTINATION, json!({ "Destination": "XRay" }), text);
    plane.now += 1.0;
    let answer = plane.ok(GET_DESTINATION, json!({}));
    assert_eq!(answer, destination("CloudWatchLogs", "ACTIVE"));
    let answer = plane.ok(
        UPDATE_DESTINATION,
        json!({ "Destination": "CloudWatchLogs" }),
    );
    assert_eq!(answer, destination("CloudWatchLogs", "ACTIVE"));
    let answer = plane.ok(UPDATE_DESTINATION, json!({ "Destination": "XRay" }));
    assert_eq!(answer, destination("XRay", "PENDING"));
}

#[test]
fn logs_as_destination_need_a_policy_of_logs() {
    let mut plane = Plane::new();
    let spans = "arn:aws:logs:eu-west-1:123456789012:log-group:aws/spans:*";
    let source = |account: &str, arn: &str| {
        json!({ "Condition": {
            "StringEquals": { "aws:SourceAccount": account }, "ArnLike": { "aws:SourceArn": arn },
        }})
    };
    let other = source("123456789012", "arn:aws:xray:us-east-1:123456789012:*");
    let unknown = json!({ "Condition": { "Bool": { "aws:SecureTransport": "true" } } });
    for (policies, group) in [
        (vec![], "aws/spans"),
        (
            vec![
                log_policy(json!({ "Effect": "Deny" })),
                log_policy(json!({})),
            ],
            "aws/spans",
        ),
        (
            vec![log_policy(json!({ "Resource": spans }))],
            "/aws/application-signals/data",
        ),
        (
            vec![log_policy(json!({ "Action": "logs:CreateLogStream" }))],
            "aws/spans",
        ),
        (
            vec![log_policy(json!({ "Principal": { "Service": "x" } }))],
            "aws/spans",
        ),
        (vec![log_policy(source("210987654321", "*"))], "aws/spans"),
        (vec![log_policy(other)], "aws/spans"),
        (vec![log_policy(unknown)], "aws/spans"),
    ] {
        plane.peers.log_policies = policies;
        let text = format!(
            "XRay does not have permission to call PutLogEvents on the {group} Log Group. \
             Please verify that your CloudWatch Logs Resource Policies are configured correctly"
        );
        let body = json!({ "Destination": "CloudWatchLogs" });
        assert_eq!(
            plane.err(UPDATE_DESTINATION, body),
            (403, "AccessDeniedException", text)
        );
    }
    let wide = json!({ "Action": ["logs:Put*"], "Resource": "*", "Condition": {} });
    plane.peers.log_policies = vec![log_policy(wide)];
    plane.ok(
        UPDATE_DESTINATION,
        json!({ "Destination": "CloudWatchLogs" }),
    );
}

#[test]
fn a_destination_must_be_one_of_two() {
    let mut plane = Plane::new();
    let text = "Value 'S3' at 'destination' failed to satisfy constraint: \
                Member must satisfy enum value set: [XRay, CloudWatchLogs]";
    plane.invalid(UPDATE_DESTINATION, json!({ "Destination": "S3" }), &[text]);
    assert_eq!(
        plane.err(UPDATE_DESTINATION, json!({})).1,
        "InvalidRequestException"
    );
}

#[test]
fn the_indexing_rule_is_one_percent_until_changed() {
    let mut plane = Plane::new();
    let rule = |percentage: f64, modified: f64| {
        json!({
            "Name": "Default",
            "ModifiedAt": modified,
            "Rule": { "Probabilistic": {
                "DesiredSamplingPercentage": percentage, "ActualSamplingPercentage": percentage,
            }},
        })
    };
    let list = plane.ok(GET_INDEXING, json!({ "NextToken": "x" }));
    assert_eq!(
        list,
        json!({ "IndexingRules": [rule(1.0, 0.0)], "NextToken": null })
    );
    let update = |name: &str, percentage: f64| {
        let probabilistic = json!({ "DesiredSamplingPercentage": percentage });
        json!({ "Name": name, "Rule": { "Probabilistic": probabilistic } })
    };
    let answer = plane.ok(UPDATE_INDEXING, update("Default", 100.0));
    assert_eq!(
        answer,
        json!({ "IndexingRule": rule(100.0, 1_790_159_519.0) })
    );
    for percentage in [-0.1, 100.1] {
        let body = update("Default", percentage);
        assert_eq!(
            plane.err(UPDATE_INDEXING, body).1,
            "InvalidRequestException"
        );
    }
    let (status, code, _) = plane.err(UPDATE_INDEXING, update("other", 5.0));
    assert_eq!((status, code), (404, "ResourceNotFoundException"));
    let body = json!({ "Name": "Default", "Rule": {} });
    assert_eq!(
        plane.err(UPDATE_INDEXING, body).1,
        "InvalidRequestException"
    );
    let text = "Value null at 'rule.probabilistic.desiredSamplingPercentage' \
                failed to satisfy constraint: Member must not be null";
    let body = json!({ "Name": "Default", "Rule": { "Probabilistic": {} } });
    plane.invalid(UPDATE_INDEXING, body, &[text]);
}
