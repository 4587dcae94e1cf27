//! Graphs and waterfalls of documents as others send them.

use serde_json::{Value, json};

use super::*;
use crate::aws::xray::types;

fn trace(documents: &[Value]) -> Trace {
    let documents = documents
        .iter()
        .map(|document| Document::new("x".to_owned(), document.to_string()));
    Trace {
        documents: documents.collect(),
        ..Trace::new("1-65bb3800-000000000000000000000001")
    }
}

/// Names with their depths, and why they stand there where it is not known.
fn outline(waterfall: &Waterfall) -> Vec<String> {
    let steps = waterfall.steps.iter();
    steps
        .map(|step| {
            let place = match step.place {
                Place::Known => "",
                Place::ParentMissing => " (parent missing)",
                Place::Circle => " (circle)",
            };
            format!("{}{}{place}", "  ".repeat(step.depth), step.entity.name)
        })
        .collect()
}

#[test]
fn entities_stand_below_their_parents_by_start() {
    let waterfall = trace(&[
        json!({"id": "b", "name": "callee", "parent_id": "s1", "start_time": 2.5, "end_time": 3}),
        json!({"id": "a", "name": "root", "start_time": 1, "end_time": 5, "subsegments": [
            {"id": "s2", "name": "late", "start_time": 4, "end_time": 5},
            {"id": "s1", "name": "call", "start_time": 2, "end_time": 3}]}),
    ])
    .waterfall();
    assert_eq!(
        outline(&waterfall),
        ["root", "  call", "    callee", "  late"]
    );
    assert_eq!((waterfall.start, waterfall.length), (Some(1.0), 4.0));
    let below: Vec<usize> = waterfall.steps.iter().map(|step| step.below).collect();
    assert_eq!(below, [3, 1, 0, 0]);
    assert!(!waterfall.is_partial);
}

#[test]
fn the_first_complete_version_counts() {
    let version = |name: &str, end: Value| {
        let mut document = json!({"id": "a", "name": name, "start_time": 1});
        document["end_time"] = end;
        document
    };
    let mut early = version("early", Value::Null);
    early["subsegments"] = json!([{"id": "s", "name": "inside", "start_time": 1, "end_time": 2}]);
    let waterfall = trace(&[
        early,
        version("first", json!(2)),
        version("second", json!(3)),
    ]);
    assert_eq!(outline(&waterfall.waterfall()), ["first", "  inside"]);
}

#[test]
fn every_entity_has_one_place() {
    let waterfall = trace(&[
        json!({"id": "a", "name": "lost", "parent_id": "gone", "start_time": 1, "end_time": 2}),
        json!({"id": "b", "name": "b", "parent_id": "c", "start_time": 3, "end_time": 4}),
        json!({"id": "c", "name": "c", "parent_id": "b", "start_time": 4, "end_time": 4}),
        json!({"id": "d", "name": "own", "parent_id": "d", "start_time": 9}),
        json!({"name": "nameless id"}),
        json!({"name": "another"}),
        json!({"id": 7, "name": 8, "subsegments": [1, [], {}], "start_time": "x", "cause": 5}),
    ])
    .waterfall();
    assert_eq!(
        outline(&waterfall),
        [
            "nameless id",
            "another",
            "",
            "  ",
            "lost (parent missing)",
            "own (parent missing)",
            "b (circle)",
            "  c"
        ]
    );
    assert!(waterfall.is_partial);
}

#[test]
fn a_chain_of_any_depth_is_walked() {
    let chain: Vec<Value> = (0..20_000)
        .map(|n| json!({"id": n.to_string(), "name": "n", "parent_id": (n + 1).to_string()}))
        .collect();
    let waterfall = trace(&chain).waterfall();
    assert_eq!(waterfall.steps.len(), 20_000);
    assert_eq!(waterfall.steps[19_999].depth, 19_999);
    assert_eq!(waterfall.steps[0].below, 19_999);
}

#[test]
fn a_cause_may_be_anothers_exception() {
    let waterfall = trace(&[json!({
        "id": "a", "name": "root", "start_time": 1, "end_time": 2, "fault": true, "cause": "e1",
        "subsegments": [{"id": "s", "name": "call", "start_time": 1, "end_time": 2, "cause": {
            "exceptions": [{"id": "e1", "type": "Timeout", "message": "late",
                "stack": [{"path": "a.py", "line": 3, "label": "get"}]}]}}]
    })])
    .waterfall();
    assert_eq!(
        waterfall.steps[0].caused_by.as_deref(),
        Some("Timeout of call")
    );
    assert_eq!(
        waterfall.steps[1].entity.exceptions[0].stack,
        ["get (a.py:3)"]
    );
    assert_eq!(waterfall.status, Status::Fault);
}

#[test]
fn documents_that_cannot_be_read_are_kept() {
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    for text in ["", "[]", "{\"a\":", &format!("{{\"a\":{deep}}}")] {
        let document = Document::new("x".to_owned(), text.to_owned());
        assert_eq!(document.document, json!(text));
        assert!(document.unreadable.is_some());
    }
}

fn statistics(ok: i64, throttle: i64, fault: i64, seconds: f64) -> types::ServiceStatistics {
    let errors = types::ErrorStatistics::builder()
        .throttle_count(throttle)
        .other_count(0)
        .total_count(throttle);
    let faults = types::FaultStatistics::builder()
        .other_count(fault)
        .total_count(fault);
    types::ServiceStatistics::builder()
        .ok_count(ok)
        .error_statistics(errors.build())
        .fault_statistics(faults.build())
        .total_count(ok + throttle + fault)
        .total_response_time(seconds)
        .build()
}

fn service(id: i32, name: &str, calls: &[i32]) -> types::Service {
    let edges = calls
        .iter()
        .map(|to| types::Edge::builder().reference_id(*to).build());
    let times = types::HistogramEntry::builder().value(0.1).count(2).build();
    types::Service::builder()
        .reference_id(id)
        .name(name)
        .set_edges(Some(edges.collect()))
        .summary_statistics(statistics(1, 0, 1, 0.2))
        .response_time_histogram(times)
        .build()
}

#[test]
fn parts_of_a_graph_add_up_by_name() {
    let window = Window::new(Moment::from_seconds(0.0), Moment::from_seconds(100.0)).unwrap();
    let first = Answer {
        services: vec![service(0, "web", &[1]), service(1, "db", &[])],
        ..Answer::default()
    };
    let second = Answer {
        services: vec![service(0, "db", &[]), service(1, "web", &[0, 9])],
        contains_old_group_versions: true,
    };
    let graph = Graph::of(window, None, &[first, second]);
    let names: Vec<&str> = graph
        .services
        .iter()
        .map(|node| node.service.name.as_str())
        .collect();
    assert_eq!(names, ["(service 9)", "db", "web"]);
    let edges: Vec<_> = graph
        .edges
        .iter()
        .map(|edge| (edge.from, edge.to))
        .collect();
    assert_eq!(edges, [(2, 0), (2, 1)]);
    let web = graph.services[2].statistics.clone().unwrap();
    assert_eq!((web.requests, web.ok, web.fault), (4, 2, 2));
    assert_eq!(
        (web.average, web.p50, web.p99),
        (Some(0.1), Some(0.1), Some(0.1))
    );
    assert!((web.share(web.fault) - 0.5).abs() < f64::EPSILON);
    assert!(graph.contains_old_group_versions);
    let report = Report::of(&graph, true);
    assert_eq!(report.services.len(), 2);
    assert!((report.services[1].rate - 0.04).abs() < f64::EPSILON);
}
