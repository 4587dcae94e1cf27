//! The page shows what came, counts it right and runs nothing of it.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use prost::Message as _;

use super::*;
use crate::collector::{Consumer, Counters, Memory, Parcel};
use crate::collector_config;

const BEGIN: u64 = 1_790_000_000_000_000_000;
/// What would run where a page did not escape it.
const SCRIPT: &str = "<script>alert('x')</script>";

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

/// A span that takes so many nanoseconds.
fn span_of(name: &str, nanos: u64) -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: nanos.to_be_bytes().to_vec(),
        name: name.to_owned(),
        start_time_unix_nano: BEGIN,
        end_time_unix_nano: BEGIN + nanos,
        ..Span::default()
    }
}

fn failed(mut span: Span, message: &str) -> Span {
    span.status = Some(Status {
        code: 2,
        message: message.to_owned(),
    });
    span
}

fn request(service: &str, spans: Vec<Span>) -> Bytes {
    let scope = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    let resource = Resource {
        attributes: vec![text("service.name", service)],
        ..Resource::default()
    };
    let spans = ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![spans],
    };
    request.encode_to_vec().into()
}

/// A page of a store that holds these, and the store's folder.
struct Kept {
    tracez: Tracez,
    store: Arc<Store>,
    _folder: tempfile::TempDir,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = collector_config::Store::default();
        let store = Store::open(folder.path(), &config, Counters::default()).unwrap();
        Self {
            tracez: Tracez::new(Some(Arc::clone(&store))),
            store,
            _folder: folder,
        }
    }

    async fn keep(&self, requests: Vec<Bytes>, documents: &[&str]) {
        let documents = documents.iter().map(|one| Bytes::from((*one).to_owned()));
        let parcel = Parcel {
            requests,
            documents: documents.collect(),
            charges: vec![Memory::new(1).charge(1).unwrap()],
            ..Parcel::default()
        };
        self.store.consume(parcel).await;
        self.store.drain().await;
    }

    async fn page(&self, query: &str) -> String {
        self.tracez.page(Some(query)).await.unwrap()
    }
}

/// The numbers in the row of an operation: running, nine buckets, errors.
fn counts(page: &str, operation: &str) -> Vec<u64> {
    let (_, rest) = page.split_once(&format!("<td>{operation}<td")).unwrap();
    let row = rest.split("<tr>").next().unwrap();
    let row = row.split("</tbody>").next().unwrap();
    row.split("<td class=n>")
        .map(|cell| cell.replace("</a>", ""))
        .filter_map(|cell| {
            let number = cell.rsplit('>').next()?;
            if number == "·" {
                Some(0)
            } else {
                number.parse().ok()
            }
        })
        .collect()
}

#[tokio::test]
async fn spans_are_counted_by_how_long_they_took() {
    let kept = Kept::new();
    let bounds = [
        9_999,
        10_000,
        99_999,
        100_000,
        5_000_000,
        100_000_000_000,
        u64::MAX / 4,
    ];
    let mut spans: Vec<Span> = bounds.map(|nanos| span_of("GET", nanos)).to_vec();
    spans.push(failed(span_of("GET", 5), "no"));
    spans.push(Span {
        end_time_unix_nano: 0,
        ..span_of("GET", 0)
    });
    kept.keep(vec![request("shop", spans)], &[]).await;
    let page = kept.page("").await;
    assert_eq!(counts(&page, "GET"), [1, 1, 2, 1, 1, 0, 0, 0, 0, 2, 1]);
    assert!(page.contains("Counted are all 9"), "{page}");
    assert!(!page.contains("id=samples"), "{page}");
}

#[tokio::test]
async fn samples_have_all_that_is_known() {
    let kept = Kept::new();
    let mut slow = span_of("GET /cart", 250_000_000);
    slow.parent_span_id = vec![7; 8];
    slow.attributes = vec![text("http.route", "/cart")];
    slow.events = vec![span::Event {
        time_unix_nano: BEGIN + 1_500_000,
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", "Timeout")],
        ..span::Event::default()
    }];
    let spans = vec![slow, span_of("GET /cart", 11_000)];
    kept.keep(
        vec![request("shop", spans.clone()), request("bank", spans)],
        &[],
    )
    .await;
    let page = kept
        .page("zservice=shop&zspanname=GET%20%2Fcart&ztype=1&zlatencybucket=5")
        .await;
    for expected in [
        "shop: GET /cart, 100 ms to 1 s</h2><p>1 of 1 that",
        "· 250.000 ms</h3>",
        "<td>01010101010101010101010101010101",
        "<th>span<td>000000000ee6b280",
        "<th>parent<td>0707070707070707",
        "<td>http.route<td>/cart",
        "<h4>+1.500 ms exception</h4><table><tr><td>exception.type<td>Timeout",
    ] {
        assert!(page.contains(expected), "no {expected:?} in {page}");
    }
    // Without a service, of all that have the operation.
    let page = kept.page("zspanname=GET+%2Fcart&ztype=1&zsubtype=1").await;
    assert!(page.contains("<p>2 of 2 that"), "{page}");
}

#[tokio::test]
async fn nothing_that_came_is_run() {
    let kept = Kept::new();
    let mut span = failed(span_of(SCRIPT, 5), SCRIPT);
    span.attributes = vec![text(SCRIPT, SCRIPT), text("\" onload=\"x", "'")];
    span.events = vec![span::Event {
        name: SCRIPT.to_owned(),
        attributes: vec![text(SCRIPT, SCRIPT)],
        ..span::Event::default()
    }];
    kept.keep(vec![request(SCRIPT, vec![span])], &[]).await;
    let query = select::query(SCRIPT, SCRIPT, window::Class::Failed);
    let page = kept.page(&query).await;
    assert!(page.contains("<p>1 of 1 that"), "{page}");
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("\" onload"), "{page}");
    // Service, operation, status, attribute and event, some of them twice.
    assert!(page.matches("&lt;script&gt;").count() >= 8, "{page}");
    // What is asked for comes back as text, too.
    let page = kept.page("zspanname=%3Cscript%3E&ztype=2").await;
    assert!(
        page.contains("&lt;script&gt;, errors</h2><p>0 of 0"),
        "{page}"
    );
}

#[tokio::test]
async fn segments_in_progress_run_until_they_end() {
    let kept = Kept::new();
    let segment = |id: &str, rest: &str| {
        format!(
            r#"{{"name":"shop","id":"{id}","trace_id":"1-581cf771-a006649127e371903a2de979","start_time":1790000000.0,{rest}}}"#
        )
    };
    let runs = r#""in_progress":true"#;
    let (first, second) = ("0000000000000001", "0000000000000002");
    let documents = [segment(first, runs), segment(second, runs)];
    kept.keep(Vec::new(), &documents.each_ref().map(String::as_str))
        .await;
    assert_eq!(counts(&kept.page("").await, "shop")[0], 2);
    let ended = segment(first, r#""end_time":1790000000.5"#);
    kept.keep(Vec::new(), &[&ended]).await;
    let page = kept.page("zspanname=shop&ztype=0").await;
    assert_eq!(counts(&page, "shop"), [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert!(page.contains("· running</h3>"), "{page}");
    assert!(page.contains("<th>span<td>0000000000000002"), "{page}");
}

#[tokio::test]
async fn the_page_is_bounded() {
    let kept = Kept::new();
    let long = "é".repeat(5000);
    let spans = (0..100).map(|_| {
        let mut span = span_of(&long, 1);
        span.attributes = (0..80).map(|key| text(&key.to_string(), &long)).collect();
        span
    });
    kept.keep(vec![request("shop", spans.collect())], &[]).await;
    let operation = window::cut(&long);
    let query = select::query("shop", operation, window::Class::Took(0));
    let page = kept.page(&query).await;
    assert!(page.contains("<p>20 of 100 that"));
    assert!(page.contains("and 16 more attributes"));
    assert!(page.len() < 4 << 20, "{}", page.len());
}

#[tokio::test]
async fn without_a_store_it_says_what_to_do() {
    let page = Tracez::new(None).page(None).await.unwrap();
    assert!(page.contains("<code>[collector.store]</code>"), "{page}");
    let empty = Kept::new();
    assert!(empty.page("").await.contains("No span is kept yet."));
}
