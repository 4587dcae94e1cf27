//! Services and edges.

use serde_json::{Value as Json, json};

use super::{annotated, call, check, failed, matches, named, of_type, one, waited};

#[test]
fn services() {
    let swallowed = || call("a", "api.example.com", json!({}), json!({"fault": true}));
    let fine = || call("a", "api.example.com", json!({}), json!({}));
    let function = "AWS::Lambda::Function";
    check(&[
        (r#"service("api.example.com")"#, fine(), named("api")),
        (
            r#"service("api.example.com") { fault }"#,
            swallowed(),
            fine(),
        ),
        ("service() { fault }", swallowed(), fine()),
        (r#"!service("api.example.com")"#, named("api"), fine()),
        (
            r#"service("data-plane") {root = true and fault = true}"#,
            one(json!({"name": "data-plane", "fault": true})),
            failed("data-plane", json!({"fault": true})),
        ),
        (
            r#"service(id(name: "random-name", type: "AWS::Lambda::Function")) { error }"#,
            of_type("random-name", function, json!({"error": true})),
            of_type("random-name", "AWS::Lambda", json!({"error": true})),
        ),
        (
            r#"service(id(type: "AWS::Lambda::Function")) { error }"#,
            of_type("any", function, json!({"error": true})),
            of_type("any", function, json!({"fault": true})),
        ),
    ]);
}

#[test]
fn services_by_more_than_their_name() {
    let url = |name: &str| {
        one(json!({"name": name, "http": {"request": {"url": "http://api.example.com/v2/x"}}}))
    };
    let swallowed = call("a", "api.example.com", json!({}), json!({"fault": true}));
    check(&[
        (
            r#"service(id(account.id: "123456789012"))"#,
            one(json!({})),
            vec![],
        ),
        (
            r#"service(id(account.id: "210987654321"))"#,
            one(json!({"aws": {"account_id": "210987654321"}})),
            one(json!({})),
        ),
        (
            r#"service("checkout") { responsetime > 3 }"#,
            call("a", "checkout", json!({}), json!({"end_time": 13.5})),
            call("a", "checkout", json!({}), json!({"end_time": 13})),
        ),
        (
            r#"http.url BEGINSWITH "http://api.example.com/" AND http.url CONTAINS "/v2/" AND !service("api.example.com")"#,
            url("other"),
            url("api.example.com"),
        ),
        (
            r#"service { annotation[request.id] = "x" }"#,
            annotated(&json!({"request.id": "x"})),
            annotated(&json!({"request.id": "y"})),
        ),
        (
            r#"service("afirgen-main-backend") AND responsetime > 5"#,
            one(json!({"name": "afirgen-main-backend", "end_time": 16})),
            named("afirgen-main-backend"),
        ),
        (
            r#"service("afirgen-main-backend") AND error = true"#,
            one(json!({"name": "afirgen-main-backend", "error": true})),
            one(json!({"name": "afirgen-main-backend", "fault": true})),
        ),
        (
            r#"service(id(type: "client", name: "a"))"#,
            one(json!({})),
            named("b"),
        ),
        (
            r#"service("orders") { inferred }"#,
            waited(
                1.0,
                "DynamoDB",
                "aws",
                json!({"aws": {"operation": "Q", "table_name": "orders"}}),
            ),
            named("orders"),
        ),
        (
            r#"service("b") { user = "u" AND name = "b" AND message CONTAINS "full" }"#,
            call(
                "a",
                "b",
                json!({}),
                json!({"user": "u",
                "cause": {"exceptions": [{"message": "disk full"}]}}),
            ),
            call(
                "a",
                "b",
                json!({"cause": {"exceptions": [{"message": "disk full"}]}}),
                json!({"user": "u"}),
            ),
        ),
        (
            "service() { duration > 2.5 AND responsetime = 2.5 }",
            call("a", "b", json!({}), json!({"end_time": 13})),
            call("a", "b", json!({}), json!({})),
        ),
    ]);
    // The client has no segments that anything could be true of.
    assert!(!matches("service() { !ok }", &one(json!({}))));
    assert!(!matches(r#"service("a") { fault AND error }"#, &swallowed));
}

#[test]
fn edges() {
    let to = |of_call, of_far| call("api.example.com", "backend.example.com", of_call, of_far);
    let keyed = |more: Json| json!({"annotations": more});
    check(&[
        (
            r#"edge("api.example.com", "backend.example.com") { error }"#,
            to(json!({"error": true}), json!({})),
            to(json!({}), json!({"error": true})),
        ),
        (
            r#"edge("api.example.com", "backend.example.com")"#,
            to(json!({}), json!({})),
            call(
                "backend.example.com",
                "api.example.com",
                json!({}),
                json!({}),
            ),
        ),
        (
            r#"edge(id(name: "a", type: "client"), id(name: "a")) { error }"#,
            one(json!({"error": true})),
            one(json!({"fault": true})),
        ),
        (
            "edge { responsetime = 2 }",
            to(json!({}), json!({})),
            one(json!({})),
        ),
        (
            r#"edge { name = "backend.example.com" AND http.status = 404 }"#,
            to(json!({"http": {"response": {"status": 404}}}), json!({})),
            to(json!({}), json!({"http": {"response": {"status": 404}}})),
        ),
        (
            r#"edge("api.example.com", "backend.example.com") { destination.annotation[k] = true }"#,
            to(json!({}), keyed(json!({"k": true}))),
            to(keyed(json!({"k": true})), json!({})),
        ),
        (
            r#"edge("api.example.com", "backend.example.com") { source.annotation.k = 1 }"#,
            to(keyed(json!({"k": 1})), json!({})),
            to(json!({}), keyed(json!({"k": 1}))),
        ),
        (
            r#"edge(id(type: "client"), "a") { source.annotation.k = 1 OR annotation.k = 2 }"#,
            annotated(&json!({"k": 2})),
            annotated(&json!({"k": 1})),
        ),
        (
            r#"edge("a", "q") { fault }"#,
            waited(1.0, "q", "remote", json!({"fault": true})),
            one(json!({"fault": true})),
        ),
    ]);
}
