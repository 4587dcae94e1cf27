//! Exporters against destinations that behave badly.

mod opened;
mod otlp;
mod queues;
mod sink;
mod xray;

use std::sync::Arc;

use bytes::Bytes;
use prometheus_client::registry::Registry;

use super::{Progress, Queue, Retry, Settings};
use crate::collector::{Counters, Memory, Parcel};
use crate::collector_config::{self as config, WhenFull};
use crate::otlp::view::AnyValue;
use crate::otlp::write;

/// A queue's settings, small.
fn settings(parcels: usize, in_flight: usize) -> Settings {
    Settings {
        bytes: 1024 * 1024,
        parcels,
        when_full: WhenFull::Drop,
        in_flight,
        retry: Retry::from(&config::Retry::default()),
    }
}

/// What is counted.
#[derive(Clone, Default)]
struct Counts {
    counters: Counters,
    progress: Progress,
}

impl Counts {
    /// Everything that is counted, as Prometheus sees it.
    fn text(&self) -> String {
        let mut registry = Registry::default();
        self.counters.register(&mut registry);
        self.progress.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }

    /// What `exporter` lost for a reason.
    fn dropped(&self, exporter: &str, reason: &str) -> u64 {
        let start =
            format!("collector_dropped_total{{component=\"{exporter}\",reason=\"{reason}\"}} ");
        let text = self.text();
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        line.map_or(0, |count| count.parse().unwrap())
    }
}

fn start<D: super::Destination>(
    name: &'static str,
    settings: Settings,
    destination: Arc<D>,
    counts: &Counts,
) -> Arc<Queue> {
    let Counts { counters, progress } = counts.clone();
    Queue::start(name, settings, destination, counters, progress)
}

/// A parcel of `spans` spans in `bytes` bytes that nobody reads.
fn parcel(memory: &Arc<Memory>, spans: usize, bytes: usize) -> Parcel {
    let charge = memory.charge(bytes).unwrap();
    Parcel::of_request(Bytes::from(vec![0; bytes]), spans, charge)
}

/// A parcel of one request with `count` spans of a service, each with its own
/// id.
pub(super) fn spans(count: u64) -> Parcel {
    let mut request = Vec::new();
    write::message(&mut request, 1, |out| {
        write::message(out, 1, |out| {
            write::attribute(out, 1, "service.name", AnyValue::Text("shop \"9\""));
        });
        write::message(out, 2, |out| {
            for number in 1..=count {
                write::message(out, 2, |out| span(out, number));
            }
        });
    });
    let charge = Memory::new(usize::MAX).charge(request.len()).unwrap();
    Parcel::of_request(request.into(), usize::try_from(count).unwrap(), charge)
}

fn span(out: &mut Vec<u8>, number: u64) {
    write::bytes(out, 1, &[1; 16]);
    write::bytes(out, 2, &number.to_be_bytes());
    write::bytes(out, 5, b"GET /cart");
    write::number(out, 6, 2);
    write::fixed64(out, 7, 1_790_000_000_000_000_000);
    write::fixed64(out, 8, 1_790_000_000_250_000_000);
    write::attribute(out, 9, "http.request.method", AnyValue::Text("GET"));
    if number.is_multiple_of(10) {
        write::message(out, 15, |out| write::number(out, 3, 2));
    }
}

/// A parcel of segment documents.
pub(super) fn documents(documents: &[String]) -> Parcel {
    let documents: Vec<_> = documents
        .iter()
        .map(|one| Bytes::from(one.clone()))
        .collect();
    let charge = Memory::new(usize::MAX).charge(1).unwrap();
    Parcel::of_documents(documents, charge)
}
