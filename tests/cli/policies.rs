//! Resource policies: compared as JSON by its meaning, changed only as they
//! were read.

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::proxy::Proxy;

const POLICY: &str = r#"[stack]
name = "shop"
region = "us-east-1"

[resource_policies.sns]
policy_document = '''
{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "Sns",
    "Effect": "Allow",
    "Principal": { "Service": "sns.amazonaws.com" },
    "Action": ["xray:PutTraceSegments", "xray:GetSamplingRules"],
    "Resource": "*",
    "Condition": { "StringEquals": { "aws:SourceAccount": "123456789012" } }
  }
}
'''
"#;

fn put(cloud: &Cloud, document: &Value) {
    cloud.xray(
        "/PutResourcePolicy",
        &json!({ "PolicyName": "sns", "PolicyDocument": document.to_string() }),
    );
}

/// The same policy as AWS may give it back: in another order, with lists of
/// one where there was one, and the other way round.
#[test]
fn a_document_that_aws_writes_otherwise_makes_no_difference() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(POLICY);
    scenario.apply();
    scenario.is_settled();
    let statement = json!({
        "Condition": { "StringEquals": { "aws:SourceAccount": ["123456789012"] } },
        "Resource": ["*"],
        "Action": ["xray:GetSamplingRules", "xray:PutTraceSegments"],
        "Principal": { "Service": ["sns.amazonaws.com"] },
        "Effect": "Allow",
        "Sid": "Sns",
    });
    put(
        &cloud,
        &json!({ "Statement": [statement], "Version": "2012-10-17" }),
    );
    scenario.is_settled();
}

#[test]
fn a_document_with_another_meaning_makes_a_difference() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(POLICY);
    scenario.apply();
    let changes: [(&str, Value); 4] = [
        ("/Statement/0/Effect", json!("Deny")),
        ("/Statement/0/Action", json!("xray:*")),
        ("/Statement/0/Principal/Service", json!("sqs.amazonaws.com")),
        (
            "/Statement/0/Condition/StringEquals/aws:SourceAccount",
            json!("210987654321"),
        ),
    ];
    for (pointer, value) in changes {
        let mut document = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Sns",
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": ["xray:PutTraceSegments", "xray:GetSamplingRules"],
                "Resource": "*",
                "Condition": { "StringEquals": { "aws:SourceAccount": "123456789012" } },
            }],
        });
        *document.pointer_mut(pointer).unwrap() = value;
        put(&cloud, &document);
        let plan = scenario.plan().ends_with(2);
        let expected = ["resource_policy.sns policy_document"];
        assert_eq!(plan.changes(), expected, "{pointer}: {plan}");
        scenario.apply();
        scenario.is_settled();
    }
}

#[test]
fn a_document_may_stand_in_a_file_or_be_a_table() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(POLICY);
    scenario.apply();
    let (head, rest) = POLICY.split_once("'''\n").unwrap();
    let (document, _) = rest.split_once("'''").unwrap();
    scenario.write("policy.json", document);
    scenario.spec(&format!("{head}{{ file = \"policy.json\" }}\n"));
    scenario.is_settled();
    let table = "{ Version = \"2012-10-17\", Statement = [{ Sid = \"Sns\", Effect = \"Allow\", \
                 Principal = { Service = \"sns.amazonaws.com\" }, \
                 Action = [\"xray:PutTraceSegments\", \"xray:GetSamplingRules\"], \
                 Resource = \"*\", Condition = { StringEquals = \
                 { \"aws:SourceAccount\" = \"123456789012\" } } }] }";
    scenario.spec(&format!("{head}{table}\n"));
    scenario.is_settled();
}

/// Someone changes the policy between our look and our change.
#[test]
fn a_change_of_others_is_not_overwritten() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(POLICY);
    scenario.apply();
    scenario.edit("\"Sid\": \"Sns\"", "\"Sid\": \"Topics\"");
    let stale = json!({ "PolicyRevisionId": "AAAAAAAAAAAAAAAA" });
    proxy.edit("ListResourcePolicies", move |_, answer| {
        let revision = &mut answer["ResourcePolicies"][0]["PolicyRevisionId"];
        *revision = stale["PolicyRevisionId"].clone();
    });
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("someone changed the resource policy `sns` since it was read; plan again");
    proxy.mend();
    scenario.apply();
    scenario.is_settled();
}
