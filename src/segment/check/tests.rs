//! Every code, its words, and the order of the checks.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn valid() -> Value {
    json!({
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "id": "70de5b6f19ff9a0a",
        "name": "checkout",
        "start_time": 1_478_293_361.271,
        "end_time": 1_478_293_361.449,
    })
}

/// The valid document with fields changed; `null` takes one away.
fn with(changes: &Value) -> String {
    let mut document = valid();
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            document.as_object_mut().unwrap().remove(key);
        } else {
            document[key] = value.clone();
        }
    }
    document.to_string()
}

fn subsegment(changes: &Value) -> Value {
    let mut child = json!({"id": "53995c3f42cd8ad8", "name": "db", "start_time": 1, "end_time": 2});
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            child.as_object_mut().unwrap().remove(key);
        } else {
            child[key] = value.clone();
        }
    }
    child
}

#[test]
fn the_envelope_is_read() {
    let document = with(&json!({
        "parent_id": "53995C3F42CD8AD8",
        "type": "subsegment",
        "name": "a\u{e9}\"b",
        "subsegments": [subsegment(&json!({"subsegments": [subsegment(&json!({}))]}))],
    }));
    let envelope = check(document.as_bytes()).unwrap();
    assert_eq!(
        envelope.trace_id.to_string(),
        "1-5759e988-bd862e3fe1be46a994272793"
    );
    assert_eq!(envelope.id.to_string(), "70de5b6f19ff9a0a");
    assert_eq!(envelope.parent_id.unwrap().to_string(), "53995c3f42cd8ad8");
    assert_eq!(envelope.name, "a\u{e9}\"b");
    assert_eq!(envelope.end_time, Some(1_478_293_361.449));
    assert!(envelope.is_subsegment && !envelope.in_progress);
    assert_eq!(envelope.entities, 3);

    let document = with(&json!({"in_progress": true, "end_time": null}));
    let envelope = check(document.as_bytes()).unwrap();
    assert!(envelope.in_progress && envelope.end_time.is_none());
    assert!(matches!(envelope.name, Cow::Borrowed("checkout")));
}

#[test]
fn every_code_has_its_words() {
    let cases = [
        (json!({"type": "span"}), "UnknownType", "entity"),
        (json!({"id": null}), "MissingId", "segment"),
        (json!({"id": 7}), "MissingId", "segment"),
        (json!({"id": "70de5b6f19ff9a0"}), "InvalidId", "segment"),
        (json!({"id": "70de5b6f19ff9a0x"}), "InvalidId", "segment"),
        (json!({"name": null}), "MissingName", "segment"),
        (json!({"name": ""}), "MissingName", "segment"),
        (json!({"trace_id": null}), "MissingTraceId", "segment"),
        (json!({"trace_id": "1-2-3"}), "InvalidTraceId", "segment"),
        (json!({"start_time": null}), "MissingStartTime", "segment"),
        (json!({"start_time": "1"}), "MissingStartTime", "segment"),
        (
            json!({"in_progress": true}),
            "InProgressSegmentHasEndTime",
            "segment",
        ),
        (json!({"end_time": null}), "MissingEndTime", "segment"),
        (
            json!({"end_time": null, "in_progress": false}),
            "MissingEndTime",
            "segment",
        ),
        (json!({"parent_id": "x"}), "InvalidParentId", "segment"),
        (
            json!({"type": "subsegment"}),
            "MissingParentId",
            "subsegment",
        ),
        (
            json!({"type": "subsegment", "parent_id": "x"}),
            "InvalidParentId",
            "subsegment",
        ),
        (
            json!({"type": "subsegment", "parent_id": "x", "in_progress": true}),
            "InProgressSubsegmentHasEndTime",
            "subsegment",
        ),
        (json!({"subsegments": [7]}), "ParseError", "entity"),
        (
            json!({"subsegments": [subsegment(&json!({"id": null}))]}),
            "MissingId",
            "subsegment",
        ),
        (
            json!({"subsegments": [subsegment(&json!({"name": null}))]}),
            "MissingName",
            "subsegment",
        ),
        (
            json!({"subsegments": [subsegment(&json!({"end_time": null}))]}),
            "MissingEndTime",
            "subsegment",
        ),
        (
            json!({"subsegments": [
                subsegment(&json!({"subsegments": [subsegment(&json!({"in_progress": true}))]})),
                subsegment(&json!({"id": "x"})),
            ]}),
            "InProgressSubsegmentHasEndTime",
            "subsegment",
        ),
    ];
    for (changes, code, noun) in cases {
        let document = with(&changes);
        let rejected = check(document.as_bytes()).unwrap_err();
        let tail = if noun == "subsegment" {
            ", Cause: null"
        } else {
            ""
        };
        assert_eq!(
            rejected.message,
            format!("Invalid {noun}. ErrorCode: {code}{tail}")
        );
        assert_eq!(rejected.code, code, "{changes}");
        // The root's own id, also where something inside it is wrong.
        let root: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(rejected.id.as_deref(), root["id"].as_str(), "{changes}");
    }
}

#[test]
fn what_cannot_be_read_has_no_id() {
    let trailing = format!("{} x", valid());
    let cases: [(&[u8], &str); 8] = [
        (b"", "entity"),
        (b"nothing", "entity"),
        (b"[]", "entity"),
        (b"7", "entity"),
        (b"\"text\"", "entity"),
        (b" {\"id\":", "segment"),
        (b"{\"id\":\"\xff\"}", "segment"),
        (trailing.as_bytes(), "segment"),
    ];
    for (document, noun) in cases {
        let rejected = check(document).unwrap_err();
        assert_eq!(rejected.id, None);
        assert_eq!(rejected.code, "ParseError");
        assert_eq!(
            rejected.message,
            format!("Invalid {noun}. ErrorCode: ParseError")
        );
    }
}

#[test]
fn the_first_of_several_faults_is_told() {
    let faults = [
        ("type", json!("x"), "UnknownType"),
        ("id", json!(""), "MissingId"),
        ("name", json!(""), "MissingName"),
        ("trace_id", json!(""), "MissingTraceId"),
        ("start_time", json!(""), "MissingStartTime"),
        ("end_time", json!(""), "MissingEndTime"),
        ("parent_id", json!("x"), "InvalidParentId"),
    ];
    for start in 0..faults.len() {
        let changes: serde_json::Map<_, _> = faults[start..]
            .iter()
            .map(|(key, value, _)| ((*key).to_owned(), value.clone()))
            .collect();
        let document = with(&Value::Object(changes));
        assert_eq!(
            check(document.as_bytes()).unwrap_err().code,
            faults[start].2
        );
    }
}

#[test]
fn the_last_of_a_field_given_twice_counts() {
    let twice = valid()
        .to_string()
        .replace("\"name\"", "\"name\":\"\",\"name\"");
    assert!(check(twice.as_bytes()).is_ok());
}

#[test]
fn nesting_is_bounded() {
    let mut document = subsegment(&json!({})).to_string();
    for _ in 0..200 {
        let inner = format!("{{\"subsegments\":[{document}],");
        document = subsegment(&json!({})).to_string().replacen('{', &inner, 1);
    }
    let document =
        valid()
            .to_string()
            .replacen('{', &format!("{{\"subsegments\":[{document}],"), 1);
    assert_eq!(check(document.as_bytes()).unwrap_err().code, "ParseError");
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text: String) {
        let _ = (check(&bytes), check(text.as_bytes()));
    }

    #[test]
    fn a_changed_byte_never_panics(at: usize, byte: u8) {
        let mut document = with(&json!({"subsegments": [subsegment(&json!({}))]})).into_bytes();
        let length = document.len();
        document[at % length] = byte;
        let _ = check(&document);
    }
}
