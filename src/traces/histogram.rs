//! How requests spread over the time that they took.

use serde::ser::{Serialize, Serializer};

/// How many different values a histogram holds before it rounds them.
pub const MOST_EXACT: usize = 100;

/// The longest time that is told from longer ones, in milliseconds: some 30,000
/// years, so that a document with an absurd time cannot spoil a sum.
const LONGEST: u64 = 1_000_000_000_000_000;

/// Values of two digits that a power of ten has: 10 to 99.
const A_DECADE: usize = 90;

/// Times and how often each was met, in whole milliseconds; once more than
/// [`MOST_EXACT`] of them differ, in two significant digits, rounded half up.
///
/// What it holds does not depend on the order in which times were added or
/// histograms merged. It has at most 1,300 values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Milliseconds and counts, ascending.
    Exact(Vec<(u64, u64)>),
    /// Counts by [`slot`].
    Rounded(Vec<u64>),
}

/// A value and how often it was met: AWS's `HistogramEntry`.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_HistogramEntry.html>
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HistogramEntry {
    /// Seconds.
    pub value: f64,
    /// How often.
    pub count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self(Form::Exact(Vec::new()))
    }
}

impl Histogram {
    /// Adds a time in seconds.
    pub fn add(&mut self, seconds: f64) {
        self.add_times(milliseconds(seconds), 1);
    }

    /// Adds all that another one holds.
    pub fn merge(&mut self, other: &Self) {
        match &other.0 {
            Form::Exact(values) => {
                for (value, count) in values {
                    self.add_times(*value, *count);
                }
            }
            Form::Rounded(counts) => {
                self.round();
                for (slot, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    self.add_times(value_of(slot), *count);
                }
            }
        }
    }

    /// Its values, ascending.
    pub fn entries(&self) -> Vec<HistogramEntry> {
        let entry = |(value, count)| HistogramEntry {
            value: seconds(value),
            count,
        };
        match &self.0 {
            Form::Exact(values) => values.iter().copied().map(entry).collect(),
            Form::Rounded(counts) => {
                let met = counts.iter().enumerate().filter(|(_, count)| **count > 0);
                met.map(|(slot, count)| entry((value_of(slot), *count)))
                    .collect()
            }
        }
    }

    fn add_times(&mut self, value: u64, times: u64) {
        match &mut self.0 {
            Form::Exact(values) => match values.binary_search_by_key(&value, |(value, _)| *value) {
                Ok(at) => {
                    if let Some((_, count)) = values.get_mut(at) {
                        *count = count.saturating_add(times);
                    }
                }
                Err(at) => {
                    values.insert(at, (value, times));
                    if values.len() > MOST_EXACT {
                        self.round();
                    }
                }
            },
            Form::Rounded(counts) => add_to_slot(counts, value, times),
        }
    }

    fn round(&mut self) {
        if let Form::Exact(values) = &self.0 {
            let mut counts = Vec::new();
            for (value, count) in values {
                add_to_slot(&mut counts, *value, *count);
            }
            self.0 = Form::Rounded(counts);
        }
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.entries())
    }
}

fn add_to_slot(counts: &mut Vec<u64>, value: u64, times: u64) {
    let slot = slot(value);
    if counts.len() <= slot {
        counts.resize(slot + 1, 0);
    }
    if let Some(count) = counts.get_mut(slot) {
        *count = count.saturating_add(times);
    }
}

/// The place of a value among all values of two digits, ascending: 0 to 99 stand
/// for themselves, then come 100, 110, …, 990, 1000, 1100, ….
fn slot(value: u64) -> usize {
    // One with three digits or more is in the decade of its first two.
    let decade = value.max(10).ilog10() - 1;
    let unit = 10_u64.pow(decade);
    // 995 becomes 100 tens, which is where the next decade begins.
    let digits = (value + unit / 2) / unit;
    let past = usize::try_from(digits).unwrap_or(0);
    past + A_DECADE * usize::try_from(decade).unwrap_or(0)
}

fn value_of(slot: usize) -> u64 {
    let decade = slot.saturating_sub(10) / A_DECADE;
    let digits = slot - A_DECADE * decade;
    let unit = u32::try_from(decade)
        .ok()
        .and_then(|it| 10_u64.checked_pow(it));
    u64::try_from(digits)
        .unwrap_or(0)
        .saturating_mul(unit.unwrap_or(0))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of what is too great gives the greatest, of no number zero"
)]
fn milliseconds(seconds: f64) -> u64 {
    ((seconds * 1e3).round() as u64).min(LONGEST)
}

/// Seconds of milliseconds.
#[expect(clippy::cast_precision_loss, reason = "`LONGEST` is below 2^53")]
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1e3
}
