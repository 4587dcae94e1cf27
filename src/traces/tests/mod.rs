//! Traces put together from documents, and what is told of them.

mod agreement;
mod assembled;
mod causes;
mod documents;
mod examples;
mod fuzz;
mod graph_sums;
mod graphs;
mod histograms;
mod insights;
mod made;
mod naive;
mod series;
mod summaries;

use serde_json::{Value as Json, json};

use super::Trace;
use crate::segment::TraceId;

const ID: &str = "1-5759e988-bd862e3fe1be46a994272793";
const ACCOUNT: &str = "123456789012";

fn id() -> TraceId {
    TraceId::parse(ID).unwrap()
}

fn texts(documents: &[Json]) -> Vec<Vec<u8>> {
    documents
        .iter()
        .map(|it| it.to_string().into_bytes())
        .collect()
}

fn trace(texts: &[Vec<u8>]) -> Trace<'_> {
    Trace::of(id(), texts.iter().map(Vec::as_slice))
}

/// A segment from 10.0 to 12.5.
fn segment(id: u64, parent: Option<u64>, name: &str) -> Json {
    let mut document = json!({
        "trace_id": ID, "id": format!("{id:016x}"), "name": name,
        "start_time": 10.0, "end_time": 12.5,
    });
    if let Some(parent) = parent {
        document["parent_id"] = format!("{parent:016x}").into();
    }
    document
}

/// A JSON object with more fields.
fn with(mut document: Json, more: Json) -> Json {
    let (Json::Object(fields), Json::Object(more)) = (&mut document, more) else {
        panic!("no objects");
    };
    fields.extend(more);
    document
}

/// A shop that is called by somebody, calls a payment service that sends its
/// own segment, a table and a queue, and fails.
fn shop() -> Vec<Json> {
    let shop = with(
        segment(1, None, "shop"),
        json!({
            "origin": "AWS::ECS::Container", "user": "alice", "fault": true,
            "resource_arn": "arn:aws:ecs:us-east-1:123456789012:task/1",
            "http": {"request": {"method": "POST", "url": "https://shop.example.com/orders?x=1",
                "user_agent": "curl/8", "client_ip": "192.0.2.17", "x_forwarded_for": true},
                "response": {"status": 502, "content_length": 17}},
            "aws": {"ec2": {"instance_id": "i-0123456789abcdef0", "availability_zone": "us-west-2a"},
                "xray": {"sdk": "X-Ray for Python"}},
            "annotations": {"tier": "gold", "items": 3, "is_new": true},
            "metadata": {"default": {"cart": [1, 2.5, {"a": null}]}},
            "subsegments": [
                {"id": "000000000000000a", "name": "work", "start_time": 10.1, "end_time": 12.25,
                 "fault": true, "annotations": {"tier": "silver", "items": 3},
                 "subsegments": [
                    {"id": "000000000000000b", "name": "pay.example.com", "namespace": "remote",
                     "start_time": 10.25, "end_time": 12.0, "fault": true,
                     "http": {"request": {"method": "GET", "url": "https://pay.example.com/",
                         "traced": true}, "response": {"status": 500}}},
                ]},
                {"id": "000000000000000c", "name": "DynamoDB", "namespace": "aws",
                 "start_time": 10.0, "end_time": 10.1,
                 "aws": {"operation": "GetItem", "table_name": "orders", "region": "us-west-2"}},
                {"id": "000000000000000d", "name": "SQS", "namespace": "aws",
                 "start_time": 12.25, "end_time": 12.5, "throttle": true, "error": true,
                 "aws": {"operation": "SendMessage", "queue_url": "https://sqs/q"}},
            ],
        }),
    );
    let pay = with(
        segment(2, Some(0xb), "pay"),
        json!({"start_time": 10.5, "end_time": 12, "fault": true, "user": "alice",
            "cause": {"working_directory": "/", "exceptions": [
                {"id": "00000000000000ff", "type": "Declined", "message": "no funds"}]}}),
    );
    let query = with(
        segment(3, Some(2), "db@host"),
        json!({"type": "subsegment", "namespace": "remote", "start_time": 10.5, "end_time": 10.75,
            "sql": {"url": "jdbc:x", "sanitized_query": "SELECT 1"}, "unknown": {"é": [1e300]}}),
    );
    vec![query, shop, pay]
}
