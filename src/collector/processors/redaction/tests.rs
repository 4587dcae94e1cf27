//! What is secret goes, and nothing else.

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

use super::super::tests::{End, attribute, request_of, segment, span, text};
use super::*;
use crate::collector::{Memory, receipt};
use crate::collector_config::processors::Redact;
use crate::otlp;

const CARD: &str = "4111 1111-11111111";
const AWS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn rules(config: &Value) -> Rules {
    Rules::new(&serde_json::from_value(config.clone()).unwrap()).unwrap()
}

#[test]
fn secrets_of_every_form_are_masked() {
    let rules = rules(&json!({}));
    let cases = [
        ("pay 4111111111111111 now", "pay **** now"),
        ("x5500-0000-0000-0004y", "x****y"),
        ("2024-11-02 4111 1111 1111 1111", "2024-11-02 ****"),
        ("amex 378282246310005,", "amex ****,"),
        ("2223003122003222", "****"),
        (
            "Authorization: Bearer abc.def-123",
            "Authorization: Bearer ****",
        ),
        ("bearer YWJjZGVm==", "bearer ****"),
        ("Basic dXNlcjpwYXNz", "Basic ****"),
        ("see eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "see ****"),
        (
            "postgres://app:s3cr@t:x@db:5432/shop",
            "postgres://app:****@db:5432/shop",
        ),
        ("redis://:hunter2@cache", "redis://:****@cache"),
        (
            "/login?user=a&password=hunter2&x=1",
            "/login?user=a&password=****&x=1",
        ),
        (
            r#"{"user":"a","password":"hun\"ter2","n":1}"#,
            r#"{"user":"a","password":"****","n":1}"#,
        ),
        (
            r#"{"body":"{\"passwd\":\"hun\\\"ter2\",\"n\":1}"}"#,
            r#"{"body":"{\"passwd\":\"****\",\"n\":1}"}"#,
        ),
        (r#"{"db_password": 12345}"#, r#"{"db_password": ****}"#),
        ("{'api_key': 'it''s'}", "{'api_key': '****'}"),
        (
            "ALTER USER a PASSWORD 'it''s me'",
            "ALTER USER a PASSWORD '****'",
        ),
        ("Server=db;Pwd=hunter2;Port=1", "Server=db;Pwd=****;Port=1"),
        ("client_secret: hunter2", "client_secret: ****"),
        ("aws_secret_access_key=short1", "aws_secret_access_key=****"),
        ("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY.", "key ****."),
    ];
    for (text, expected) in cases {
        assert_eq!(rules.text(text).as_deref(), Some(expected), "{text}");
        // What is masked stays as it is.
        assert_eq!(rules.text(expected), None, "{expected}");
    }
}

#[test]
fn what_is_not_secret_stays() {
    let rules = rules(&json!({}));
    for text in [
        "",
        "4111111111111112",
        "1732212345678",
        "1732212345678901234",
        "41111111111111111111111111111111",
        "GET /api/orders/12345?page=2",
        "https://example.com:8080/a?mail=a@b.c",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "the bearer of this",
        "SELECT password FROM users WHERE id = ?",
        "1-5759e988-bd862e3fe1be46a994272793",
        "passwords are checked",
        "compass=north",
    ] {
        assert_eq!(rules.text(text), None, "{text}");
    }
}

#[test]
fn keys_and_patterns_have_actions_of_their_own() {
    let rules = rules(&json!({
        "secrets": [], "mask": "#", "salt": "s", "hash_length": 8,
        "keys": [{"key": "http.request.header.*", "action": "drop"}, {"key": "user.id", "action": "hash"}],
        "values": [{"pattern": "tenant-([0-9]+)"}, {"pattern": "[a-z]+@example.com", "action": "hash"},
                   {"pattern": "^gone$", "action": "drop"}],
    }));
    assert_eq!(rules.key("HTTP.request.header.cookie"), Some(Redact::Drop));
    assert_eq!(rules.key("my.http.request.header.cookie"), None);
    assert_eq!(rules.key("user.id"), Some(Redact::Hash));
    assert_eq!(rules.key("userXid"), None);
    // The first digits of `printf %s sjo@example.com | sha256sum`.
    let hashed = rules.whole(Redact::Hash, b"jo@example.com").unwrap();
    assert_eq!(hashed.len(), 8);
    assert_eq!(
        rules.text("of jo@example.com in tenant-42"),
        Some(format!("of {hashed} in tenant-#"))
    );
    // A text is not left empty: a name must not be.
    assert_eq!(rules.text("gone").as_deref(), Some("#"));
    assert_eq!(rules.text("not gone"), None);
}

#[test]
fn the_hash_is_sha_256() {
    let rules = rules(&json!({"hash_length": 64}));
    assert_eq!(
        rules.whole(Redact::Hash, b"abc").unwrap(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn a_request_loses_secrets_wherever_they_stand() {
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;

    let mut sent = request_of("shop", vec![span(1, 1)]);
    let resource = sent.resource_spans[0].resource.as_mut().unwrap();
    resource.attributes.push(attribute("owner", text(CARD)));
    let one = &mut sent.resource_spans[0].scope_spans[0].spans[0];
    one.name = format!("pay {CARD}");
    one.status.as_mut().unwrap().message = format!("no card {CARD}");
    one.attributes = vec![
        attribute("card", Any::IntValue(4_111_111_111_111_111)),
        attribute("time", Any::IntValue(1_732_212_345_678_901_234)),
        attribute("db.password", text("plain")),
        attribute("http.url", text("http://a:b@c/")),
        attribute("raw", Any::BytesValue(b"Bearer abcdefgh".to_vec())),
        attribute(
            "list",
            Any::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue {
                values: vec![
                    attribute("", text("ok")).value.unwrap(),
                    attribute("", text(AWS_KEY)).value.unwrap(),
                ],
            }),
        ),
    ];
    one.events[0].attributes = vec![attribute("exception.message", text("password=x"))];
    one.links[0].attributes = vec![attribute("pwd", text("x"))];

    let mut expected = sent.clone();
    let resource = expected.resource_spans[0].resource.as_mut().unwrap();
    *resource.attributes.last_mut().unwrap() = attribute("owner", text("****"));
    let one = &mut expected.resource_spans[0].scope_spans[0].spans[0];
    one.name = "pay ****".to_owned();
    one.status.as_mut().unwrap().message = "no card ****".to_owned();
    one.attributes[0] = attribute("card", text("****"));
    one.attributes[2] = attribute("db.password", text("****"));
    one.attributes[3] = attribute("http.url", text("http://a:****@c/"));
    one.attributes[4] = attribute("raw", Any::BytesValue(b"Bearer ****".to_vec()));
    one.attributes[5] = attribute(
        "list",
        Any::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue {
            values: vec![
                attribute("", text("ok")).value.unwrap(),
                attribute("", text("****")).value.unwrap(),
            ],
        }),
    );
    one.events[0].attributes = vec![attribute("exception.message", text("password=****"))];
    one.links[0].attributes = vec![attribute("pwd", text("****"))];

    let redacted = request::redact(&sent.encode_to_vec(), &rules(&json!({}))).unwrap();
    assert_eq!(redacted, expected.encode_to_vec());
    assert!(otlp::check(&redacted).is_ok());
    assert_eq!(request::redact(&redacted, &rules(&json!({}))), None);
}

#[test]
fn a_document_loses_secrets_and_keeps_its_ids() {
    let document = json!({
        "trace_id": "1-58406520-a006649127e371903a2de979", "id": "4111111111111111",
        "name": format!("shop {CARD}"), "start_time": 1_480_615_200.25, "end_time": 1_480_615_201.0,
        "http": {"request": {"url": "http://a:b@c/?password=x", "method": "GET"}, "response": {"status": 200}},
        "annotations": {"card": 4_111_111_111_111_111_u64, "api_key": "k", "n": 3},
        "metadata": {"default": {"id": CARD, "deep": [{"passwd": [1, 2]}, AWS_KEY]}},
        "cause": {"exceptions": [{"id": "4111111111111111", "message": "Bearer abcdefgh"}]},
        "subsegments": [{"id": "4111111111111112", "name": "db", "start_time": 1.0, "end_time": 2.0,
                         "namespace": "remote", "sql": {"sanitized_query": "set password = 'x'", "user": "jo"}}],
    });
    let mut expected = document.clone();
    expected["name"] = json!("shop ****");
    expected["http"]["request"]["url"] = json!("http://a:****@c/?password=****");
    expected["annotations"] = json!({"card": "****", "api_key": "****", "n": 3});
    expected["metadata"]["default"] = json!({"id": "****", "deep": [{"passwd": "****"}, "****"]});
    expected["cause"]["exceptions"][0]["message"] = json!("Bearer ****");
    expected["subsegments"][0]["sql"] = json!({"sanitized_query": "set password = '****'"});

    let rules = rules(
        &json!({"keys": [{"key": "db.user", "action": "drop"}, {"key": "*id", "action": "drop"}]}),
    );
    // `id` is a field that says what an entity is, and an attribute elsewhere.
    expected["metadata"]["default"] = json!({"deep": [{"passwd": "****"}, "****"]});
    let redacted = document::redact(document.to_string().as_bytes(), &rules).unwrap();
    assert_eq!(
        String::from_utf8(redacted.clone()).unwrap(),
        expected.to_string()
    );
    assert!(crate::segment::check(&redacted).is_ok());
    assert_eq!(document::redact(&redacted, &rules), None);
}

#[tokio::test]
async fn clean_requests_stay_the_same_bytes_and_room_stays_right() {
    let (end, memory) = (Arc::new(End::default()), Memory::new(100_000));
    let redaction = Redaction::new(&Config::default(), Counters::default(), end.clone()).unwrap();
    let clean = Bytes::from(request_of("shop", vec![span(1, 1)]).encode_to_vec());
    let mut dirty = request_of("shop", vec![span(1, 2)]);
    dirty.resource_spans[0].scope_spans[0].spans[0].name = format!("{CARD}{}", "x".repeat(100));
    let dirty = Bytes::from(dirty.encode_to_vec());

    let charge = memory.charge(clean.len()).unwrap();
    redaction
        .consume(Parcel::of_request(clean.clone(), 1, charge))
        .await;
    let parcel = end.take().remove(0);
    assert_eq!(parcel.requests[0].as_ptr(), clean.as_ptr());
    drop(parcel);

    let (receipt, waiting) = receipt();
    let charge = memory.charge(dirty.len() + 1000).unwrap();
    let mut parcel = Parcel::of_request(dirty, 1, charge);
    parcel.receipts.push(receipt);
    redaction.consume(parcel).await;
    let parcel = end.take().remove(0);
    assert_eq!((memory.used(), parcel.spans), (parcel.bytes(), 1));
    drop(parcel);
    assert_eq!((memory.used(), waiting.done().await), (0, Ok(())));
}

/// Secrets that the defaults find, with what must not be left of them.
fn secret() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        prop_oneof![
            Just("4111111111111111"),
            Just("5500 0000 0000 0004"),
            Just("3782-822463-10005")
        ]
        .prop_map(|card| (card.to_owned(), card.to_owned())),
        "[A-Za-z0-9._~-]{8,30}".prop_map(|token| (format!("Bearer {token}"), token)),
        "[a-z]{1,5}Q[!-~&&[^\"'&;<>/?#,}\\]@\\\\]]{3,12}"
            .prop_map(|word| (format!("?a=b&password={word}"), word)),
        "Q[^\"\\\\\\p{C}]{4,12}"
            .prop_map(|word| (json!({"a": 1, "password": word}).to_string(), word)),
        "Q[a-z0-9@:]{4,12}".prop_map(|word| (format!("amqp://me:{word}@host/v"), word)),
        Just((AWS_KEY.to_owned(), AWS_KEY.to_owned())),
    ]
}

proptest! {
    #[test]
    fn no_planted_secret_is_left(
        (secret, word) in secret(), before in "([a-z/]{0,9} )?", after in "( [a-z./]{0,9})?", place in 0..6_usize,
    ) {
        let planted = format!("{before}{secret}{after}");
        let rules = rules(&json!({}));
        let holds = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(&word);

        let mut sent = request_of("shop", vec![span(1, 1), span(1, 2)]);
        let one = &mut sent.resource_spans[0].scope_spans[0].spans[1];
        match place {
            0 => one.name.clone_from(&planted),
            1 => one.status.as_mut().unwrap().message.clone_from(&planted),
            2 => one.attributes.push(attribute("db.statement", text(&planted))),
            3 => one.events[0].attributes.push(attribute("x", text(&planted))),
            4 => one.links[0].attributes.push(attribute("x", text(&planted))),
            _ => one.events[0].name.clone_from(&planted),
        }
        let bytes = sent.encode_to_vec();
        let redacted = request::redact(&bytes, &rules).unwrap();
        prop_assert!(holds(&bytes) && !holds(&redacted), "{planted}: {:?}", rules.text(&planted));

        // All else is the same: with the plant taken out of both, they are equal.
        let read = |bytes: &[u8]| {
            use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
            let mut read = ExportTraceServiceRequest::decode(bytes).unwrap();
            let one = &mut read.resource_spans[0].scope_spans[0].spans[1];
            match place {
                0 => one.name.clear(),
                1 => one.status.as_mut().unwrap().message.clear(),
                2 => drop(one.attributes.pop()),
                3 => drop(one.events[0].attributes.pop()),
                4 => drop(one.links[0].attributes.pop()),
                _ => one.events[0].name.clear(),
            }
            read.encode_to_vec()
        };
        prop_assert_eq!(read(&bytes), read(&redacted));

        let document = json!({
            "trace_id": "1-58406520-a006649127e371903a2de979", "id": "6b55dcc497934f1a",
            "name": "a", "start_time": 1.5, "end_time": 2.5, "http": {"request": {"url": planted}},
            "metadata": {"m": {"k": [planted]}}, "subsegments": [{"sql": {"url": planted}}],
        });
        let redacted = document::redact(document.to_string().as_bytes(), &rules).unwrap();
        let read: Value = serde_json::from_slice(&redacted).unwrap();
        for pointer in ["/http/request/url", "/metadata/m/k/0", "/subsegments/0/sql/url"] {
            let left = read.pointer(pointer).unwrap().as_str().unwrap();
            prop_assert!(!holds(left.as_bytes()), "{left}");
        }
    }

    #[test]
    fn any_text_is_looked_at(text: String, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let rules = rules(&json!({}));
        let _ = rules.text(&text);
        let _ = request::redact(&bytes, &rules);
        let _ = document::redact(&bytes, &rules);
    }
}

#[tokio::test]
async fn what_cannot_be_looked_into_is_dropped() {
    let (end, memory) = (Arc::new(End::default()), Memory::new(100_000));
    let counters = Counters::default();
    let redaction = Redaction::new(&Config::default(), counters, end.clone()).unwrap();
    let mut deep = segment("shop", 1, 1).to_string();
    deep.pop();
    let (open, close) = ("[".repeat(300), "]".repeat(300));
    let deep = format!(r#"{deep},"metadata":{{"m":{open}"{CARD}"{close}}}}}"#);
    let clean = Bytes::from(segment("shop", 1, 2).to_string());
    let charge = memory.charge(1).unwrap();
    let documents = vec![Bytes::from(deep), clean.clone()];
    redaction
        .consume(Parcel::of_documents(documents, charge))
        .await;
    let came = end.take();
    assert_eq!(came[0].documents, [clean]);
    assert_eq!(memory.used(), came[0].bytes());
}
