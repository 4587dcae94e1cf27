//! Root causes, as captures of AWS's answers have them.

use serde_json::{Value as Json, json};

use super::{segment, texts, trace, with};
use crate::traces::{CauseKind, RootCause, root_causes};

/// A subsegment of the first segment that threw something, and failed.
fn failed(id: u64, name: &str) -> Json {
    let thrown = json!({"fault": true, "cause": {"exceptions": [
        {"id": format!("{id:016x}"), "type": name, "message": name}]}});
    with(flagless(id, name), thrown)
}

fn flagless(id: u64, name: &str) -> Json {
    let mut it = segment(id, None, name);
    it.as_object_mut().unwrap().remove("trace_id");
    it
}

fn root(more: Json, below: &[Json]) -> Vec<Json> {
    let root = with(segment(1, None, "root"), json!({"subsegments": below}));
    vec![with(root, more)]
}

/// The names on each path, services apart, and whether the client feels it.
fn paths(documents: &[Json], kind: CauseKind) -> Vec<(String, bool)> {
    let texts = texts(documents);
    let trace = trace(&texts);
    let told = |cause: RootCause| {
        let services = cause.services.iter().map(|service| {
            let names = service
                .entities
                .iter()
                .map(|at| trace.path_name(*at).unwrap());
            names.collect::<Vec<_>>().join(" ")
        });
        let path = services.collect::<Vec<_>>().join(" > ");
        (path, cause.is_client_impacting)
    };
    root_causes(&trace, kind).into_iter().map(told).collect()
}

#[track_caller]
fn check(documents: &[Json], expected: &[(&str, bool)]) {
    let found = paths(documents, CauseKind::Fault);
    let found: Vec<(&str, bool)> = found
        .iter()
        .map(|(path, is)| (path.as_str(), *is))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_path_leads_to_an_exception() {
    let fault = || json!({"fault": true});
    let both = [failed(2, "A"), failed(3, "B")];
    check(&root(fault(), &both), &[("root A", true)]);
    let second = [with(flagless(2, "A"), fault()), failed(3, "B")];
    check(&root(fault(), &second), &[("root B", true)]);
    let mut unflagged = both.clone();
    unflagged[0]["fault"] = false.into();
    check(&root(fault(), &unflagged), &[("root B", true)]);
    let thrown = json!({"fault": true, "cause": {"exceptions": [{"type": "Own"}]}});
    check(&root(thrown, &[flagless(2, "A")]), &[("root", true)]);
}

#[test]
fn a_flag_alone_is_no_cause() {
    check(&root(json!({"fault": true}), &[]), &[]);
    let below = [with(flagless(2, "A"), json!({"fault": true}))];
    check(&root(json!({"fault": true}), &below), &[]);
    // What the service itself swallowed is none either.
    check(&root(json!({}), &[failed(2, "A")]), &[]);
    // An exception without the flag.
    let thrown = json!({"cause": {"exceptions": [{"type": "Own"}]}});
    check(&root(thrown, &[]), &[]);
}

#[test]
fn a_cause_that_is_named_is_followed() {
    let both = [failed(2, "A"), failed(3, "B")];
    let to = |id: u64| json!({"fault": true, "cause": format!("{id:016x}")});
    check(&root(to(2), &both), &[("root A", true)]);
    check(&root(to(3), &both), &[("root B", true)]);
    check(&root(to(9), &both), &[]);
    // From one branch to another there is no way down.
    let across = [with(flagless(2, "A"), to(3)), failed(3, "B")];
    check(&root(json!({"fault": true}), &across), &[("root B", true)]);
    // Nor to itself, nor up.
    let up = [with(flagless(2, "A"), to(1))];
    let thrown = json!({"fault": true, "cause": {"exceptions": [{"id": "0000000000000001"}]}});
    check(&root(thrown, &up), &[("root", true)]);
}

#[test]
fn a_far_side_that_failed_comes_first() {
    let call = |id| with(failed(id, "far"), json!({"namespace": "remote"}));
    let documents = root(json!({"fault": true}), &[failed(2, "A"), call(3)]);
    check(&documents, &[("root far > far", true)]);
    // Nobody above failed: the client does not feel it.
    check(&root(json!({}), &[call(3)]), &[("far", false)]);
    // A service that sent its own segment.
    let mut documents = root(json!({}), &[call(3)]);
    let thrown = json!({"fault": true, "cause": {"exceptions": [{"type": "Own"}]}});
    documents.push(with(segment(4, Some(3), "service"), thrown));
    check(&documents, &[("service", false)]);
    documents[0]["fault"] = true.into();
    check(&documents, &[("root far > service", true)]);
    // The cause lies in another branch: the far side is one of its own.
    let named = json!({"fault": true, "cause": "0000000000000002"});
    let documents = root(named, &[failed(2, "A"), call(3)]);
    check(&documents, &[("root A", true), ("far", false)]);
}

#[test]
fn errors_are_apart_from_faults() {
    let documents = root(json!({"error": true, "cause": {"exceptions": [{}]}}), &[]);
    check(&documents, &[]);
    assert_eq!(
        paths(&documents, CauseKind::Error),
        [("root".to_owned(), true)]
    );
}

#[test]
fn slow_is_what_takes_more_than_half() {
    let child = |seconds: f64, more: Json| {
        let it = json!({"start_time": 10.1, "end_time": 10.1 + seconds});
        with(with(flagless(2, "child"), it), more)
    };
    let of = |child: Json| {
        paths(
            &root(json!({"end_time": 14}), &[child]),
            CauseKind::ResponseTime,
        )
    };
    assert_eq!(of(child(3.0, json!({}))), [("root child".to_owned(), true)]);
    let remote = || json!({"namespace": "remote", "start_time": 10});
    assert_eq!(
        of(child(2.9, remote())),
        [("root child > child".to_owned(), true)]
    );
    assert_eq!(of(child(1.9, remote())), []);
    assert_eq!(of(child(1.0, remote())), []);
    // Longer than the root itself: it went on behind the response.
    assert_eq!(of(child(5.0, json!({}))), []);
    assert_eq!(paths(&root(json!({}), &[]), CauseKind::ResponseTime), []);
}

/// Each names the exception of the last as its cause.
#[test]
fn a_long_chain_of_names_takes_no_time() {
    let documents: Vec<Json> = (1..5000)
        .map(|id| {
            let it = segment(id, (id > 1).then(|| id - 1), "link");
            let end = id == 4999;
            let cause = if end {
                json!({"exceptions": [{"id": "00000000000000ff"}]})
            } else {
                json!("00000000000000ff")
            };
            with(it, json!({"fault": true, "cause": cause}))
        })
        .collect();
    let found = crate::fuzz::swift(|| paths(&documents, CauseKind::Fault));
    // Too far to be looked for from the top.
    assert_eq!(found, []);
    let found = crate::fuzz::swift(|| paths(&documents[4500..], CauseKind::Fault));
    assert_eq!(found.len(), 1);
}
