//! Graphs against sums by their definition.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::made::{Documents, Made, documents, fill, made_up};
use crate::traces::Window;
use crate::traces::graph::Graph;

/// Counts by outcome, and times in quarters of a second.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    counts: [u64; 4],
    times: Vec<u64>,
    durations: Vec<u64>,
}

impl Sums {
    fn add(&mut self, status: u16, start: f64, end: f64) {
        let outcome = match status {
            429 => 2,
            400..500 => 1,
            500..600 => 3,
            _ => 0,
        };
        self.counts[outcome] += 1;
        self.times.push(quarters(end - start));
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small"
)]
fn quarters(seconds: f64) -> u64 {
    (seconds * 4.0) as u64
}

type Key = (String, Option<&'static str>);

/// Services and edges of made-up traces, one after the other and by their
/// definition.
fn naive(
    traces: &[Vec<Made>],
    window: Window,
) -> (BTreeMap<Key, Sums>, BTreeMap<(Key, Key), Sums>) {
    let mut services: BTreeMap<Key, Sums> = BTreeMap::new();
    let mut edges: BTreeMap<(Key, Key), Sums> = BTreeMap::new();
    for made in traces {
        let key = |it: &Made| (it.name(), it.is_silent.then_some("remote"));
        let seen = |it: &Made| {
            if it.is_silent {
                (it.call(), it.call_status)
            } else {
                ((it.start(), it.end()), it.status)
            }
        };
        for (at, it) in made.iter().enumerate() {
            let ((start, end), status) = seen(it);
            if window.contains(start) {
                let sums = services.entry(key(it)).or_default();
                if let Some(end) = end {
                    sums.add(status, start, end);
                    let last = last_below(made, at, end);
                    sums.durations.push(quarters((last - start).max(0.0)));
                }
            }
            if let Some(above) = it.parent.map(|parent| &made[parent]) {
                let ((start, end), status) = match it.via {
                    Some(_) => (it.call(), it.call_status),
                    None => ((it.start(), it.end()), it.status),
                };
                if window.contains(start) {
                    services.entry(key(it)).or_default();
                    services.entry(key(above)).or_default();
                    let sums = edges.entry((key(above), key(it))).or_default();
                    if let Some(end) = end {
                        sums.add(status, start, end);
                    }
                }
            }
        }
        let tops = made.iter().filter(|it| it.parent.is_none());
        let root = tops.reduce(|one, other| if other.start < one.start { other } else { one });
        if let Some(root) = root.filter(|root| window.contains(root.start())) {
            let client = (root.name(), Some("client"));
            services.entry(client.clone()).or_default();
            let sums = edges.entry((client, key(root))).or_default();
            if let Some(end) = root.end() {
                sums.add(root.status, root.start(), end);
            }
        }
    }
    (services, edges)
}

/// The last end of anything below a segment.
fn last_below(made: &[Made], at: usize, end: f64) -> f64 {
    let below = made
        .iter()
        .enumerate()
        .filter(|(_, it)| it.parent == Some(at));
    below.fold(end, |last, (at, it)| {
        let call = it.via.and(it.call().1).unwrap_or(last);
        let own = it.end().filter(|_| !it.is_silent).unwrap_or(last);
        last.max(call).max(own).max(last_below(made, at, last))
    })
}

fn histogram(times: &[u64]) -> Json {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for time in times {
        *counts.entry(*time).or_default() += 1;
    }
    let seconds = |quarters: u64| f64::from(u32::try_from(quarters).unwrap()) / 4.0;
    let entries = counts
        .iter()
        .map(|(time, count)| json!({"Value": seconds(*time), "Count": count}));
    entries.collect()
}

fn statistics(sums: &Sums) -> Json {
    let [ok, errors, throttles, faults] = sums.counts;
    let total: u64 = sums.times.iter().sum();
    json!({
        "OkCount": ok,
        "ErrorStatistics": {"ThrottleCount": throttles, "OtherCount": errors,
            "TotalCount": errors + throttles},
        "FaultStatistics": {"OtherCount": faults, "TotalCount": faults},
        "TotalCount": ok + errors + throttles + faults,
        "TotalResponseTime": f64::from(u32::try_from(total).unwrap()) / 4.0,
    })
}

proptest! {
    /// Whatever the traces and the window, all sums are those that the
    /// definition gives, and the order of traces does not show.
    #[test]
    fn sums_are_those_of_the_definition(
        traces in made_up(),
        start in 95..112_u8,
        length in 0..20_u8,
    ) {
        let start = f64::from(start);
        let window = Window { start, end: start + f64::from(length) };
        let mut texts: Vec<Documents> = traces.iter().map(|it| documents(it)).collect();
        let graph = fill(Graph::new(Some(window)), &texts);
        let (services, edges) = naive(&traces, window);

        let found = graph.services();
        let names: Vec<_> = found.iter().map(|it| (it.name.clone(), it.kind.as_deref())).collect();
        let wanted: Vec<_> = services.keys().map(|(name, kind)| (name.clone(), *kind)).collect();
        prop_assert_eq!(&names, &wanted);
        let mut count = 0;
        for (service, (key, sums)) in found.iter().zip(&services) {
            let json = serde_json::to_value(service).unwrap();
            if key.1 == Some("client") {
                prop_assert!(json["SummaryStatistics"].is_null());
                prop_assert!(json["DurationHistogram"].is_null());
            } else {
                prop_assert_eq!(&json["SummaryStatistics"], &statistics(sums));
                prop_assert_eq!(&json["ResponseTimeHistogram"], &histogram(&sums.times));
                prop_assert_eq!(&json["DurationHistogram"], &histogram(&sums.durations));
            }
            for edge in &service.edges {
                let called = &names[edge.reference_id];
                let known = edges.iter().find(|((from, to), _)| {
                    from == key && to.0 == called.0 && to.1 == called.1
                });
                let (_, sums) = known.unwrap();
                let edge = serde_json::to_value(edge).unwrap();
                prop_assert_eq!(&edge["SummaryStatistics"], &statistics(sums));
                prop_assert_eq!(&edge["ResponseTimeHistogram"], &histogram(&sums.times));
                count += 1;
            }
        }
        prop_assert_eq!(count, edges.len());

        let (one, other) = texts.split_at(texts.len() / 2);
        let mut merged = fill(Graph::new(Some(window)), one);
        merged.merge(&fill(Graph::new(Some(window)), other));
        prop_assert_eq!(&merged.services(), &found);
        texts.reverse();
        prop_assert_eq!(fill(Graph::new(Some(window)), &texts).services(), found);
    }
}
