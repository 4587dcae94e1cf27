use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use crate::traces::{Histogram, HistogramEntry, Outcome, Statistics};

/// What a histogram of these milliseconds must be, from all of them at once.
fn naive(values: &[u64]) -> Vec<HistogramEntry> {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for value in values {
        *counts.entry(*value).or_default() += 1;
    }
    if counts.len() > 100 {
        let exact = std::mem::take(&mut counts);
        for (value, count) in exact {
            let unit = 10_u64.pow(u32::try_from(value.to_string().len()).unwrap().max(2) - 2);
            *counts.entry((value + unit / 2) / unit * unit).or_default() += count;
        }
    }
    let entry = |(value, count)| HistogramEntry {
        value: f64::from(u32::try_from(value).unwrap()) / 1e3,
        count,
    };
    counts.into_iter().map(entry).collect()
}

fn of(values: &[u64]) -> Histogram {
    let mut histogram = Histogram::default();
    for value in values {
        histogram.add(f64::from(u32::try_from(*value).unwrap()) / 1e3);
    }
    histogram
}

/// Many values around all powers of ten, with repetitions.
fn values() -> impl Strategy<Value = Vec<u64>> {
    let value = (0..9_u32, 0..150_u64).prop_map(|(power, rest)| 10_u64.pow(power) + rest);
    prop::collection::vec(prop_oneof![0..40_u64, value], 0..400)
}

#[test]
fn a_hundred_values_stay_and_one_more_rounds_them_all() {
    let hundred: Vec<u64> = (1000..1100).collect();
    assert_eq!(of(&hundred).entries().len(), 100);
    let more: Vec<u64> = (995..1096).collect();
    let entries = of(&more).entries();
    let counts: Vec<_> = entries.iter().map(|it| (it.value, it.count)).collect();
    assert_eq!(counts, [(1.0, 55), (1.1, 46)]);
}

#[test]
fn absurd_times_are_held() {
    let mut histogram = Histogram::default();
    for seconds in [f64::MAX, f64::INFINITY, f64::NAN, -1.0, 0.000_4] {
        histogram.add(seconds);
    }
    let counts: Vec<_> = histogram.entries().iter().map(|it| it.count).collect();
    assert_eq!(counts, [3, 2]);
    let mut statistics = Statistics::default();
    statistics.add(Outcome::Ok, f64::INFINITY);
    statistics.add(Outcome::Ok, f64::NAN);
    assert!(statistics.total_response_time().is_finite());
}

#[test]
fn statistics_are_written_as_aws_does() {
    let mut statistics = Statistics::default();
    statistics.add(Outcome::Ok, 0.25);
    statistics.add(Outcome::Error, 0.000_4);
    statistics.add(Outcome::Throttle, 0.000_1);
    statistics.add(Outcome::Fault, 1.0);
    let shown = json!({
        "OkCount": 1,
        "ErrorStatistics": {"ThrottleCount": 1, "OtherCount": 1, "TotalCount": 2},
        "FaultStatistics": {"OtherCount": 1, "TotalCount": 1},
        "TotalCount": 4,
        "TotalResponseTime": 1.251,
    });
    assert_eq!(serde_json::to_value(statistics).unwrap(), shown);
}

proptest! {
    #[test]
    fn a_histogram_is_that_of_all_values_at_once(values in values()) {
        prop_assert_eq!(of(&values).entries(), naive(&values));
    }

    #[test]
    fn order_and_merging_do_not_show(values in values(), at in any::<prop::sample::Index>()) {
        let whole = of(&values);
        let mut backwards = values.clone();
        backwards.reverse();
        prop_assert_eq!(&of(&backwards), &whole);
        let (one, other) = values.split_at(at.index(values.len() + 1));
        let mut merged = of(one);
        merged.merge(&of(other));
        prop_assert_eq!(&merged, &whole);
        let mut merged = of(other);
        merged.merge(&of(one));
        prop_assert_eq!(&merged, &whole);
    }
}
