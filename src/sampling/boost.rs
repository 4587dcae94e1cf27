//! Raising the rate of a rule for a while, where clients report anomalies.
//!
//! How AWS estimates the rate is not published. What is known of it is kept to: a
//! boost begins with the report of anomalies, lasts a minute at most, is given
//! anew with each report for twenty seconds, and at most one begins in each
//! cooldown window of the rule. The estimate is our own, and a careful one: every
//! ten seconds the rate goes up by an eighth of what is left to the rule's highest
//! rate, times the share of traces that are anomalies, times the share of these
//! that were not sampled. (AWS was seen to answer 0.1, then 0.13, to 900 anomalies
//! of 1000 traces, none sampled, at a rate of 0.05 and a highest one of 0.5; this
//! comes to 0.101, then 0.146.)
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-adaptive-sampling.html>,
//! read 2026-11.

/// Most seconds that a boost lasts.
pub const BOOST_SECONDS: u64 = 60;
/// Seconds that a boost is given for with each report, and that it goes on
/// without anomalies.
pub const BOOST_TTL_SECONDS: u64 = 20;
/// Seconds from one step of the rate to the next.
const STEP_SECONDS: u64 = 10;
/// The part of what is left to the highest rate that one step takes at most.
const STEP: f64 = 1.0 / 8.0;

/// How far, and how often, a rule lets its rate be raised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoostTerms {
    /// The highest rate, a fraction.
    pub max_rate: f64,
    /// Minutes in which at most one boost begins.
    pub cooldown_minutes: u32,
}

/// What clients saw of the traces that a rule decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anomalies {
    /// Traces.
    pub traces: u64,
    /// Those of them with an anomaly, such as a fault.
    pub anomalies: u64,
    /// Those of these that were sampled.
    pub sampled: u64,
}

/// A rate to sample by in place of a rule's fixed one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boost {
    /// The fraction.
    pub rate: f64,
    /// When it is over, epoch seconds.
    pub expires_at: u64,
}

/// The boost of one rule.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Booster {
    last: Option<Run>,
    /// What was seen since the last step.
    seen: Anomalies,
}

/// A boost, which may be over.
#[derive(Clone, Copy, Debug)]
struct Run {
    began: u64,
    stepped: u64,
    /// When anomalies were last told of.
    heard: u64,
    rate: f64,
}

impl Anomalies {
    fn add(&mut self, other: Self) {
        self.traces = self.traces.saturating_add(other.traces);
        self.anomalies = self.anomalies.saturating_add(other.anomalies);
        self.sampled = self.sampled.saturating_add(other.sampled);
    }

    /// The rate after a step from `rate`. Counts may contradict each other; no
    /// share is beyond one.
    fn raised(self, rate: f64, highest: f64) -> f64 {
        let anomalous = share(self.anomalies, self.traces.max(1));
        let missed = 1.0 - share(self.sampled, self.anomalies.max(1));
        rate + (highest - rate).max(0.0) * anomalous * missed * STEP
    }

    fn is_missed(self) -> bool {
        self.anomalies > self.sampled
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts that high are as good rounded"
)]
fn share(part: u64, whole: u64) -> f64 {
    (part as f64 / whole as f64).min(1.0)
}

impl Run {
    /// Seconds since it began; `None` where the clock was set back behind that.
    fn age(&self, second: u64) -> Option<u64> {
        second.checked_sub(self.began)
    }
}

impl Booster {
    /// Takes what a client saw, and begins a boost or goes on with one.
    pub(super) fn observe(
        &mut self,
        saw: Anomalies,
        fixed_rate: f64,
        terms: BoostTerms,
        second: u64,
    ) {
        self.seen.add(saw);
        let window = u64::from(terms.cooldown_minutes).saturating_mul(60);
        let last = self.last.as_mut();
        let run = last.filter(|run| run.age(second).is_some_and(|age| age < window));
        match run {
            Some(run) => {
                if saw.anomalies > 0 {
                    run.heard = second;
                }
                if second < run.stepped.saturating_add(STEP_SECONDS) {
                    return;
                }
                run.rate = self.seen.raised(run.rate.max(fixed_rate), terms.max_rate);
                run.stepped = second;
            }
            None if self.seen.is_missed() => {
                self.last = Some(Run {
                    began: second,
                    stepped: second,
                    heard: second,
                    rate: self.seen.raised(fixed_rate, terms.max_rate),
                });
            }
            None => {}
        }
        self.seen = Anomalies::default();
    }

    /// What clients are given now.
    pub(super) fn current(&self, fixed_rate: f64, terms: BoostTerms, second: u64) -> Option<Boost> {
        let run = self.last?;
        let is_on = run.age(second)? < BOOST_SECONDS
            && second <= run.heard.saturating_add(BOOST_TTL_SECONDS);
        let rate = run.rate.min(terms.max_rate);
        (is_on && rate > fixed_rate).then(|| Boost {
            rate,
            expires_at: (second + BOOST_TTL_SECONDS).min(run.began + BOOST_SECONDS),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TERMS: BoostTerms = BoostTerms {
        max_rate: 0.5,
        cooldown_minutes: 2,
    };

    fn saw(traces: u64, anomalies: u64, sampled: u64) -> Anomalies {
        Anomalies {
            traces,
            anomalies,
            sampled,
        }
    }

    fn rate(booster: &Booster, second: u64) -> Option<String> {
        let boost = booster.current(0.05, TERMS, second)?;
        Some(format!("{:.3} to {}", boost.rate, boost.expires_at))
    }

    #[test]
    fn a_boost_rises_step_by_step_and_lasts_a_minute() {
        let mut booster = Booster::default();
        let mut found = Vec::new();
        for second in (1000..1070).step_by(10) {
            booster.observe(saw(1000, 900, 0), 0.05, TERMS, second);
            // Another client's report in the same ten seconds is counted, and no
            // second step.
            booster.observe(saw(1000, 900, 0), 0.05, TERMS, second + 1);
            found.push(rate(&booster, second + 1).unwrap_or_default());
        }
        assert_eq!(
            found,
            [
                "0.101 to 1021",
                "0.146 to 1031",
                "0.185 to 1041",
                "0.221 to 1051",
                "0.252 to 1060",
                "0.280 to 1060",
                "",
            ]
        );
    }

    #[test]
    fn the_next_boost_waits_for_its_window() {
        let mut booster = Booster::default();
        let everything = saw(10, 10, 0);
        booster.observe(everything, 0.05, TERMS, 1000);
        booster.observe(everything, 0.05, TERMS, 1119);
        assert_eq!(rate(&booster, 1119), None);
        booster.observe(everything, 0.05, TERMS, 1120);
        assert_eq!(rate(&booster, 1120).as_deref(), Some("0.106 to 1140"));
    }

    #[test]
    fn no_boost_without_anomalies_that_were_missed() {
        let mut booster = Booster::default();
        for seen in [saw(1000, 0, 0), saw(1000, 5, 5), saw(0, 0, 0)] {
            booster.observe(seen, 0.05, TERMS, 1000);
            assert_eq!(rate(&booster, 1000), None);
        }
        booster.observe(saw(1000, 900, 0), 0.05, TERMS, 1000);
        booster.observe(saw(1000, 0, 0), 0.05, TERMS, 1010);
        assert_eq!(rate(&booster, 1020).as_deref(), Some("0.101 to 1040"));
        assert_eq!(rate(&booster, 1021), None);
        // What the rule allows now counts.
        let less = BoostTerms {
            max_rate: 0.05,
            ..TERMS
        };
        assert_eq!(booster.current(0.05, less, 1010), None);
    }

    proptest! {
        #[test]
        fn a_boost_is_never_beyond_its_terms(
            max_rate in 0.0_f64..1.0,
            fixed_rate in 0.0_f64..1.0,
            cooldown_minutes in 0_u32..5,
            steps in prop::collection::vec((0_u64..40, any::<u64>(), any::<u64>(), any::<u64>()), 1..60),
        ) {
            let terms = BoostTerms { max_rate, cooldown_minutes };
            let mut booster = Booster::default();
            let mut second = 1000;
            for (wait, traces, anomalies, sampled) in steps {
                second += wait;
                booster.observe(saw(traces, anomalies, sampled), fixed_rate, terms, second);
                if let Some(boost) = booster.current(fixed_rate, terms, second) {
                    prop_assert!(boost.rate <= max_rate && boost.rate > fixed_rate);
                    prop_assert!(boost.expires_at <= second + BOOST_TTL_SECONDS);
                    prop_assert!(boost.expires_at > second);
                }
            }
        }
    }
}
