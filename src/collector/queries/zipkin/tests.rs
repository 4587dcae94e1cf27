//! Answers as Zipkin gives them.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::super::testing::{Kept, TRACE, XRAY_TRACE, segment, shop};

const AT: &str = "endTs=1790000100000";

#[tokio::test]
async fn names_are_told() {
    let kept = Kept::shop().await;
    kept.keep_documents(&[segment()]).await;
    let ask = async |path: &str| kept.zipkin(&format!("/api/v2/{path}")).await.text;
    assert_eq!(ask("services").await, r#"["bank","shop","stock"]"#);
    assert_eq!(
        ask("spans?serviceName=shop").await,
        r#"["GET /cart","POST","SELECT"]"#
    );
    assert_eq!(
        ask("spans?serviceName=SHOP").await,
        r#"["GET /cart","POST","SELECT"]"#
    );
    assert_eq!(ask("spans?serviceName=no").await, "[]");
    assert_eq!(ask("remoteServices?serviceName=shop").await, r#"["db"]"#);
    assert_eq!(ask("remoteServices?serviceName=bank").await, "[]");
    let keys: Vec<String> = serde_json::from_str(&ask("autocompleteKeys").await).unwrap();
    assert!(keys.contains(&"peer.service".to_owned()) && keys.contains(&"tenant".to_owned()));
    assert_eq!(ask("autocompleteValues?key=cached").await, r#"["true"]"#);
}

#[tokio::test]
async fn a_trace_is_a_list_of_spans() {
    let kept = Kept::shop().await;
    let said = kept.zipkin(&format!("/api/v2/trace/{TRACE}")).await;
    insta::assert_snapshot!(said.pretty(), @r#"
    [
      {
        "traceId": "5759e988bd862e3fe1be46a994272793",
        "id": "0000000000000001",
        "name": "GET /cart",
        "timestamp": 1790000000000000,
        "duration": 500000,
        "localEndpoint": {
          "serviceName": "shop"
        },
        "tags": {
          "host.name": "h",
          "http.response.status_code": "200",
          "cached": "true",
          "ratio": "1.5",
          "list": "[1,\"x\"]",
          "large": "9007199254740993",
          "bytes": "010203",
          "otel.scope.name": "lib",
          "otel.scope.version": "1",
          "otel.status_code": "OK"
        },
        "kind": "SERVER"
      },
      {
        "traceId": "5759e988bd862e3fe1be46a994272793",
        "id": "0000000000000002",
        "name": "SELECT",
        "timestamp": 1790000000100000,
        "duration": 100000,
        "localEndpoint": {
          "serviceName": "shop"
        },
        "tags": {
          "host.name": "h",
          "peer.service": "db",
          "otel.scope.name": "lib",
          "otel.scope.version": "1",
          "otel.status_code": "ERROR",
          "error": "gone"
        },
        "parentId": "0000000000000001",
        "kind": "CLIENT",
        "remoteEndpoint": {
          "serviceName": "db"
        },
        "annotations": [
          {
            "timestamp": 1790000000150000,
            "value": "{\"exception\":{\"exception.type\":\"Timeout\"}}"
          }
        ]
      },
      {
        "traceId": "5759e988bd862e3fe1be46a994272793",
        "id": "0000000000000003",
        "name": "POST",
        "timestamp": 1790000000250000,
        "duration": 200000,
        "localEndpoint": {
          "serviceName": "shop"
        },
        "tags": {
          "host.name": "h",
          "otel.scope.name": "lib",
          "otel.scope.version": "1"
        },
        "parentId": "0000000000000001",
        "kind": "CLIENT"
      },
      {
        "traceId": "5759e988bd862e3fe1be46a994272793",
        "id": "0000000000000004",
        "name": "pay",
        "timestamp": 1790000000300000,
        "duration": 100000,
        "localEndpoint": {
          "serviceName": "bank"
        },
        "tags": {},
        "parentId": "0000000000000003",
        "kind": "SERVER"
      }
    ]
    "#);
    let same = kept.zipkin(&format!("/api/v2/trace/{XRAY_TRACE}")).await;
    assert_eq!(same.text, said.text);
    kept.keep(&shop()).await;
    assert_eq!(
        kept.zipkin(&format!("/api/v2/trace/{TRACE}")).await.json(),
        said.json()
    );
    kept.keep_documents(&[segment()]).await;
    let with_segment = kept.zipkin(&format!("/api/v2/trace/{TRACE}")).await.json();
    assert_eq!(with_segment.as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn traces_are_searched_by_everything() {
    let kept = Kept::shop().await;
    let count = async |more: &str| {
        let said = kept.zipkin(&format!("/api/v2/traces?{AT}&{more}")).await;
        assert_eq!(said.status, 200, "{more}: {}", said.text);
        said.json().as_array().unwrap().len()
    };
    for (more, found) in [
        ("", 2),
        ("limit=1", 1),
        ("serviceName=shop", 1),
        ("serviceName=Shop&spanName=select", 1),
        ("serviceName=bank&spanName=select", 0),
        ("serviceName=shop&spanName=all", 1),
        ("serviceName=shop&remoteServiceName=DB", 1),
        ("remoteServiceName=other", 0),
        ("annotationQuery=error", 1),
        ("annotationQuery=exception", 1),
        (
            "annotationQuery=error%20and%20cached%3Dtrue%20and%20host.name%3Dh",
            1,
        ),
        ("annotationQuery=http.response.status_code%3D200", 1),
        ("annotationQuery=http.response.status_code%3D500", 0),
        ("serviceName=bank&annotationQuery=error", 0),
        ("annotationQuery=otel.status_code%3DERROR", 1),
        ("minDuration=400000", 1),
        ("minDuration=90000&maxDuration=110000", 2),
        ("serviceName=bank&minDuration=110000", 0),
        ("lookback=1000", 0),
        ("lookback=100000", 2),
    ] {
        assert_eq!(count(more).await, found, "{more}");
    }
}

#[tokio::test]
async fn services_that_call_are_told() {
    let kept = Kept::shop().await;
    let said = kept.zipkin(&format!("/api/v2/dependencies?{AT}")).await;
    insta::assert_snapshot!(said.text, @r#"[{"parent":"shop","child":"bank","callCount":1},{"parent":"shop","child":"db","callCount":1,"errorCount":1}]"#);
    let early = kept
        .zipkin("/api/v2/dependencies?endTs=1790000100000&lookback=1000")
        .await;
    assert_eq!(early.text, "[]");
}

/// A span of Zipkin's own, as its tracers send it.
fn zipkin_span(id: &str, parent: Option<&str>, kind: &str, service: &str) -> Value {
    let mut span = json!({
        "traceId": "00000000000000aa", "id": id, "kind": kind, "name": "get",
        "timestamp": 1_790_000_000_000_000_u64, "duration": 1000,
        "localEndpoint": { "serviceName": service },
    });
    if let Some(parent) = parent {
        span["parentId"] = parent.into();
    }
    span
}

#[tokio::test]
async fn both_sides_of_a_call_may_share_an_id() {
    let kept = Kept::new();
    let mut answered = zipkin_span("0000000000000002", Some("0000000000000001"), "SERVER", "b");
    answered["shared"] = true.into();
    let mut queue = zipkin_span(
        "0000000000000004",
        Some("0000000000000002"),
        "PRODUCER",
        "b",
    );
    queue["remoteEndpoint"] = json!({ "serviceName": "kafka" });
    let spans = json!([
        answered,
        zipkin_span("0000000000000001", None, "SERVER", "a"),
        zipkin_span("0000000000000002", Some("0000000000000001"), "CLIENT", "a"),
        // The serving side of this one says nothing.
        zipkin_span("0000000000000003", Some("0000000000000002"), "CLIENT", "c"),
        queue,
    ]);
    kept.keep(&translated(&spans)).await;
    let said = kept.zipkin(&format!("/api/v2/dependencies?{AT}")).await;
    insta::assert_snapshot!(said.text, @r#"[{"parent":"a","child":"b","callCount":1},{"parent":"b","child":"c","callCount":1},{"parent":"b","child":"kafka","callCount":1}]"#);
    let trace = kept.zipkin("/api/v2/trace/aa").await.json();
    assert_eq!(trace.as_array().unwrap().len(), 5);
}

/// What the receiver makes of spans, in OTLP's JSON.
fn translated(spans: &Value) -> Value {
    let translated = crate::collector::receivers::zipkin::otlp_of(spans.to_string().as_bytes());
    crate::collector::receivers::testing::as_json(&translated)
}

#[tokio::test]
async fn several_traces_are_given_at_once() {
    let kept = Kept::shop().await;
    let many = async |ids: &str| {
        kept.zipkin(&format!("/api/v2/traceMany?traceIds={ids}"))
            .await
    };
    let other = "5759e988bd862e3fe1be46a994272795";
    let found = many(&format!("{TRACE},77,{other}")).await.json();
    let lengths = found.as_array().unwrap().iter();
    let lengths: Vec<usize> = lengths.map(|one| one.as_array().unwrap().len()).collect();
    assert_eq!(lengths, [4, 1]);
}

#[tokio::test]
async fn what_is_wrong_is_said_as_zipkin_says_it() {
    let kept = Kept::shop().await;
    let mut told = String::new();
    for path in [
        "spans",
        "remoteServices",
        "autocompleteValues",
        "trace/77",
        "trace/x",
        "traceMany",
        "traceMany?traceIds=1,01",
        "traces?limit=0",
        "traces?limit=100000",
        "traces?limit=x",
        "traces?endTs=-1",
        "traces?lookback=0",
        "traces?maxDuration=5",
        "traces?minDuration=7&maxDuration=5",
        "dependencies?endTs=x",
        "other",
    ] {
        let said = kept.zipkin(&format!("/api/v2/{path}")).await;
        told += &format!("{path}\n  {} {}\n", said.status, said.text);
    }
    insta::assert_snapshot!(told, @r"
    spans
      400 serviceName parameter is required
    remoteServices
      400 serviceName parameter is required
    autocompleteValues
      400 key parameter is required
    trace/77
      404 77 not found
    trace/x
      400 x should be lower-hex encoded with no prefix: it is no trace id
    traceMany
      400 traceIds parameter is empty
    traceMany?traceIds=1,01
      400 redundant traceId: 01
    traces?limit=0
      400 limit <= 0
    traces?limit=100000
      400 limit > 1500
    traces?limit=x
      400 limit is no whole number: x
    traces?endTs=-1
      400 endTs <= 0
    traces?lookback=0
      400 lookback <= 0
    traces?maxDuration=5
      400 maxDuration is only valid with minDuration
    traces?minDuration=7&maxDuration=5
      400 maxDuration < minDuration
    dependencies?endTs=x
      400 endTs is no whole number: x
    other
      404 this is Zipkin's API: there is /api/v2/services, /api/v2/spans, /api/v2/remoteServices, /api/v2/traces, /api/v2/trace/{id}, /api/v2/traceMany, /api/v2/dependencies, /api/v2/autocompleteKeys and /api/v2/autocompleteValues
    ");
}

#[tokio::test]
async fn other_sites_are_not_answered_and_spans_still_come_in() {
    let kept = Kept::shop().await;
    let ask = async |request: http::request::Builder| {
        let request: Request<Full<Bytes>> = request.body(Full::from("[]")).unwrap();
        kept.zipkin_with(request).await.status
    };
    let get = || Request::get("/api/v2/services");
    assert_eq!(ask(get().header("host", "localhost")).await, 200);
    assert_eq!(ask(get().header("host", "evil.example")).await, 403);
    let of_page = get().header("host", "localhost");
    assert_eq!(
        ask(of_page.header("origin", "http://evil.example")).await,
        403
    );
    let post = Request::post("/api/v2/spans").header("content-type", "application/json");
    assert_eq!(ask(post).await, 202);
}
