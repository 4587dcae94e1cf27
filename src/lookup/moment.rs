//! A point in time, as X-Ray tells it: microseconds are enough.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Serialize, Serializer};

const MICROS: f64 = 1_000_000.0;
const MICROS_PER_SECOND: i64 = 1_000_000;
/// The last second of the year 9999, the last that RFC 3339 can write.
const LAST_SECOND: i64 = 253_402_300_799;

/// Microseconds since 1970, in a year that RFC 3339 can write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// The moment that a clock shows.
    pub fn of_clock(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// So many microseconds since 1970; what RFC 3339 cannot write is moved to
    /// the nearest moment that it can.
    pub fn from_micros(micros: i64) -> Self {
        let last = LAST_SECOND * MICROS_PER_SECOND;
        Self(micros.clamp(0, last))
    }

    /// So many seconds since 1970.
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    pub fn from_seconds(seconds: f64) -> Self {
        Self::from_micros((seconds * MICROS).round() as i64)
    }

    /// Reads RFC 3339 with any offset, a date alone (its midnight in UTC), or
    /// seconds since 1970.
    ///
    /// # Errors
    /// What is expected instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || {
            "expected a time such as 2026-01-31T12:00:00Z, a date, or seconds since 1970".to_owned()
        };
        if let Ok(seconds) = text.parse::<f64>() {
            let last = Self::from_micros(i64::MAX).seconds();
            return if (0.0..=last).contains(&seconds) {
                Ok(Self::from_seconds(seconds))
            } else {
                Err(expected())
            };
        }
        let is_date = text.len() == "2026-01-31".len();
        let whole = if is_date {
            format!("{text}T00:00:00Z")
        } else {
            text.replacen(' ', "T", 1)
        };
        let read = DateTime::from_str(&whole, Format::DateTimeWithOffset);
        read.map(Self::from).map_err(|_| expected())
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Seconds since 1970.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a microsecond of these years fits a double"
    )]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / MICROS
    }

    /// So many microseconds earlier, or 1970.
    #[must_use]
    pub fn earlier(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_sub(micros))
    }

    /// As the SDK wants it.
    pub fn to_sdk(self) -> DateTime {
        let micros = self.0.rem_euclid(MICROS_PER_SECOND);
        let nanos = u32::try_from(micros * 1000).unwrap_or_default();
        DateTime::from_secs_and_nanos(self.0.div_euclid(MICROS_PER_SECOND), nanos)
    }
}

impl From<DateTime> for Moment {
    fn from(time: DateTime) -> Self {
        let micros = time.as_nanos() / 1000;
        Self::from_micros(i64::try_from(micros).unwrap_or(if micros < 0 { 0 } else { i64::MAX }))
    }
}

/// RFC 3339 in UTC, with as many digits of the second as it has.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A moment is always in a year that can be written.
        f.write_str(&self.to_sdk().fmt(Format::DateTime).unwrap_or_default())
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn reads_what_people_write() {
        let noon = Moment::from_seconds(1_769_860_800.0);
        for text in [
            "2026-01-31T12:00:00Z",
            "2026-01-31T13:00:00+01:00",
            "2026-01-31 12:00:00Z",
            "1769860800",
            "1.7698608e9",
        ] {
            assert_eq!(Moment::parse(text), Ok(noon), "{text}");
        }
        let midnight = Moment::parse("2026-01-31").map(|time| time.to_string());
        assert_eq!(midnight.as_deref(), Ok("2026-01-31T00:00:00Z"));
        for text in [
            "",
            "noon",
            "-1",
            "NaN",
            "inf",
            "1e300",
            "2026-13-01",
            "2026-01-31T12:00",
        ] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keeps_microseconds() {
        let moment = Moment::from_seconds(1_769_860_800.123_456);
        assert_eq!(moment.to_string(), "2026-01-31T12:00:00.123456Z");
        assert_eq!(Moment::from(moment.to_sdk()), moment);
        assert_eq!(
            Moment::from_seconds(1e300).to_string(),
            "9999-12-31T23:59:59Z"
        );
        assert_eq!(Moment::from_seconds(f64::NAN), Moment::default());
    }
}
