use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use proptest::prelude::*;
use serde_json::json;
use std::io::Write;

use super::*;
use crate::collector::receivers::testing::{Kept, as_json, as_text, ask, intake, intake_of};
use crate::collector::{Protocols, Reason, Signal};

fn v2() -> serde_json::Value {
    json!([
        {
            "traceId": "5af7183fb1d4cf5f", "parentId": "6b221d5bc9e6496c", "id": "352bff9a74ca9ad2",
            "name": "get /api", "kind": "CLIENT", "timestamp": 1_556_604_172_355_737_u64, "duration": 1431,
            "localEndpoint": { "serviceName": "frontend", "ipv4": "192.168.99.1", "port": 3306 },
            "remoteEndpoint": { "serviceName": "backend", "ipv6": "2001:db8::1", "port": 9000 },
            "annotations": [{ "timestamp": 1_556_604_172_355_800_u64, "value": "wire send" }],
            "tags": { "http.method": "GET", "error": "timed out", "retries": 3, "otel.scope.name": "brave", "w3c.tracestate": "a=1" },
            "debug": true
        },
        {
            "traceId": "00000000000000015af7183fb1d4cf5f", "id": "352bff9a74ca9ad2", "parentId": "352bff9a74ca9ad2",
            "kind": "SERVER", "shared": true, "timestamp": null, "duration": 10,
            "localEndpoint": { "serviceName": "backend" },
            "annotations": [{ "timestamp": 1_556_604_172_355_900_u64, "value": "wire receive" }],
            "tags": { "otel.status_code": "OK", "error": "false" }
        },
        {
            "traceId": "5af7183fb1d4cf5f", "id": "1", "name": "work",
            "localEndpoint": { "serviceName": "frontend" },
            "tags": { "span.kind": "internal", "otel.status_code": "ERROR", "otel.status_description": "no" }
        },
        { "traceId": "no id", "id": "1" }
    ])
}

#[test]
fn version_2_is_translated() {
    let translated = v2::translated(v2().to_string().as_bytes()).unwrap();
    assert_eq!((translated.spans, translated.without_id), (3, 1));
    insta::assert_snapshot!("zipkin_v2", as_text(&translated.request));
}

#[test]
fn version_1_is_translated() {
    let frontend = json!({ "serviceName": "frontend", "ipv4": "10.0.0.1", "port": -1 });
    let backend = json!({ "serviceName": "backend", "ipv4": "10.0.0.2", "port": 8080 });
    let spans = json!([
        {
            "traceId": "5af7183fb1d4cf5f", "id": "352bff9a74ca9ad2", "parentId": "6b221d5bc9e6496c", "name": "get",
            "timestamp": 1_000_000, "duration": 500,
            "annotations": [
                { "timestamp": 1_000_000, "value": "cs", "endpoint": frontend },
                { "timestamp": 1_000_100, "value": "sr", "endpoint": backend },
                { "timestamp": 1_000_150, "value": "cache miss", "endpoint": backend },
                { "timestamp": 1_000_400, "value": "ss", "endpoint": backend },
                { "timestamp": 1_000_500, "value": "cr", "endpoint": frontend },
            ],
            "binaryAnnotations": [
                { "key": "http.path", "value": "/api", "endpoint": frontend },
                { "key": "rows", "value": 17, "endpoint": backend },
                { "key": "sa", "value": true, "endpoint": backend },
                { "key": "ca", "value": true, "endpoint": frontend },
            ]
        },
        {
            "traceId": "5af7183fb1d4cf5f", "id": "2", "name": "sent alone",
            "annotations": [
                { "timestamp": 2_000_000, "value": "ms", "endpoint": frontend },
            ],
            "binaryAnnotations": [{ "key": "ma", "value": true, "endpoint": { "serviceName": "kafka" } }]
        },
        {
            "traceId": "5af7183fb1d4cf5f", "id": "3", "name": "local", "timestamp": 3_000_000, "duration": 7,
            "binaryAnnotations": [
                { "key": "lc", "value": "", "endpoint": backend },
                { "key": "error", "value": "", "endpoint": backend },
            ]
        }
    ]);
    let translated = v1::translated(spans.to_string().as_bytes()).unwrap();
    assert_eq!((translated.spans, translated.without_id), (4, 0));
    insta::assert_snapshot!("zipkin_v1", as_text(&translated.request));
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProtoList {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<ProtoSpan>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProtoSpan {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    parent_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    id: Vec<u8>,
    #[prost(int32, tag = "4")]
    kind: i32,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(fixed64, tag = "6")]
    timestamp: u64,
    #[prost(uint64, tag = "7")]
    duration: u64,
    #[prost(message, optional, tag = "8")]
    local_endpoint: Option<ProtoEndpoint>,
    #[prost(message, optional, tag = "9")]
    remote_endpoint: Option<ProtoEndpoint>,
    #[prost(message, repeated, tag = "10")]
    annotations: Vec<ProtoAnnotation>,
    #[prost(map = "string, string", tag = "11")]
    tags: std::collections::HashMap<String, String>,
    #[prost(bool, tag = "12")]
    debug: bool,
    #[prost(bool, tag = "13")]
    shared: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProtoEndpoint {
    #[prost(string, tag = "1")]
    service_name: String,
    #[prost(bytes = "vec", tag = "2")]
    ipv4: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    ipv6: Vec<u8>,
    #[prost(int32, tag = "4")]
    port: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProtoAnnotation {
    #[prost(fixed64, tag = "1")]
    timestamp: u64,
    #[prost(string, tag = "2")]
    value: String,
}

/// The same span in protobuf and in JSON.
fn both() -> (Vec<u8>, String) {
    let span = ProtoSpan {
        trace_id: 0x5af7_183f_b1d4_cf5f_u64.to_be_bytes().to_vec(),
        parent_id: 1_u64.to_be_bytes().to_vec(),
        id: 2_u64.to_be_bytes().to_vec(),
        kind: 2,
        name: "get".into(),
        timestamp: 1_556_604_172_355_737,
        duration: 1431,
        local_endpoint: Some(ProtoEndpoint {
            service_name: "backend".into(),
            ipv4: vec![10, 0, 0, 1],
            port: 8080,
            ..ProtoEndpoint::default()
        }),
        remote_endpoint: Some(ProtoEndpoint {
            ipv6: vec![0x20; 16],
            ..ProtoEndpoint::default()
        }),
        annotations: vec![ProtoAnnotation {
            timestamp: 1_556_604_172_355_800,
            value: "ws".into(),
        }],
        tags: [("http.method".to_owned(), "GET".to_owned())].into(),
        debug: true,
        shared: true,
    };
    let json = json!([{
        "traceId": "5af7183fb1d4cf5f", "parentId": "1", "id": "2", "kind": "SERVER", "name": "get",
        "timestamp": 1_556_604_172_355_737_u64, "duration": 1431,
        "localEndpoint": { "serviceName": "backend", "ipv4": "10.0.0.1", "port": 8080 },
        "remoteEndpoint": { "ipv6": "2020:2020:2020:2020:2020:2020:2020:2020" },
        "annotations": [{ "timestamp": 1_556_604_172_355_800_u64, "value": "ws" }],
        "tags": { "http.method": "GET" }, "debug": true, "shared": true
    }]);
    let list = ProtoList { spans: vec![span] };
    (prost::Message::encode_to_vec(&list), json.to_string())
}

#[test]
fn protobuf_is_translated_as_json() {
    let (message, json) = both();
    let message = proto::translated(&message).unwrap();
    let json = v2::translated(json.as_bytes()).unwrap();
    assert_eq!(as_json(&message.request), as_json(&json.request));
    assert_eq!(message.spans, 1);
}

#[test]
fn endless_lists_are_refused() {
    let tags: serde_json::Map<_, _> = (0..=span::MOST_LISTED)
        .map(|number| (number.to_string(), json!("")))
        .collect();
    let body = json!([{ "traceId": "1", "id": "1", "tags": tags }]).to_string();
    let error = v2::translated(body.as_bytes()).unwrap_err();
    assert!(error.contains("more than 10000 tags"), "{error}");
    let annotations = vec![json!({ "value": "x" }); span::MOST_LISTED + 1];
    let body = json!([{ "traceId": "1", "id": "1", "annotations": annotations }]).to_string();
    assert!(v2::translated(body.as_bytes()).is_err());
    assert!(v1::translated(body.as_bytes()).is_err());
    let span = ProtoSpan {
        annotations: vec![ProtoAnnotation::default(); span::MOST_LISTED + 1],
        ..ProtoSpan::default()
    };
    let list = ProtoList { spans: vec![span] };
    assert!(proto::translated(&prost::Message::encode_to_vec(&list)).is_err());
    let deep = "[".repeat(100_000);
    assert!(v2::translated(deep.as_bytes()).is_err());
}

fn post(path: &str, content_type: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post(path)
        .header("host", "localhost")
        .header("content-type", content_type)
        .body(Full::new(body.into()))
        .unwrap()
}

#[tokio::test]
async fn all_forms_are_taken_over_http() {
    let (intake, kept) = intake();
    let counters = intake.counters.clone();
    let (message, json) = both();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(json.as_bytes()).unwrap();
    let mut gzip = post(
        "/api/v2/spans",
        "application/json",
        packed.finish().unwrap(),
    );
    gzip.headers_mut()
        .insert("content-encoding", "gzip".parse().unwrap());
    let requests = [
        post(
            "/api/v2/spans",
            "application/json; charset=utf-8",
            json.clone(),
        ),
        post("/api/v2/spans", "application/x-protobuf", message),
        post("/api/v1/spans", "application/json", json),
        gzip,
    ];
    for request in requests {
        let handler = Zipkin::new(intake.clone(), None);
        let (head, body) = ask(handler, Protocols::Any, request).await;
        assert_eq!(head.status(), StatusCode::ACCEPTED);
        assert!(body.is_empty());
    }
    assert_eq!(kept.spans(), 4);
    assert_eq!(counters.received_so_far("zipkin", Signal::spans), 4);
}

#[tokio::test]
async fn what_is_not_taken_is_said_and_counted() {
    let json = || both().1;
    let cases = [
        (
            post("/api/v2/spans", "application/json", "[{]"),
            400,
            Some(Reason::Malformed),
        ),
        (
            post("/api/v2/spans", "application/x-thrift", ""),
            415,
            Some(Reason::UnknownType),
        ),
        (
            post("/api/v1/spans", "application/x-protobuf", ""),
            415,
            Some(Reason::UnknownType),
        ),
        (
            post("/api/v2/spans", "application/json", r#"[{"id":"1"}]"#),
            400,
            Some(Reason::BadTraceId),
        ),
        (post("/api/v3/spans", "application/json", json()), 404, None),
    ];
    for (request, status, reason) in cases {
        let (intake, kept) = intake();
        let counters = intake.counters.clone();
        let (head, body) = ask(Zipkin::new(intake, None), Protocols::Any, request).await;
        assert_eq!(head.status(), status, "{body:?}");
        assert_eq!(kept.spans(), 0);
        if let Some(reason) = reason {
            assert_eq!(counters.refused_so_far("zipkin", reason), 1, "{reason:?}");
        }
    }
    let (intake, _) = intake();
    let get = Request::get("/api/v2/spans").header("host", "localhost");
    let get = get.body(Full::default()).unwrap();
    let (head, _) = ask(Zipkin::new(intake, None), Protocols::Any, get).await;
    assert_eq!(head.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_sender_is_asked_to_try_again() {
    let request = || post("/api/v2/spans", "application/json", both().1);
    let (intake, _) = intake_of(Kept::default(), 10, true);
    let counters = intake.counters.clone();
    let (head, _) = ask(Zipkin::new(intake, None), Protocols::Any, request()).await;
    assert_eq!(head.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(head.headers()["retry-after"], "1");
    assert_eq!(counters.refused_so_far("zipkin", Reason::NoRoom), 1);

    let fails = || Kept {
        fails: true,
        ..Kept::default()
    };
    let (intake, _) = intake_of(fails(), 1 << 20, true);
    let (head, body) = ask(Zipkin::new(intake, None), Protocols::Any, request()).await;
    assert_eq!(head.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body, "the traces could not be kept: the disk is full");
    // Where nobody waits, nobody is told.
    let (intake, _) = intake_of(fails(), 1 << 20, false);
    let (head, _) = ask(Zipkin::new(intake, None), Protocols::Any, request()).await;
    assert_eq!(head.status(), StatusCode::ACCEPTED);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for translate in [v1::translated, v2::translated, proto::translated] {
            if let Ok(translated) = translate(&bytes) {
                prop_assert!(crate::otlp::check(&translated.request).is_ok());
            }
        }
    }

    #[test]
    fn any_change_of_one_byte_is_read_or_refused(place in any::<prop::sample::Index>(), byte: u8) {
        let (mut message, json) = both();
        let mut json = json.into_bytes();
        let index = place.index(message.len());
        message[index] = byte;
        let index = place.index(json.len());
        json[index] = byte;
        let read = [proto::translated(&message), v2::translated(&json), v1::translated(&json)];
        for translated in read.into_iter().flatten() {
            let counted = crate::otlp::check(&translated.request).unwrap();
            prop_assert_eq!((counted.spans, counted.without_id), (translated.spans, 0));
        }
    }
}
