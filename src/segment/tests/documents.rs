//! Documents as SDKs and AWS's own services send them, as spans.

use std::fmt::Write;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;

/// The spans of a document, which also comes back as it was.
fn spans(document: &Value) -> String {
    assert_eq!(there_and_back(document), std::slice::from_ref(document));
    let request = request(document);
    let mut out = String::new();
    for resource in &request.resource_spans {
        writeln!(out, "resource").unwrap();
        lines(
            &mut out,
            "  ",
            &resource.resource.as_ref().unwrap().attributes,
        );
        for span in &resource.scope_spans[0].spans {
            let end = span
                .end_time_unix_nano
                .saturating_sub(span.start_time_unix_nano);
            let kind = span.kind().as_str_name();
            writeln!(out, "{kind} {}, {} ms", span.name, end / 1_000_000).unwrap();
            if let Some(status) = &span.status {
                writeln!(out, "  status {} {}", status.code, status.message).unwrap();
            }
            lines(&mut out, "  ", &span.attributes);
            for event in &span.events {
                writeln!(out, "  {}", event.name).unwrap();
                lines(&mut out, "    ", &event.attributes);
            }
        }
    }
    out
}

fn lines(out: &mut String, indent: &str, attributes: &[KeyValue]) {
    for (key, value) in pairs(attributes).as_object().unwrap() {
        writeln!(out, "{indent}{key} = {value}").unwrap();
    }
}

#[test]
fn flask_with_a_database() {
    let document = json!({
        "name": "scorekeep", "id": "3f2a8c1d9b7e6054", "start_time": 1_790_164_769.125_31,
        "trace_id": "1-6ab3a9a1-8f1c2d3e4a5b6c7d8e9f0a1b", "end_time": 1_790_164_769.383_74,
        "in_progress": false,
        "service": {"runtime": "CPython", "runtime_version": "3.12.4"},
        "aws": {"xray": {"sdk": "X-Ray for Python", "sdk_version": "2.14.0",
                         "sampling_rule_name": "Default"}},
        "annotations": {"tier": "gold"},
        "http": {
            "request": {"url": "http://127.0.0.1:5000/games", "method": "GET",
                        "user_agent": "curl/8.5.0", "client_ip": "127.0.0.1"},
            "response": {"status": 200, "content_length": 24},
        },
        "subsegments": [{
            "name": "games@db.local", "id": "5b1e0d2c3f4a6978", "namespace": "remote",
            "start_time": 1_790_164_769.2, "end_time": 1_790_164_769.25, "in_progress": false,
            "sql": {"url": "postgresql://db.local:5432/games", "user": "app",
                    "database_type": "PostgreSQL", "database_version": "16.3",
                    "driver_version": "psycopg2", "sanitized_query": "SELECT * FROM game"},
        }],
    });
    assert_snapshot!(spans(&document), @r#"
    resource
      service.name = "scorekeep"
      cloud.provider = "aws"
      telemetry.sdk.name = "X-Ray"
      telemetry.sdk.language = "Python"
      aws.xray.service.runtime = "CPython"
      aws.xray.service.runtime_version = "3.12.4"
      telemetry.sdk.version = "2.14.0"
    SPAN_KIND_SERVER scorekeep, 258 ms
      aws.xray.inprogress = false
      http.method = "GET"
      http.url = "http://127.0.0.1:5000/games"
      http.user_agent = "curl/8.5.0"
      http.client_ip = "127.0.0.1"
      http.status_code = 200
      http.response_content_length = 24
      aws.xray.sampling_rule_name = "Default"
      tier = "gold"
      aws.xray.annotations = ["tier"]
    SPAN_KIND_CLIENT games@db.local, 49 ms
      aws.xray.depth = 1
      db.connection_string = "postgresql://db.local:5432"
      db.name = "games"
      aws.xray.inprogress = false
      aws.xray.namespace = "remote"
      db.system = "PostgreSQL"
      db.statement = "SELECT * FROM game"
      db.user = "app"
      aws.xray.sql.database_version = "16.3"
      aws.xray.sql.driver_version = "psycopg2"
    "#);
}

#[test]
fn express_with_a_failed_call() {
    let document = json!({
        "id": "a3f1e2d4c5b69788", "trace_id": "1-6ab3a9a1-0a1b2c3d4e5f60718293a4b5",
        "start_time": 1_790_164_769.5, "end_time": 1_790_164_769.75, "name": "web",
        "fault": true,
        "http": {
            "request": {"method": "POST", "user_agent": "node", "client_ip": "::1",
                        "url": "http://localhost:3000/order", "x_forwarded_for": true},
            "response": {"status": 502},
        },
        "service": {"runtime": "node", "runtime_version": "v22.3.0", "version": "1.4.2",
                    "name": "web"},
        "aws": {"xray": {"sdk": "X-Ray for Node.js", "sdk_version": "3.10.1",
                         "package": "aws-xray-sdk"}},
        "origin": "AWS::EC2::Instance",
        "metadata": {"default": {"cart": {"items": [1, 2.5, null]}}},
        "subsegments": [{
            "id": "b4f1e2d4c5b69788", "name": "payments.local", "namespace": "remote",
            "start_time": 1_790_164_769.5, "end_time": 1_790_164_769.625,
            "error": true, "throttle": true,
            "http": {"request": {"method": "GET", "url": "http://payments.local/v1",
                                 "traced": true},
                     "response": {"status": 429, "content_length": 0}},
            "cause": {
                "working_directory": "/app",
                "exceptions": [{
                    "id": "c4f1e2d4c5b69788", "message": "too many", "type": "Error",
                    "remote": true,
                    "stack": [{"path": "/app/pay.js", "line": 10, "label": "Pay.send"}],
                }],
            },
            "subsegments": [{"id": "d4f1e2d4c5b69788", "name": "parse", "precursor_ids": [],
                             "start_time": 1_790_164_769.5, "end_time": 1_790_164_769.5}],
        }],
    });
    assert_snapshot!(spans(&document), @r#"
    resource
      service.name = "web"
      cloud.provider = "aws"
      cloud.platform = "aws_ec2"
      service.version = "1.4.2"
      telemetry.sdk.name = "X-Ray"
      telemetry.sdk.language = "Node.js"
      aws.xray.service.runtime = "node"
      aws.xray.service.runtime_version = "v22.3.0"
      telemetry.sdk.version = "3.10.1"
    SPAN_KIND_SERVER web, 250 ms
      status 2 
      aws.xray.origin = "AWS::EC2::Instance"
      aws.xray.fault = true
      http.method = "POST"
      http.url = "http://localhost:3000/order"
      http.user_agent = "node"
      http.client_ip = "::1"
      aws.xray.x_forwarded_for = true
      http.status_code = 502
      aws.xray.metadata.default = "{\"cart\":{\"items\":[1,2.5,null]}}"
      aws.xray.document/service/name = "web"
      aws.xray.document/aws/xray/package = "aws-xray-sdk"
    SPAN_KIND_CLIENT payments.local, 125 ms
      status 2 too many
      aws.xray.depth = 1
      aws.xray.namespace = "remote"
      aws.xray.error = true
      aws.xray.throttle = true
      http.method = "GET"
      http.url = "http://payments.local/v1"
      aws.xray.http.traced = true
      http.status_code = 429
      http.response_content_length = 0
      aws.xray.document/cause/working_directory = "/app"
      exception
        exception.stacktrace = "Error: too many\n\tat Pay.send(/app/pay.js: 10)\n"
        aws.xray.exception.id = "c4f1e2d4c5b69788"
        exception.type = "Error"
        exception.message = "too many"
        aws.xray.exception.remote = true
    SPAN_KIND_INTERNAL parse, 0 ms
      aws.xray.depth = 2
      aws.xray.precursor_ids = []
    "#);
}

#[test]
fn lambda() {
    let document = json!({
        "id": "1e2d3c4b5a697887", "name": "order-handler", "start_time": 1_790_164_769.125,
        "trace_id": "1-6ab3a9a1-1a1b2c3d4e5f60718293a4b5", "end_time": 1_790_164_770.125,
        "parent_id": "0e2d3c4b5a697887", "origin": "AWS::Lambda::Function",
        "resource_arn": "arn:aws:lambda:eu-west-1:123456789012:function:order-handler",
        "aws": {"account_id": "123456789012", "function_arn": "arn:aws:lambda:…",
                "cloudwatch_logs": [{"log_group": "/aws/lambda/order-handler"}],
                "resource_names": ["order-handler"]},
        "links": [{"trace_id": "1-6ab3a9a1-2a1b2c3d4e5f60718293a4b5", "id": "9e2d3c4b5a697887"}],
        "subsegments": [{
            "id": "2e2d3c4b5a697887", "name": "DynamoDB", "namespace": "aws",
            "start_time": 1_790_164_769.25, "end_time": 1_790_164_769.5,
            "aws": {"operation": "PutItem", "region": "eu-west-1", "table_name": "orders",
                    "request_id": "Q", "retries": 0, "resource_names": ["orders"]},
            "http": {"response": {"status": 200}},
        }],
    });
    assert_snapshot!(spans(&document), @r#"
    resource
      service.name = "order-handler"
      cloud.provider = "aws"
      cloud.platform = "aws_lambda"
      aws.xray.resource_arn = "arn:aws:lambda:eu-west-1:123456789012:function:order-handler"
      cloud.account.id = "123456789012"
    SPAN_KIND_SERVER order-handler, 1000 ms
      aws.xray.origin = "AWS::Lambda::Function"
      aws.xray.resource_names = ["order-handler"]
      aws.xray.document/aws/function_arn = "arn:aws:lambda:…"
      aws.xray.document/aws/cloudwatch_logs = [{"log_group":"/aws/lambda/order-handler"}]
    SPAN_KIND_CLIENT DynamoDB, 250 ms
      aws.service = "DynamoDB"
      aws.xray.depth = 1
      aws.xray.namespace = "aws"
      http.status_code = 200
      aws.operation = "PutItem"
      aws.region = "eu-west-1"
      aws.request_id = "Q"
      aws.table_name = "orders"
      aws.xray.retries = 0
      aws.xray.resource_names = ["orders"]
    "#);
}

#[test]
fn in_progress_and_detached() {
    let document = json!({
        "id": "1e2d3c4b5a697887", "name": "batch", "start_time": 1_790_164_769,
        "trace_id": "1-6ab3a9a1-1a1b2c3d4e5f60718293a4b5", "type": "subsegment",
        "parent_id": "0E2D3C4B5A697887", "in_progress": true, "traced": true,
    });
    assert_snapshot!(spans(&document), @r#"
    resource
      service.name = "batch"
      cloud.provider = "unknown"
    SPAN_KIND_INTERNAL batch, 0 ms
      aws.xray.type = "subsegment"
      aws.xray.inprogress = true
      aws.xray.traced = true
      aws.xray.document/start_time = 1790164769
      aws.xray.document/parent_id = "0E2D3C4B5A697887"
    "#);
}

#[test]
fn java_with_a_chain_of_exceptions() {
    let document = json!({
        "id": "1e2d3c4b5a697887", "name": "cart", "start_time": 1_790_164_769.125,
        "trace_id": "1-6ab3a9a1-1a1b2c3d4e5f60718293a4b5", "end_time": 1_790_164_770.125,
        "fault": true, "error": false,
        "cause": {
            "working_directory": "/srv", "paths": ["/srv/lib"],
            "exceptions": [
                {"id": "2e2d3c4b5a697887", "message": "top\nlevel", "remote": false,
                 "type": "java.lang.RuntimeException", "cause": "3e2d3c4b5a697887",
                 "truncated": 12,
                 "stack": [{"path": "Cart.java", "line": 12, "label": "com.shop.Cart.add"},
                           {"path": "Thread.java", "line": 840, "label": "java.lang.Thread.run"}]},
                {"id": "3e2d3c4b5a697887", "message": "down", "type": "java.io.IOException",
                 "skipped": 3,
                 "stack": [{"path": "Native Method", "label": "sun.nio.read"}]},
            ],
        },
    });
    assert_snapshot!(spans(&document), @r#"
    resource
      service.name = "cart"
      cloud.provider = "unknown"
    SPAN_KIND_SERVER cart, 1000 ms
      status 2 top
    level
      aws.xray.error = false
      aws.xray.fault = true
      aws.xray.document/cause/working_directory = "/srv"
      aws.xray.document/cause/paths = ["/srv/lib"]
      exception
        exception.stacktrace = "java.lang.RuntimeException: top\nlevel\n\tat com.shop.Cart.add(Cart.java: 12)\n\tat java.lang.Thread.run(Thread.java: 840)\n"
        aws.xray.exception.id = "2e2d3c4b5a697887"
        exception.type = "java.lang.RuntimeException"
        exception.message = "top\nlevel"
        aws.xray.exception.remote = false
        aws.xray.exception.truncated = 12
        aws.xray.exception.cause = "3e2d3c4b5a697887"
      exception
        exception.stacktrace = "java.io.IOException: down\n\tat sun.nio.read(Native Method: <unknown>)\n"
        aws.xray.exception.id = "3e2d3c4b5a697887"
        exception.type = "java.io.IOException"
        exception.message = "down"
        aws.xray.exception.skipped = 3
    "#);
}
