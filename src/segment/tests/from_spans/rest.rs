//! What no block has a place for, and any span at all.

use proptest::prelude::*;

use super::*;

#[test]
fn annotations_and_metadata() {
    let resource = json!({"service.name": "s", "process.pid": 7, "tags": ["a"]});
    let pairs = json!({"a-b.c": 1, "http.method": "GET", "list": [1], "x": 0.5, "enduser.id": "u"});
    let document = |options: &Options, pairs: &Value| with(&resource, span(Server, pairs), options);
    let said = json!({"otel.resource.service.name": "s", "otel.resource.process.pid": 7,
                      "otel.resource.tags": ["a"]});

    let plain = document(&Options::default(), &pairs);
    assert_eq!(plain.get("annotations"), None);
    let mut expected = said.clone();
    for (key, value) in [("a-b.c", json!(1)), ("list", json!([1])), ("x", json!(0.5))] {
        expected[key] = value;
    }
    assert_eq!(plain["metadata"]["default"], expected);
    assert_eq!(plain["metadata"]["otel.span"], json!({"name": "GET /a"}));
    assert_eq!(plain["user"], "u");

    let all = Options {
        index_all_attributes: true,
        ..Options::default()
    };
    let all = document(&all, &pairs);
    assert_eq!(
        all["annotations"],
        json!({"otel.resource.service.name": "s", "otel.resource.process.pid": 7,
               "a_b.c": 1, "x": 0.5})
    );
    assert_eq!(
        all["metadata"]["default"],
        json!({"otel.resource.tags": ["a"], "list": [1]})
    );

    let keys = ["a-b.c", "http.method", "otel.resource.service.name", "list"];
    let some = Options {
        indexed_attributes: keys.map(str::to_owned).into(),
        ..Options::default()
    };
    let some = document(&some, &pairs);
    assert_eq!(
        some["annotations"],
        json!({"otel.resource.service.name": "s", "a_b.c": 1, "http.method": "GET"})
    );
    assert_eq!(some["http"]["request"]["method"], "GET");

    let listed = json!({"aws.xray.annotations": ["x", 1, "z"], "x": 1, "y": 2,
                        "aws.xray.metadata.ns": "{\"a\": 1e3}",
                        "aws.xray.metadata.DEFAULT": "{\"b\":2}",
                        "aws.xray.metadata.bad": "{"});
    let listed = document(&Options::default(), &listed);
    assert_eq!(listed["annotations"], json!({"x": 1}));
    let mut expected = said;
    expected["y"] = 2.into();
    expected["b"] = 2.into();
    expected["aws.xray.metadata.bad"] = "{".into();
    assert_eq!(listed["metadata"]["default"], expected);
    assert_eq!(listed["metadata"]["ns"], json!({"a": 1000.0}));
}

#[test]
fn one_annotation_of_a_key() {
    let pairs = json!({"a-b": 1, "a_b": 2});
    let options = Options {
        index_all_attributes: true,
        ..Options::default()
    };
    let document = with(&json!({}), span(Server, &pairs), &options);
    assert_eq!(document["annotations"], json!({"a_b": 1}));
    assert_eq!(document["metadata"]["default"], json!({"a_b": 2}));
}

#[test]
fn links_events_and_state_are_kept() {
    let mut span = span(Producer, &json!({}));
    span.trace_state = "a=b".to_owned();
    span.links.push(Link {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        attributes: attributes(&json!({"c": true})),
        ..Link::default()
    });
    span.events.push(Event {
        time_unix_nano: 1_500_000_000,
        name: "retry".to_owned(),
        attributes: attributes(&json!({"n": 1})),
        ..Event::default()
    });
    let document = plainly(span);
    let link = json!({"trace_id": "1-01010101-010101010101010101010101",
                      "id": "0202020202020202", "attributes": {"c": true}});
    assert_eq!(document["links"], json!([link]));
    assert_eq!(
        document["metadata"]["otel.span"],
        json!({"kind": "producer", "trace_state": "a=b",
               "events": [{"name": "retry", "time": 1.5, "attributes": {"n": 1}}]})
    );
}

/// Names that rules read, and others.
fn any_attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    const KEYS: &[&str] = &[
        "aws.local.service",
        "aws.remote.service",
        "aws.span.kind",
        "peer.service",
        "rpc.system",
        "rpc.method",
        "aws.dynamodb.table_names",
        "db.system",
        "db.name",
        "db.connection_string",
        "http.method",
        "http.client_ip",
        "http.status_code",
        "http.host",
        "url.path",
        "server.port",
        "server.address",
        "aws.xray.annotations",
        "aws.xray.inprogress",
        "aws.xray.metadata.a",
        "aws.xray.metadata.default",
        "service.name",
        "cloud.platform",
        "aws.log.group.names",
    ];
    let key = prop_oneof![
        proptest::sample::select(KEYS).prop_map(str::to_owned),
        any::<String>()
    ];
    let value = prop_oneof![
        any::<String>().prop_map(Value::from),
        proptest::sample::select(
            [
                "LOCAL_ROOT",
                "aws-api",
                "mysql",
                "aws_ecs",
                "aws_ec2",
                "{\"a\":1}",
                ""
            ]
            .as_slice()
        )
        .prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        proptest::collection::vec(any::<String>(), 0..3).prop_map(Value::from),
    ];
    proptest::collection::vec((key, value), 0..8).prop_map(|pairs| {
        let pairs: serde_json::Map<String, Value> = pairs.into_iter().collect();
        attributes(&Value::Object(pairs))
    })
}

proptest! {
    #[test]
    fn aws_takes_what_any_span_becomes(
        span_attributes in any_attributes(),
        resource in any_attributes(),
        event in any_attributes(),
        (name, trace, id, parent) in any::<(String, [u8; 16], [u8; 8], [u8; 8])>(),
        (kind, code, start, end) in any::<(u8, u8, u64, u64)>(),
        index_all_attributes in any::<bool>(),
    ) {
        let span = Span {
            trace_id: trace.to_vec(),
            span_id: id.to_vec(),
            parent_span_id: parent.to_vec(),
            status: Some(Status { code: i32::from(code % 3), message: name.clone() }),
            name,
            kind: i32::from(kind % 6),
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes: span_attributes,
            events: vec![Event {
                name: "exception".to_owned(),
                time_unix_nano: start,
                attributes: event,
                ..Event::default()
            }],
            ..Span::default()
        };
        let mut request = ExportTraceServiceRequest::decode(&*of_span(&json!({}), span)).unwrap();
        request.resource_spans[0].resource = Some(Resource {
            attributes: resource,
            ..Resource::default()
        });
        let options = Options { index_all_attributes, ..Options::default() };
        for document in documents(&request.encode_to_vec(), &options) {
            let text = document.to_string();
            let envelope = crate::segment::check(text.as_bytes());
            prop_assert!(envelope.is_ok(), "{:?} {}", envelope, text);
            prop_assert_eq!(envelope.unwrap().trace_id.bytes(), trace);
        }
    }
}
