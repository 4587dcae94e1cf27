use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{segment, texts, trace};
use crate::traces::{Kind, Nodes, Outcome};

#[test]
fn calls_without_an_answer_have_a_segment_inferred() {
    let mut root = segment(1, None, "shop");
    root["origin"] = "AWS::ECS::Container".into();
    root["subsegments"] = json!([
        {"id": "000000000000000a", "name": "DynamoDB", "namespace": "aws", "start_time": 10.5,
         "end_time": 11.0, "aws": {"operation": "GetItem", "table_name": "orders"}},
        {"id": "000000000000000b", "name": "pay", "namespace": "remote", "start_time": 11.0,
         "end_time": 12.0, "http": {"response": {"status": 429}}},
        {"id": "000000000000000c", "name": "db@host", "namespace": "remote", "start_time": 11.0,
         "in_progress": true, "sql": {}},
        {"id": "000000000000000d", "name": "work", "start_time": 11.0, "end_time": 12.0},
    ]);
    let texts = texts(&[root, segment(2, Some(0xb), "pay")]);
    let trace = trace(&texts);
    let inferred: Vec<_> = trace
        .segments()
        .filter(|(_, it)| it.kind == Kind::Inferred)
        .map(|(_, it)| (it.name.as_ref(), it.origin.as_deref().unwrap()))
        .collect();
    assert_eq!(
        inferred,
        [
            ("orders", "AWS::DynamoDB::Table"),
            ("db@host", "Database::SQL")
        ]
    );
    let nodes = Nodes::of(&trace, "123456789012");
    let edges: Vec<_> = nodes
        .calls
        .iter()
        .map(|call| {
            let name = |at: usize| nodes.nodes[at].key.name.as_ref();
            let outcome = trace.entities[call.entity].flags.outcome();
            (name(call.source), name(call.destination), outcome)
        })
        .collect();
    assert_eq!(
        edges,
        [
            ("shop", "pay", Outcome::Throttle),
            ("shop", "orders", Outcome::Ok),
            ("shop", "db@host", Outcome::Ok),
            ("shop", "shop", Outcome::Ok),
        ]
    );
    assert!(nodes.nodes[4 - 1].is_inferred || nodes.nodes[2].is_inferred);
    assert_eq!(trace.duration(), None);
    assert!(trace.is_partial());
}

#[test]
fn the_first_complete_version_stays() {
    let mut begun = segment(1, None, "begun");
    begun["in_progress"] = true.into();
    begun.as_object_mut().unwrap().remove("end_time");
    let texts = texts(&[
        begun.clone(),
        segment(1, None, "done"),
        segment(1, None, "again"),
        begun,
    ]);
    let trace = trace(&texts);
    assert_eq!(trace.entities.len(), 1);
    assert_eq!(trace.root().unwrap().name, "done");
    assert_eq!(trace.duration(), Some(2.5));
    assert!(!trace.is_partial());
}

#[test]
fn a_subsegment_that_comes_alone_joins_its_segment() {
    let mut late = segment(7, Some(1), "call");
    late["type"] = "subsegment".into();
    late["namespace"] = "remote".into();
    late["end_time"] = 20.0.into();
    let texts = texts(&[late, segment(1, None, "shop")]);
    let trace = trace(&texts);
    assert_eq!(trace.entities[0].segment, Some(1));
    assert_eq!(trace.entities[1].children, [0]);
    assert_eq!(trace.end_below(1), Some(20.0));
    assert_eq!(trace.duration(), Some(10.0));
}

#[test]
fn a_cause_may_stand_elsewhere() {
    let mut one = segment(1, None, "one");
    one["cause"] = json!({"exceptions": [{"id": "00000000000000ff", "type": "E", "message": "m"}]});
    let mut two = segment(2, Some(1), "two");
    two["cause"] = "00000000000000ff".into();
    let texts = texts(&[one, two]);
    let trace = trace(&texts);
    assert_eq!(trace.exceptions(1), trace.exceptions(0));
    assert_eq!(trace.exceptions(1)[0].name.as_deref(), Some("E"));
}

proptest! {
    /// Whatever the parents are, every entity is below one top, and each once.
    #[test]
    fn parents_may_be_anything(parents in prop::collection::vec(prop::option::of(0..12_u64), 1..12)) {
        let documents: Vec<Json> = parents
            .iter()
            .zip(0..)
            .map(|(parent, id)| segment(id, *parent, "a"))
            .collect();
        let texts = texts(&documents);
        let trace = trace(&texts);
        let tops = (0..parents.len()).filter(|at| trace.entities[*at].parent.is_none());
        let mut open: Vec<usize> = tops.collect();
        let mut seen = vec![0; parents.len()];
        while let Some(at) = open.pop() {
            seen[at] += 1;
            prop_assert!(seen[at] == 1);
            for child in &trace.entities[at].children {
                prop_assert_eq!(trace.entities[*child].parent, Some(at));
            }
            open.extend(&trace.entities[at].children);
        }
        prop_assert!(seen.iter().all(|times| *times == 1));
        prop_assert!(trace.root.is_some());
    }

    #[test]
    fn any_bytes_are_read_or_passed_over(bytes: Vec<u8>) {
        let texts = vec![bytes];
        prop_assert!(trace(&texts).entities.len() < 2);
    }
}
