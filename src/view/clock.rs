//! Times as programs read them: RFC 3339, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// Writes a time in epoch seconds: `2026-01-31T12:00:00Z`.
pub(super) fn from_epoch(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    // Only a year of more than four digits cannot be written.
    DateTime::from_secs(seconds)
        .fmt(Format::DateTime)
        .unwrap_or_default()
}

/// Writes a time with six digits of its second: `2026-01-31T12:00:00.000001Z`.
pub(super) fn precise(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let whole = from_epoch(since.as_secs());
    format!(
        "{}.{:06}Z",
        whole.trim_end_matches('Z'),
        since.subsec_micros()
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn writes_times() {
        assert_eq!(from_epoch(1_769_860_800), "2026-01-31T12:00:00Z");
        let time = UNIX_EPOCH + Duration::from_micros(1_769_860_800_000_001);
        assert_eq!(precise(time), "2026-01-31T12:00:00.000001Z");
    }
}
