//! Any valid document comes back as it was.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-z]{0,8}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..600_i32).prop_map(Value::from),
    ]
}

/// Any JSON.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        text(),
        number(),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key(), inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_./~]{0,6}", any::<String>()]
}

/// Mostly what a field should hold, now and then anything.
fn mostly<S: Strategy<Value = Value> + 'static>(usual: S) -> BoxedStrategy<Value> {
    prop_oneof![8 => usual, 1 => anything()].boxed()
}

/// An object of some of these fields.
fn object(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(key, value)| option::of(value).prop_map(move |value| Some((key, value?))))
        .collect();
    (fields, option::weighted(0.1, (key(), anything())))
        .prop_map(|(fields, unknown)| {
            let fields = fields.into_iter().flatten();
            let mut object: Map<String, Value> =
                fields.map(|(key, value)| (key.to_owned(), value)).collect();
            if let Some((key, value)) = unknown {
                object.entry(key).or_insert(value);
            }
            Value::Object(object)
        })
        .boxed()
}

fn texts(keys: &[&'static str]) -> Vec<(&'static str, BoxedStrategy<Value>)> {
    keys.iter().map(|key| (*key, mostly(text()))).collect()
}

fn flag() -> BoxedStrategy<Value> {
    mostly(any::<bool>().prop_map(Value::from))
}

fn http() -> BoxedStrategy<Value> {
    let mut request = texts(&["method", "url", "user_agent", "client_ip"]);
    request.extend([("x_forwarded_for", flag()), ("traced", flag())]);
    let response = vec![
        ("status", mostly(number())),
        ("content_length", mostly(number())),
    ];
    object(vec![
        ("request", mostly(object(request))),
        ("response", mostly(object(response))),
    ])
}

fn aws() -> BoxedStrategy<Value> {
    let mut fields = texts(&[
        "account_id",
        "operation",
        "region",
        "request_id",
        "queue_url",
        "table_name",
        "bucket_name",
    ]);
    let block = |keys: &[&'static str]| mostly(object(texts(keys)));
    let mut beanstalk = texts(&["environment_name", "version_label"]);
    beanstalk.push(("deployment_id", mostly(number())));
    let sdk = prop_oneof![
        text(),
        Just(json!("X-Ray for Python")),
        Just(json!("a for b for "))
    ];
    let mut xray = texts(&["sdk_version", "sampling_rule_name"]);
    xray.extend([("sdk", mostly(sdk)), ("auto_instrumentation", flag())]);
    fields.extend([
        ("retries", mostly(number())),
        (
            "resource_names",
            mostly(vec(text(), 0..3).prop_map(Value::from)),
        ),
        (
            "ec2",
            block(&[
                "instance_id",
                "instance_size",
                "ami_id",
                "availability_zone",
            ]),
        ),
        (
            "ecs",
            block(&[
                "container",
                "container_id",
                "task_arn",
                "launch_type",
                "availability_zone",
            ]),
        ),
        ("eks", block(&["pod", "cluster_name", "container_id"])),
        ("elastic_beanstalk", mostly(object(beanstalk))),
        ("xray", mostly(object(xray))),
        (
            "cloudwatch_logs",
            mostly(vec(block(&["log_group", "arn"]), 0..2).prop_map(Value::from)),
        ),
    ]);
    object(fields)
}

fn sql() -> BoxedStrategy<Value> {
    let mut fields = texts(&[
        "connection_string",
        "sanitized_query",
        "database_type",
        "database_version",
        "driver_version",
        "user",
        "preparation",
    ]);
    let url = prop_oneof![
        "[a-z]{1,3}://[a-z/]{1,6}(\\?[a-z/]{0,3})?".prop_map(Value::from),
        text()
    ];
    fields.push(("url", mostly(url)));
    object(fields)
}

fn cause() -> BoxedStrategy<Value> {
    let frame = object(vec![
        ("path", mostly("[a-z/.(]{0,6}".prop_map(Value::from))),
        ("line", mostly((0..999_i32).prop_map(Value::from))),
        ("label", mostly("[a-z$. ]{0,6}".prop_map(Value::from))),
    ]);
    let mut exception = texts(&["message", "type", "cause"]);
    exception.extend([
        ("id", mostly(id())),
        ("remote", flag()),
        ("truncated", mostly(number())),
        ("skipped", mostly(number())),
        (
            "stack",
            mostly(vec(mostly(frame), 0..4).prop_map(Value::from)),
        ),
    ]);
    let exceptions = vec(mostly(object(exception)), 0..3).prop_map(Value::from);
    let cause = object(vec![
        ("working_directory", mostly(text())),
        ("paths", mostly(vec(text(), 0..2).prop_map(Value::from))),
        ("exceptions", mostly(exceptions)),
    ]);
    prop_oneof![4 => cause, 1 => id()].boxed()
}

fn id() -> BoxedStrategy<Value> {
    let capitals = "[0-9A-F]{16}".prop_map(Value::from);
    prop_oneof![9 => "[1-9a-f][0-9a-f]{15}".prop_map(Value::from), 1 => capitals].boxed()
}

fn trace_id() -> BoxedStrategy<Value> {
    prop_oneof![
        9 => "1-[1-9a-f][0-9a-f]{7}-[0-9a-f]{24}".prop_map(Value::from),
        1 => "1-[1-9A-F][0-9A-F]{7}-[0-9A-F]{24}".prop_map(Value::from),
    ]
    .boxed()
}

fn links() -> BoxedStrategy<Value> {
    let attributes = vec((key(), anything()), 0..3).prop_map(|pairs| pairs.into_iter().collect());
    let link = (trace_id(), id(), option::of(attributes)).prop_map(
        |(trace, id, attributes): (_, _, Option<Value>)| match attributes {
            None => json!({"trace_id": trace, "id": id}),
            Some(attributes) => json!({"trace_id": trace, "id": id, "attributes": attributes}),
        },
    );
    mostly(vec(mostly(link), 0..3).prop_map(Value::from))
}

fn annotations() -> BoxedStrategy<Value> {
    let key = prop_oneof![
        "[a-zA-Z0-9_.]{1,6}",
        Just("http.url".to_owned()),
        Just("aws.xray.origin".to_owned()),
        key()
    ];
    let value = prop_oneof![
        text(),
        number(),
        any::<bool>().prop_map(Value::from),
        anything()
    ];
    vec((key, value), 0..4)
        .prop_map(|pairs| pairs.into_iter().collect())
        .boxed()
}

fn blocks() -> BoxedStrategy<Value> {
    const ORIGINS: &[&str] = &[
        "AWS::ElasticBeanstalk::Environment",
        "AWS::EC2::Instance",
        "X",
    ];
    const NAMESPACES: &[&str] = &["aws", "remote"];
    let mut fields = texts(&["user", "resource_arn"]);
    let origin = proptest::sample::select(ORIGINS).prop_map(Value::from);
    let namespace = proptest::sample::select(NAMESPACES).prop_map(Value::from);
    let metadata = vec((key(), anything()), 0..3).prop_map(|pairs| pairs.into_iter().collect());
    let service = object(texts(&[
        "version",
        "runtime",
        "runtime_version",
        "compiler",
    ]));
    for key in ["error", "fault", "throttle", "traced", "inferred"] {
        fields.push((key, flag()));
    }
    fields.extend([
        ("origin", mostly(origin)),
        ("namespace", mostly(namespace)),
        ("service", mostly(service)),
        ("http", mostly(http())),
        ("aws", mostly(aws())),
        ("sql", mostly(sql())),
        ("cause", mostly(cause())),
        ("links", links()),
        (
            "precursor_ids",
            mostly(vec(id(), 0..3).prop_map(Value::from)),
        ),
        ("annotations", mostly(annotations())),
        ("metadata", mostly(metadata)),
    ]);
    object(fields)
}

fn time() -> BoxedStrategy<Value> {
    prop_oneof![
        6 => (1.6e9..2e9).prop_map(Value::from),
        1 => (1_600_000_000_u64..2_000_000_000).prop_map(Value::from),
        1 => number(),
    ]
    .boxed()
}

/// An entity with ids that are set afterwards.
fn entity() -> BoxedStrategy<Value> {
    let end = prop_oneof![4 => time().prop_map(Some), 1 => Just(None)];
    (blocks(), text(), time(), end)
        .prop_map(|(mut entity, name, start, end)| {
            let name = name.as_str().filter(|name| !name.is_empty()).unwrap_or("n");
            entity["name"] = name.into();
            entity["start_time"] = start;
            match end {
                Some(end) => entity["end_time"] = end,
                None => entity["in_progress"] = true.into(),
            }
            entity
        })
        .boxed()
}

fn document() -> impl Strategy<Value = Value> {
    let tree = entity().prop_recursive(4, 8, 3, |inner| {
        (entity(), option::of(vec(inner, 0..3))).prop_map(|(mut entity, children)| {
            if let Some(children) = children {
                entity["subsegments"] = children.into();
            }
            entity
        })
    });
    let kinds = prop_oneof![Just(None), Just(Some("segment")), Just(Some("subsegment"))];
    (tree, trace_id(), id(), id(), kinds, any::<bool>()).prop_map(
        |(mut tree, trace, id, parent, kind, called)| {
            let mut next = 1;
            number_children(&mut tree, &mut next);
            tree["trace_id"] = trace;
            tree["id"] = id;
            if let Some(kind) = kind {
                tree["type"] = kind.into();
            }
            if called || kind == Some("subsegment") {
                tree["parent_id"] = parent;
            }
            tree
        },
    )
}

fn number_children(entity: &mut Value, next: &mut u64) {
    for child in entity["subsegments"].as_array_mut().into_iter().flatten() {
        child["id"] = format!("{next:016x}").into();
        *next += 1;
        number_children(child, next);
    }
    // Looking at a field that is not there has made one.
    if entity["subsegments"].is_null() {
        entity.as_object_mut().unwrap().remove("subsegments");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn documents_come_back(document in document()) {
        prop_assert_eq!(there_and_back(&document), [document]);
    }

    #[test]
    fn other_bytes_are_refused_and_nothing_is_written(
        bytes in vec(any::<u8>(), 0..100),
        at: usize,
        byte: u8,
        document in document(),
    ) {
        let mut out = Vec::new();
        prop_assert!(to_otlp(&bytes, &mut out).is_err() && out.is_empty());
        let mut changed = document.to_string().into_bytes();
        let length = changed.len();
        changed[at % length] = byte;
        if to_otlp(&changed, &mut out).is_err() {
            prop_assert!(out.is_empty());
        }
        // A request with a byte changed still gives JSON, where it gives any.
        let mut request = request(&document).encode_to_vec();
        let length = request.len();
        request[at % length] = byte;
        for resource in view::resources(&request) {
            from_otlp(resource, &Options::default(), &mut |document| {
                serde_json::from_slice::<Value>(document.json).unwrap();
            });
        }
    }
}

#[test]
fn deep_values_come_back() {
    let mut deep = json!([u64::MAX]);
    for _ in 0..60 {
        deep = json!({ "a": deep });
    }
    let document = json!({
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "id": "70de5b6f19ff9a0a",
        "name": "deep", "start_time": 1.5, "end_time": 2.5,
        "unknown": deep, "metadata": {"default": deep}, "annotations": {"a": deep},
    });
    assert_eq!(there_and_back(&document), [document]);
}

#[test]
fn subsegments_whose_parent_is_lost_are_documents_of_their_own() {
    let document = json!({
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "id": "70de5b6f19ff9a0a",
        "name": "root", "start_time": 1.5, "end_time": 2.5,
        "subsegments": [
            {"id": "0000000000000001", "name": "lost", "start_time": 1.5, "end_time": 2.5,
             "subsegments": [
                {"id": "0000000000000002", "name": "kept", "start_time": 1.5, "end_time": 2.5,
                 "subsegments": [{"id": "0000000000000003", "name": "below",
                                  "start_time": 1.5, "end_time": 2.5}]}]},
            {"id": "0000000000000004", "name": "other", "start_time": 1.5, "end_time": 2.5},
        ],
    });
    let mut request = request(&document);
    request.resource_spans[0].scope_spans[0]
        .spans
        .retain(|span| span.name != "lost");
    let documents = documents(&request.encode_to_vec(), &Options::default());
    let names = |document: &Value| {
        let children = document["subsegments"].as_array().unwrap();
        children
            .iter()
            .map(|child| child["name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0]["type"], "subsegment");
    assert_eq!(documents[0]["parent_id"], "0000000000000001");
    assert_eq!(documents[0]["trace_id"], document["trace_id"]);
    assert_eq!(names(&documents[0]), ["below"]);
    assert_eq!(names(&documents[1]), ["other"]);
}
