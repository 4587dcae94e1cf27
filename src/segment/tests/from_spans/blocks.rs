//! The blocks of a document.

use super::*;

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
    assert_eq!(attempts[0]["message"], "503@1.500000@slow");
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
