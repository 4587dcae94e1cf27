//! Answers as Jaeger gives them: the snapshots of whole answers are those that
//! Jaeger 2.20 gives of the same spans (`tests/peers` asks it again).

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use http::Request;
use http_body_util::Full;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value, json};

use super::super::testing::{Kept, TRACE, WINDOW, XRAY_TRACE, segment, shop};
use super::messages::{
    DependenciesResponse, FindTraceSummariesResponse, FindTracesRequest, GetDependenciesRequest,
    GetOperationsRequest, GetOperationsResponse, GetServicesResponse, GetTraceRequest, Timestamp,
    TraceQueryParameters,
};
use super::{Grpc, trace_id};
use crate::collector::Protocols;
use crate::collector::receivers::testing::ask;

/// The ids of the spans in an answer of version 3.
fn span_ids(answer: &Value) -> Vec<String> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = list(&answer["result"], "resourceSpans")
        .iter()
        .flat_map(|resource| list(resource, "scopeSpans"))
        .flat_map(|scope| list(&scope, "spans"))
        .map(|span| {
            span["spanId"]
                .as_str()
                .unwrap()
                .trim_start_matches('0')
                .to_owned()
        })
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn services_and_operations_are_told() {
    let kept = Kept::shop().await;
    kept.keep_documents(&[segment()]).await;
    let ask = async |path: &str| kept.jaeger(path).await.text;
    assert_eq!(
        ask("/api/v3/services").await,
        r#"{"services":["bank","shop","stock"]}"#
    );
    insta::assert_snapshot!(ask("/api/v3/operations?service=shop").await, @r#"{"operations":[{"name":"GET /cart","spanKind":"server"},{"name":"POST","spanKind":"client"},{"name":"SELECT","spanKind":"client"}]}"#);
    insta::assert_snapshot!(ask("/api/v3/operations?service=bank&spanKind=server").await, @r#"{"operations":[{"name":"pay","spanKind":"server"}]}"#);
    insta::assert_snapshot!(ask("/api/v3/operations?service=bank").await, @r#"{"operations":[{"name":"pay","spanKind":"server"},{"name":"plain","spanKind":"internal"}]}"#);
    insta::assert_snapshot!(ask("/api/v3/operations?service=stock").await, @r#"{"operations":[{"name":"DynamoDB","spanKind":"client"},{"name":"stock","spanKind":"server"}]}"#);
    assert_eq!(ask("/api/v3/operations").await, r#"{"operations":[]}"#);
    insta::assert_snapshot!(ask("/api/services").await, @r#"{"data":["bank","shop","stock"],"total":3,"limit":0,"offset":0,"errors":null}"#);
    insta::assert_snapshot!(ask("/api/services/shop/operations").await, @r#"{"data":["GET /cart","POST","SELECT"],"total":3,"limit":0,"offset":0,"errors":null}"#);
    insta::assert_snapshot!(ask("/api/operations?service=shop&spanKind=client").await, @r#"{"data":[{"name":"POST","spanKind":"client"},{"name":"SELECT","spanKind":"client"}],"total":2,"limit":0,"offset":0,"errors":null}"#);
}

#[tokio::test]
async fn a_trace_is_given_as_otlp_has_it() {
    let kept = Kept::shop().await;
    let said = kept.jaeger(&format!("/api/v3/traces/{TRACE}")).await;
    assert_eq!(said.status, 200);
    insta::assert_snapshot!(said.text, @r#"{"result":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.name","value":{"stringValue":"h"}}]},"scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[{"traceId":"5759e988bd862e3fe1be46a994272793","spanId":"0000000000000001","traceState":"a=b","name":"GET /cart","kind":2,"startTimeUnixNano":"1790000000000000000","endTimeUnixNano":"1790000000500000000","attributes":[{"key":"http.response.status_code","value":{"intValue":"200"}},{"key":"cached","value":{"boolValue":true}},{"key":"ratio","value":{"doubleValue":1.5}},{"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"x"}]}}},{"key":"large","value":{"intValue":"9007199254740993"}},{"key":"bytes","value":{"bytesValue":"AQID"}}],"status":{"code":1}},{"traceId":"5759e988bd862e3fe1be46a994272793","spanId":"0000000000000002","parentSpanId":"0000000000000001","name":"SELECT","kind":3,"startTimeUnixNano":"1790000000100000000","endTimeUnixNano":"1790000000200000000","attributes":[{"key":"peer.service","value":{"stringValue":"db"}}],"events":[{"timeUnixNano":"1790000000150000000","name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"Timeout"}}]}],"links":[{"traceId":"5759e988bd862e3fe1be46a994272794","spanId":"0000000000000009"}],"status":{"message":"gone","code":2}},{"traceId":"5759e988bd862e3fe1be46a994272793","spanId":"0000000000000003","parentSpanId":"0000000000000001","name":"POST","kind":3,"startTimeUnixNano":"1790000000250000000","endTimeUnixNano":"1790000000450000000","status":{}}]}]},{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"bank"}}]},"scopeSpans":[{"scope":{},"spans":[{"traceId":"5759e988bd862e3fe1be46a994272793","spanId":"0000000000000004","parentSpanId":"0000000000000003","name":"pay","kind":2,"startTimeUnixNano":"1790000000300000000","endTimeUnixNano":"1790000000400000000","status":{}}]}]}]}}"#);
    for id in [
        XRAY_TRACE,
        "5759E988BD862E3FE1BE46A994272793",
        "V1npiL2GLj_hvkaplCcnkw",
        "V1npiL2GLj_hvkaplCcnkw==",
    ] {
        assert_eq!(
            kept.jaeger(&format!("/api/v3/traces/{id}")).await.text,
            said.text,
            "{id}"
        );
    }
}

#[tokio::test]
async fn a_trace_is_given_as_jaegers_pages_have_it() {
    let kept = Kept::shop().await;
    let said = kept
        .jaeger(&format!("/api/traces/{XRAY_TRACE}?prettyPrint=true"))
        .await;
    insta::assert_snapshot!(said.text.trim_end(), @r#"
    {
      "data": [
        {
          "traceID": "5759e988bd862e3fe1be46a994272793",
          "spans": [
            {
              "traceID": "5759e988bd862e3fe1be46a994272793",
              "spanID": "0000000000000001",
              "operationName": "GET /cart",
              "references": [],
              "startTime": 1790000000000000,
              "duration": 500000,
              "tags": [
                {
                  "key": "otel.scope.name",
                  "type": "string",
                  "value": "lib"
                },
                {
                  "key": "otel.scope.version",
                  "type": "string",
                  "value": "1"
                },
                {
                  "key": "http.response.status_code",
                  "type": "int64",
                  "value": 200
                },
                {
                  "key": "cached",
                  "type": "bool",
                  "value": true
                },
                {
                  "key": "ratio",
                  "type": "float64",
                  "value": 1.5
                },
                {
                  "key": "list",
                  "type": "string",
                  "value": "[1,\"x\"]"
                },
                {
                  "key": "large",
                  "type": "int64",
                  "value": "9007199254740993"
                },
                {
                  "key": "bytes",
                  "type": "binary",
                  "value": "AQID"
                },
                {
                  "key": "span.kind",
                  "type": "string",
                  "value": "server"
                },
                {
                  "key": "otel.status_code",
                  "type": "string",
                  "value": "OK"
                },
                {
                  "key": "w3c.tracestate",
                  "type": "string",
                  "value": "a=b"
                }
              ],
              "logs": [],
              "processID": "p1",
              "warnings": null
            },
            {
              "traceID": "5759e988bd862e3fe1be46a994272793",
              "spanID": "0000000000000002",
              "operationName": "SELECT",
              "references": [
                {
                  "refType": "CHILD_OF",
                  "traceID": "5759e988bd862e3fe1be46a994272793",
                  "spanID": "0000000000000001"
                },
                {
                  "refType": "FOLLOWS_FROM",
                  "traceID": "5759e988bd862e3fe1be46a994272794",
                  "spanID": "0000000000000009"
                }
              ],
              "startTime": 1790000000100000,
              "duration": 100000,
              "tags": [
                {
                  "key": "otel.scope.name",
                  "type": "string",
                  "value": "lib"
                },
                {
                  "key": "otel.scope.version",
                  "type": "string",
                  "value": "1"
                },
                {
                  "key": "peer.service",
                  "type": "string",
                  "value": "db"
                },
                {
                  "key": "span.kind",
                  "type": "string",
                  "value": "client"
                },
                {
                  "key": "otel.status_code",
                  "type": "string",
                  "value": "ERROR"
                },
                {
                  "key": "error",
                  "type": "bool",
                  "value": true
                },
                {
                  "key": "otel.status_description",
                  "type": "string",
                  "value": "gone"
                }
              ],
              "logs": [
                {
                  "timestamp": 1790000000150000,
                  "fields": [
                    {
                      "key": "event",
                      "type": "string",
                      "value": "exception"
                    },
                    {
                      "key": "exception.type",
                      "type": "string",
                      "value": "Timeout"
                    }
                  ]
                }
              ],
              "processID": "p1",
              "warnings": null
            },
            {
              "traceID": "5759e988bd862e3fe1be46a994272793",
              "spanID": "0000000000000003",
              "operationName": "POST",
              "references": [
                {
                  "refType": "CHILD_OF",
                  "traceID": "5759e988bd862e3fe1be46a994272793",
                  "spanID": "0000000000000001"
                }
              ],
              "startTime": 1790000000250000,
              "duration": 200000,
              "tags": [
                {
                  "key": "otel.scope.name",
                  "type": "string",
                  "value": "lib"
                },
                {
                  "key": "otel.scope.version",
                  "type": "string",
                  "value": "1"
                },
                {
                  "key": "span.kind",
                  "type": "string",
                  "value": "client"
                }
              ],
              "logs": [],
              "processID": "p1",
              "warnings": null
            },
            {
              "traceID": "5759e988bd862e3fe1be46a994272793",
              "spanID": "0000000000000004",
              "operationName": "pay",
              "references": [
                {
                  "refType": "CHILD_OF",
                  "traceID": "5759e988bd862e3fe1be46a994272793",
                  "spanID": "0000000000000003"
                }
              ],
              "startTime": 1790000000300000,
              "duration": 100000,
              "tags": [
                {
                  "key": "span.kind",
                  "type": "string",
                  "value": "server"
                }
              ],
              "logs": [],
              "processID": "p2",
              "warnings": null
            }
          ],
          "processes": {
            "p1": {
              "serviceName": "shop",
              "tags": [
                {
                  "key": "host.name",
                  "type": "string",
                  "value": "h"
                }
              ]
            },
            "p2": {
              "serviceName": "bank",
              "tags": []
            }
          },
          "warnings": null
        }
      ],
      "total": 0,
      "limit": 0,
      "offset": 0,
      "errors": null
    }
    "#);
    let plain = kept.jaeger(&format!("/api/traces/{TRACE}")).await;
    assert_eq!(plain.json(), said.json());
    assert!(!plain.text.contains('\n'));
}

#[tokio::test]
async fn segments_are_spans() {
    let kept = Kept::shop().await;
    kept.keep_documents(&[segment()]).await;
    let said = kept.jaeger(&format!("/api/v3/traces/{TRACE}")).await.json();
    assert_eq!(span_ids(&said), ["1", "2", "3", "4", "b1", "b2"]);
    let path =
        "/api/traces?service=stock&operation=DynamoDB&start=1790000000000000&end=1790000001000000";
    let found = kept.jaeger(path).await.json();
    assert_eq!(found["data"][0]["traceID"], TRACE);
    assert_eq!(found["data"][0]["spans"].as_array().unwrap().len(), 6);
    let tags = "&tags=%7B%22tenant%22%3A%22acme%22%2C%22error%22%3A%22true%22%7D";
    let found = kept
        .jaeger(&format!("/api/traces?service=stock&start=0{tags}"))
        .await;
    assert_eq!(found.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_came_twice_is_given_once() {
    let kept = Kept::shop().await;
    kept.keep(&shop()).await;
    let path = format!("/api/v3/traces/{TRACE}");
    let said = kept.jaeger(&path).await.json();
    assert_eq!(span_ids(&said), ["1", "2", "3", "4"]);
    let raw = kept.jaeger(&format!("{path}?rawTraces=true")).await.json();
    assert_eq!(span_ids(&raw).len(), 8);
    let raw = kept
        .jaeger(&format!("/api/traces/{TRACE}?raw=true"))
        .await
        .json();
    assert_eq!(raw["data"][0]["spans"].as_array().unwrap().len(), 8);
    let links = kept
        .jaeger("/api/dependencies?endTs=1790000100000")
        .await
        .json();
    insta::assert_snapshot!(links, @r#"{"data":[{"parent":"shop","child":"bank","callCount":1},{"parent":"shop","child":"shop","callCount":2}],"total":0,"limit":0,"offset":0,"errors":null}"#);
}

#[tokio::test]
async fn spans_are_searched_by_everything() {
    let kept = Kept::shop().await;
    let count = async |more: &str| {
        let said = kept
            .jaeger(&format!("/api/v3/trace-summaries?{WINDOW}{more}"))
            .await;
        assert_eq!(said.status, 200, "{more}: {}", said.text);
        said.json()["summaries"].as_array().map_or(0, Vec::len)
    };
    let attributes = |text: &str| {
        let encoded =
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
        format!("&query.attributes={encoded}")
    };
    for (more, found) in [
        ("", 2),
        ("&query.serviceName=shop", 1),
        ("&query.service_name=bank", 2),
        ("&query.serviceName=bank&query.operationName=plain", 1),
        ("&query.serviceName=shop&query.operationName=plain", 0),
        ("&query.searchDepth=1", 1),
        ("&query.num_traces=1", 1),
        // Of a span, and not of the trace: the trace takes half a second.
        ("&query.durationMin=450ms", 1),
        ("&query.serviceName=bank&query.durationMin=150ms", 0),
        ("&query.durationMax=100ms", 2),
        ("&query.serviceName=shop&query.durationMax=50ms", 0),
    ] {
        assert_eq!(count(more).await, found, "{more}");
    }
    for (text, found) in [
        (r#"{"error":"true"}"#, 1),
        (r#"{"error":"false"}"#, 2),
        (r#"{"error":"maybe"}"#, 0),
        (r#"{"span.kind":"client"}"#, 1),
        (r#"{"span.status":"ERROR"}"#, 1),
        (r#"{"scope.name":"lib"}"#, 1),
        (r#"{"scope.version":"2"}"#, 0),
        (r#"{"resource.host.name":"h"}"#, 1),
        (r#"{"host.name":"h"}"#, 1),
        (r#"{"resource.peer.service":"db"}"#, 0),
        (r#"{"http.response.status_code":"200"}"#, 1),
        (r#"{"cached":"true","ratio":"1.5"}"#, 1),
        (r#"{"list":"[1,\"x\"]"}"#, 1),
        (r#"{"exception.type":"Timeout"}"#, 1),
        // Of one span.
        (r#"{"cached":"true","exception.type":"Timeout"}"#, 0),
    ] {
        assert_eq!(count(&attributes(text)).await, found, "{text}");
    }
}

#[tokio::test]
async fn older_searches_are_understood() {
    let kept = Kept::shop().await;
    let count = async |more: &str| {
        let said = kept.jaeger(&format!("/api/traces?{more}")).await;
        assert_eq!(said.status, 200, "{more}: {}", said.text);
        said.json()["data"].as_array().unwrap().len()
    };
    let at = "start=1789999999000000&end=1790000002000000";
    for (more, found) in [
        ("service=bank", 2),
        ("service=bank&limit=1", 1),
        ("service=bank&operation=plain", 1),
        ("service=shop&tag=error:true", 1),
        ("service=shop&tag=cached=true&tag=ratio:1.5", 1),
        ("service=shop&tags=%7B%22peer.service%22%3A%22db%22%7D", 1),
        ("service=shop&tags=peer.service%3Ddb+error%3Dtrue", 1),
        ("service=shop&tags=peer.service%3Dno", 0),
        ("service=shop&minDuration=400ms&maxDuration=1s", 1),
        ("service=shop&minDuration=501ms", 0),
        (&format!("traceID={TRACE}"), 1),
        (
            &format!("traceID={XRAY_TRACE}&traceID=5759e988bd862e3fe1be46a994272795"),
            2,
        ),
    ] {
        assert_eq!(count(&format!("{at}&{more}")).await, found, "{more}");
    }
    assert_eq!(
        count("service=shop&end=1790000002000000&lookback=1h").await,
        1
    );
    assert_eq!(
        count("service=shop&end=1790000002000000&lookback=1s").await,
        0
    );
    assert_eq!(count("service=shop&end=1790000002000000").await, 1);
    assert_eq!(
        count("service=shop&end=1790259200000000&lookback=4d").await,
        1
    );
    let missing = kept
        .jaeger(&format!("/api/traces?traceID={TRACE}&traceID=77"))
        .await;
    insta::assert_snapshot!(missing.json()["errors"], @r#"[{"msg":"trace not found","traceID":"00000000000000000000000000000077"}]"#);
}

#[tokio::test]
async fn summaries_count() {
    let kept = Kept::shop().await;
    let said = kept
        .jaeger(&format!("/api/v3/trace-summaries?{WINDOW}"))
        .await;
    insta::assert_snapshot!(said.pretty(), @r#"
    {
      "summaries": [
        {
          "traceId": "5759e988bd862e3fe1be46a994272795",
          "minStartTimeUnixNano": "1790000001300000000",
          "maxEndTimeUnixNano": "1790000001400000000",
          "spanCount": 1,
          "orphanSpanCount": 1,
          "services": [
            {
              "name": "bank",
              "spanCount": 1
            }
          ]
        },
        {
          "traceId": "5759e988bd862e3fe1be46a994272793",
          "rootServiceName": "shop",
          "rootOperationName": "GET /cart",
          "minStartTimeUnixNano": "1790000000000000000",
          "maxEndTimeUnixNano": "1790000000500000000",
          "spanCount": 4,
          "errorSpanCount": 1,
          "services": [
            {
              "name": "bank",
              "spanCount": 1
            },
            {
              "name": "shop",
              "spanCount": 3,
              "errorSpanCount": 1
            }
          ]
        }
      ]
    }
    "#);
    let none = kept
        .jaeger(&format!(
            "/api/v3/trace-summaries?{WINDOW}&query.serviceName=no"
        ))
        .await;
    assert_eq!(
        (none.status, none.text.as_str()),
        (200, r#"{"summaries":[]}"#)
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_as_jaeger_says_it() {
    let kept = Kept::shop().await;
    let mut told = String::new();
    let long = "9".repeat(40);
    for path in [
        "/api/v3/traces/99".to_owned(),
        "/api/v3/traces/xyz".to_owned(),
        format!("/api/v3/traces/{long}"),
        format!("/api/v3/traces/{TRACE}?startTime=x"),
        format!("/api/v3/traces/{TRACE}?rawTraces=x"),
        "/api/v3/traces?query.serviceName=shop".to_owned(),
        format!("/api/v3/traces?{WINDOW}&query.serviceName=no"),
        format!("/api/v3/traces?{WINDOW}&query.durationMin=7"),
        format!("/api/v3/traces?{WINDOW}&query.searchDepth=0"),
        format!("/api/v3/traces?{WINDOW}&query.attributes=7"),
        format!("/api/v3/traces?{WINDOW}&query.filter=7"),
        "/api/v3/traces?query.startTimeMin=2026-09-23T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z".to_owned(),
        "/api/v3/traces?query.startTimeMin=yesterday&query.startTimeMax=2026-09-22T00:00:00Z".to_owned(),
        "/api/traces/99".to_owned(),
        "/api/traces/xyz".to_owned(),
        "/api/traces".to_owned(),
        "/api/traces?service=shop&start=x".to_owned(),
        "/api/traces?service=shop&limit=-1".to_owned(),
        "/api/traces?service=shop&minDuration=2s&maxDuration=1s".to_owned(),
        "/api/traces?service=shop&minDuration=2".to_owned(),
        "/api/traces?service=shop&lookback=2".to_owned(),
        "/api/traces?service=shop&tag=x".to_owned(),
        "/api/traces?service=shop&tags=%7B".to_owned(),
        "/api/traces?traceID=x".to_owned(),
        "/api/operations".to_owned(),
        "/api/dependencies?endTs=x".to_owned(),
        "/api/metrics/calls?service=shop".to_owned(),
        "/api/other".to_owned(),
    ] {
        let said = kept.jaeger(&path).await;
        told += &format!("{path}\n  {} {}\n", said.status, said.text.trim_end());
    }
    insta::assert_snapshot!(told, @r#"
    /api/v3/traces/99
      404 {"error":{"httpCode":404,"message":"No traces found"}}
    /api/v3/traces/xyz
      400 {"error":{"httpCode":400,"message":"malformed parameter trace_id: `xyz` is no trace id: it has 32 hexadecimal digits, or the form of X-Ray"}}
    /api/v3/traces/9999999999999999999999999999999999999999
      400 {"error":{"httpCode":400,"message":"malformed parameter trace_id: `9999999999999999999999999999999999999999` is no trace id: it has 32 hexadecimal digits, or the form of X-Ray"}}
    /api/v3/traces/5759e988bd862e3fe1be46a994272793?startTime=x
      400 {"error":{"httpCode":400,"message":"malformed parameter startTime: `x` is no time: write 2026-11-21T00:00:00Z"}}
    /api/v3/traces/5759e988bd862e3fe1be46a994272793?rawTraces=x
      400 {"error":{"httpCode":400,"message":"malformed parameter rawTraces: `x` is neither true nor false"}}
    /api/v3/traces?query.serviceName=shop
      400 {"error":{"httpCode":400,"message":"query.startTimeMin and query.startTimeMax are required"}}
    /api/v3/traces?query.startTimeMin=2026-09-21T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z&query.serviceName=no
      404 {"error":{"httpCode":404,"message":"No traces found"}}
    /api/v3/traces?query.startTimeMin=2026-09-21T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z&query.durationMin=7
      400 {"error":{"httpCode":400,"message":"malformed parameter query.durationMin: `7` has no unit: write ns, us, ms, s, m or h behind the number"}}
    /api/v3/traces?query.startTimeMin=2026-09-21T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z&query.searchDepth=0
      400 {"error":{"httpCode":400,"message":"malformed parameter query.searchDepth: `0` is no number from 1 to 1500"}}
    /api/v3/traces?query.startTimeMin=2026-09-21T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z&query.attributes=7
      400 {"error":{"httpCode":400,"message":"malformed parameter query.attributes: it is no JSON object of texts: invalid type: integer `7`, expected a map at line 1 column 1"}}
    /api/v3/traces?query.startTimeMin=2026-09-21T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z&query.filter=7
      400 {"error":{"httpCode":400,"message":"the structured query filter is disabled: use query.attributes"}}
    /api/v3/traces?query.startTimeMin=2026-09-23T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z
      400 {"error":{"httpCode":400,"message":"query.startTimeMin must be before query.startTimeMax"}}
    /api/v3/traces?query.startTimeMin=yesterday&query.startTimeMax=2026-09-22T00:00:00Z
      400 {"error":{"httpCode":400,"message":"malformed parameter query.startTimeMin: `yesterday` is no time: write 2026-11-21T00:00:00Z"}}
    /api/traces/99
      404 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found"}]}
    /api/traces/xyz
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"`xyz` is no trace id: it has 32 hexadecimal digits, or the form of X-Ray"}]}
    /api/traces
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"parameter 'service' is required"}]}
    /api/traces?service=shop&start=x
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"unable to parse param 'start': `x` is no whole number"}]}
    /api/traces?service=shop&limit=-1
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"unable to parse param 'limit': `-1` is no number from 1 to 1500"}]}
    /api/traces?service=shop&minDuration=2s&maxDuration=1s
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"'maxDuration' should be greater than 'minDuration'"}]}
    /api/traces?service=shop&minDuration=2
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"unable to parse param 'minDuration': `2` has no unit: write ns, us, ms, s, m or h behind the number"}]}
    /api/traces?service=shop&lookback=2
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"unable to parse param 'lookback': `2` has no unit: write ns, us, ms, s, m or h behind the number"}]}
    /api/traces?service=shop&tag=x
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"malformed 'tag' parameter, expecting key:value, received: x"}]}
    /api/traces?service=shop&tags=%7B
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"malformed 'tags' parameter, cannot unmarshal JSON: EOF while parsing an object at line 1 column 1"}]}
    /api/traces?traceID=x
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"unable to parse param 'traceID': `x` is no trace id: it has 32 hexadecimal digits, or the form of X-Ray"}]}
    /api/operations
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"parameter 'service' is required"}]}
    /api/dependencies?endTs=x
      400 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"unable to parse param 'endTs': `x` is no whole number"}]}
    /api/metrics/calls?service=shop
      501 {"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":501,"msg":"trace metrics are currently disabled - no metrics backend configured"}]}
    /api/other
      404 404 page not found
    "#);
}

#[tokio::test]
async fn other_sites_are_not_answered() {
    let kept = Kept::shop().await;
    for (name, value) in [("host", "evil.example"), ("origin", "http://evil.example")] {
        let request = Request::get("/api/services").header(name, value);
        let request = if name == "host" {
            request
        } else {
            request.header("host", "localhost")
        };
        let said = kept
            .jaeger_with(request.body(Full::default()).unwrap())
            .await;
        assert_eq!(said.status, 403, "{name}");
        assert!(said.headers.get("access-control-allow-origin").is_none());
    }
    let post = Request::post("/api/services").header("host", "localhost");
    let said = kept.jaeger_with(post.body(Full::default()).unwrap()).await;
    assert_eq!(said.status, 405);
    let index = kept.jaeger("/").await;
    assert!(index.text.contains("/api/v3/services"), "{}", index.text);
}

/// Calls a method; gives gRPC's status, what is said of it, and the messages.
async fn call(
    kept: &Kept,
    method: &str,
    message: &[u8],
    host: &str,
) -> (String, String, Vec<Bytes>) {
    let mut body = BytesMut::new();
    body.put_u8(0);
    body.put_u32(u32::try_from(message.len()).unwrap());
    body.put_slice(message);
    let request = Request::post(format!("http://{host}/jaeger.api_v3.QueryService/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::from(body.freeze()))
        .unwrap();
    let grpc = Grpc::new(Arc::clone(&kept.queries), true);
    let (head, mut body) = ask(grpc, Protocols::Http2, request).await;
    let header = |name: &str| {
        let value = head.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let mut messages = Vec::new();
    while body.len() >= 5 {
        let length = u32::from_be_bytes(body[1..5].try_into().unwrap());
        let _ = body.split_to(5);
        messages.push(body.split_to(usize::try_from(length).unwrap()));
    }
    (header("grpc-status"), header("grpc-message"), messages)
}

async fn called(kept: &Kept, method: &str, message: &impl Message) -> Vec<Bytes> {
    let (status, why, messages) = call(kept, method, &message.encode_to_vec(), "localhost").await;
    assert_eq!(status, "0", "{method}: {why}");
    messages
}

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn all() -> TraceQueryParameters {
    TraceQueryParameters {
        start_time_min: at(1_790_000_000),
        start_time_max: at(1_790_000_100),
        ..TraceQueryParameters::default()
    }
}

#[tokio::test]
async fn grpc_says_the_same() {
    let kept = Kept::shop().await;
    let services = called(&kept, "GetServices", &GetOperationsRequest::default()).await;
    let services = GetServicesResponse::decode(services[0].clone()).unwrap();
    assert_eq!(services.services, ["bank", "shop"]);

    let asked = GetOperationsRequest {
        service: "shop".to_owned(),
        span_kind: "client".to_owned(),
    };
    let operations = called(&kept, "GetOperations", &asked).await;
    let operations = GetOperationsResponse::decode(operations[0].clone()).unwrap();
    let names: Vec<_> = operations
        .operations
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["POST", "SELECT"]);

    let asked = GetTraceRequest {
        trace_id: XRAY_TRACE.to_owned(),
        raw_traces: false,
    };
    let trace = called(&kept, "GetTrace", &asked).await;
    assert_eq!(trace.len(), 1);
    let trace = ExportTraceServiceRequest::decode(trace[0].clone()).unwrap();
    assert_eq!(trace.resource_spans.len(), 2);

    let asked = FindTracesRequest { query: Some(all()) };
    let traces = called(&kept, "FindTraces", &asked).await;
    let counts = traces.into_iter().map(|one| {
        let one = ExportTraceServiceRequest::decode(one).unwrap();
        let scopes = one.resource_spans.iter().flat_map(|it| &it.scope_spans);
        scopes.map(|scope| scope.spans.len()).sum::<usize>()
    });
    // A message a trace, the newest first.
    assert_eq!(counts.collect::<Vec<_>>(), [1, 4]);

    let summaries = called(&kept, "FindTraceSummaries", &asked).await;
    let summaries = FindTraceSummariesResponse::decode(summaries[0].clone()).unwrap();
    let summary = &summaries.summaries[1];
    assert_eq!((summary.span_count, summary.error_span_count), (4, 1));
    assert_eq!(summary.root_operation_name, "GET /cart");

    let asked = GetDependenciesRequest {
        start_time: at(1_789_999_999),
        end_time: at(1_790_000_100),
    };
    let links = called(&kept, "GetDependencies", &asked).await;
    let links = DependenciesResponse::decode(links[0].clone()).unwrap();
    let links: Vec<_> = links
        .dependencies
        .iter()
        .map(|link| (link.parent.as_str(), link.child.as_str(), link.call_count))
        .collect();
    assert_eq!(links, [("shop", "bank", 1), ("shop", "shop", 2)]);
}

#[tokio::test]
async fn grpc_says_what_is_wrong() {
    let kept = Kept::shop().await;
    let get = |id: &str| {
        let trace_id = id.to_owned();
        let raw_traces = false;
        GetTraceRequest {
            trace_id,
            raw_traces,
        }
        .encode_to_vec()
    };
    let find = |query| FindTracesRequest { query }.encode_to_vec();
    let deep = TraceQueryParameters {
        search_depth: 1_000_000,
        ..all()
    };
    let filtered = TraceQueryParameters {
        filter: Some(Vec::new()),
        ..all()
    };
    for (method, message, code) in [
        ("GetTrace", get("77"), "5"),
        ("GetTrace", get("x"), "3"),
        ("GetTrace", vec![0xff; 9], "3"),
        ("FindTraces", find(None), "3"),
        (
            "FindTraces",
            find(Some(TraceQueryParameters::default())),
            "3",
        ),
        ("FindTraces", find(Some(deep)), "3"),
        ("FindTraces", find(Some(filtered)), "3"),
        ("GetDependencies", Vec::new(), "3"),
        ("Other", Vec::new(), "12"),
        // A question of a hundred KiB.
        ("GetTrace", get(&"1".repeat(100 << 10)), "11"),
    ] {
        let (status, why, messages) = call(&kept, method, &message, "localhost").await;
        assert_eq!(
            (status.as_str(), messages.len()),
            (code, 0),
            "{method}: {why}"
        );
    }
    let (status, ..) = call(&kept, "GetServices", &[], "evil.example").await;
    assert_eq!(status, "7");
}

#[test]
fn ids_of_traces_have_several_forms() {
    let known = trace_id(TRACE).unwrap();
    for text in [
        XRAY_TRACE,
        "V1npiL2GLj/hvkaplCcnkw==",
        "V1npiL2GLj_hvkaplCcnkw",
    ] {
        assert_eq!(trace_id(text), Ok(known), "{text}");
    }
    assert_eq!(trace_id("77").unwrap().to_w3c(), format!("{:0>32}", 77));
    for text in [
        "",
        "x",
        "é",
        "1-5759e988",
        &"1".repeat(33),
        "V1npiL2GLj_hvkaplCcnk*",
    ] {
        assert!(trace_id(text).is_err(), "{text}");
    }
}

#[tokio::test]
async fn without_traces_there_is_nothing() {
    let kept = Kept::new();
    let ask = async |path: &str| kept.jaeger(path).await.json();
    assert_eq!(ask("/api/v3/services").await, json!({ "services": [] }));
    assert_eq!(ask("/api/services").await["data"], json!([]));
    assert_eq!(ask("/api/dependencies").await["data"], json!([]));
    assert_eq!(ask("/api/traces?service=shop").await["data"], json!([]));
}
