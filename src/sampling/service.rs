//! The side of X-Ray: takes what clients count, and splits every rule's reservoir
//! among them.
//!
//! How AWS splits is not published. What is known of it is kept to: a client's
//! first reports bring no quota, for about ten seconds; then it gets a part that
//! is good for five minutes, and is to report every ten seconds. How the parts are
//! made is our own policy:
//!
//! - parts go by what the clients asked for lately, evenly where that is more than
//!   there is;
//! - nobody gets what another still holds, whether that one is there or not, so
//!   that all parts together never exceed the reservoir. (Where the reservoir is
//!   made smaller, each client's part shrinks with its own next report.)
//! - who would get a part, had others not taken it, gets no quota instead of one
//!   of nothing, and so goes on to borrow one request a second. A program that is
//!   started again is thus not left without a reservoir for five minutes.
//!
//! Everything is in memory and gone when the process ends, as clients ask again
//! within seconds. Rules and clients of them are bounded.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html>,
//! read 2026-11.

use std::collections::BTreeMap;

use super::boost::Booster;
use super::share::split;
use super::{Anomalies, BoostTerms, Counts, Quota, Target, whole_seconds};

/// Seconds from one report of a client to its next.
pub const INTERVAL: u64 = 10;
/// Seconds that a quota is good for.
pub const QUOTA_SECONDS: u64 = 300;
/// Most clients of a rule that get a quota; others sample by the fixed rate, and
/// are counted.
pub const MOST_CLIENTS: usize = 1000;

/// What a rule says, at the time of a report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// The fraction of requests to sample beyond the reservoir.
    pub fixed_rate: f64,
    /// Requests a second, of all clients together, that are sampled first.
    pub reservoir_size: u32,
    /// How its rate may be raised; `None` where it may not.
    pub boost: Option<BoostTerms>,
}

/// What all clients together counted for a rule in ten seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The rule.
    pub rule: String,
    /// When the ten seconds began, epoch seconds.
    pub start: u64,
    /// The sums.
    pub counts: Counts,
}

/// The statistics and quotas of one account and region.
#[derive(Clone, Debug, Default)]
pub struct Service {
    rules: BTreeMap<String, Usage>,
}

/// How a rule is used.
#[derive(Clone, Debug, Default)]
struct Usage {
    clients: BTreeMap<String, Client>,
    booster: Booster,
    /// The ten seconds that go on.
    open: Option<Window>,
    /// The last ten seconds before in which anyone reported.
    closed: Option<Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    start: u64,
    counts: Counts,
}

#[derive(Clone, Copy, Debug)]
struct Client {
    first_seen: u64,
    last_seen: u64,
    /// Requests a second, rounded up.
    demand: u32,
    /// What it may sample for [`QUOTA_SECONDS`] from when it was last seen.
    lease: Option<u32>,
}

impl Service {
    /// Takes the report of a client about a rule, and says what it is to do next.
    /// `now` is epoch seconds.
    pub fn report(
        &mut self,
        rule: &str,
        terms: Terms,
        client: &str,
        counts: Counts,
        now: f64,
    ) -> Target {
        let second = whole_seconds(now);
        let usage = self.usage(rule);
        usage.count(counts, second);
        let boost = terms.boost.and_then(|boost| {
            let booster = &usage.booster;
            booster.current(terms.fixed_rate, boost, second)
        });
        Target {
            fixed_rate: terms.fixed_rate,
            quota: usage.quota(terms.reservoir_size, client, counts.requests, second),
            boost,
        }
    }

    /// Takes what a client saw of the traces that a rule decided on. `now` is
    /// epoch seconds.
    pub fn observe(&mut self, rule: &str, terms: Terms, saw: Anomalies, now: f64) {
        if let Some(boost) = terms.boost {
            let booster = &mut self.usage(rule).booster;
            booster.observe(saw, terms.fixed_rate, boost, whole_seconds(now));
        }
    }

    fn usage(&mut self, rule: &str) -> &mut Usage {
        self.rules.entry(rule.to_owned()).or_default()
    }

    /// The last ten seconds of every rule in which anyone reported, by name.
    /// `now` is epoch seconds.
    pub fn summaries(&mut self, now: f64) -> Vec<Summary> {
        let second = whole_seconds(now);
        let summary = |(rule, usage): (&String, &mut Usage)| {
            usage.close(second);
            usage.closed.map(|window| Summary {
                rule: rule.clone(),
                start: window.start,
                counts: window.counts,
            })
        };
        self.rules.iter_mut().filter_map(summary).collect()
    }

    /// Forgets all rules but those that `is_rule` knows.
    pub fn retain(&mut self, is_rule: impl Fn(&str) -> bool) {
        self.rules.retain(|name, _| is_rule(name));
    }
}

impl Usage {
    fn count(&mut self, counts: Counts, second: u64) {
        let start = second - second % INTERVAL;
        if let Some(window) = self.open.filter(|window| window.start != start) {
            self.closed = Some(window);
            self.open = None;
        }
        let none = Window {
            start,
            counts: Counts::default(),
        };
        self.open.get_or_insert(none).counts.add(counts);
    }

    fn close(&mut self, second: u64) {
        let is_over = |window: &Window| window.start + INTERVAL <= second;
        if let Some(window) = self.open.filter(is_over) {
            self.closed = Some(window);
            self.open = None;
        }
    }

    /// The quota of a client that made so many requests since it last reported.
    fn quota(&mut self, reservoir: u32, name: &str, requests: u64, second: u64) -> Option<Quota> {
        self.clients.retain(|_, client| client.is_current(second));
        if !self.clients.contains_key(name) {
            if self.clients.len() >= MOST_CLIENTS {
                return None;
            }
            self.clients
                .insert(name.to_owned(), Client::new(requests, second));
            return None;
        }
        self.clients.get_mut(name)?.seen(requests, second);
        let index = self.clients.keys().position(|known| known == name)?;
        let demands: Vec<u32> = self.clients.values().map(|one| one.demand).collect();
        let part = *split(reservoir, &demands).get(index)?;
        let held: u32 = self
            .clients
            .iter()
            .filter(|(other, _)| *other != name)
            .fold(0, |sum, (_, other)| sum.saturating_add(other.held()));
        let client = self.clients.get_mut(name)?;
        // A report of a client's first ten seconds may be of less than all.
        if second < client.first_seen + INTERVAL {
            return None;
        }
        let granted = part.min(reservoir.saturating_sub(held));
        if granted == 0 && part > 0 && client.held() == 0 {
            return None;
        }
        client.lease = Some(granted);
        Some(Quota {
            per_second: granted,
            expires_at: second + QUOTA_SECONDS,
            interval: INTERVAL,
        })
    }
}

impl Client {
    fn new(requests: u64, second: u64) -> Self {
        Self {
            first_seen: second,
            last_seen: second,
            demand: a_second(requests, INTERVAL),
            lease: None,
        }
    }

    fn seen(&mut self, requests: u64, second: u64) {
        // Reports of several rules, or sent again, may come in the same second.
        let elapsed = second.saturating_sub(self.last_seen);
        if elapsed > 0 {
            self.demand = a_second(requests, elapsed);
        }
        self.last_seen = second;
    }

    fn held(&self) -> u32 {
        self.lease.unwrap_or(0)
    }

    /// Whether it may still sample by what it was given. A clock that was set
    /// back by more than that makes it a stranger again.
    fn is_current(&self, second: u64) -> bool {
        self.last_seen.abs_diff(second) <= QUOTA_SECONDS
    }
}

/// Requests a second, rounded up.
fn a_second(requests: u64, seconds: u64) -> u32 {
    u32::try_from(requests.div_ceil(seconds.max(1))).unwrap_or(u32::MAX)
}
