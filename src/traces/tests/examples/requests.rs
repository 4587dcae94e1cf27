//! Conditions on the trace as a whole.

use serde_json::json;

use super::super::segment;
use super::{annotated, check, one, requested, status, took, waited};

#[test]
fn outcomes_and_times() {
    let unfinished = || one(json!({"in_progress": true, "end_time": null}));
    check(&[
        ("ok", status(200), status(404)),
        ("ok", status(302), status(500)),
        ("!ok", status(429), status(200)),
        ("ok = false", one(json!({"fault": true})), status(200)),
        ("fault != true", status(404), status(503)),
        ("error", status(404), status(429)),
        ("throttle", status(429), status(404)),
        (
            "fault",
            one(json!({"fault": true})),
            one(json!({"error": true})),
        ),
        ("partial", vec![segment(1, Some(9), "a")], one(json!({}))),
        ("partial", unfinished(), one(json!({}))),
        ("responsetime > 5", took(5.5), took(5.0)),
        ("duration >= 5 AND duration <= 8", took(8.0), took(8.5)),
        ("duration < 100", took(1.0), unfinished()),
        ("duration", took(1.0), unfinished()),
        ("http.status != 200", status(201), status(200)),
        ("http.status != 200", status(201), one(json!({}))),
        ("http.status", status(201), one(json!({}))),
        ("ok !partial duration <3", took(2.5), took(3.0)),
        ("ok !partial duration <3", took(2.5), status(500)),
        (
            "(error OR fault) AND responsetime > 2",
            status(404),
            status(200),
        ),
        (
            "inferred",
            waited(1.0, "b", "remote", json!({})),
            one(json!({})),
        ),
    ]);
}

#[test]
fn requests() {
    let url = |url: &str| requested(&json!({"url": url}));
    let method = |method: &str, status: u16| {
        one(json!({"http": {"request": {"method": method}, "response": {"status": status}}}))
    };
    let user = |user: &str| one(json!({"user": user}));
    let ran = |more| one(json!({"aws": {"ec2": more}}));
    let arn = |arn: &str| one(json!({"resource_arn": arn}));
    check(&[
        (
            r#"http.url CONTAINS "/api/game/""#,
            url("http://a/api/game/1"),
            url("http://a/api/games"),
        ),
        (
            r#"http.url BEGINSWITH "https://" AND http.url ENDSWITH "/fault""#,
            url("https://a/fault"),
            url("http://a/fault"),
        ),
        (
            r#"http.url BEGINSWITH "https://" AND http.url ENDSWITH "/fault""#,
            url("https://a/fault"),
            url("https://a/fault?"),
        ),
        ("http.url AND responseTime > 2", url("x"), one(json!({}))),
        (
            r#"http.method = "POST" AND http.status >= 500"#,
            method("POST", 500),
            method("post", 500),
        ),
        (
            r#"http.method = "POST" AND http.status >= 500"#,
            method("POST", 599),
            method("POST", 499),
        ),
        (r#"user CONTAINS """#, user("x"), one(json!({}))),
        (
            r#"user = "alice" OR user = "bob""#,
            user("bob"),
            user("Alice"),
        ),
        (r#"user != "alice""#, user("bob"), user("alice")),
        (r#"user != "alice""#, user("bob"), one(json!({}))),
        (
            r#"http.clientip = "192.0.2.17""#,
            requested(&json!({"client_ip": "192.0.2.17"})),
            requested(&json!({"client_ip": "192.0.2.1"})),
        ),
        (
            r#"http.useragent CONTAINS "curl""#,
            requested(&json!({"user_agent": "a curl/8"})),
            requested(&json!({"user_agent": "wget"})),
        ),
        (
            r#"availabilityzone = "us-west-2a""#,
            ran(json!({"availability_zone": "us-west-2a"})),
            ran(json!({"availability_zone": "us-west-2b"})),
        ),
        (
            r#"instance.id = "i-0123456789abcdef0""#,
            ran(json!({"instance_id": "i-0123456789abcdef0"})),
            ran(json!({"instance_id": "i-1123456789abcdef0"})),
        ),
        (
            r#"resource.arn CONTAINS ":function:checkout""#,
            arn("arn:aws:lambda:us-west-2:123456789012:function:checkout"),
            arn("arn:aws:lambda:us-west-2:123456789012:function:pay"),
        ),
    ]);
}

#[test]
fn annotations() {
    check(&[
        (
            r#"annotation.gameid = "817DL6VO""#,
            annotated(&json!({"gameid": "817DL6VO"})),
            annotated(&json!({"gameid": "817dl6vo", "GameId": "817DL6VO"})),
        ),
        (
            "annotation.age > 29",
            annotated(&json!({"age": 29.5})),
            annotated(&json!({"age": 29})),
        ),
        (
            "annotation.age > 29",
            annotated(&json!({"age": 30})),
            annotated(&json!({"age": "30"})),
        ),
        (
            "annotation.age != 29",
            annotated(&json!({"age": 30})),
            annotated(&json!({"age": "30"})),
        ),
        (
            "annotation.age",
            annotated(&json!({"age": 0})),
            annotated(&json!({"aged": 1})),
        ),
        (
            "annotation.age",
            annotated(&json!({"age": ""})),
            annotated(&json!({"age": false})),
        ),
        (
            "!annotation.age",
            annotated(&json!({})),
            annotated(&json!({"age": 1})),
        ),
        (
            "annotation.is_premium = true",
            annotated(&json!({"is_premium": true})),
            annotated(&json!({"is_premium": "true"})),
        ),
        (
            "annotation.is_premium != true",
            annotated(&json!({"is_premium": false})),
            annotated(&json!({"is_premium": true})),
        ),
        (
            r#"annotation[environment] = "staging""#,
            annotated(&json!({"environment": "staging"})),
            annotated(&json!({"environment": "production"})),
        ),
        (
            r#"annotation[request.id] = "abc""#,
            annotated(&json!({"request.id": "abc"})),
            annotated(&json!({"request": {"id": "abc"}})),
        ),
        (
            "annotation[rank] > 0 AND annotation[rank] <= 20",
            annotated(&json!({"rank": 20})),
            annotated(&json!({"rank": 0})),
        ),
        (
            r#"annotation.model_name = "summariser""#,
            waited(
                1.0,
                "b",
                "remote",
                json!({"annotations": {"model_name": "summariser"}}),
            ),
            annotated(&json!({"model_name": "other"})),
        ),
    ]);
}
