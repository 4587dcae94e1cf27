//! Traces that are kept, and questions over HTTP, for the tests of queries.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use serde_json::{Value, json};

use super::Queries;
use crate::collector::operations::LocalOnly;
use crate::collector::receivers::testing::{ask, intake};
use crate::collector::receivers::zipkin::Zipkin;
use crate::collector::store::Store;
use crate::collector::{Consumer, Counters, Memory, Parcel, Protocols};
use crate::collector_config;

/// The trace that the tests ask for, in both forms.
pub(super) const TRACE: &str = "5759e988bd862e3fe1be46a994272793";
pub(super) const XRAY_TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";
/// A window in which all of them are, in the words of version 3.
pub(super) const WINDOW: &str =
    "query.startTimeMin=2026-09-21T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z";

/// A store, and who answers from it.
pub(super) struct Kept {
    store: Arc<Store>,
    pub(super) queries: Arc<Queries>,
    _folder: tempfile::TempDir,
}

/// An answer: status, the JSON that it is, and a header.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) text: String,
    pub(super) headers: http::HeaderMap,
}

impl Said {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(super) fn pretty(&self) -> String {
        format!("{:#}", self.json())
    }
}

impl Kept {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = collector_config::Store::default();
        let store = Store::open(folder.path(), &config, Counters::default()).unwrap();
        Self {
            queries: Arc::new(Queries::new(Arc::clone(&store))),
            store,
            _folder: folder,
        }
    }

    /// With the trace of a shop and a bank, and one of the bank alone.
    pub(super) async fn shop() -> Self {
        let kept = Self::new();
        kept.keep(&shop()).await;
        kept
    }

    pub(super) async fn keep(&self, request: &Value) {
        let request: ExportTraceServiceRequest = serde_json::from_value(request.clone()).unwrap();
        let parcel = Parcel {
            requests: vec![request.encode_to_vec().into()],
            charges: vec![Memory::new(1).charge(1).unwrap()],
            ..Parcel::default()
        };
        self.store.consume(parcel).await;
        self.store.drain().await;
    }

    pub(super) async fn keep_documents(&self, documents: &[Value]) {
        let documents = documents.iter().map(|one| Bytes::from(one.to_string()));
        let parcel = Parcel {
            documents: documents.collect(),
            charges: vec![Memory::new(1).charge(1).unwrap()],
            ..Parcel::default()
        };
        self.store.consume(parcel).await;
        self.store.drain().await;
    }

    /// Asks Jaeger's port.
    pub(super) async fn jaeger(&self, path: &str) -> Said {
        let request = Request::get(path).header("host", "localhost");
        self.jaeger_with(request.body(Full::default()).unwrap())
            .await
    }

    pub(super) async fn jaeger_with(&self, request: Request<Full<Bytes>>) -> Said {
        let http = super::jaeger::Http::new(Arc::clone(&self.queries));
        let http = LocalOnly::new(Arc::new(http), true);
        let (head, body) = ask(http, Protocols::Any, request).await;
        said(&head, &body)
    }

    /// Asks Zipkin's port.
    pub(super) async fn zipkin(&self, path: &str) -> Said {
        let request = Request::get(path).header("host", "localhost");
        self.zipkin_with(request.body(Full::default()).unwrap())
            .await
    }

    pub(super) async fn zipkin_with(&self, request: Request<Full<Bytes>>) -> Said {
        let queries = super::zipkin::Zipkin::new(Arc::clone(&self.queries), true);
        let zipkin = Zipkin::new(intake().0, Some(queries));
        let (head, body) = ask(zipkin, Protocols::Any, request).await;
        said(&head, &body)
    }
}

fn said(head: &http::Response<()>, body: &Bytes) -> Said {
    Said {
        status: head.status().as_u16(),
        text: String::from_utf8(body.to_vec()).unwrap(),
        headers: head.headers().clone(),
    }
}

/// What the shop and the bank send, in OTLP's JSON.
pub(super) fn shop() -> Value {
    let text = |key: &str, text: &str| json!({ "key": key, "value": { "stringValue": text } });
    let span = |id: u64, name: &str, kind: u64, (start, end): (u64, u64)| {
        json!({
            "traceId": TRACE, "spanId": format!("{id:016x}"), "name": name, "kind": kind,
            "startTimeUnixNano": (1_790_000_000_000_000_000 + start * 1_000_000).to_string(),
            "endTimeUnixNano": (1_790_000_000_000_000_000 + end * 1_000_000).to_string(),
        })
    };
    let mut root = span(1, "GET /cart", 2, (0, 500));
    root["status"] = json!({ "code": 1 });
    root["traceState"] = "a=b".into();
    root["attributes"] = json!([
        { "key": "http.response.status_code", "value": { "intValue": "200" } },
        { "key": "cached", "value": { "boolValue": true } },
        { "key": "ratio", "value": { "doubleValue": 1.5 } },
        { "key": "list", "value": { "arrayValue": { "values": [{ "intValue": "1" }, { "stringValue": "x" }] } } },
        { "key": "large", "value": { "intValue": "9007199254740993" } },
        { "key": "bytes", "value": { "bytesValue": "AQID" } },
    ]);
    let mut query = span(2, "SELECT", 3, (100, 200));
    query["parentSpanId"] = "0000000000000001".into();
    query["status"] = json!({ "code": 2, "message": "gone" });
    query["attributes"] = json!([text("peer.service", "db")]);
    query["events"] = json!([{
        "timeUnixNano": "1790000000150000000", "name": "exception",
        "attributes": [text("exception.type", "Timeout")],
    }]);
    query["links"] =
        json!([{ "traceId": "5759e988bd862e3fe1be46a994272794", "spanId": "0000000000000009" }]);
    let mut call = span(3, "POST", 3, (250, 450));
    call["parentSpanId"] = "0000000000000001".into();
    let mut pay = span(4, "pay", 2, (300, 400));
    pay["parentSpanId"] = "0000000000000003".into();
    let mut other = span(5, "plain", 0, (1300, 1400));
    other["traceId"] = "5759e988bd862e3fe1be46a994272795".into();
    other["parentSpanId"] = "00000000000000aa".into();
    let scope = json!({ "name": "lib", "version": "1" });
    json!({ "resourceSpans": [
        {
            "resource": { "attributes": [text("service.name", "shop"), text("host.name", "h")] },
            "scopeSpans": [{ "scope": scope, "spans": [root, query, call] }],
        },
        {
            "resource": { "attributes": [text("service.name", "bank")] },
            "scopeSpans": [{ "scope": {}, "spans": [pay, other] }],
        },
    ] })
}

/// A segment of the same trace, with a subsegment that calls.
pub(super) fn segment() -> Value {
    json!({
        "name": "stock", "id": "00000000000000b1", "trace_id": XRAY_TRACE,
        "parent_id": "0000000000000003", "start_time": 1_790_000_000.31, "end_time": 1_790_000_000.39,
        "annotations": { "tenant": "acme" },
        "http": { "request": { "method": "GET", "url": "http://stock/items" }, "response": { "status": 500 } },
        "fault": true,
        "subsegments": [{
            "name": "DynamoDB", "id": "00000000000000b2", "namespace": "aws",
            "start_time": 1_790_000_000.32, "end_time": 1_790_000_000.33,
        }],
    })
}
