//! The exporter to X-Ray against a server that stands for it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::sink::{Sink, Told};
use super::*;
use crate::aws::{Signer, SignerOptions};
use crate::collector::exporters::Xray;

const GRACE: Duration = Duration::from_secs(20);

fn config(sink: &Sink) -> config::Xray {
    config::Xray {
        region: Some("eu-west-1".to_owned()),
        endpoint: Some(sink.url()),
        sign: false,
        ..config::Xray::default()
    }
}

/// Sends parcels and waits until they are sent or given up.
async fn send(config: &config::Xray, retry: Retry, parcels: Vec<Parcel>) -> Counts {
    let counts = Counts::default();
    let xray = Xray::new("aws", config, &counts.counters);
    send_with(xray, config, retry, parcels, counts).await
}

async fn send_with(
    xray: Xray,
    config: &config::Xray,
    retry: Retry,
    parcels: Vec<Parcel>,
    counts: Counts,
) -> Counts {
    let settings = Settings {
        retry,
        ..settings(1000, config.in_flight)
    };
    let queue = start("aws", settings, Arc::new(xray), &counts);
    for parcel in parcels {
        queue.offer(&Arc::new(parcel));
    }
    queue.drain(GRACE).await;
    counts
}

/// Tries again within moments, and not for long.
fn hasty() -> Retry {
    Retry {
        initial: Duration::from_millis(5),
        most: Duration::from_millis(10),
        give_up: Duration::from_millis(200),
    }
}

fn ids(body: &[u8]) -> Vec<Value> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let documents = body["TraceSegmentDocuments"].as_array().unwrap();
    let read = |document: &Value| serde_json::from_str::<Value>(document.as_str().unwrap());
    documents
        .iter()
        .map(|one| read(one).unwrap()["id"].clone())
        .collect()
}

#[tokio::test]
async fn spans_and_documents_arrive() {
    let sink = Sink::start(|_, _| Told::new(200, r#"{"UnprocessedTraceSegments":[]}"#)).await;
    let document = json!({"id": "00000000000000ff", "name": "a\"b"}).to_string();
    let mut parcel = spans(60);
    parcel.append(documents(std::slice::from_ref(&document)));
    let counts = send(&config(&sink), hasty(), vec![parcel]).await;
    assert_eq!(counts.progress.sent_so_far("aws"), 61);
    let mut came = sink.came();
    came.sort_by_key(|one| std::cmp::Reverse(one.body.len()));
    assert_eq!(came.len(), 2);
    assert_eq!(came[0].path, "/TraceSegments");
    assert_eq!(came[0].headers["content-type"], "application/json");
    assert!(!came[0].headers.contains_key("authorization"));
    assert_eq!(ids(&came[0].body)[49], "0000000000000032");
    assert_eq!(ids(&came[1].body).len(), 11);
    // What came as a segment goes as it came.
    let body: Value = serde_json::from_slice(&came[1].body).unwrap();
    assert_eq!(body["TraceSegmentDocuments"][10], document);
}

#[tokio::test]
async fn rejected_segments_of_a_good_answer_are_counted() {
    let sink = Sink::start(|_, _| {
        let rejected = json!({"UnprocessedTraceSegments": [
            {"Id": "0000000000000001", "ErrorCode": "InvalidTraceId", "Message": "no"},
            {"Id": null, "ErrorCode": "ParseError"},
        ]});
        Told::new(200, rejected.to_string())
    })
    .await;
    let counts = send(&config(&sink), hasty(), vec![spans(10)]).await;
    assert_eq!(counts.progress.sent_so_far("aws"), 8);
    assert_eq!(counts.dropped("aws", "Rejected"), 2);
}

#[tokio::test]
async fn throttled_requests_are_sent_again_and_refused_ones_are_not() {
    let sink = Sink::start(|number, _| match number {
        1 => Told::new(429, ""),
        2 => Told::new(503, ""),
        3 => Told::new(400, r#"{"__type":"ThrottledException"}"#),
        4 => Told::new(200, "{}"),
        _ => Told::new(403, "{}").header("x-amzn-errortype", "AccessDeniedException"),
    })
    .await;
    let one = config::Xray {
        in_flight: 1,
        ..config(&sink)
    };
    let counts = send(&one, hasty(), vec![spans(10), spans(20)]).await;
    assert_eq!(sink.came().len(), 5);
    assert_eq!(counts.progress.retries_so_far("aws"), 3);
    assert_eq!(counts.progress.sent_so_far("aws"), 10);
    assert_eq!(counts.dropped("aws", "Rejected"), 20);
}

#[tokio::test]
async fn nobody_there_is_given_up_and_counted() {
    let nobody = config::Xray {
        endpoint: Some("http://127.0.0.1:1".to_owned()),
        sign: false,
        ..config::Xray::default()
    };
    let counts = send(&nobody, hasty(), vec![spans(10)]).await;
    assert_eq!(counts.dropped("aws", "GivenUp"), 10);
    assert!(counts.progress.retries_so_far("aws") > 5);
}

#[tokio::test]
async fn without_a_place_or_credentials_nothing_is_lost_in_silence() {
    let sink = Sink::start(|_, _| Told::new(200, "{}")).await;
    // A profile that nobody has: the chain ends in an error and asks no network.
    let missing = config::Xray {
        sign: true,
        profile: Some("xrayctl-test-no-such-profile".to_owned()),
        ..config(&sink)
    };
    let counts = send(&missing, hasty(), vec![spans(10)]).await;
    assert_eq!(counts.dropped("aws", "GivenUp"), 10);
    assert_eq!(sink.came().len(), 0);
}

#[tokio::test]
async fn slow_answers_do_not_stop_it() {
    let sink = Sink::start(|_, _| Told {
        after: Duration::from_millis(20),
        ..Told::new(200, "{}")
    })
    .await;
    let parcels = (0..40).map(|_| spans(100)).collect();
    let began = Instant::now();
    let counts = send(&config(&sink), hasty(), parcels).await;
    assert_eq!(counts.progress.sent_so_far("aws"), 4000);
    // One after another these 80 would take 1.6 s.
    assert!(
        began.elapsed() < Duration::from_millis(1200),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn signed_requests_arrive_and_expired_credentials_are_asked_for_anew() {
    let sink = Sink::start(|number, _| match number {
        1 => Told::new(403, r#"{"__type":"ExpiredTokenException"}"#),
        _ => Told::new(200, "{}"),
    })
    .await;
    let config = config(&sink);
    let signer = Signer::new(SignerOptions {
        service: "xray",
        region: config.region.clone(),
        endpoint_url: config.endpoint.clone(),
        signs: true,
        credentials: Some(("AKIDEXAMPLE".to_owned(), "secret".to_owned())),
        ..SignerOptions::default()
    });
    let counts = Counts::default();
    let xray = Xray::with_signer("aws", &config, &counts.counters, signer);
    let counts = send_with(xray, &config, hasty(), vec![spans(10)], counts).await;
    assert_eq!(counts.progress.sent_so_far("aws"), 10);
    let came = sink.came();
    assert_eq!(came.len(), 2);
    for one in &came {
        let authorization = one.headers["authorization"].to_str().unwrap();
        assert!(
            authorization.contains("/eu-west-1/xray/aws4_request"),
            "{authorization}"
        );
        assert!(authorization.contains("SignedHeaders=content-type;host;x-amz-date"));
        assert_eq!(one.headers["host"], sink.address.to_string());
        assert!(
            one.headers["user-agent"]
                .to_str()
                .unwrap()
                .starts_with("local-collector/")
        );
    }
}
