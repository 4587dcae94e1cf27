//! Exporters against destinations that behave badly.

mod queues;

use std::sync::Arc;

use bytes::Bytes;
use prometheus_client::registry::Registry;

use super::{Progress, Queue, Retry, Settings};
use crate::collector::{Counters, Memory, Parcel};
use crate::collector_config::{self as config, WhenFull};

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
