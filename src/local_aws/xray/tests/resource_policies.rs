use serde_json::{Value, json};

use super::Plane;

const PUT: &str = "/PutResourcePolicy";
const DELETE: &str = "/DeleteResourcePolicy";
const LIST: &str = "/ListResourcePolicies";

fn document(action: Value) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "Sns", "Effect": "Allow",
            "Principal": { "Service": "sns.amazonaws.com" },
            "Action": action, "Resource": "*",
        }],
    })
    .to_string()
}

fn put(name: &str) -> Value {
    json!({ "PolicyName": name, "PolicyDocument": document(json!("xray:PutTraceSegments")) })
}

#[test]
fn every_put_makes_a_revision_and_rewrites_the_document() {
    let mut plane = Plane::new();
    let spaced = document(json!(["xray:PutTraceSegments"])).replace(':', " : ");
    let spaced = spaced.replace("xray : ", "xray:");
    let body = json!({ "PolicyName": "sns", "PolicyDocument": spaced });
    let answer = plane.ok(PUT, body.clone());
    let expected = json!({
        "ResourcePolicy": {
            "PolicyName": "sns",
            "PolicyDocument": document(json!("xray:PutTraceSegments")),
            "PolicyRevisionId": "1",
            "LastUpdatedTime": 1_790_159_519.0,
        }
    });
    assert_eq!(answer, expected);
    assert_eq!(
        plane.ok(PUT, body)["ResourcePolicy"]["PolicyRevisionId"],
        "2"
    );
    let both = json!(["xray:PutTraceSegments", "xray:GetSamplingRules"]);
    let body = json!({ "PolicyName": "sns", "PolicyDocument": document(both.clone()) });
    let answer = plane.ok(PUT, body);
    assert_eq!(answer["ResourcePolicy"]["PolicyDocument"], document(both));
    let list = plane.ok(LIST, json!({}));
    assert_eq!(list["ResourcePolicies"][0], answer["ResourcePolicy"]);
    assert_eq!(list["NextToken"], Value::Null);
}

#[test]
fn revisions_are_compared_before_they_are_swapped() {
    let mut plane = Plane::new();
    let with = |revision: &str| {
        let mut body = put("sns");
        body["PolicyRevisionId"] = json!(revision);
        body
    };
    let text = "Another concurrent request has modified the resource policy sns";
    let stale = (400, "InvalidPolicyRevisionIdException", text.to_owned());
    assert_eq!(plane.err(PUT, with("1")), stale);
    plane.ok(PUT, with("0"));
    assert_eq!(plane.err(PUT, with("0")), stale);
    assert_eq!(
        plane.ok(PUT, with("1"))["ResourcePolicy"]["PolicyRevisionId"],
        "2"
    );
    assert_eq!(plane.err(PUT, with("x")), stale);
    let delete = |revision: &str| json!({ "PolicyName": "sns", "PolicyRevisionId": revision });
    assert_eq!(plane.err(DELETE, delete("1")), stale);
    assert_eq!(plane.ok(DELETE, delete("2")), json!({}));
    assert_eq!(plane.err(DELETE, delete("2")), stale);
    let text = "Resource policy does not exist: sns";
    plane.refused(DELETE, json!({ "PolicyName": "sns" }), text);
}

#[test]
fn a_document_that_is_no_policy_is_malformed_without_a_reason() {
    let mut plane = Plane::new();
    let without = |member: &str| {
        let mut text: Value = serde_json::from_str(&document(json!("xray:*"))).expect("JSON");
        text["Statement"][0]
            .as_object_mut()
            .expect("object")
            .remove(member);
        text.to_string()
    };
    for text in [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        json!({ "Statement": [] }).to_string(),
        json!({ "Statement": "x" }).to_string(),
        document(json!("x")).replace("2012-10-17", "2020-01-01"),
        document(json!("x")).replace("Allow", "allow"),
        without("Effect"),
        without("Principal"),
        without("Action"),
    ] {
        let body = json!({ "PolicyName": "p", "PolicyDocument": text });
        let expected = (400, "MalformedPolicyDocumentException", "null".to_owned());
        assert_eq!(plane.err(PUT, body), expected, "{text}");
    }
}

#[test]
fn size_and_number_are_limited() {
    let mut plane = Plane::new();
    for number in 0..5 {
        plane.ok(PUT, put(&format!("p{number}")));
    }
    plane.ok(PUT, put("p4"));
    let code = plane.err(PUT, put("p5")).1;
    assert_eq!(code, "PolicyCountLimitExceededException");
    let mut large = put("p0");
    large["PolicyDocument"] = json!(format!("{}{}", document(json!("x")), " ".repeat(5000)));
    assert_eq!(plane.err(PUT, large).1, "PolicySizeLimitExceededException");
}

#[test]
fn nobody_locks_himself_out_without_saying_so() {
    let mut plane = Plane::new();
    let text = document(json!("xray:Put*")).replace("Allow", "Deny");
    let everyone = r#"{"Service":"sns.amazonaws.com"}"#;
    for principal in ["\"*\"", r#"{"AWS":"arn:aws:iam::123456789012:root"}"#] {
        let text = text.replace(everyone, principal);
        let mut body = json!({ "PolicyName": "p", "PolicyDocument": text });
        assert_eq!(plane.err(PUT, body.clone()).1, "LockoutPreventionException");
        body["BypassPolicyLockoutCheck"] = json!(true);
        plane.ok(PUT, body);
    }
}

#[test]
fn names_and_tokens_are_checked() {
    let mut plane = Plane::new();
    let mut bad = put("a b");
    let rule = r"Member must satisfy regular expression pattern: [\w+=,.@-]+";
    let text = format!("Value 'a b' at 'policyName' failed to satisfy constraint: {rule}");
    plane.invalid(PUT, bad.clone(), &[&text]);
    bad["PolicyName"] = json!("x".repeat(129));
    assert_eq!(plane.err(PUT, bad).1, "ValidationException");
    let text = "NextToken is currently not supported";
    plane.refused(LIST, json!({ "NextToken": "x" }), text);
}
