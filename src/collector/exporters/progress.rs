//! How exporters get on, for Prometheus.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    exporter: &'static str,
}

/// What was sent, and what waits. What was lost is in
/// [`Counters`](crate::collector::Counters).
#[derive(Clone, Debug, Default)]
pub struct Progress {
    sent: Family<Of, Counter>,
    retries: Family<Of, Counter>,
    queued: Family<Of, Gauge>,
    queued_bytes: Family<Of, Gauge>,
}

impl Progress {
    /// Puts it where a scrape finds it.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "collector_sent",
            "Spans and segments that destinations took",
            self.sent.clone(),
        );
        registry.register(
            "collector_retries",
            "Requests that were tried again",
            self.retries.clone(),
        );
        registry.register(
            "collector_queued_batches",
            "Batches that wait to be sent",
            self.queued.clone(),
        );
        registry.register(
            "collector_queued_bytes",
            "Bytes of traces that wait to be sent",
            self.queued_bytes.clone(),
        );
    }

    /// Counts spans and segments that an exporter's destination took.
    pub(super) fn sent(&self, exporter: &'static str, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.sent.get_or_create(&Of { exporter }).inc_by(count);
    }

    /// Counts a request that is tried again.
    pub(super) fn retried(&self, exporter: &'static str) {
        self.retries.get_or_create(&Of { exporter }).inc();
    }

    /// Tells what waits.
    pub(super) fn queued(&self, exporter: &'static str, batches: usize, bytes: usize) {
        let of = Of { exporter };
        let signed = |count| i64::try_from(count).unwrap_or(i64::MAX);
        self.queued.get_or_create(&of).set(signed(batches));
        self.queued_bytes.get_or_create(&of).set(signed(bytes));
    }

    /// How many spans and segments an exporter's destination took so far.
    pub fn sent_so_far(&self, exporter: &'static str) -> u64 {
        self.sent.get_or_create(&Of { exporter }).get()
    }

    /// How many requests of an exporter were tried again so far.
    pub fn retries_so_far(&self, exporter: &'static str) -> u64 {
        self.retries.get_or_create(&Of { exporter }).get()
    }
}
