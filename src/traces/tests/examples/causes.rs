//! Root causes.

use serde_json::{Value as Json, json};

use super::super::{segment, with};
use super::{call, check, failed, one, thrown, waited};

#[test]
fn root_causes() {
    let slow = waited(2.0, "traces", "remote", json!({}));
    let less = waited(1.5, "traces", "remote", json!({}));
    let inside = |name: &str| {
        let more = with(
            json!({"name": name, "id": "000000000000000a", "start_time": 10, "end_time": 11}),
            thrown("E", "m"),
        );
        one(json!({"fault": true, "subsegments": [more]}))
    };
    let denied = "Access Denied for account_id: 1234567890";
    let table = |more| waited(2.0, "DynamoDB", "aws", more);
    let chain = |length: u64| -> Vec<Json> {
        let failing = json!({"fault": true, "cause": {"exceptions": [{"id": "1"}]}});
        let link = |id: u64| with(segment(id, (id > 1).then(|| id - 1), "a"), failing.clone());
        (1..=length).map(link).collect()
    };
    let weather = |name: &str| {
        waited(2.0, "b", "remote", json!({}))
            .into_iter()
            .map(|it| with(it, json!({"name": name})))
            .collect::<Vec<_>>()
    };
    let json_filter = r#"rootcause.json = #[{ "Services": [ { "Name": "GetWeatherData", "EntityPath": [{ "Name": "GetWeatherData" }] } ] }]"#;
    check(&[
        (
            r#"rootcause.fault.service { name = "Auth" }"#,
            failed("Auth", thrown("E", "m")),
            failed("Auth", json!({"fault": true})),
        ),
        (
            r#"rootcause.fault.entity { last and name = "deserialize" }"#,
            inside("deserialize"),
            inside("serialize"),
        ),
        (
            r#"rootcause.responsetime.entity { remote and coverage > 0.7 and name = "traces" }"#,
            slow.clone(),
            less,
        ),
        ("rootcause.fault.service { index > 5 }", chain(7), chain(6)),
        (
            r#"rootcause.fault.exception { last and message = "Access Denied for account_id: 1234567890" }"#,
            failed("b", thrown("E", denied)),
            failed("b", thrown("E", "Access Denied")),
        ),
        (
            r#"rootcause.responsetime.service { last and type = "AWS::DynamoDB" }"#,
            table(json!({})),
            table(json!({"aws": {"operation": "GetItem", "table_name": "t"}})),
        ),
        (
            r#"rootcause.error.exception { name = "E" AND first }"#,
            one(json!({"error": true, "cause": {"exceptions": [{"type": "E"}, {"type": "F"}]}})),
            one(json!({"error": true, "cause": {"exceptions": [{"type": "F"}, {"type": "E"}]}})),
        ),
        (
            "rootcause.responsetime.service { inferred AND !first }",
            slow.clone(),
            call("a", "b", json!({}), json!({"end_time": 12})),
        ),
        (json_filter, weather("GetWeatherData"), weather("GetOther")),
        (
            r#"rootcause.json = #[{"ClientImpacting": true, "Services": [{"Name": "traces", "Inferred": true, "EntityPath": [{"Coverage": 0.8}]}]}]"#,
            slow,
            one(json!({})),
        ),
    ]);
}
