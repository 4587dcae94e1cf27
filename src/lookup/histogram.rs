//! Histograms of seconds, added up, and percentiles of them.
//!
//! X-Ray tells how many requests took how long (`{Value, Count}`, seconds).
//! A percentile is the nearest rank: the smallest value that at least that share
//! of the requests does not exceed. It is always a value that X-Ray told, and
//! exact where X-Ray told every value.

use std::collections::BTreeMap;

use crate::aws::xray::types::HistogramEntry;

/// Requests by what they took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Requests by microseconds.
    counts: BTreeMap<u64, u64>,
}

impl Histogram {
    /// Adds what X-Ray told; what no clock can have measured is left out.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and what is negative is left out"
    )]
    pub fn add(&mut self, entries: &[HistogramEntry]) {
        for entry in entries {
            let count = u64::try_from(entry.count).unwrap_or_default();
            if count > 0 && entry.value >= 0.0 {
                let micros = (entry.value * 1e6).round() as u64;
                let known = self.counts.entry(micros).or_default();
                *known = known.saturating_add(count);
            }
        }
    }

    /// Adds another.
    pub fn merge(&mut self, other: &Self) {
        for (micros, count) in &other.counts {
            let known = self.counts.entry(*micros).or_default();
            *known = known.saturating_add(*count);
        }
    }

    /// Requests in it.
    pub fn total(&self) -> u64 {
        self.counts
            .values()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The nearest rank of a percentile, 1 to 100, in seconds; `None` where it
    /// is empty.
    #[expect(clippy::cast_precision_loss, reason = "seconds are read, not counted")]
    pub fn percentile(&self, percent: u8) -> Option<f64> {
        let total = u128::from(self.total());
        let rank = (total * u128::from(percent.min(100))).div_ceil(100).max(1);
        let mut seen = 0_u128;
        for (micros, count) in &self.counts {
            seen += u128::from(*count);
            if seen >= rank {
                return Some(*micros as f64 / 1e6);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(entries: &[(f64, i32)]) -> Histogram {
        let entries: Vec<HistogramEntry> = entries
            .iter()
            .map(|(value, count)| {
                HistogramEntry::builder()
                    .value(*value)
                    .count(*count)
                    .build()
            })
            .collect();
        let mut histogram = Histogram::default();
        histogram.add(&entries);
        histogram
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let hundred: Vec<(f64, i32)> = (1..=100).map(|ms| (f64::from(ms) / 1e3, 1)).collect();
        let of = histogram(&hundred);
        assert_eq!(of.percentile(50), Some(0.05));
        assert_eq!(of.percentile(95), Some(0.095));
        assert_eq!(of.percentile(100), Some(0.1));
        let two = histogram(&[(0.2, 1), (0.1, 1)]);
        assert_eq!(two.percentile(50), Some(0.1));
        assert_eq!(two.percentile(51), Some(0.2));
        assert_eq!(histogram(&[]).percentile(50), None);
    }

    #[test]
    fn what_cannot_be_is_left_out() {
        let odd = histogram(&[(-1.0, 5), (f64::NAN, 5), (0.3, -2), (0.3, 0)]);
        assert_eq!(odd.total(), 0);
        assert_eq!(histogram(&[(f64::INFINITY, 1)]).total(), 1);
    }

    #[test]
    fn sums_are_those_of_one_window() {
        let mut sum = histogram(&[(0.1, 2), (0.2, 1)]);
        sum.merge(&histogram(&[(0.1, 1), (0.3, 1)]));
        assert_eq!(sum, histogram(&[(0.1, 3), (0.2, 1), (0.3, 1)]));
    }
}
