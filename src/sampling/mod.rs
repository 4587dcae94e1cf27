//! Which rule a request meets, and whether it is sampled: patterns, what several
//! of them together match, the sampler of an SDK ([`client`]), the service that
//! hands out quotas ([`service`]), and both at work on traffic ([`simulate`]).
//! Pure: the time is passed in, and so is every random number. Nothing here knows
//! a spec or AWS.

mod boost;
pub mod client;
mod criteria;
mod dialect;
mod explain;
mod pattern;
mod rule;
pub mod service;
mod share;
pub mod simulate;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

pub use boost::{Anomalies, Boost, BoostTerms};
pub use criteria::{Criteria, FIELDS, Mismatch, PassedOver};
pub use dialect::Dialect;
pub use explain::{Step, explain};
pub use pattern::{Case, Pattern};
pub use rule::{Request, Rule, first_match, sort};

/// What a client counted for one rule since its last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that met the rule.
    pub requests: u64,
    /// Those of them that were sampled. X-Ray's SDKs leave borrowed ones out,
    /// OpenTelemetry's sampler does not.
    pub sampled: u64,
    /// Those that were sampled before there was a quota.
    pub borrowed: u64,
}

impl Counts {
    /// Adds those of `other`; sums stop at the highest number there is.
    pub fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.sampled = self.sampled.saturating_add(other.sampled);
        self.borrowed = self.borrowed.saturating_add(other.borrowed);
    }
}

/// What the service tells a client to do about one rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The fraction of requests to sample beyond the quota.
    pub fixed_rate: f64,
    /// The client's part of the reservoir; `None` leaves it as it was.
    pub quota: Option<Quota>,
    /// What to sample by in place of the fixed rate for a while.
    pub boost: Option<Boost>,
}

/// A client's part of a reservoir, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests a second that it samples first.
    pub per_second: u32,
    /// The last second that it is good for, epoch seconds.
    pub expires_at: u64,
    /// Seconds until the client should report again.
    pub interval: u64,
}

/// The whole second that a time lies in; the first one for times before 1970.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float saturates, which is what is meant"
)]
fn whole_seconds(now: f64) -> u64 {
    now as u64
}
