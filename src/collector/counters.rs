//! What was received, refused, dropped and sent, for people and for Prometheus.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Why something was not taken. Each is something that a person can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Reason {
    /// It is larger than the protocol or the configuration allows.
    TooLarge,
    /// Its header is not the protocol's.
    BadHeader,
    /// It is of a version that is not known.
    UnknownVersion,
    /// It cannot be read: truncated, not what its type says.
    Malformed,
    /// It is packed in a way that is not known, or the packing is broken.
    BadEncoding,
    /// It is of a type that the receiver does not take.
    UnknownType,
    /// A span has no trace id or no span id.
    BadTraceId,
    /// A segment misses something that it must have.
    InvalidSegment,
    /// There is no room: the sender may try again.
    NoRoom,
    /// The sender did not finish in time.
    TooSlow,
    /// A queue was full.
    QueueFull,
    /// Its destination refused it for good.
    Rejected,
    /// Its destination did not take it in the time that was given for trying.
    GivenUp,
    /// The store could not keep it.
    StoreFailed,
}

/// What a signal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Signal {
    /// Spans.
    #[expect(non_camel_case_types, reason = "the label's value")]
    spans,
    /// X-Ray segment documents.
    #[expect(non_camel_case_types, reason = "the label's value")]
    segments,
    /// Points of metrics, which are counted and let go.
    #[expect(non_camel_case_types, reason = "the label's value")]
    metric_points,
    /// Log records, which are counted and let go.
    #[expect(non_camel_case_types, reason = "the label's value")]
    log_records,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Received {
    receiver: &'static str,
    signal: Signal,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lost {
    component: &'static str,
    reason: Reason,
}

/// Why a processor left something out, as its configuration says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum LeftOut {
    /// It met a filter.
    Filtered,
    /// Its trace is not of the share that is kept.
    Sampled,
    /// There were more in that second than are let through.
    RateLimited,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Cut {
    processor: String,
    reason: LeftOut,
}

/// The collector's own counters.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    received: Family<Received, Counter>,
    refused: Family<Lost, Counter>,
    dropped: Family<Lost, Counter>,
    left_out: Family<Cut, Counter>,
}

impl Counters {
    /// Puts them where a scrape finds them.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "collector_received",
            "What receivers took",
            self.received.clone(),
        );
        registry.register(
            "collector_refused",
            "What receivers did not take: requests, datagrams or spans",
            self.refused.clone(),
        );
        registry.register(
            "collector_dropped",
            "Spans and segments that were taken and then lost",
            self.dropped.clone(),
        );
        registry.register(
            "collector_left_out",
            "Spans and segments that processors left out, as they are told to",
            self.left_out.clone(),
        );
    }

    /// Counts what a receiver took.
    pub fn received(&self, receiver: &'static str, signal: Signal, count: usize) {
        let labels = Received { receiver, signal };
        self.received.get_or_create(&labels).inc_by(wide(count));
    }

    /// Counts what a receiver did not take.
    pub fn refused(&self, receiver: &'static str, reason: Reason, count: usize) {
        let labels = Lost {
            component: receiver,
            reason,
        };
        self.refused.get_or_create(&labels).inc_by(wide(count));
    }

    /// Counts spans and segments that were taken and then lost.
    pub fn dropped(&self, component: &'static str, reason: Reason, count: usize) {
        let labels = Lost { component, reason };
        self.dropped.get_or_create(&labels).inc_by(wide(count));
    }

    /// Counts spans and segments that the processor of this name left out, as it
    /// is told to.
    pub fn left_out(&self, processor: &str, reason: LeftOut, count: usize) {
        if count > 0 {
            let processor = processor.to_owned();
            let labels = Cut { processor, reason };
            self.left_out.get_or_create(&labels).inc_by(wide(count));
        }
    }

    /// How much the processor of this name has left out so far.
    pub fn left_out_so_far(&self, processor: &str, reason: LeftOut) -> u64 {
        let processor = processor.to_owned();
        let labels = Cut { processor, reason };
        self.left_out.get_or_create(&labels).get()
    }

    /// How much of a signal a receiver has taken so far.
    pub fn received_so_far(&self, receiver: &'static str, signal: Signal) -> u64 {
        let labels = Received { receiver, signal };
        self.received.get_or_create(&labels).get()
    }

    /// How often a receiver has refused for a reason so far.
    pub fn refused_so_far(&self, receiver: &'static str, reason: Reason) -> u64 {
        let labels = Lost {
            component: receiver,
            reason,
        };
        self.refused.get_or_create(&labels).get()
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
