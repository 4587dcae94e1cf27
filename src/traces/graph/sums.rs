//! What is known of a service and of an edge: sums.

use std::collections::{BTreeMap, BTreeSet};

use super::shape::{Link, MOST_LINKS, PARENT};
use crate::segment::TraceId;
use crate::traces::histogram::Histogram;
use crate::traces::statistics::Statistics;

#[derive(Clone, Debug, Default)]
pub(super) struct ServiceSums {
    pub(super) is_root: bool,
    pub(super) is_active: bool,
    pub(super) starts: Starts,
    /// Those of the calls from and to it.
    pub(super) calls: Starts,
    pub(super) statistics: Statistics,
    pub(super) durations: Histogram,
    pub(super) response_times: Histogram,
    links: BTreeMap<TraceId, BTreeSet<TraceId>>,
}

#[derive(Clone, Debug)]
pub(super) struct EdgeSums {
    pub(super) source: usize,
    pub(super) destination: usize,
    pub(super) starts: Starts,
    pub(super) statistics: Statistics,
    pub(super) response_times: Histogram,
}

/// The first and the last of some starts, in epoch seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Starts(pub(super) Option<(f64, f64)>);

impl ServiceSums {
    pub(super) fn merge(&mut self, other: &Self) {
        self.is_root |= other.is_root;
        self.is_active |= other.is_active;
        self.starts.merge(other.starts);
        self.calls.merge(other.calls);
        self.statistics.merge(&other.statistics);
        self.durations.merge(&other.durations);
        self.response_times.merge(&other.response_times);
        for (source, destinations) in &other.links {
            self.add_links(*source, destinations.iter().copied());
        }
    }

    pub(super) fn add_links(
        &mut self,
        source: TraceId,
        destinations: impl Iterator<Item = TraceId>,
    ) {
        if self.links.contains_key(&source) || self.links.len() < MOST_LINKS {
            let linked = self.links.entry(source).or_default();
            let room = MOST_LINKS.saturating_sub(linked.len());
            linked.extend(destinations.take(room));
        }
    }

    /// Its links, as the API gives them.
    pub(super) fn links(&self) -> Vec<Link> {
        let link = |(source, destinations): (&TraceId, &BTreeSet<TraceId>)| Link {
            reference_type: PARENT,
            source_trace_id: source.to_string(),
            destination_trace_ids: destinations.iter().map(ToString::to_string).collect(),
        };
        self.links.iter().map(link).collect()
    }
}

impl EdgeSums {
    pub(super) fn new(source: usize, destination: usize) -> Self {
        Self {
            source,
            destination,
            starts: Starts::default(),
            statistics: Statistics::default(),
            response_times: Histogram::default(),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.starts.merge(other.starts);
        self.statistics.merge(&other.statistics);
        self.response_times.merge(&other.response_times);
    }
}

impl Starts {
    pub(super) fn add(&mut self, start: f64) {
        let (first, last) = self.0.unwrap_or((start, start));
        self.0 = Some((first.min(start), last.max(start)));
    }

    pub(super) fn merge(&mut self, other: Self) {
        if let Some((first, last)) = other.0 {
            self.add(first);
            self.add(last);
        }
    }
}
