//! Dates as CloudWatch writes them. Pure.

/// A time of the calendar, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Date {
    year: i64,
    month: i64,
    day: i64,
    weekday: usize,
    hour: i64,
    minute: i64,
    second: i64,
}

const WEEKDAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn date(epoch_seconds: i64) -> Date {
    let days = epoch_seconds.div_euclid(86_400);
    let seconds = epoch_seconds.rem_euclid(86_400);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    Date {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
        weekday: usize::try_from(days.rem_euclid(7)).unwrap_or(0),
        hour: seconds / 3600,
        minute: seconds / 60 % 60,
        second: seconds % 60,
    }
}

/// As in the reason of a metric alarm: `17/01/22 14:42:00`.
pub fn short(epoch_seconds: i64) -> String {
    let Date {
        year, month, day, ..
    } = date(epoch_seconds);
    let year = year.rem_euclid(100);
    format!("{day:02}/{month:02}/{year:02} {}", clock(epoch_seconds))
}

/// As in the reason of a composite alarm: `Sunday 30 October, 2022 20:47:35 UTC`.
pub fn long(epoch_seconds: f64) -> String {
    let whole = whole(epoch_seconds);
    let Date {
        year,
        month,
        day,
        weekday,
        ..
    } = date(whole);
    let month = usize::try_from(month - 1).ok();
    let month = month.and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    format!(
        "{} {day:02} {month}, {year} {} UTC",
        WEEKDAYS[weekday],
        clock(whole)
    )
}

/// As in data about a reason: `2022-01-17T14:48:42.271+0000`.
pub fn precise(epoch_seconds: f64) -> String {
    let whole = whole(epoch_seconds);
    let Date {
        year, month, day, ..
    } = date(whole);
    let rest = epoch_seconds - epoch_seconds.floor();
    #[expect(clippy::cast_possible_truncation, reason = "a thousand at most")]
    let milliseconds = ((rest * 1000.0).round() as i64).min(999);
    let clock = clock(whole);
    format!("{year:04}-{month:02}-{day:02}T{clock}.{milliseconds:03}+0000")
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, which no date of use comes near"
)]
fn whole(epoch_seconds: f64) -> i64 {
    // The calendar is not asked about other ages.
    epoch_seconds.floor().clamp(0.0, 1e11) as i64
}

fn clock(epoch_seconds: i64) -> String {
    let Date {
        hour,
        minute,
        second,
        ..
    } = date(epoch_seconds);
    format!("{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_aws_writes_them() {
        assert_eq!(short(1_642_430_520), "17/01/22 14:42:00");
        assert_eq!(
            long(1_667_162_855.671),
            "Sunday 30 October, 2022 20:47:35 UTC"
        );
        assert_eq!(precise(1_642_430_922.271), "2022-01-17T14:48:42.271+0000");
        assert_eq!(precise(951_782_400.0), "2000-02-29T00:00:00.000+0000");
        assert_eq!(precise(0.0), "1970-01-01T00:00:00.000+0000");
        assert_eq!(long(0.0), "Thursday 01 January, 1970 00:00:00 UTC");
        assert_eq!(short(-1), "31/12/69 23:59:59");
        assert!(precise(f64::INFINITY).ends_with("+0000"));
        assert!(precise(f64::NAN).starts_with("1970"));
    }
}
