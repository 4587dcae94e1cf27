//! Segments as spans, field by field.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};

use super::*;

fn segment(changes: &Value) -> Value {
    let mut document = json!({
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "id": "70de5b6f19ff9a0a",
        "name": "checkout",
        "start_time": 1_478_293_361.25,
        "end_time": 1_478_293_361.5,
    });
    for (key, value) in changes.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

fn subsegment(changes: &Value) -> Value {
    let mut changes = changes.clone();
    changes["type"] = "subsegment".into();
    changes["parent_id"] = "53995c3f42cd8ad8".into();
    segment(&changes)
}

/// The only span of a document, and its resource.
fn translated(document: &Value) -> (Span, Value) {
    assert_eq!(there_and_back(document), std::slice::from_ref(document));
    let mut request = request(document);
    let mut resource = request.resource_spans.remove(0);
    let attributes = pairs(&resource.resource.unwrap().attributes);
    (resource.scope_spans[0].spans.remove(0), attributes)
}

#[test]
fn ids_times_and_names() {
    let (span, resource) = translated(&segment(&json!({"parent_id": "53995c3f42cd8ad8"})));
    assert_eq!(
        span.trace_id,
        0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793_u128.to_be_bytes()
    );
    assert_eq!(span.span_id, 0x70de_5b6f_19ff_9a0a_u64.to_be_bytes());
    assert_eq!(span.parent_span_id, 0x5399_5c3f_42cd_8ad8_u64.to_be_bytes());
    assert_eq!(span.start_time_unix_nano, 1_478_293_361_250_000_000);
    assert_eq!(span.end_time_unix_nano, 1_478_293_361_500_000_000);
    assert_eq!(span.name, "checkout");
    assert_eq!(span.status, None);
    assert_eq!(
        resource,
        json!({"service.name": "checkout", "cloud.provider": "unknown"})
    );
}

#[test]
fn kinds() {
    let client = json!({"request": {"client_ip": "10.0.0.1"}});
    let cases = [
        (segment(&json!({})), SpanKind::Server),
        (segment(&json!({"namespace": "remote"})), SpanKind::Server),
        (subsegment(&json!({})), SpanKind::Internal),
        (subsegment(&json!({"namespace": "aws"})), SpanKind::Client),
        (
            subsegment(&json!({"namespace": "remote"})),
            SpanKind::Client,
        ),
        (subsegment(&json!({"http": client})), SpanKind::Server),
    ];
    for (document, kind) in cases {
        assert_eq!(translated(&document).0.kind(), kind, "{document}");
    }
}

#[test]
fn fields_of_a_span() {
    let cases = [
        (json!({"user": "u"}), json!({"enduser.id": "u"})),
        (
            json!({"origin": "AWS::X"}),
            json!({"aws.xray.origin": "AWS::X"}),
        ),
        (
            json!({"inferred": true}),
            json!({"aws.xray.inferred": true}),
        ),
        (json!({"traced": true}), json!({"aws.xray.traced": true})),
        (json!({"fault": false}), json!({"aws.xray.fault": false})),
        (
            json!({"precursor_ids": ["a"]}),
            json!({"aws.xray.precursor_ids": ["a"]}),
        ),
        (
            json!({"cause": "70de5b6f19ff9a0b"}),
            json!({"aws.xray.cause": "70de5b6f19ff9a0b"}),
        ),
        (
            json!({"namespace": "aws"}),
            json!({"aws.service": "checkout", "aws.xray.namespace": "aws"}),
        ),
        (
            json!({"namespace": "other"}),
            json!({"aws.xray.namespace": "other"}),
        ),
        (
            json!({"http": {
                "request": {"method": "GET", "url": "http://a/", "user_agent": "c",
                            "client_ip": "::1", "x_forwarded_for": true, "traced": true},
                "response": {"status": 200, "content_length": -1},
            }}),
            json!({
                "http.method": "GET", "http.url": "http://a/", "http.user_agent": "c",
                "http.client_ip": "::1", "aws.xray.x_forwarded_for": true,
                "aws.xray.http.traced": true, "http.status_code": 200,
                "http.response_content_length": -1,
            }),
        ),
        (
            json!({"http": {"response": {"content_length": "12", "x": 1}}, "sql": {}}),
            json!({
                "aws.xray.document/http/response/content_length": "12",
                "aws.xray.document/http/response/x": 1,
                "aws.xray.document/sql": {},
            }),
        ),
        (
            json!({"sql": {
                "url": "postgresql://h:1/db", "database_type": "PostgreSQL", "user": "u",
                "sanitized_query": "select 1", "preparation": "call",
                "database_version": "9", "driver_version": "4",
            }}),
            json!({
                "db.connection_string": "postgresql://h:1", "db.name": "db",
                "db.system": "PostgreSQL", "db.user": "u", "db.statement": "select 1",
                "aws.xray.sql.preparation": "call", "aws.xray.sql.database_version": "9",
                "aws.xray.sql.driver_version": "4",
            }),
        ),
        (
            json!({"sql": {"url": "x"}}),
            json!({"aws.xray.document/sql/url": "x"}),
        ),
        (
            json!({"annotations": {"a.b": 1.5, "c": true, "http.url": "x", "d": null}}),
            json!({
                "a.b": 1.5, "c": true, "aws.xray.annotations": ["a.b", "c"],
                "aws.xray.document/annotations/http.url": "x",
                "aws.xray.document/annotations/d": null,
            }),
        ),
        (
            json!({"metadata": {"default": {"a": [1]}, "n/s": "x"}}),
            json!({
                "aws.xray.metadata.default": "{\"a\":[1]}", "aws.xray.metadata.n/s": "\"x\"",
            }),
        ),
        (
            json!({"unknown": {"a/b": {"c": u64::MAX}}, "subsegments": []}),
            json!({
                "aws.xray.document/unknown/a~1b/c": "bytes 18446744073709551615",
                "aws.xray.document/subsegments": [],
            }),
        ),
        (
            json!({"end_time": 2}),
            json!({"aws.xray.document/end_time": 2}),
        ),
    ];
    for (document, expected) in cases {
        let (span, _) = translated(&segment(&document));
        assert_eq!(pairs(&span.attributes), expected, "{document}");
    }
}

#[test]
fn the_block_of_a_call_to_aws() {
    let (span, resource) = translated(&subsegment(&json!({"aws": {
        "account_id": "1", "operation": "GetItem", "region": "eu-west-1", "request_id": "r",
        "queue_url": "q", "table_name": "t", "retries": 2, "resource_names": ["t"], "key": "k",
    }})));
    let expected = json!({
        "aws.xray.type": "subsegment", "aws.account_id": "1", "aws.operation": "GetItem",
        "aws.region": "eu-west-1", "aws.request_id": "r", "aws.queue_url": "q",
        "aws.table_name": "t", "aws.xray.retries": 2, "aws.xray.resource_names": ["t"],
        "aws.xray.document/aws/key": "k",
    });
    assert_eq!(pairs(&span.attributes), expected);
    assert_eq!(resource["cloud.provider"], "aws");
}

#[test]
fn fields_of_a_resource() {
    let cases = [
        (
            json!({
                "origin": "AWS::EC2::Instance", "resource_arn": "arn",
                "service": {"version": "1", "runtime": "CPython", "compiler_version": "go1"},
                "aws": {
                    "account_id": "1",
                    "ec2": {"instance_id": "i", "instance_size": "m", "ami_id": "a",
                            "availability_zone": "z"},
                    "xray": {"sdk": "X-Ray for Go", "sdk_version": "1.2",
                             "auto_instrumentation": false},
                },
            }),
            json!({
                "cloud.platform": "aws_ec2", "aws.xray.resource_arn": "arn",
                "service.version": "1", "aws.xray.service.runtime": "CPython",
                "aws.xray.service.compiler_version": "go1", "cloud.account.id": "1",
                "host.id": "i", "host.type": "m", "host.image.id": "a",
                "cloud.availability_zone": "z", "telemetry.sdk.name": "X-Ray",
                "telemetry.sdk.language": "Go", "telemetry.sdk.version": "1.2",
                "aws.xray.auto_instrumentation": false,
            }),
        ),
        (
            json!({"origin": "AWS::ECS::Fargate", "aws": {"ecs": {
                "container": "c", "container_id": "d", "container_arn": "e", "task_arn": "f",
                "task_family": "g", "cluster_arn": "h", "launch_type": "FARGATE",
            }}}),
            json!({
                "cloud.platform": "aws_ecs", "container.name": "c", "container.id": "d",
                "aws.ecs.container.arn": "e", "aws.ecs.task.arn": "f", "aws.ecs.task.family": "g",
                "aws.ecs.cluster.arn": "h", "aws.ecs.launchtype": "FARGATE",
            }),
        ),
        (
            json!({"aws": {"eks": {"pod": "p", "cluster_name": "c", "container_id": "d"}}}),
            json!({"k8s.pod.name": "p", "k8s.cluster.name": "c", "container.id": "d"}),
        ),
        (
            json!({
                "origin": "AWS::ElasticBeanstalk::Environment",
                "aws": {"elastic_beanstalk": {
                    "environment_name": "e", "version_label": "v", "deployment_id": 7,
                }},
            }),
            json!({
                "cloud.platform": "aws_elastic_beanstalk", "service.namespace": "e",
                "service.version": "v", "service.instance.id": "7",
            }),
        ),
    ];
    for (document, mut expected) in cases {
        expected["service.name"] = "checkout".into();
        expected["cloud.provider"] = "aws".into();
        assert_eq!(translated(&segment(&document)).1, expected, "{document}");
    }
}

#[test]
fn exceptions_are_events() {
    let (span, _) = translated(&segment(&json!({"fault": true, "cause": {
        "working_directory": "/app",
        "exceptions": [
            {"id": "70de5b6f19ff9a0b", "type": "E", "message": "m", "remote": true,
             "truncated": 3, "skipped": 1, "cause": "70de5b6f19ff9a0c",
             "stack": [{"path": "a.py", "line": 3, "label": "f"}, {"path": "b", "label": "g"}]},
            {"id": "70de5b6f19ff9a0c", "stack": [{"path": "b"}], "x": 1},
        ],
    }})));
    let status = span.status.unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "m"));
    assert_eq!(
        pairs(&span.attributes),
        json!({"aws.xray.fault": true, "aws.xray.document/cause/working_directory": "/app"})
    );
    assert_eq!(span.events[0].name, "exception");
    assert_eq!(span.events[0].time_unix_nano, span.end_time_unix_nano);
    assert_eq!(
        pairs(&span.events[0].attributes),
        json!({
            "exception.type": "E", "exception.message": "m",
            "exception.stacktrace": "E: m\n\tat f(a.py: 3)\n\tat g(b: <unknown>)\n",
            "aws.xray.exception.id": "70de5b6f19ff9a0b", "aws.xray.exception.remote": true,
            "aws.xray.exception.truncated": 3, "aws.xray.exception.skipped": 1,
            "aws.xray.exception.cause": "70de5b6f19ff9a0c",
        })
    );
    assert_eq!(
        pairs(&span.events[1].attributes),
        json!({
            "exception.stacktrace": ": \n\tat (b: <unknown>)\n",
            "aws.xray.exception.id": "70de5b6f19ff9a0c",
            "aws.xray.document/stack": [{"path": "b"}], "aws.xray.document/x": 1,
        })
    );
}

#[test]
fn a_cause_elsewhere_is_the_status() {
    let (span, _) = translated(&segment(&json!({"cause": "70de5b6f19ff9a0b"})));
    let status = span.status.unwrap();
    assert_eq!(
        (status.code, status.message.as_str()),
        (2, "70de5b6f19ff9a0b")
    );
    for flag in ["error", "fault", "throttle"] {
        let (span, _) = translated(&segment(&json!({ flag: true })));
        assert_eq!(span.status.unwrap().code, 2);
    }
}

#[test]
fn links_are_links() {
    let link = json!({"trace_id": "1-5759e988-bd862e3fe1be46a994272794", "id": "70de5b6f19ff9a0c",
                      "attributes": {"a": "b"}});
    let (span, _) = translated(&segment(&json!({ "links": [link] })));
    assert_eq!(
        span.links[0].span_id,
        0x70de_5b6f_19ff_9a0c_u64.to_be_bytes()
    );
    assert_eq!(pairs(&span.links[0].attributes), json!({"a": "b"}));
    let (span, _) = translated(&segment(&json!({ "links": [{"id": "x"}] })));
    assert!(span.links.is_empty());
}

#[test]
fn subsegments_are_spans_below() {
    let child = |id: &str, more: Value| {
        let mut child = json!({"id": id, "name": id, "start_time": 1.5, "in_progress": true});
        child["subsegments"] = more;
        child
    };
    let below = child("0000000000000002", json!([]));
    let document = segment(&json!({"subsegments": [
        child("0000000000000001", json!([below])),
        child("0000000000000003", json!([])),
    ]}));
    assert_eq!(there_and_back(&document), std::slice::from_ref(&document));
    let request = request(&document);
    let scope = &request.resource_spans[0].scope_spans[0];
    assert_eq!(scope.scope.as_ref().unwrap().name, SCOPE);
    let parents = scope
        .spans
        .iter()
        .map(|span| span.parent_span_id.last().copied());
    assert_eq!(
        parents.collect::<Vec<_>>(),
        [None, Some(0x0a), Some(1), Some(0x0a)]
    );
    let below = pairs(&scope.spans[2].attributes);
    assert_eq!(below["aws.xray.depth"], 2);
    assert_eq!(below["aws.xray.inprogress"], true);
    assert_eq!(scope.spans[2].end_time_unix_nano, 0);
}

#[test]
fn what_is_added_on_the_way_is_metadata() {
    let mut request = request(&segment(&json!({"metadata": {"default": {"a": 1}}})));
    let span = &mut request.resource_spans[0].scope_spans[0].spans[0];
    span.attributes
        .extend(attributes(&json!({"environment": "prod"})));
    let documents = documents(&request.encode_to_vec(), &Options::default());
    assert_eq!(
        documents[0]["metadata"],
        json!({"default": {"a": 1, "environment": "prod"}})
    );
}
