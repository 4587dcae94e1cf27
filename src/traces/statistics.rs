//! How requests went, in sums.

use serde::ser::{Serialize, Serializer};

use super::trace::Outcome;

/// How requests went and how long they took: AWS's `ServiceStatistics` and
/// `EdgeStatistics`, which are the same. Each request counts in one way.
///
/// Sources: <https://docs.aws.amazon.com/xray/latest/api/API_ServiceStatistics.html>,
/// <https://docs.aws.amazon.com/xray/latest/api/API_EdgeStatistics.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests that nothing is said against.
    pub ok: u64,
    /// Errors that are no throttles.
    pub errors: u64,
    /// Throttles.
    pub throttles: u64,
    /// Faults that are no throttles.
    pub faults: u64,
    /// Nanoseconds: whole, so that the order in which they are added does not
    /// show in the sum.
    nanoseconds: u128,
}

impl Statistics {
    /// Adds a request and the seconds that it took.
    pub fn add(&mut self, outcome: Outcome, seconds: f64) {
        let count = match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::Error => &mut self.errors,
            Outcome::Throttle => &mut self.throttles,
            Outcome::Fault => &mut self.faults,
        };
        *count = count.saturating_add(1);
        self.nanoseconds = self.nanoseconds.saturating_add(nanoseconds(seconds));
    }

    /// Adds all that another one holds.
    pub fn merge(&mut self, other: &Self) {
        self.ok = self.ok.saturating_add(other.ok);
        self.errors = self.errors.saturating_add(other.errors);
        self.throttles = self.throttles.saturating_add(other.throttles);
        self.faults = self.faults.saturating_add(other.faults);
        self.nanoseconds = self.nanoseconds.saturating_add(other.nanoseconds);
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        let client_side = self.errors.saturating_add(self.throttles);
        let served = self.ok.saturating_add(self.faults);
        client_side.saturating_add(served)
    }

    /// Seconds that all requests took together, rounded to milliseconds.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds beyond 2^53 are 285,000 years"
    )]
    pub fn total_response_time(&self) -> f64 {
        let milliseconds = (self.nanoseconds + 500_000) / 1_000_000;
        milliseconds as f64 / 1e3
    }
}

/// Whole nanoseconds of a time in seconds, of at most 10^12 seconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of what is too great gives the greatest, of no number zero"
)]
fn nanoseconds(seconds: f64) -> u128 {
    (seconds.min(1e12) * 1e9).round() as u128
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shape {
    ok_count: u64,
    error_statistics: Errors,
    fault_statistics: Faults,
    total_count: u64,
    total_response_time: f64,
}

#[derive(serde::Serialize)]
struct Errors {
    #[serde(rename = "ThrottleCount")]
    throttles: u64,
    #[serde(rename = "OtherCount")]
    others: u64,
    #[serde(rename = "TotalCount")]
    total: u64,
}

#[derive(serde::Serialize)]
struct Faults {
    #[serde(rename = "OtherCount")]
    others: u64,
    #[serde(rename = "TotalCount")]
    total: u64,
}

impl Serialize for Statistics {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let shape = Shape {
            ok_count: self.ok,
            error_statistics: Errors {
                throttles: self.throttles,
                others: self.errors,
                total: self.throttles.saturating_add(self.errors),
            },
            fault_statistics: Faults {
                others: self.faults,
                total: self.faults,
            },
            total_count: self.total(),
            total_response_time: self.total_response_time(),
        };
        shape.serialize(out)
    }
}
