use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Plane, rule};
use crate::local_aws::xray::log_permission::is_like;
use crate::local_aws::xray::operation::{Query, Route, route};

const SERVED: &[&str] = &[
    "/CreateSamplingRule",
    "/UpdateSamplingRule",
    "/DeleteSamplingRule",
    "/GetSamplingRules",
    "/CreateGroup",
    "/UpdateGroup",
    "/DeleteGroup",
    "/GetGroup",
    "/Groups",
    "/EncryptionConfig",
    "/PutEncryptionConfig",
    "/PutResourcePolicy",
    "/ListResourcePolicies",
    "/DeleteResourcePolicy",
    "/GetTraceSegmentDestination",
    "/UpdateTraceSegmentDestination",
    "/GetIndexingRules",
    "/UpdateIndexingRule",
    "/TagResource",
    "/UntagResource",
    "/ListTagsForResource",
    "/SamplingTargets",
    "/SamplingStatisticSummaries",
    "/TelemetryRecords",
];

/// Members that some request has, so that arbitrary bodies reach the handlers.
const MEMBERS: &[&str] = &[
    "RuleName",
    "RuleARN",
    "SamplingRule",
    "SamplingRuleUpdate",
    "Tags",
    "Key",
    "Value",
    "GroupName",
    "GroupARN",
    "FilterExpression",
    "InsightsConfiguration",
    "InsightsEnabled",
    "KeyId",
    "Type",
    "PolicyName",
    "PolicyDocument",
    "PolicyRevisionId",
    "Statement",
    "Destination",
    "Name",
    "Rule",
    "Probabilistic",
    "DesiredSamplingPercentage",
    "ResourceARN",
    "TagKeys",
    "NextToken",
    "SamplingStatisticsDocuments",
    "SamplingBoostStatisticsDocuments",
    "ClientID",
    "Timestamp",
    "RequestCount",
    "SampledCount",
    "BorrowCount",
    "TelemetryRecords",
    "BackendConnectionErrors",
    "Priority",
    "FixedRate",
    "ReservoirSize",
    "Version",
    "Attributes",
    "SamplingRateBoost",
    "MaxRate",
    "CooldownWindowMinutes",
    "Host",
];

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(MEMBERS).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

fn body() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(&["Default", "KMS", "NONE", "XRay", "CloudWatchLogs", "0"][..])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map(member(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_makes_an_operation_panic_or_fail_half_way(body in body()) {
        let mut plane = Plane::new();
        for path in SERVED {
            let before = json!(plane.state);
            if let Err(fault) = plane.ask(path, &body) {
                prop_assert_eq!(&before, &json!(plane.state), "{} {}", path, fault.code);
            }
            let restored: Value = serde_json::from_str(&json!(plane.state).to_string())
                .expect("a state is JSON");
            prop_assert_eq!(restored, json!(plane.state));
        }
    }

    #[test]
    fn no_bytes_make_an_operation_panic(body in vec(any::<u8>(), 0..64)) {
        for path in SERVED {
            let _ = Plane::new().raw(path, &body);
        }
    }

    #[test]
    fn patterns_match_as_their_regular_expressions(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
        let expression = pattern.replace('*', ".*").replace('?', ".");
        let expression = regex::Regex::new(&format!("^{expression}$")).expect("expression");
        prop_assert_eq!(is_like(&pattern, &text), expression.is_match(&text));
    }
}

#[test]
fn bodies_of_the_wrong_type_do_not_deserialize() {
    let mut plane = Plane::new();
    let create = "/CreateSamplingRule";
    for (path, body, text) in [
        (
            create,
            rule("x", json!({ "Priority": "1" })),
            "STRING_VALUE can not be converted to an Integer",
        ),
        (
            create,
            rule("x", json!({ "Priority": 1.5 })),
            "NUMBER_VALUE can not be converted to an Integer",
        ),
        (
            create,
            rule("x", json!({ "Priority": 3_000_000_000_u32 })),
            "NUMBER_VALUE can not be converted to an Integer",
        ),
        (
            create,
            rule("x", json!({ "FixedRate": true })),
            "TRUE_VALUE can not be converted to a Double",
        ),
        (
            create,
            rule("x", json!({ "Host": 5 })),
            "NUMBER_VALUE can not be converted to a String",
        ),
        (
            create,
            rule("x", json!({ "Host": {} })),
            "Start of structure or map found where not expected.",
        ),
        (
            create,
            rule("x", json!({ "Attributes": { "a": 1 } })),
            "NUMBER_VALUE can not be converted to a String",
        ),
        (
            create,
            json!({ "SamplingRule": "x" }),
            "STRING_VALUE can not be converted to a structure",
        ),
        (
            "/TagResource",
            json!({ "Tags": {} }),
            "Start of structure or map found where not expected.",
        ),
        (
            "/Groups",
            json!([]),
            "Start of list found where not expected",
        ),
        (
            "/Groups",
            json!("x"),
            "STRING_VALUE can not be converted to a structure",
        ),
    ] {
        let expected = (400, "SerializationException", text.to_owned());
        assert_eq!(plane.err(path, body.clone()), expected, "{path} {body}");
    }
    for body in [&b"{"[..], b"{} x", b"\xff", b"{\"a\":1e999}"] {
        let fault = plane.raw("/Groups", body).expect_err("not JSON");
        assert_eq!((fault.status, fault.code), (400, "SerializationException"));
    }
}

#[test]
fn an_empty_body_is_an_empty_request_and_unknown_members_are_ignored() {
    let mut plane = Plane::new();
    assert!(plane.raw("/Groups", b"").is_ok());
    assert!(
        plane
            .raw("/Groups", b" {\"Limit\": 5, \"NextToken\": null}")
            .is_ok()
    );
}

#[test]
fn every_operation_of_aws_has_a_route() {
    for path in SERVED {
        assert!(
            matches!(route("POST", path), Some(Route::Served(_))),
            "{path}"
        );
        assert_eq!(route("GET", path), None);
    }
    assert_eq!(route("POST", "/TraceSegments"), Some(Route::Segments));
    assert_eq!(route("GET", "/TraceSegments"), None);
    assert_eq!(
        route("POST", "/Traces"),
        Some(Route::Query(Query::BatchGetTraces))
    );
    assert_eq!(route("POST", "/tracesegments"), None);
    assert_eq!(route("POST", "/"), None);
}
