//! The side of an SDK: decides on each request by the rules and quotas that it
//! got, and counts for its next report.
//!
//! As X-Ray's SDKs do it. Rules are good for an hour; without
//! any, one request a second is sampled and 5 % of the others. OpenTelemetry's
//! sampler differs where [`Dialect`] says so, in what it counts, and in that it
//! draws by trace id and spreads its quota over a second, which is not copied.
//!
//! Source: `aws-xray-sdk-go` `centralized.go`, `sampling_rule.go`, `reservoir.go`;
//! `aws-xray-sdk-python` `sampler.py`, `reservoir.py`.

use std::collections::BTreeMap;

use super::{Boost, Counts, Dialect, Request, Rule, Target, first_match, sort, whole_seconds};

/// Seconds that rules are good for.
pub const RULES_SECONDS: u64 = 3600;
/// Requests a second that are sampled where there are no rules.
pub const FALLBACK_PER_SECOND: u32 = 1;
/// The fraction beyond them.
pub const FALLBACK_RATE: f64 = 0.05;
/// Seconds between reports of a rule, until the service says otherwise.
const INTERVAL: u64 = 10;

/// Why a request is sampled or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Within the quota.
    Quota,
    /// The one a second that a client without a quota may take.
    Borrowed,
    /// Beyond the reservoir, by the fixed rate.
    FixedRate,
    /// Not sampled.
    Passed,
}

impl Reason {
    /// Whether the request is sampled.
    pub fn is_sampled(self) -> bool {
        self != Self::Passed
    }
}

/// What was decided on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The rule; `None` where there are none that are good.
    pub rule: Option<&'a str>,
    /// What it came to.
    pub reason: Reason,
}

/// What one client counted for one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The rule.
    pub rule: String,
    /// Since the last report.
    pub counts: Counts,
}

/// The sampler of one process.
#[derive(Clone, Debug)]
pub struct Sampler {
    dialect: Dialect,
    rules: Vec<Rule>,
    /// One for each rule, in the same order.
    states: Vec<State>,
    fetched_at: Option<u64>,
    fallback: Second,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    counts: Counts,
    /// Requests a second, and the last second that it is good for.
    quota: Option<(u32, u64)>,
    interval: Option<u64>,
    answered_at: Option<u64>,
    second: Second,
    boost: Option<Boost>,
}

/// What a second has seen.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    at: u64,
    used: u32,
}

impl Second {
    /// Begins anew in a later second. A clock that is set back begins nothing:
    /// the same second must not be given twice.
    fn enter(&mut self, second: u64) {
        if second > self.at {
            *self = Self {
                at: second,
                used: 0,
            };
        }
    }

    fn take(&mut self, most: u32) -> bool {
        let is_taken = self.used < most;
        self.used += u32::from(is_taken);
        is_taken
    }

    /// Takes the one that needs no quota. It counts against one that comes
    /// within the same second.
    fn borrow(&mut self) -> bool {
        self.take(1)
    }

    fn without_rules(&mut self, second: u64, draw: f64) -> Reason {
        self.enter(second);
        if self.take(FALLBACK_PER_SECOND) {
            Reason::Quota
        } else if draw < FALLBACK_RATE {
            Reason::FixedRate
        } else {
            Reason::Passed
        }
    }
}

impl State {
    fn decide(&mut self, rule: &Rule, dialect: Dialect, second: u64, draw: f64) -> Reason {
        self.counts.requests += 1;
        self.second.enter(second);
        let quota = self.quota.filter(|(_, expires_at)| second <= *expires_at);
        let reason = match quota {
            Some((quota, _)) if self.second.take(quota) => Reason::Quota,
            None if rule.reservoir_size > 0 && self.second.borrow() => Reason::Borrowed,
            _ if draw < self.rate(rule, dialect, second) => Reason::FixedRate,
            _ => Reason::Passed,
        };
        let is_borrowed = reason == Reason::Borrowed;
        self.counts.borrowed += u64::from(is_borrowed);
        let is_counted = !dialect.is_sdk() || !is_borrowed;
        self.counts.sampled += u64::from(reason.is_sampled() && is_counted);
        reason
    }

    /// The fraction that is sampled beyond the reservoir.
    fn rate(&self, rule: &Rule, dialect: Dialect, second: u64) -> f64 {
        let boost = self.boost.filter(|_| dialect.knows_boosts());
        let boost = boost.filter(|boost| second < boost.expires_at);
        boost.map_or(rule.fixed_rate, |boost| boost.rate)
    }

    fn is_due(&self, second: u64) -> bool {
        let interval = self.interval.unwrap_or(INTERVAL);
        let is_time = self.answered_at.is_none_or(|at| second >= at + interval);
        self.counts.requests > 0 && is_time
    }
}

impl Sampler {
    /// A sampler that has no rules yet.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            rules: Vec::new(),
            states: Vec::new(),
            fetched_at: None,
            fallback: Second::default(),
        }
    }

    /// Takes the rules of the service. Counts and quota of a rule that was there
    /// before stay. `now` is epoch seconds.
    pub fn set_rules(&mut self, mut rules: Vec<Rule>, now: f64) {
        sort(&mut rules);
        let names = self.rules.drain(..).map(|rule| rule.name);
        let mut known: BTreeMap<String, State> = names.zip(self.states.drain(..)).collect();
        self.states = rules
            .iter()
            .map(|rule| known.remove(&rule.name).unwrap_or_default())
            .collect();
        self.rules = rules;
        self.fetched_at = Some(whole_seconds(now));
    }

    /// Takes it that the rules of the service are still the same. `now` is epoch
    /// seconds.
    pub fn confirm_rules(&mut self, now: f64) {
        if self.fetched_at.is_some() {
            self.fetched_at = Some(whole_seconds(now));
        }
    }

    /// Decides on a request. `now` is epoch seconds, `draw` random, from 0 and
    /// below 1.
    pub fn decide(&mut self, request: &Request<'_>, now: f64, draw: f64) -> Decision<'_> {
        let second = whole_seconds(now);
        let found = if self.is_good(second) {
            first_match(&self.rules, request, self.dialect)
        } else {
            None
        };
        let found = found.and_then(|at| self.rules.get(at).zip(self.states.get_mut(at)));
        let Some((rule, state)) = found else {
            return Decision {
                rule: None,
                reason: self.fallback.without_rules(second, draw),
            };
        };
        Decision {
            rule: Some(&rule.name),
            reason: state.decide(rule, self.dialect, second, draw),
        }
    }

    fn is_good(&self, second: u64) -> bool {
        self.fetched_at
            .is_some_and(|at| second <= at.saturating_add(RULES_SECONDS))
    }

    /// Takes the reports that are due, and starts their counts anew. `now` is
    /// epoch seconds.
    pub fn reports(&mut self, now: f64) -> Vec<Report> {
        let second = whole_seconds(now);
        let pairs = self.rules.iter().zip(&mut self.states);
        let due = pairs.filter(|(_, state)| state.is_due(second));
        due.map(|(rule, state)| Report {
            rule: rule.name.clone(),
            counts: std::mem::take(&mut state.counts),
        })
        .collect()
    }

    /// Takes the service's answer about a rule; one about a rule that is not
    /// there changes nothing. `now` is epoch seconds.
    pub fn set_target(&mut self, rule: &str, target: Target, now: f64) {
        let mut pairs = self.rules.iter_mut().zip(&mut self.states);
        let Some((rule, state)) = pairs.find(|(known, _)| known.name == rule) else {
            return;
        };
        rule.fixed_rate = target.fixed_rate;
        state.answered_at = Some(whole_seconds(now));
        if target.boost.is_some() {
            state.boost = target.boost;
        }
        if let Some(quota) = target.quota {
            state.quota = Some((quota.per_second, quota.expires_at));
            state.interval = Some(quota.interval);
        }
    }

    /// Whether rules changed since they were fetched, as the service says in
    /// `last_modification`, epoch seconds; a change in the same second counts.
    pub fn is_outdated(&self, last_modification: f64) -> bool {
        self.fetched_at
            .is_none_or(|at| whole_seconds(last_modification) >= at)
    }
}
