//! Every example of AWS's guide to filter expressions, each with a trace that it
//! finds and one that it does not.

mod causes;
mod nodes;
mod requests;

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
    let documents: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    assert!(!is_match || filter.may_match(&documents), "{expression}");
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

fn requested(more: &Json) -> Vec<Json> {
    one(json!({"http": {"request": more}}))
}

fn annotated(more: &Json) -> Vec<Json> {
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
