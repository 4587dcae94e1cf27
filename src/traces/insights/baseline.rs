//! How many faults are to be expected: told from what came before.

use std::collections::VecDeque;

use crate::traces::trace::Outcome;

/// Seconds of requests that tell what is to be expected: the last ones that were
/// not out of bounds themselves.
pub(in crate::traces) const BASELINE: i64 = 60 * 60;
/// How far back they may lie, in seconds.
pub const LOOKBACK: i64 = 6 * 60 * 60;
/// Seconds with requests below which nothing is expected.
const LEAST: i64 = 10 * 60;
/// Requests below which nothing is expected.
const LEAST_REQUESTS: u64 = 50;
/// Faults below which nothing is out of bounds.
const LEAST_FAULTS: u64 = 3;
/// How often chance alone leads out of a bound: once in ten thousand periods.
const CHANCE: f64 = 1e-4;

/// Requests of one period and how many of them were faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::traces) struct Counts {
    pub(in crate::traces) requests: u64,
    pub(in crate::traces) faults: u64,
}

/// How many faults are to be expected among some requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::traces) struct Bounds {
    pub(in crate::traces) low: u64,
    pub(in crate::traces) high: u64,
}

/// What the periods that came before say of the next one.
#[derive(Clone, Debug)]
pub(in crate::traces) struct Baseline {
    /// Seconds of a period.
    period: i64,
    /// The periods that were within bounds, by their number since 1970.
    before: VecDeque<(i64, Counts)>,
    sum: Counts,
}

/// What became of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::traces) struct Verdict {
    /// What was to be expected; `None` where too little came before.
    pub(in crate::traces) bounds: Option<Bounds>,
    /// It had more faults.
    pub(in crate::traces) is_anomalous: bool,
}

impl Counts {
    /// Those of one request.
    pub(in crate::traces) fn of(outcome: Outcome) -> Self {
        Self {
            requests: 1,
            faults: u64::from(outcome == Outcome::Fault),
        }
    }

    pub(in crate::traces) fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.faults = self.faults.saturating_add(other.faults);
    }

    fn subtract(&mut self, other: Self) {
        self.requests = self.requests.saturating_sub(other.requests);
        self.faults = self.faults.saturating_sub(other.faults);
    }
}

impl Baseline {
    /// Before anything came; periods have so many seconds.
    pub(in crate::traces) fn new(period: i64) -> Self {
        Self {
            period: period.max(1),
            before: VecDeque::new(),
            sum: Counts::default(),
        }
    }

    /// Judges a period by those before it, and then counts it among them. Periods
    /// come in ascending order, those without requests not at all.
    pub(in crate::traces) fn judge(&mut self, period: i64, counts: Counts) -> Verdict {
        let oldest = period.saturating_sub(LOOKBACK / self.period);
        while self.before.front().is_some_and(|(at, _)| *at < oldest) {
            self.forget_first();
        }
        let bounds = self.bounds(counts.requests);
        let is_over = bounds.is_some_and(|it| counts.faults > it.high);
        let is_anomalous = is_over && counts.faults >= LEAST_FAULTS;
        if !is_anomalous {
            self.before.push_back((period, counts));
            self.sum.add(counts);
            while self.count() * self.period > BASELINE {
                self.forget_first();
            }
        }
        Verdict {
            bounds,
            is_anomalous,
        }
    }

    fn count(&self) -> i64 {
        i64::try_from(self.before.len()).unwrap_or(i64::MAX)
    }

    fn forget_first(&mut self) {
        if let Some((_, counts)) = self.before.pop_front() {
            self.sum.subtract(counts);
        }
    }

    /// The faults to be expected among so many requests.
    fn bounds(&self, requests: u64) -> Option<Bounds> {
        let is_enough = self.count().saturating_mul(self.period) >= LEAST;
        (is_enough && self.sum.requests >= LEAST_REQUESTS).then(|| bounds(self.sum, requests))
    }
}

/// Bounds that chance alone leaves with a probability of at most [`CHANCE`] on
/// each side.
///
/// The fault rate is not known, but told from `sum`: that makes the faults among
/// `requests` beta-binomial, with half a fault and half a success added to `sum`
/// (Jeffreys' prior).
fn bounds(sum: Counts, requests: u64) -> Bounds {
    let alpha = float(sum.faults) + 0.5;
    let beta = float(sum.requests.saturating_sub(sum.faults)) + 0.5;
    let (first, weights) = weights(alpha, beta, requests);
    let allowed = CHANCE * weights.iter().sum::<f64>();
    Bounds {
        low: first + within(weights.iter(), allowed),
        high: first + length(&weights) - 1 - within(weights.iter().rev(), allowed),
    }
}

/// How many weights from one end sum up to what is allowed outside.
fn within<'a>(weights: impl Iterator<Item = &'a f64>, allowed: f64) -> u64 {
    let mut sum = 0.0;
    let outside = weights.take_while(|weight| {
        sum += **weight;
        sum <= allowed
    });
    u64::try_from(outside.count()).unwrap_or(0)
}

/// What each number of faults weighs, from the first that weighs anything to the
/// last: found from the mean outwards, each from its neighbour, so that nothing
/// is too great or too small for a float.
fn weights(alpha: f64, beta: f64, requests: u64) -> (u64, Vec<f64>) {
    let size = float(requests);
    let mean = floor(size * alpha / (alpha + beta)).min(requests);
    // The weight of one fault more, as a multiple.
    let step = |faults: u64| {
        let faults = float(faults);
        (size - faults) * (alpha + faults) / ((faults + 1.0) * (beta + size - faults - 1.0))
    };
    let mut below = Vec::new();
    let (mut weight, mut sum) = (1.0, 1.0);
    for faults in (0..mean).rev() {
        weight /= step(faults);
        if weight < sum * NOTHING {
            break;
        }
        sum += weight;
        below.push(weight);
    }
    let first = mean - length(&below);
    let mut weights = below;
    weights.reverse();
    weights.push(1.0);
    weight = 1.0;
    for faults in mean..requests {
        weight *= step(faults);
        if weight < sum * NOTHING {
            break;
        }
        sum += weight;
        weights.push(weight);
    }
    (first, weights)
}

/// A part of all weights that is none.
const NOTHING: f64 = 1e-15;

fn length(weights: &[f64]) -> u64 {
    u64::try_from(weights.len()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of what is too great gives the greatest, of no number zero"
)]
fn floor(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(requests: u64, faults: u64) -> Counts {
        Counts { requests, faults }
    }

    #[test]
    fn bounds_are_those_of_the_distribution() {
        // From sums of the probabilities by lgamma: the least k with
        // P(X > k) <= 1e-4, and the greatest with P(X < k) <= 1e-4.
        let cases = [
            ((6000, 60), 100, (0, 6)),
            ((6000, 0), 100, (0, 2)),
            ((600, 300), 100, (30, 70)),
            ((60, 60), 10, (7, 10)),
            ((50, 0), 1000, (0, 143)),
        ];
        for ((requests, faults), next, (low, high)) in cases {
            let found = bounds(counts(requests, faults), next);
            assert_eq!(found, Bounds { low, high }, "{requests} {faults} {next}");
        }
    }

    #[test]
    fn too_little_expects_nothing() {
        let mut baseline = Baseline::new(60);
        for minute in 0..9 {
            assert_eq!(baseline.judge(minute, counts(100, 0)).bounds, None);
        }
        assert_eq!(baseline.judge(9, counts(100, 100)).bounds, None);
        assert!(baseline.judge(10, counts(1, 0)).bounds.is_some());
        let mut few = Baseline::new(60);
        for minute in 0..40 {
            assert_eq!(few.judge(minute, counts(1, 0)).bounds, None);
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_not_expected_next() {
        let mut baseline = Baseline::new(60);
        for minute in 0..60 {
            assert!(!baseline.judge(minute, counts(100, 1)).is_anomalous);
        }
        for minute in 60..300 {
            assert!(baseline.judge(minute, counts(100, 50)).is_anomalous);
        }
        assert_eq!(baseline.sum, counts(6000, 60));
    }

    #[test]
    fn what_stays_becomes_what_is_expected() {
        let mut baseline = Baseline::new(60);
        for minute in 0..60 {
            baseline.judge(minute, counts(100, 1));
        }
        let ends = (60..600).find(|minute| !baseline.judge(*minute, counts(100, 50)).is_anomalous);
        assert_eq!(ends, Some(60 + 360 - 9));
    }

    proptest! {
        #[test]
        fn bounds_hold_the_mean(requests in 50..100_000_u64, share in 0.0..1.0_f64, next in 0..3000_u64) {
            let faults = floor(float(requests) * share);
            let found = bounds(counts(requests, faults), next);
            let mean = float(next) * (float(faults) + 0.5) / (float(requests) + 1.0);
            prop_assert!(float(found.low) <= mean.ceil());
            prop_assert!(float(found.high) >= mean.floor());
            prop_assert!(found.high <= next);
        }
    }
}
