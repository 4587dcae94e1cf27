//! Times, in nanoseconds since 1970.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// The time of day.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

/// Reads a time of RFC 3339; one before 1970 is 0. `None` where it is none.
pub(super) fn rfc3339(text: &str) -> Option<u64> {
    let time = DateTime::from_str(text, Format::DateTimeWithOffset).ok()?;
    let nanos = time.as_nanos().max(0);
    Some(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Reads a whole number of units of `nanos` nanoseconds; one before 1970 is 0.
/// `None` where it is no number.
pub(super) fn units(text: &str, nanos: u64) -> Option<u64> {
    let number: i64 = text.parse().ok()?;
    Some(u64::try_from(number).unwrap_or(0).saturating_mul(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(rfc3339("1970-01-01T00:00:01.5Z"), Some(1_500_000_000));
        assert_eq!(rfc3339("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(rfc3339("1960-01-01T00:00:00Z"), Some(0));
        for text in ["", "x", "2026", "2026-13-01T00:00:00Z", "1790000000"] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
        assert_eq!(units("5", 1000), Some(5000));
        assert_eq!(units("-5", 1000), Some(0));
        assert_eq!(units("9223372036854775807", 1000), Some(u64::MAX));
        assert_eq!(units("1.5", 1000), None);
        assert!(now() > 1_700_000_000_000_000_000);
    }
}
