//! Traces are kept or dropped as wholes, in bounded memory.

use std::collections::BTreeMap;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

use super::super::runtime_clock;
use super::super::tests::{End, attribute, request_of, segment, span, text, trace_id};
use super::*;
use crate::collector::{Memory, receipt};

struct Tail {
    sampling: Arc<TailSampling>,
    end: Arc<End>,
    memory: Arc<Memory>,
}

fn tail(config: Value) -> Tail {
    let end = Arc::new(End::default());
    let config = serde_json::from_value(config).unwrap();
    let tail = TailSampling::start(
        "tail",
        &config,
        runtime_clock(),
        Counters::default(),
        end.clone(),
    );
    Tail {
        sampling: tail.unwrap(),
        end,
        memory: Memory::new(1 << 24),
    }
}

fn failed(mut span: Span) -> Span {
    span.status.as_mut().unwrap().code = 2;
    span
}

/// The spans and documents of parcels: trace and span id.
fn ids(parcels: &[Parcel]) -> Vec<(Vec<u8>, u64)> {
    let mut ids = Vec::new();
    let mut count = 0;
    for parcel in parcels {
        for request in &parcel.requests {
            let request = ExportTraceServiceRequest::decode(&**request).unwrap();
            for scope in request
                .resource_spans
                .iter()
                .flat_map(|one| &one.scope_spans)
            {
                for span in &scope.spans {
                    let id = span.span_id.clone().try_into().unwrap();
                    ids.push((span.trace_id.clone(), u64::from_be_bytes(id)));
                }
            }
        }
        for document in &parcel.documents {
            let envelope = crate::segment::check(document).unwrap();
            let id = u64::from_be_bytes(envelope.id.bytes());
            ids.push((envelope.trace_id.bytes().to_vec(), id));
        }
        count += parcel.len();
    }
    assert_eq!(ids.len(), count);
    ids.sort_unstable();
    ids
}

fn of(trace: u64, spans: &[u64]) -> Vec<(Vec<u8>, u64)> {
    spans
        .iter()
        .map(|id| (trace_id(trace).to_vec(), *id))
        .collect()
}

impl Tail {
    async fn spans(&self, spans: Vec<Span>) {
        let count = spans.len();
        let request = Bytes::from(request_of("shop", spans).encode_to_vec());
        let charge = self.memory.charge(request.len()).unwrap();
        self.sampling
            .consume(Parcel::of_request(request, count, charge))
            .await;
    }

    async fn documents(&self, documents: &[Value]) {
        let documents = documents.iter().map(|one| Bytes::from(one.to_string()));
        let charge = self.memory.charge(1).unwrap();
        self.sampling
            .consume(Parcel::of_documents(documents.collect(), charge))
            .await;
    }

    fn came(&self) -> Vec<(Vec<u8>, u64)> {
        ids(&self.end.take())
    }
}

#[tokio::test(start_paused = true)]
async fn whole_traces_are_kept_after_the_wait() {
    let tail = tail(json!({"policies": [{"type": "error"}]}));
    tail.spans(vec![span(1, 1), span(2, 1), failed(span(1, 2)), span(3, 1)])
        .await;
    let mut fault = segment("shop", 3, 9);
    fault["fault"] = json!(true);
    tail.documents(&[fault, segment("shop", 2, 9)]).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(tail.came().is_empty());
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(tail.came(), [of(1, &[1, 2]), of(3, &[1, 9])].concat());
    assert_eq!(
        tail.sampling
            .counters
            .left_out_so_far("tail", LeftOut::Sampled),
        2
    );
    assert_eq!(tail.memory.used(), 0);

    // What comes late follows.
    tail.spans(vec![failed(span(2, 5)), span(1, 5)]).await;
    tail.documents(&[segment("shop", 3, 7)]).await;
    assert_eq!(tail.came(), [of(1, &[5]), of(3, &[7])].concat());
    assert_eq!(
        tail.sampling
            .counters
            .left_out_so_far("tail", LeftOut::Sampled),
        3
    );
    assert_eq!(tail.memory.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn senders_are_told_at_once_and_room_is_held() {
    let tail = tail(json!({"policies": [{"type": "error"}]}));
    let (receipt, waiting) = receipt();
    let request =
        Bytes::from(request_of("shop", vec![failed(span(1, 1)), span(2, 1)]).encode_to_vec());
    let charge = tail.memory.charge(request.len()).unwrap();
    let mut parcel = Parcel::of_request(request, 2, charge);
    parcel.receipts.push(receipt);
    tail.sampling.consume(parcel).await;
    assert_eq!(waiting.done().await, Ok(()));
    assert!(tail.memory.used() > 0);
    tail.sampling.drain().await;
    let came = tail.end.take();
    assert_eq!((came.len(), tail.memory.used()), (1, came[0].bytes()));
    // The part is what it would be had it come alone.
    let alone = request_of("shop", vec![failed(span(1, 1))]);
    assert_eq!(
        ExportTraceServiceRequest::decode(&*came[0].requests[0]).unwrap(),
        alone
    );
    drop(came);
    assert_eq!(tail.memory.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_oldest_are_decided_early_where_there_is_no_room() {
    let tail = tail(json!({"num_traces": 3, "policies": [{"type": "error"}]}));
    tail.spans((1..=3).map(|trace| failed(span(trace, 1))).collect())
        .await;
    assert!(tail.came().is_empty());
    tail.spans(vec![span(4, 1), span(2, 2)]).await;
    assert_eq!(tail.came(), of(1, &[1]));
    tail.spans(vec![span(5, 1), span(6, 1)]).await;
    assert_eq!(tail.came(), [of(2, &[1, 2]), of(3, &[1])].concat());
    tail.sampling.drain().await;
    assert_eq!((tail.came(), tail.memory.used()), (Vec::new(), 0));
}

#[tokio::test(start_paused = true)]
async fn memory_stays_bounded() {
    let tail =
        tail(json!({"max_mib": 1, "policies": [{"type": "probabilistic", "percentage": 0}]}));
    let mut most = 0;
    for trace in 0..300 {
        let mut large = span(trace, 1);
        large
            .attributes
            .push(attribute("x", text(&"x".repeat(20_000))));
        tail.spans(vec![large, span(1_000_000, trace)]).await;
        most = most.max(tail.memory.used());
    }
    assert!(most > 900_000 && most <= 1024 * 1024, "{most}");
    // One trace alone that is too large does not stay either.
    let mut huge = span(7_000, 1);
    huge.attributes
        .push(attribute("x", text(&"x".repeat(2_000_000))));
    tail.spans(vec![huge]).await;
    assert_eq!(tail.memory.used(), 0);
    assert!(tail.sampling.state.lock().unwrap().held.is_empty());
}

/// Tells whether policies keep a trace of these spans.
async fn keeps(policies: &Value, spans: Vec<Span>) -> bool {
    let tail = tail(json!({"policies": policies}));
    let all = spans.len();
    tail.spans(spans).await;
    tail.sampling.drain().await;
    let came = tail.came().len();
    assert!(came == 0 || came == all);
    came > 0
}

fn with(key: &str, value: Any) -> Span {
    let mut one = span(1, 1);
    one.attributes.insert(0, attribute(key, value));
    one
}

#[tokio::test(start_paused = true)]
async fn every_policy_keeps_what_it_is_for() {
    let mut later = span(1, 2);
    later.start_time_unix_nano += 1_500_000_000;
    later.end_time_unix_nano += 1_500_000_000;
    let slow = |threshold: u64| json!([{"type": "latency", "threshold_ms": threshold}]);
    assert!(keeps(&slow(2500), vec![later.clone(), span(1, 1)]).await);
    assert!(!keeps(&slow(2501), vec![later, span(1, 1)]).await);

    let error = json!([{"type": "error"}]);
    assert!(keeps(&error, vec![with("http.status_code", Any::IntValue(503))]).await);
    assert!(!keeps(&error, vec![with("http.status_code", Any::IntValue(404))]).await);
    assert!(!keeps(&error, vec![span(1, 1)]).await);

    let gold = json!([{"type": "match", "service": "shop", "attributes": {"tier": "gold"}}]);
    assert!(keeps(&gold, vec![span(1, 2), with("tier", text("gold"))]).await);
    assert!(!keeps(&gold, vec![with("tier", text("free"))]).await);

    let half = json!([{"type": "probabilistic", "percentage": 50}]);
    assert!(keeps(&half, vec![span(0xff_ffff_ffff_ffff, 1)]).await);
    assert!(!keeps(&half, vec![span(1, 1)]).await);

    let tail = tail(
        json!({"policies": [{"type": "rate-limiting", "traces_per_second": 2}, {"type": "error"}]}),
    );
    tail.spans(vec![span(1, 1), span(2, 1), failed(span(3, 1)), span(4, 1)])
        .await;
    tail.sampling.drain().await;
    assert_eq!(tail.came().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn rules_of_xray_look_at_requests() {
    let rule = |fields: Value| {
        let mut rule = fields;
        rule["type"] = json!("xray-rule");
        json!([rule])
    };
    let pay = json!({"service_name": "SHOP", "http_method": "GET", "url_path": "/api/*", "host": "a?.com"});
    let url = |url: &str| with("http.url", text(url));
    assert!(keeps(&rule(pay.clone()), vec![url("https://ab.com/api/pay?x=/")]).await);
    assert!(
        !keeps(
            &rule(pay.clone()),
            vec![url("https://ab.com/health?x=/api/")]
        )
        .await
    );
    assert!(!keeps(&rule(pay.clone()), vec![url("https://b.com/api/pay")]).await);
    // A call to elsewhere is no request to us.
    let mut call = url("https://ab.com/api/pay");
    call.kind = 3;
    call.parent_span_id = vec![1; 8];
    assert!(!keeps(&rule(pay), vec![call]).await);
    let target = with("http.target", text("/api/a?b"));
    assert!(keeps(&rule(json!({"url_path": "/api/a"})), vec![target.clone()]).await);
    assert!(
        !keeps(
            &rule(json!({"url_path": "/api/a", "fixed_rate": 0.5})),
            vec![target.clone()]
        )
        .await
    );
    let mut kept = target;
    kept.trace_id = trace_id(0xff_ffff_ffff_ffff).to_vec();
    assert!(
        keeps(
            &rule(json!({"url_path": "/api/a", "fixed_rate": 0.5})),
            vec![kept]
        )
        .await
    );

    let tail =
        tail(json!({"policies": rule(json!({"service_name": "shop", "url_path": "/api/*"}))}));
    let mut documents = [
        segment("shop", 1, 1),
        segment("shop", 2, 1),
        segment("pay", 3, 1),
    ];
    for (document, path) in documents.iter_mut().zip(["api/x", "x", "api/x"]) {
        document["http"] = json!({"request": {"url": format!("http://h/{path}"), "method": "GET"}});
    }
    tail.documents(&documents).await;
    tail.sampling.drain().await;
    assert_eq!(tail.came(), of(1, &[1]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn traces_go_on_whole_or_not_at_all(
        requests in proptest::collection::vec(
            proptest::collection::vec((0..12_u64, any::<bool>(), any::<bool>()), 0..12), 1..12),
        most in 1..14_usize, pause in 0..3000_u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let tail = tail(json!({"num_traces": most, "policies": [{"type": "error"}]}));
            let mut sent: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
            let mut id = 0;
            for request in &requests {
                let mut spans = Vec::new();
                let mut documents = Vec::new();
                for (trace, is_error, is_document) in request {
                    id += 1;
                    sent.entry(*trace).or_default().push(id);
                    if *is_document {
                        let mut one = segment("shop", *trace, id);
                        one["fault"] = json!(is_error);
                        documents.push(one);
                    } else {
                        let one = span(*trace, id);
                        spans.push(if *is_error { failed(one) } else { one });
                    }
                }
                tail.spans(spans).await;
                tail.documents(&documents).await;
                assert!(tail.sampling.state.lock().unwrap().held.len() <= most);
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            tail.sampling.drain().await;
            let mut came: BTreeMap<Vec<u8>, Vec<u64>> = BTreeMap::new();
            for (trace, id) in tail.came() {
                came.entry(trace).or_default().push(id);
            }
            let mut dropped = 0;
            for (trace, ids) in &sent {
                match came.remove(trace_id(*trace).as_slice()) {
                    Some(mut kept) => {
                        kept.sort_unstable();
                        assert_eq!(&kept, ids);
                    }
                    None => dropped += ids.len(),
                }
            }
            assert!(came.is_empty());
            let counted = tail.sampling.counters.left_out_so_far("tail", LeftOut::Sampled);
            assert_eq!(counted, u64::try_from(dropped).unwrap());
            assert_eq!(tail.memory.used(), 0);
            assert_eq!(tail.sampling.state.lock().unwrap().bytes, 0);
        });
    }

    #[test]
    fn anything_is_taken_apart(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let policies = Policies::new(&[]).unwrap();
        let bytes = Bytes::from(bytes);
        let parcel = Parcel { requests: vec![bytes.clone()], documents: vec![bytes], ..Parcel::default() };
        prop_assert!(split(parcel, &policies).iter().any(|piece| !piece.parcel.documents.is_empty()));
    }
}
