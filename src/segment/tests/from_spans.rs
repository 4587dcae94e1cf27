//! Spans as segments, rule by rule.

use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{Status, status::StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn span(kind: SpanKind, pairs: &Value) -> Span {
    Span {
        trace_id: 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793_u128
            .to_be_bytes()
            .to_vec(),
        span_id: 0x70de_5b6f_19ff_9a0a_u64.to_be_bytes().to_vec(),
        parent_span_id: 0x5399_5c3f_42cd_8ad8_u64.to_be_bytes().to_vec(),
        name: "GET /a".to_owned(),
        kind: kind.into(),
        start_time_unix_nano: 1_478_293_361_250_000_000,
        end_time_unix_nano: 1_478_293_361_500_000_001,
        attributes: attributes(pairs),
        ..Span::default()
    }
}

fn failed(mut span: Span, message: &str) -> Span {
    span.status = Some(Status {
        code: StatusCode::Error.into(),
        message: message.to_owned(),
    });
    span
}

fn with(resource: &Value, span: Span, options: &Options) -> Value {
    let mut documents = documents(&of_span(resource, span), options);
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn plainly(span: Span) -> Value {
    with(&json!({}), span, &Options::default())
}

use SpanKind::{Client, Consumer, Internal, Producer, Server, Unspecified};

#[test]
fn the_envelope() {
    let server = plainly(span(Server, &json!({})));
    let expected = json!({
        "id": "70de5b6f19ff9a0a",
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "parent_id": "53995c3f42cd8ad8",
        "name": "GET /a",
        "start_time": 1_478_293_361.25,
        "end_time": 1_478_293_361.5,
    });
    assert_eq!(server, expected);
    let mut open = span(Internal, &json!({}));
    open.end_time_unix_nano = 0;
    let open = plainly(open);
    assert_eq!(
        (&open["in_progress"], &open["type"]),
        (&json!(true), &json!("subsegment"))
    );
    assert_eq!(open.get("end_time"), None);
    let marked = plainly(span(Server, &json!({"aws.xray.inprogress": true})));
    assert_eq!(marked["in_progress"], true);
    assert_eq!(marked.get("end_time"), None);
}

#[test]
fn kinds_and_namespaces() {
    let aws = json!({"rpc.system": "aws-api"});
    let service = json!({"aws.service": "S3"});
    let remote = json!({"aws.remote.service": "r"});
    let nothing = json!({});
    let cases = [
        (Server, &nothing, None, None),
        (Internal, &nothing, Some("subsegment"), None),
        (Unspecified, &nothing, Some("subsegment"), None),
        (Client, &nothing, Some("subsegment"), Some("remote")),
        (Producer, &nothing, Some("subsegment"), None),
        (Producer, &remote, Some("subsegment"), Some("remote")),
        (Consumer, &remote, Some("subsegment"), Some("remote")),
        (Internal, &remote, Some("subsegment"), None),
        (Client, &aws, Some("subsegment"), Some("aws")),
        (Internal, &service, Some("subsegment"), Some("aws")),
    ];
    for (kind, pairs, expected, namespace) in cases {
        let document = plainly(span(kind, pairs));
        let read = |key: &str| document.get(key).and_then(Value::as_str);
        assert_eq!(
            (read("type"), read("namespace")),
            (expected, namespace),
            "{kind:?} {pairs}"
        );
    }
    let mut root = span(Client, &nothing);
    root.parent_span_id.clear();
    let root = plainly(root);
    assert_eq!((root.get("type"), root.get("parent_id")), (None, None));
}

#[test]
fn names() {
    let resource = json!({"service.name": "shop"});
    let cases = [
        (
            Server,
            json!({"aws.local.service": "l", "peer.service": "p"}),
            "l",
        ),
        (Internal, json!({"aws.local.service": "l"}), "GET /a"),
        (
            Internal,
            json!({"aws.local.service": "l", "aws.span.kind": "LOCAL_ROOT"}),
            "l",
        ),
        (
            Client,
            json!({"aws.remote.service": "AWS::S3", "rpc.system": "aws-api"}),
            "S3",
        ),
        (
            Client,
            json!({"aws.remote.service": "AWS.SDK.S3", "rpc.system": "aws-api"}),
            "S3",
        ),
        (Client, json!({"aws.remote.service": "AWS::S3"}), "AWS::S3"),
        (
            Client,
            json!({"peer.service": "p", "aws.service": "a"}),
            "p",
        ),
        (Client, json!({"aws.service": "a", "db.name": "d"}), "a"),
        (
            Client,
            json!({"db.name": "d", "db.connection_string": "jdbc:mysql://h:3306"}),
            "d@h",
        ),
        (Client, json!({"db.name": "d"}), "d"),
        (Server, json!({"rpc.service": "r"}), "shop"),
        (Client, json!({"rpc.service": "r", "http.host": "h"}), "r"),
        (Client, json!({"http.host": "h", "net.peer.name": "n"}), "h"),
        (Client, json!({"net.peer.name": "n"}), "n"),
        (Client, json!({"peer.service": "a{b}?"}), "ab"),
        (Client, json!({"peer.service": ""}), "GET /a"),
        (Client, json!({"peer.service": "{}"}), "span"),
    ];
    for (kind, pairs, expected) in cases {
        let document = with(&resource, span(kind, &pairs), &Options::default());
        assert_eq!(document["name"], expected, "{pairs}");
    }
}

#[test]
fn http() {
    let length = json!({"content_length": 0});
    let cases = [
        (
            Client,
            json!({"net.peer.name": "n", "server.address": "s"}),
            Value::Null,
        ),
        (
            Server,
            json!({"http.method": "GET", "http.url": "http://a/b", "http.user_agent": "u",
                   "http.status_code": 200, "net.peer.ip": "10.0.0.1"}),
            json!({
                "request": {"method": "GET", "url": "http://a/b", "user_agent": "u",
                            "client_ip": "10.0.0.1"},
                "response": {"status": 200, "content_length": 0},
            }),
        ),
        (
            Server,
            json!({"http.request.method": "GET", "url.full": "http://a/b",
                   "user_agent.original": "u", "http.response.status_code": 200,
                   "network.peer.address": "10.0.0.1"}),
            json!({
                "request": {"method": "GET", "url": "http://a/b", "user_agent": "u",
                            "client_ip": "10.0.0.1"},
                "response": {"status": 200, "content_length": 0},
            }),
        ),
        (
            Server,
            json!({"http.client_ip": "10.0.0.2"}),
            json!({"request": {"client_ip": "10.0.0.2", "x_forwarded_for": true},
                   "response": length}),
        ),
        (
            Server,
            json!({"http.client_ip": "10.0.0.2", "net.peer.ip": "10.0.0.1", "http.scheme": "h"}),
            json!({"request": {"client_ip": "10.0.0.2"}, "response": length}),
        ),
        (
            Server,
            json!({"client.address": "name", "network.peer.address": "/socket", "url.query": ""}),
            json!({"response": length}),
        ),
        (
            Client,
            json!({"http.scheme": "https", "net.peer.name": "h", "net.peer.port": 443,
                   "http.target": "/a?b"}),
            json!({"request": {"url": "https://h/a?b"}, "response": length}),
        ),
        (
            Client,
            json!({"url.scheme": "https", "server.address": "h", "server.port": 8443,
                   "url.path": "/a", "url.query": "b=\"c\""}),
            json!({"request": {"url": "https://h:8443/a?b=\"c\""}, "response": length}),
        ),
        (
            Client,
            json!({"http.host": "h:81", "net.peer.port": 81}),
            json!({"request": {"url": "http://h:81/"}, "response": length}),
        ),
        (
            Server,
            json!({"http.target": "/", "http.server_name": "s", "net.host.port": "8080"}),
            json!({"request": {"url": "http://s:8080/"}, "response": length}),
        ),
        (
            Server,
            json!({"http.target": "/", "host.name": "s", "server.port": 80}),
            json!({"request": {"url": "http://s/"}, "response": length}),
        ),
        (
            Client,
            json!({"http.method": "GET", "message.type": "RECEIVED",
                   "messaging.message_payload_size_bytes": 7}),
            json!({"request": {"method": "GET"}, "response": {"content_length": 7}}),
        ),
    ];
    for (kind, pairs, expected) in cases {
        assert_eq!(plainly(span(kind, &pairs))["http"], expected, "{pairs}");
    }
    let mut received = span(Client, &json!({"http.method": "GET"}));
    received.events.push(Event {
        attributes: attributes(&json!({"message.type": "RECEIVED",
                                       "messaging.message.body.size": 9})),
        ..Event::default()
    });
    assert_eq!(plainly(received)["http"]["response"]["content_length"], 9);
}

#[test]
fn flags() {
    let cases = [
        (
            json!({"http.status_code": 200}),
            true,
            json!([null, null, true]),
        ),
        (
            json!({"http.status_code": 404}),
            true,
            json!([true, null, null]),
        ),
        (
            json!({"http.response.status_code": 429}),
            false,
            json!([true, true, null]),
        ),
        (
            json!({"http.status_code": 503}),
            false,
            json!([null, null, true]),
        ),
        (
            json!({"http.status_code": 302}),
            false,
            json!([null, null, null]),
        ),
        (json!({}), true, json!([null, null, true])),
        (json!({}), false, json!([null, null, null])),
    ];
    for (pairs, is_error, expected) in cases {
        let mut span = span(Server, &pairs);
        if is_error {
            span = failed(span, "");
        }
        let document = plainly(span);
        let flags = ["error", "throttle", "fault"].map(|flag| document[flag].clone());
        assert_eq!(json!(flags), expected, "{pairs}");
    }
}

#[test]
fn causes() {
    let cause = |span: Span| plainly(span)["cause"]["exceptions"].clone();
    let status = cause(failed(span(Client, &json!({})), "broken"));
    assert_eq!(status[0]["message"], "broken");
    assert_eq!(status[0]["remote"], true);
    assert_eq!(status[0]["id"].as_str().unwrap().len(), 16);
    let text = json!({"http.status_text": "Bad Gateway"});
    let document = plainly(failed(span(Server, &text), ""));
    assert_eq!(document["cause"]["exceptions"][0]["message"], "Bad Gateway");
    assert_eq!(document.get("metadata"), None);
    assert_eq!(
        plainly(failed(span(Server, &json!({})), "")).get("cause"),
        None
    );

    let mut thrown = span(Server, &json!({}));
    thrown.events.push(Event {
        name: "exception".to_owned(),
        attributes: attributes(&json!({"exception.type": "E", "exception.message": "m"})),
        ..Event::default()
    });
    let document = plainly(thrown.clone());
    assert_eq!(document.get("fault"), None);
    let exception = &document["cause"]["exceptions"][0];
    assert_eq!(
        (&exception["type"], &exception["message"]),
        (&json!("E"), &json!("m"))
    );
    assert_eq!(exception.get("remote"), None);
    assert_eq!(plainly(thrown), document, "ids are the same again");

    let mut attempts = span(Client, &json!({"rpc.system": "aws-api"}));
    attempts.events.push(Event {
        name: "HTTP request failure".to_owned(),
        time_unix_nano: 1_500_000_001,
        attributes: attributes(&json!({"http.response.status_code": 503,
                                       "aws.http.error_message": "slow"})),
        ..Event::default()
    });
    let attempts = cause(attempts);
    assert_eq!(attempts[0]["type"], "aws.http.error.event");
    assert_eq!(attempts[0]["message"], "503@1.5@slow");
}

#[test]
fn calls_to_aws_and_databases() {
    let cases = [
        (json!({"rpc.method": "m"}), "aws", json!({"operation": "m"})),
        (
            json!({"rpc.method": "m", "aws.operation": "o", "aws.account_id": "1",
                   "aws.region": "r", "aws.requestId": "q", "aws.queue.url": "u",
                   "aws.table.name": "t", "aws.xray.retries": 2}),
            "aws",
            json!({"operation": "o", "account_id": "1", "region": "r", "request_id": "q",
                   "queue_url": "u", "table_name": "t", "retries": 2}),
        ),
        (
            json!({"aws.queue_url": "u", "messaging.url": "v", "aws.table_name": "t",
                   "aws.dynamodb.table_names": ["a"]}),
            "aws",
            json!({"queue_url": "v", "table_name": "a"}),
        ),
        (
            json!({"aws.table_name": "t", "aws.dynamodb.table_names": ["a", "b"]}),
            "aws",
            json!({"table_names": ["a", "b"]}),
        ),
        (
            json!({"db.system": "mysql", "db.name": "n", "db.connection_string": "mysql://h",
                   "db.user": "u", "db.statement": "select ?"}),
            "sql",
            json!({"url": "GET /a", "connection_string": "mysql://h/n", "database_type": "mysql",
                   "user": "u", "sanitized_query": "select ?"}),
        ),
        (
            json!({"db.system": "sqlite", "db.name": "n"}),
            "sql",
            json!({"url": "GET /a", "connection_string": "localhost/n",
                   "database_type": "sqlite"}),
        ),
        (
            json!({"db.system": "redis", "db.statement": "GET a"}),
            "metadata",
            json!({"default": {"db.system": "redis", "db.statement": "GET a"}}),
        ),
        (
            json!({"db.system.name": "mysql", "rpc.grpc.status_code": 0}),
            "metadata",
            json!({"default": {"db.system.name": "mysql", "rpc.grpc.status_code": 0}}),
        ),
    ];
    for (pairs, block, expected) in cases {
        let mut document = plainly(span(Client, &pairs));
        if let Some(metadata) = document.get_mut("metadata") {
            metadata.as_object_mut().unwrap().remove("otel.span");
        }
        assert_eq!(document[block], expected, "{pairs}");
    }
    let elsewhere = json!({"cloud.provider": "gcp", "host.id": "h"});
    let span = span(Client, &json!({"aws.region": "r"}));
    let document = with(&elsewhere, span, &Options::default());
    assert_eq!(document.get("aws"), None);
    assert_eq!(document["metadata"]["default"], json!({"aws.region": "r"}));
}

#[test]
fn resources() {
    let cases = [
        (
            json!({"cloud.platform": "aws_ec2", "cloud.account.id": "1", "host.id": "i",
                   "cloud.availability_zone": "z", "host.type": "m", "host.image.id": "a"}),
            json!("AWS::EC2::Instance"),
            json!({"account_id": "1", "ec2": {"instance_id": "i", "availability_zone": "z",
                                              "instance_size": "m", "ami_id": "a"}}),
        ),
        (
            json!({"cloud.provider": "aws", "cloud.platform": "aws_ecs", "container.name": "c",
                   "container.id": "d", "aws.ecs.task.arn": "t", "aws.ecs.task.family": "f",
                   "aws.ecs.cluster.arn": "l", "aws.ecs.container.arn": "n",
                   "aws.ecs.launchtype": "fargate"}),
            json!("AWS::ECS::Fargate"),
            json!({"ecs": {"container": "c", "container_id": "d", "task_arn": "t",
                           "task_family": "f", "cluster_arn": "l", "container_arn": "n",
                           "launch_type": "fargate"}}),
        ),
        (
            json!({"cloud.platform": "aws_ecs", "aws.ecs.launchtype": "ec2"}),
            json!("AWS::ECS::EC2"),
            json!({"ecs": {"launch_type": "ec2"}}),
        ),
        (
            json!({"cloud.platform": "aws_ecs"}),
            json!("AWS::ECS::Container"),
            Value::Null,
        ),
        (
            json!({"cloud.platform": "aws_app_runner"}),
            json!("AWS::AppRunner::Service"),
            Value::Null,
        ),
        (
            json!({"cloud.platform": "aws_eks", "k8s.cluster.name": "c", "k8s.pod.name": "p",
                   "container.id": "d"}),
            json!("AWS::EKS::Container"),
            json!({"eks": {"cluster_name": "c", "pod": "p", "container_id": "d"}}),
        ),
        (
            json!({"cloud.platform": "aws_elastic_beanstalk", "service.namespace": "e",
                   "service.instance.id": "7", "service.version": "v"}),
            json!("AWS::ElasticBeanstalk::Environment"),
            json!({"elastic_beanstalk": {"environment_name": "e", "deployment_id": 7,
                                         "version_label": "v"}}),
        ),
        (
            json!({"telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "java",
                   "telemetry.sdk.version": "1", "telemetry.auto.version": "2"}),
            Value::Null,
            json!({"xray": {"sdk": "opentelemetry for java", "sdk_version": "1",
                            "auto_instrumentation": true}}),
        ),
        (
            json!({"aws.log.group.names": "a&b"}),
            Value::Null,
            json!({"cloudwatch_logs": [{"log_group": "a"}, {"log_group": "b"}]}),
        ),
        (
            json!({"aws.log.group.arns": ["arn:aws:logs:r:1:log-group:g:*"],
                   "aws.log.group.names": ["x"]}),
            Value::Null,
            json!({"cloudwatch_logs": [
                {"log_group": "g", "arn": "arn:aws:logs:r:1:log-group:g:*"}]}),
        ),
        (
            json!({"cloud.provider": "azure", "host.id": "i"}),
            Value::Null,
            Value::Null,
        ),
    ];
    for (resource, origin, aws) in cases {
        let document = with(&resource, span(Server, &json!({})), &Options::default());
        assert_eq!(
            (&document["origin"], &document["aws"]),
            (&origin, &aws),
            "{resource}"
        );
        let below = with(&resource, span(Internal, &json!({})), &Options::default());
        for field in ["origin", "aws", "service", "metadata"] {
            assert_eq!(below.get(field), None, "{resource}");
        }
    }
    let options = Options {
        log_groups: vec!["g".to_owned()],
        ..Options::default()
    };
    let tagged = with(
        &json!({"container.image.tag": "t"}),
        span(Server, &json!({})),
        &options,
    );
    assert_eq!(tagged["service"], json!({"version": "t"}));
    assert_eq!(
        tagged["aws"],
        json!({"cloudwatch_logs": [{"log_group": "g"}]})
    );
}

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

#[test]
fn a_local_root_that_calls_is_two_documents() {
    let pairs = json!({
        "aws.span.kind": "LOCAL_ROOT", "aws.local.service": "worker",
        "aws.remote.service": "AWS::SQS", "aws.remote.operation": "ReceiveMessage",
        "rpc.system": "aws-api", "rpc.method": "ReceiveMessage", "http.status_code": 200,
        "x": 1,
    });
    let options = Options {
        index_all_attributes: true,
        ..Options::default()
    };
    for (kind, has_links) in [(Consumer, true), (Client, false)] {
        let mut span = span(kind, &pairs);
        span.links.push(Link {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            ..Link::default()
        });
        let resource = json!({"service.name": "s", "cloud.platform": "aws_ec2"});
        let documents = documents(&of_span(&resource, span), &options);
        let [call, service] = documents.as_slice() else {
            panic!("{documents:?}");
        };
        assert_eq!(call["id"], "70de5b6f19ff9a0a");
        assert_eq!(call["parent_id"], service["id"]);
        assert_eq!(service["parent_id"], "53995c3f42cd8ad8");
        assert_eq!(
            (&call["name"], &service["name"]),
            (&json!("SQS"), &json!("worker"))
        );
        assert_eq!(
            (&call["type"], &call["namespace"]),
            (&json!("subsegment"), &json!("aws"))
        );
        assert_eq!(call["aws"], json!({"operation": "ReceiveMessage"}));
        assert_eq!(call["http"]["response"]["status"], 200);
        for field in ["type", "namespace", "http", "aws"] {
            assert_eq!(service.get(field), None, "{field}");
        }
        assert_eq!(service["origin"], "AWS::EC2::Instance");
        assert_eq!(
            service["annotations"],
            json!({"otel.resource.service.name": "s",
                   "otel.resource.cloud.platform": "aws_ec2", "x": 1,
                   "aws.span.kind": "LOCAL_ROOT", "aws.local.service": "worker",
                   "rpc.system": "aws-api"})
        );
        assert_eq!(service.get("links").is_some(), has_links);
        assert_eq!(call.get("links").is_some(), !has_links);
    }
}

#[test]
fn a_local_root_that_serves_is_a_segment() {
    for kind in [Server, Internal, Unspecified] {
        let pairs = json!({"aws.span.kind": "LOCAL_ROOT", "rpc.system": "aws-api"});
        let document = plainly(span(kind, &pairs));
        assert_eq!(
            (document.get("type"), document.get("namespace")),
            (None, None)
        );
        assert_eq!(document["parent_id"], "53995c3f42cd8ad8");
    }
}

#[test]
fn spans_without_ids_are_counted() {
    let mut none = span(Server, &json!({}));
    none.span_id = vec![0; 8];
    let request = of_span(&json!({}), none);
    let resource = view::resources(&request).next().unwrap();
    let left_out = from_otlp(resource, &Options::default(), &mut |_| panic!("a document"));
    assert_eq!(left_out, 1);
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
