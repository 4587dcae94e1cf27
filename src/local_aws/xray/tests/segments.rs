use proptest::prelude::*;
use serde_json::{Value, json};

use crate::local_aws::xray::fault::Fault;
use crate::local_aws::xray::segments::{Batch, MOST_DOCUMENTS, read};
use crate::segment::MOST_BYTES;

fn document(id: &str) -> Value {
    json!({
        "id": id, "name": "café \"quoted\"", "start_time": 1.5, "end_time": 2.5,
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
    })
}

const ID: &str = "53995c3f42cd8ad8";

fn body(documents: &[String]) -> String {
    json!({ "Other": [{}], "TraceSegmentDocuments": documents }).to_string()
}

fn failed(body: &[u8]) -> (u16, &'static str, String) {
    let Err(Fault { status, code, body }) = read(body) else {
        panic!("{} is accepted", String::from_utf8_lossy(body));
    };
    let text = body.get("Message").or(body.get("message"));
    let text = text.and_then(Value::as_str).unwrap_or_default();
    (status, code, text.to_owned())
}

#[test]
fn accepted_documents_are_as_they_came() {
    let good = document(ID).to_string();
    let spaced = format!(" {good}\n");
    let batch = read(body(&[good.clone(), spaced.clone()]).as_bytes()).expect("reads");
    assert_eq!(batch.accepted, [good, spaced]);
    assert_eq!(batch.answer(), r#"{"UnprocessedTraceSegments":[]}"#);
}

#[test]
fn others_are_named_with_what_is_wrong() {
    let good = document(ID).to_string();
    let mut unfinished = document("bbbbbbbbbbbbbbbb");
    unfinished["end_time"] = Value::Null;
    let mut large = document("cccccccccccccccc");
    large["metadata"] = json!({ "n": { "x": "y".repeat(MOST_BYTES) } });
    let documents = [
        "no JSON".to_owned(),
        good.clone(),
        unfinished.to_string(),
        large.to_string(),
        "{}".to_owned(),
    ];
    let batch = read(body(&documents).as_bytes()).expect("reads");
    assert_eq!(batch.accepted, [good]);
    let answer: Value = serde_json::from_slice(&batch.answer()).expect("JSON");
    let entry = |id: Value, code: &str, noun: &str| json!({ "Id": id, "ErrorCode": code, "Message": format!("Invalid {noun}. ErrorCode: {code}") });
    assert_eq!(
        answer["UnprocessedTraceSegments"],
        json!([
            entry(Value::Null, "ParseError", "entity"),
            entry(json!("bbbbbbbbbbbbbbbb"), "MissingEndTime", "segment"),
            entry(json!("cccccccccccccccc"), "SegmentTooLarge", "segment"),
            entry(Value::Null, "MissingId", "segment"),
        ])
    );
}

#[test]
fn requests_without_documents_are_refused() {
    for body in [
        "",
        " ",
        "{}",
        r#"{"TraceSegmentDocuments": []}"#,
        r#"{"TraceSegmentDocuments": null}"#,
        r#"{"TraceSegmentDocuments": ["{}"], "TraceSegmentDocuments": []}"#,
    ] {
        let refused = (
            400,
            "InvalidRequestException",
            "Segments can not be empty".to_owned(),
        );
        assert_eq!(failed(body.as_bytes()), refused, "{body}");
    }
    let (_, code, text) = failed(body(&vec![String::new(); MOST_DOCUMENTS + 1]).as_bytes());
    assert_eq!(code, "InvalidRequestException");
    assert_eq!(text, "Too many segments: at most 10000 in a request");
}

#[test]
fn what_has_another_form_is_refused_in_the_words_of_aws() {
    let cases = [
        ("[]", "Start of list found where not expected"),
        ("null", "NULL_VALUE can not be converted to a structure"),
        (
            r#"{"TraceSegmentDocuments": "x"}"#,
            "STRING_VALUE can not be converted to a list",
        ),
        (
            r#"{"TraceSegmentDocuments": {}}"#,
            "Start of structure or map found where not expected.",
        ),
        (
            r#"{"TraceSegmentDocuments": ["{}", 1.5]}"#,
            "NUMBER_VALUE can not be converted to a String",
        ),
        (
            r#"{"TraceSegmentDocuments": [true]}"#,
            "TRUE_VALUE can not be converted to a String",
        ),
        (
            r#"{"TraceSegmentDocuments": [{}]}"#,
            "Start of structure or map found where not expected.",
        ),
    ];
    for (body, text) in cases {
        let refused = (400, "SerializationException", text.to_owned());
        assert_eq!(failed(body.as_bytes()), refused, "{body}");
    }
    let (_, code, text) = failed(br#"{"TraceSegmentDocuments": ["{}", null]}"#);
    assert_eq!(code, "ValidationException");
    assert!(text.contains("'traceSegmentDocuments.2.member'"), "{text}");
    for body in [
        &b"{"[..],
        b"\xff",
        br#"{"TraceSegmentDocuments": ["{}"]} x"#,
    ] {
        assert_eq!(failed(body).1, "SerializationException");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&body).is_err());
    }

    #[test]
    fn arbitrary_documents_are_accepted_or_named(
        documents in prop::collection::vec(r#"[{}\[\]":,a-z0-9.\\\n é]{0,40}"#, 1..20)
    ) {
        let Batch { accepted, rejected } = read(body(&documents).as_bytes()).expect("reads");
        prop_assert_eq!(accepted.len() + rejected.len(), documents.len());
    }
}
