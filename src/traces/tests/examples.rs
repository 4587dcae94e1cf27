//! Every example of AWS's guide to filter expressions, each with a trace that it
//! finds and one that it does not.

use serde_json::{Value as Json, json};

use super::{ACCOUNT, segment, texts, trace, with};
use crate::filter::{GroupField, parse};
use crate::traces::{Filter, GroupFilter, Nodes};

/// The groups that there are.
const GROUPS: [(&str, &str, &str); 6] = [
    (
        "high_response_time",
        "arn:aws:xray:us-west-2:111122223333:group/h/1",
        "responsetime > 2",
    ),
    (
        "x",
        "arn:aws:xray:us-west-2:111122223333:group/x/ABC",
        r#"service("a")"#,
    ),
    (
        "both",
        "arn:both",
        r#"group.name = "x" AND group.name = "high_response_time""#,
    ),
    ("self", "arn:self", r#"fault OR group.name = "self""#),
    ("there", "arn:there", r#"group.name = "back""#),
    (
        "back",
        "arn:back",
        r#"group.arn = "arn:there" OR group.name = "there""#,
    ),
];

fn group(field: GroupField, named: &str) -> Option<GroupFilter> {
    if (field, named) == (GroupField::Name, "Default") {
        return Some(GroupFilter::Everything);
    }
    let found = GROUPS.iter().find(|(name, arn, _)| match field {
        GroupField::Name => *name == named,
        GroupField::Arn => *arn == named,
    });
    found.map(|(.., text)| GroupFilter::Expression(parse(text).unwrap()))
}

pub(super) fn matches(expression: &str, documents: &[Json]) -> bool {
    let texts = texts(documents);
    let trace = trace(&texts);
    let nodes = Nodes::of(&trace, ACCOUNT);
    let filter = Filter::new(parse(expression).unwrap(), ACCOUNT, &group);
    let is_match = filter.matches(&trace, &nodes);
    if !filter.asks_for_nodes() {
        assert_eq!(filter.matches(&trace, &Nodes::default()), is_match);
    }
    is_match
}

/// A trace of one segment, named `a`, of 2.5 seconds.
fn one(more: Json) -> Vec<Json> {
    vec![with(segment(1, None, "a"), more)]
}

fn took(seconds: f64) -> Vec<Json> {
    one(json!({"end_time": 10.0 + seconds}))
}

fn status(status: u16) -> Vec<Json> {
    one(json!({"http": {"response": {"status": status}}}))
}

fn requested(more: Json) -> Vec<Json> {
    one(json!({"http": {"request": more}}))
}

fn annotated(more: Json) -> Vec<Json> {
    one(json!({"annotations": more}))
}

fn named(name: &str) -> Vec<Json> {
    one(json!({"name": name}))
}

/// `name` calls `far`, which sends a segment of its own.
fn call(name: &str, far: &str, of_call: Json, of_far: Json) -> Vec<Json> {
    let call = json!({"id": "000000000000000a", "name": far, "namespace": "remote",
        "start_time": 10.0, "end_time": 12.0});
    let caller = with(
        segment(1, None, name),
        json!({"subsegments": [with(call, of_call)]}),
    );
    vec![caller, with(segment(2, Some(0xa), far), of_far)]
}

/// A service of that name and type is called.
fn of_type(name: &str, kind: &str, more: Json) -> Vec<Json> {
    call(
        "front",
        name,
        json!({}),
        with(json!({"origin": kind}), more),
    )
}

fn thrown(kind: &str, message: &str) -> Json {
    json!({"fault": true, "cause": {"exceptions": [{"type": kind, "message": message}]}})
}

/// `front` fails because `far` does.
fn failed(far: &str, more: Json) -> Vec<Json> {
    let mut documents = call("front", far, json!({"fault": true}), more);
    documents[0]["fault"] = true.into();
    documents
}

/// The root waits for a call.
fn waited(seconds: f64, name: &str, namespace: &str, more: Json) -> Vec<Json> {
    let call = json!({"id": "000000000000000a", "name": name, "namespace": namespace,
        "start_time": 10.0, "end_time": 10.0 + seconds});
    one(json!({"subsegments": [with(call, more)]}))
}

#[track_caller]
fn check(cases: &[(&str, Vec<Json>, Vec<Json>)]) {
    for (expression, found, other) in cases {
        assert!(matches(expression, found), "{expression} finds nothing");
        assert!(!matches(expression, other), "{expression} finds too much");
        let not = format!("!({expression})");
        assert!(!matches(&not, found), "{not} finds too much");
        assert!(matches(&not, other), "{not} finds nothing");
    }
}

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
    let url = |url: &str| requested(json!({"url": url}));
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
            requested(json!({"client_ip": "192.0.2.17"})),
            requested(json!({"client_ip": "192.0.2.1"})),
        ),
        (
            r#"http.useragent CONTAINS "curl""#,
            requested(json!({"user_agent": "a curl/8"})),
            requested(json!({"user_agent": "wget"})),
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
            annotated(json!({"gameid": "817DL6VO"})),
            annotated(json!({"gameid": "817dl6vo", "GameId": "817DL6VO"})),
        ),
        (
            "annotation.age > 29",
            annotated(json!({"age": 29.5})),
            annotated(json!({"age": 29})),
        ),
        (
            "annotation.age > 29",
            annotated(json!({"age": 30})),
            annotated(json!({"age": "30"})),
        ),
        (
            "annotation.age != 29",
            annotated(json!({"age": 30})),
            annotated(json!({"age": "30"})),
        ),
        (
            "annotation.age",
            annotated(json!({"age": 0})),
            annotated(json!({"aged": 1})),
        ),
        (
            "annotation.age",
            annotated(json!({"age": ""})),
            annotated(json!({"age": false})),
        ),
        (
            "!annotation.age",
            annotated(json!({})),
            annotated(json!({"age": 1})),
        ),
        (
            "annotation.is_premium = true",
            annotated(json!({"is_premium": true})),
            annotated(json!({"is_premium": "true"})),
        ),
        (
            "annotation.is_premium != true",
            annotated(json!({"is_premium": false})),
            annotated(json!({"is_premium": true})),
        ),
        (
            r#"annotation[environment] = "staging""#,
            annotated(json!({"environment": "staging"})),
            annotated(json!({"environment": "production"})),
        ),
        (
            r#"annotation[request.id] = "abc""#,
            annotated(json!({"request.id": "abc"})),
            annotated(json!({"request": {"id": "abc"}})),
        ),
        (
            "annotation[rank] > 0 AND annotation[rank] <= 20",
            annotated(json!({"rank": 20})),
            annotated(json!({"rank": 0})),
        ),
        (
            r#"annotation.model_name = "summariser""#,
            waited(
                1.0,
                "b",
                "remote",
                json!({"annotations": {"model_name": "summariser"}}),
            ),
            annotated(json!({"model_name": "other"})),
        ),
    ]);
}

#[test]
fn services() {
    let swallowed = || call("a", "api.example.com", json!({}), json!({"fault": true}));
    let fine = || call("a", "api.example.com", json!({}), json!({}));
    let url = |name: &str| {
        one(json!({"name": name,
        "http": {"request": {"url": "http://api.example.com/v2/x"}}}))
    };
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
            annotated(json!({"request.id": "x"})),
            annotated(json!({"request.id": "y"})),
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
    assert!(!matches(
        r#"service("a") { fault AND error }"#,
        &swallowed()
    ));
}

#[test]
fn edges() {
    let to = |of_call, of_far| call("api.example.com", "backend.example.com", of_call, of_far);
    let annotated = |more: Json| json!({"annotations": more});
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
            to(json!({}), annotated(json!({"k": true}))),
            to(annotated(json!({"k": true})), json!({})),
        ),
        (
            r#"edge("api.example.com", "backend.example.com") { source.annotation.k = 1 }"#,
            to(annotated(json!({"k": 1})), json!({})),
            to(json!({}), annotated(json!({"k": 1}))),
        ),
        (
            r#"edge(id(type: "client"), "a") { source.annotation.k = 1 OR annotation.k = 2 }"#,
            self::annotated(json!({"k": 2})),
            self::annotated(json!({"k": 1})),
        ),
        (
            r#"edge("a", "q") { fault }"#,
            waited(1.0, "q", "remote", json!({"fault": true})),
            one(json!({"fault": true})),
        ),
    ]);
}

#[test]
fn groups() {
    let alice = |seconds: f64| one(json!({"user": "alice", "end_time": 10.0 + seconds}));
    let arn = r#"group.arn = "arn:aws:xray:us-west-2:111122223333:group/x/ABC" AND fault"#;
    check(&[
        (
            r#"group.name = "high_response_time" AND user = "alice""#,
            alice(2.5),
            alice(2.0),
        ),
        (
            arn,
            one(json!({"fault": true})),
            one(json!({"name": "b", "fault": true})),
        ),
        (r#"group.name != "x""#, named("b"), named("a")),
        (r#"group.name = "both""#, named("a"), took(1.0)),
        (r#"group.name = "Default" AND ok"#, named("a"), status(500)),
    ]);
    for nothing in ["unknown", "self", "there", "back", "X"] {
        for operator in ["=", "!="] {
            let expression = format!("group.name {operator} \"{nothing}\"");
            assert!(
                !matches(&expression, &one(json!({"fault": true}))),
                "{expression}"
            );
        }
    }
}

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
