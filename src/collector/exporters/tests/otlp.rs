//! The exporters of OTLP against servers.

use std::io::Read;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::sink::{Sink, Told};
use super::*;
use crate::collector::exporters::{Destination, OtlpGrpc, OtlpHttp};
use crate::collector::receivers::{Intake, otlp::Grpc};
use crate::collector::{Listening, Protocols, Signal};
use crate::collector_config::{Compression, OtlpGrpc as GrpcConfig, OtlpHttp as HttpConfig};
use crate::otlp::{self, write};

const GRACE: Duration = Duration::from_secs(20);

fn http(sink: &Sink, rest: &str) -> HttpConfig {
    toml::from_str(&format!("endpoint = '{}'\n{rest}", sink.url())).unwrap()
}

async fn send<D: Destination>(
    new: impl FnOnce(&Counters) -> Result<D, String>,
    parcels: Vec<Parcel>,
) -> Counts {
    let counts = Counts::default();
    let destination = new(&counts.counters).unwrap();
    let mut settings = settings(100, 1);
    settings.retry.initial = Duration::from_millis(5);
    settings.retry.give_up = Duration::from_secs(3);
    let queue = start("otlp", settings, Arc::new(destination), &counts);
    for parcel in parcels {
        queue.offer(&Arc::new(parcel));
    }
    queue.drain(GRACE).await;
    counts
}

#[tokio::test]
async fn requests_arrive_over_http_as_they_came() {
    let sink = Sink::start(|_, _| Told::new(200, "")).await;
    let config = http(&sink, "headers = { x-api-key = 'k' }");
    let parcel = spans(30);
    let request = parcel.requests[0].clone();
    let mut two = spans(4);
    two.append(spans(5));
    let counts = send(|c| OtlpHttp::new("otlp", &config, c), vec![parcel, two]).await;
    let came = sink.came();
    assert_eq!((came.len(), came[0].path.as_str()), (2, "/v1/traces"));
    assert_eq!(came[0].body, request);
    assert_eq!(came[0].headers["x-api-key"], "k");
    assert_eq!(came[0].headers["content-type"], "application/x-protobuf");
    assert_eq!(otlp::check(&came[1].body).unwrap().spans, 9);
    assert_eq!(counts.progress.sent_so_far("otlp"), 39);
}

#[tokio::test]
async fn answers_of_http_are_understood() {
    let sink = Sink::start(|number, _| match number {
        1 => Told::new(503, "").header("retry-after", "1"),
        2 => Told::new(400, "no"),
        3 => {
            let mut partial = Vec::new();
            write::message(&mut partial, 1, |out| {
                write::number(out, 1, 2);
                write::bytes(out, 2, b"too old");
            });
            Told::new(200, partial)
        }
        _ => Told::new(500, ""),
    })
    .await;
    let config = http(&sink, "");
    let parcels = vec![spans(3), spans(10), spans(6)];
    let counts = send(|c| OtlpHttp::new("otlp", &config, c), parcels).await;
    // 500 is none of those that may pass.
    assert_eq!(sink.came().len(), 4);
    assert_eq!(counts.progress.retries_so_far("otlp"), 1);
    assert_eq!(counts.progress.sent_so_far("otlp"), 8);
    assert_eq!(counts.dropped("otlp", "Rejected"), 3 + 2 + 6);
}

#[tokio::test]
async fn requests_are_packed_with_gzip() {
    let sink = Sink::start(|_, _| Told::new(200, "")).await;
    let config = http(&sink, "compression = 'gzip'");
    let parcel = spans(30);
    let request = parcel.requests[0].clone();
    send(|c| OtlpHttp::new("otlp", &config, c), vec![parcel]).await;
    let came = sink.came();
    assert_eq!(came[0].headers["content-encoding"], "gzip");
    let mut plain = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&came[0].body[..]);
    decoder.read_to_end(&mut plain).unwrap();
    assert_eq!(plain, request);
}

/// Into our own receiver, which a real gRPC library serves.
async fn over_grpc(compression: Compression, parcels: Vec<Parcel>, room: usize) -> (Counts, u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let counters = Counters::default();
    let receiver = Grpc::new(Intake {
        next: Arc::new(crate::collector::exporters::FanOut::new(vec![], GRACE)),
        memory: Memory::new(room),
        counters: counters.clone(),
        waits: false,
    });
    let stop = CancellationToken::new();
    let listening = Listening::new(listener, Protocols::Http2, Arc::new(receiver));
    tokio::spawn(listening.serve(stop.clone(), Duration::ZERO));
    let text = format!("endpoint = 'http://{address}'");
    let config = GrpcConfig {
        compression,
        ..toml::from_str(&text).unwrap()
    };
    let counts = send(|c| OtlpGrpc::new("otlp", &config, c), parcels).await;
    stop.cancel();
    (counts, counters.received_so_far("otlp/grpc", Signal::spans))
}

#[tokio::test]
async fn requests_arrive_over_grpc() {
    for compression in [Compression::None, Compression::Gzip] {
        let (counts, received) = over_grpc(compression, vec![spans(30), spans(9)], 1 << 20).await;
        assert_eq!(counts.progress.sent_so_far("otlp"), 39);
        assert_eq!(received, 39);
    }
}

#[tokio::test]
async fn partial_success_and_refusals_of_grpc_are_counted() {
    let mut broken = spans(5);
    let mut request = broken.requests[0].to_vec();
    let place = request
        .windows(16)
        .position(|bytes| bytes == [1; 16])
        .unwrap();
    request[place..place + 16].fill(0);
    broken.requests[0] = request.into();
    let (counts, received) = over_grpc(Compression::None, vec![broken], 1 << 20).await;
    assert_eq!((counts.dropped("otlp", "Rejected"), received), (1, 4));
    assert_eq!(counts.progress.sent_so_far("otlp"), 4);

    // No room: unavailable, tried again, given up.
    let (counts, received) = over_grpc(Compression::None, vec![spans(5)], 10).await;
    assert_eq!((counts.dropped("otlp", "GivenUp"), received), (5, 0));
    assert!(counts.progress.retries_so_far("otlp") > 2);
}

#[test]
fn what_is_no_endpoint_or_header_is_said() {
    let counters = Counters::default();
    let config = |text: &str| toml::from_str::<HttpConfig>(text).unwrap();
    let bad = config("endpoint = 'localhost:4318'");
    let error = OtlpHttp::new("otlp", &bad, &counters).err().unwrap();
    assert!(error.contains("`localhost:4318`"), "{error}");
    let bad = config("endpoint = 'http://h'\nheaders = { 'a b' = 'c' }");
    let error = OtlpHttp::new("otlp", &bad, &counters).err().unwrap();
    assert!(error.contains("`a b`"), "{error}");
}
