//! `GetTraceSummaries`.

use serde_json::{Value as Json, json};

use super::{ACCOUNT, segment, shop, texts, trace, with};
use crate::traces::{Nodes, Summary};

fn summary(documents: &[Json]) -> Json {
    let texts = texts(documents);
    let trace = trace(&texts);
    let nodes = Nodes::of(&trace, ACCOUNT);
    serde_json::to_value(Summary::of(&trace, &nodes, None)).unwrap()
}

#[test]
fn everything_is_told() {
    let summary = summary(&shop());
    insta::assert_snapshot!(serde_json::to_string_pretty(&summary).unwrap());
}

#[test]
fn what_is_not_known_is_null() {
    let mut begun = segment(1, None, "begun");
    begun.as_object_mut().unwrap().remove("end_time");
    begun["in_progress"] = true.into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&summary(&[begun])).unwrap());
}

#[test]
fn nothing_at_all_is_a_summary_too() {
    let summary = summary(&[]);
    assert_eq!(summary["EntryPoint"], Json::Null);
    assert_eq!(summary["StartTime"], Json::Null);
    assert_eq!(summary["Revision"], 0);
}

#[test]
fn a_throttle_is_no_error() {
    let outcome = |more| {
        let summary = summary(&[with(segment(1, None, "a"), more)]);
        ["HasError", "HasFault", "HasThrottle"].map(|name| summary[name].as_bool().unwrap())
    };
    let status = |status: u16| outcome(json!({"http": {"response": {"status": status}}}));
    assert_eq!(status(200), [false, false, false]);
    assert_eq!(status(404), [true, false, false]);
    assert_eq!(status(429), [false, false, true]);
    assert_eq!(status(503), [false, true, false]);
    assert_eq!(
        outcome(json!({"error": true, "throttle": true})),
        [false, false, true]
    );
    assert_eq!(
        outcome(json!({"fault": true, "throttle": true})),
        [false, true, true]
    );
}

#[test]
fn the_root_alone_decides() {
    let child = with(
        segment(2, Some(1), "b"),
        json!({"fault": true, "start_time": 1.0}),
    );
    let summary = summary(&[child, segment(1, None, "a")]);
    assert_eq!(summary["HasFault"], false);
    assert_eq!(summary["EntryPoint"]["Name"], "a");
    assert_eq!(summary["StartTime"], 1.0);
    assert_eq!(summary["Duration"], 11.5);
    assert_eq!(summary["ResponseTime"], 2.5);
}

#[test]
fn a_service_of_another_account_says_so() {
    let own = with(
        segment(1, None, "a"),
        json!({"aws": {"account_id": ACCOUNT}}),
    );
    let other = with(
        segment(2, Some(1), "b"),
        json!({"aws": {"account_id": "210987654321"}}),
    );
    let summary = summary(&[own, other]);
    let accounts = summary["ServiceIds"].as_array().unwrap().iter();
    let accounts: Vec<_> = accounts.map(|it| it["AccountId"].clone()).collect();
    assert_eq!(accounts, [Json::Null, json!("210987654321"), Json::Null]);
}

#[test]
fn the_time_that_matched_is_told() {
    let texts = texts(&shop());
    let trace = trace(&texts);
    let nodes = Nodes::of(&trace, ACCOUNT);
    let summary = Summary::of(&trace, &nodes, Some(1_790_162_030.0));
    let json = serde_json::to_value(summary).unwrap();
    assert_eq!(json["MatchedEventTime"], 1_790_162_030.0);
}
