//! Exporters from a configuration, together.

use std::collections::BTreeMap;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::sink::{Sink, Told};
use super::*;
use crate::collector::exporters::{Metrics, Setting, open};
use crate::collector::{Consumer, Listening, Protocols};
use crate::collector_config::Exporter;

fn configured(text: &str) -> BTreeMap<String, Exporter> {
    toml::from_str(text).unwrap()
}

fn setting(counts: &Counts) -> Setting {
    Setting {
        counters: counts.counters.clone(),
        progress: counts.progress.clone(),
        grace: Duration::from_secs(10),
    }
}

#[tokio::test]
async fn every_exporter_has_every_trace() {
    let sink = Sink::start(|_, came| {
        let status = if came.path == "/api/v2/spans" {
            202
        } else {
            200
        };
        Told::new(status, "{}")
    })
    .await;
    let (url, folder) = (sink.url(), tempfile::tempdir().unwrap());
    let path = folder.path().join("traces.jsonl");
    let text = format!(
        "[aws]\ntype = 'xray'\nendpoint = '{url}'\nsign = false\n\
         [http]\ntype = 'otlp-http'\nendpoint = '{url}'\n\
         [zipkin]\ntype = 'zipkin'\nendpoint = '{url}'\n\
         [page]\ntype = 'prometheus'\n\
         [file]\ntype = 'file'\npath = '{}'\n",
        path.display()
    );
    let counts = Counts::default();
    let opened = open(&configured(&text), &setting(&counts)).unwrap();
    let document = "{\"trace_id\":\"1-6ab13b80-000000000000000000000001\",\
                    \"id\":\"00000000000000ff\",\"name\":\"a\",\"start_time\":1.5,\"end_time\":2.5}";
    let mut parcel = spans(20);
    parcel.append(documents(&[document.to_owned()]));
    opened.fan_out.consume(parcel).await;
    opened.fan_out.drain().await;
    for name in ["aws", "http", "zipkin", "page", "file"] {
        let text = counts.text();
        assert_eq!(counts.progress.sent_so_far(name), 21, "{name}: {text}");
    }
    let mut paths: Vec<_> = sink.came().into_iter().map(|one| one.path).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths, ["/TraceSegments", "/api/v2/spans", "/v1/traces"]);
    assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 2);
    let page = &opened.pages[0];
    assert_eq!((page.name, page.address.port()), ("page", 8889));
}

#[tokio::test]
async fn the_page_is_openmetrics_for_those_who_ask() {
    let counts = Counts::default();
    let opened = open(&configured("[p]\ntype = 'prometheus'"), &setting(&counts)).unwrap();
    opened.fan_out.consume(spans(20)).await;
    opened.fan_out.drain().await;
    counts
        .counters
        .dropped("aws", crate::collector::Reason::QueueFull, 3);
    let mut registry = Registry::default();
    counts.counters.register(&mut registry);
    counts.progress.register(&mut registry);
    let metrics = Metrics::new(Arc::clone(&opened.pages[0].counts), Arc::new(registry));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let listening = Listening::new(listener, Protocols::Any, Arc::new(metrics));
    tokio::spawn(listening.serve(stop.clone(), Duration::ZERO));

    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let get = |path: &str, accept: &str| {
        let request = http::Request::get(format!("http://{address}{path}"));
        client.request(request.header("accept", accept).body(Empty::new()).unwrap())
    };
    // As Prometheus asks.
    let accept = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5";
    let response = get("/metrics", accept).await.unwrap();
    let kind = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        kind,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let labels = r#"service="shop \"9\"",operation="GET /cart",kind="server""#;
    for line in [
        format!("traces_requests_total{{{labels}}} 20"),
        format!("traces_errors_total{{{labels}}} 2"),
        format!("traces_duration_seconds_bucket{{{labels},le=\"0.25\"}} 20"),
        format!("traces_duration_seconds_sum{{{labels}}} 5"),
        "collector_dropped_total{component=\"aws\",reason=\"QueueFull\"} 3".to_owned(),
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    assert!(text.ends_with("\n# EOF\n"));
    assert_eq!(text.matches("# EOF").count(), 1);
    let response = get("/metrics", "*/*").await.unwrap();
    let kind = &response.headers()["content-type"];
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(
        text.contains("# TYPE collector_dropped_total counter\n"),
        "{text}"
    );
    assert!(text.contains(&format!("traces_requests_total{{{labels}}} 20\n")));
    assert!(!text.contains("# EOF"));
    assert_eq!(get("/", "*/*").await.unwrap().status(), 404);
    stop.cancel();
}

#[tokio::test]
async fn a_configuration_that_cannot_be_meant_names_its_exporter() {
    let text = "[there]\ntype = 'otlp-grpc'\nendpoint = 'there:4317'";
    let error = open(&configured(text), &setting(&Counts::default()))
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "exporter there: `there:4317` is no endpoint: write `http://host:port`, or `https://…`"
    );
}
