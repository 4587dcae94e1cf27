use serde_json::{Value, json};

use super::{Plane, rule};

const TAG: &str = "/TagResource";
const UNTAG: &str = "/UntagResource";
const LIST: &str = "/ListTagsForResource";
const ARN: &str = "arn:aws:xray:eu-west-1:123456789012:sampling-rule/api";

fn tag(key: &str, value: &str) -> Value {
    json!({ "Key": key, "Value": value })
}

fn many(count: usize) -> Vec<Value> {
    (0..count).map(|n| tag(&format!("k{n}"), "v")).collect()
}

fn plane() -> Plane {
    let mut plane = Plane::new();
    let mut request = rule("api", json!({}));
    request["Tags"] = json!([tag("a", "1"), tag("b", "2")]);
    plane.ok("/CreateSamplingRule", request);
    plane
}

#[test]
fn tags_are_merged_and_removed_by_key() {
    let mut plane = plane();
    let tags = json!([tag("b", ""), tag("c d_.:/=+-@", "ü")]);
    assert_eq!(
        plane.ok(TAG, json!({ "ResourceARN": ARN, "Tags": tags })),
        json!({})
    );
    plane.ok(TAG, json!({ "ResourceARN": ARN, "Tags": [] }));
    let keys = json!(["a", "never"]);
    assert_eq!(
        plane.ok(UNTAG, json!({ "ResourceARN": ARN, "TagKeys": keys })),
        json!({})
    );
    let expected = json!({
        "Tags": [tag("b", ""), tag("c d_.:/=+-@", "ü")], "NextToken": null
    });
    let request = json!({ "ResourceARN": ARN, "NextToken": "anything" });
    assert_eq!(plane.ok(LIST, request), expected);
}

#[test]
fn groups_have_tags_of_their_own_that_go_with_them() {
    let mut plane = plane();
    let request = json!({ "GroupName": "g", "FilterExpression": "x", "Tags": [tag("k", "v")] });
    let arn = plane.ok("/CreateGroup", request.clone())["Group"]["GroupARN"].clone();
    let tags = plane.ok(LIST, json!({ "ResourceARN": arn }));
    assert_eq!(tags["Tags"], json!([tag("k", "v")]));
    plane.ok("/DeleteGroup", json!({ "GroupName": "g" }));
    let request = json!({ "GroupName": "g", "FilterExpression": "x" });
    plane.ok("/CreateGroup", request);
    let tags = plane.ok(LIST, json!({ "ResourceARN": arn }));
    assert_eq!(tags["Tags"], json!([]));
}

#[test]
fn tags_are_refused_in_awss_words() {
    let mut plane = plane();
    let system = "Caller is an end user and not allowed to mutate system tags";
    let limit = "The resultant tag set must not have more than 50 user tags.";
    for (tags, text) in [
        (json!([tag("aws:x", "1")]), system),
        (json!([tag("AWS:x", "1")]), system),
        (json!(many(49)), limit),
    ] {
        plane.refused(TAG, json!({ "ResourceARN": ARN, "Tags": tags }), text);
    }
    plane.ok(TAG, json!({ "ResourceARN": ARN, "Tags": many(48) }));
    let twice = json!([tag("x", "1"), tag("x", "2")]);
    let expected = (500, "InternalFailure", "null".to_owned());
    let body = json!({ "ResourceARN": ARN, "Tags": twice });
    assert_eq!(plane.err(TAG, body), expected);
    let body = json!({ "ResourceARN": ARN, "Tags": [tag("a*b", "1")] });
    assert_eq!(plane.err(TAG, body).1, "InvalidRequestException");
}

#[test]
fn too_many_or_bad_tags_stop_a_creation() {
    let mut plane = Plane::new();
    let mut request = rule("api", json!({}));
    request["Tags"] = json!(many(51));
    let text = "The resultant tag set must not have more than 50 user tags.";
    plane.refused("/CreateSamplingRule", request.clone(), text);
    request["Tags"] = json!([tag("", "v"), null]);
    let rule = "Member must have length greater than or equal to 1";
    plane.invalid(
        "/CreateSamplingRule",
        request,
        &[
            &format!("Value '' at 'tags.1.member.key' failed to satisfy constraint: {rule}"),
            "Value null at 'tags.2.member' failed to satisfy constraint: Member must not be null",
        ],
    );
}

#[test]
fn an_unknown_arn_is_not_found() {
    let mut plane = plane();
    for arn in [
        "arn:aws:xray:eu-west-1:123456789012:sampling-rule/nope",
        "arn:aws:xray:us-east-1:123456789012:sampling-rule/api",
        "nonsense",
    ] {
        let text = format!("Resource {arn} not found");
        let expected = (404, "ResourceNotFoundException", text);
        for (path, body) in [
            (TAG, json!({ "ResourceARN": arn, "Tags": [tag("a", "b")] })),
            (UNTAG, json!({ "ResourceARN": arn, "TagKeys": ["a"] })),
            (LIST, json!({ "ResourceARN": arn })),
        ] {
            assert_eq!(plane.err(path, body.clone()), expected);
            let fault = plane.ask(path, &body).expect_err("unknown");
            assert_eq!(fault.body["ResourceName"], arn);
        }
    }
}
