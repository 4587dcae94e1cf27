//! How seconds, shares, counts and ends of requests are written for people.

use super::Styles;
use super::style::Style;
use crate::lookup::Status;

/// Writes a length of time with about three digits: `4.2ms`, `123ms`, `1.23s`,
/// `2m03s`, `1h02m`.
pub(super) fn seconds(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    let text = if value < 0.0095 {
        let ms = format!("{:.1}", value * 1e3);
        format!("{}ms", ms.strip_suffix(".0").unwrap_or(&ms))
    } else if value < 0.9995 {
        format!("{:.0}ms", value * 1e3)
    } else if value < 9.995 {
        format!("{value:.2}s")
    } else if value < 59.95 {
        format!("{value:.1}s")
    } else {
        let whole = whole(value);
        if whole < 3600 {
            format!("{}m{:02}s", whole / 60, whole % 60)
        } else {
            format!("{}h{:02}m", whole / 3600, whole % 3600 / 60)
        }
    };
    format!("{sign}{text}")
}

/// Writes what may be unknown.
pub(super) fn seconds_or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), seconds)
}

/// Writes a share, 0 to 1, in percent; what is there is never written as none.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent <= 0.0 {
        "0%".to_owned()
    } else if percent < 0.1 {
        "<0.1%".to_owned()
    } else if percent < 9.95 {
        format!("{percent:.1}%")
    } else if percent < 99.0 {
        format!("{percent:.0}%")
    } else if percent < 100.0 {
        format!("{:.1}%", (percent * 10.0).floor() / 10.0)
    } else {
        "100%".to_owned()
    }
}

/// Writes a count in groups of three digits.
pub(super) fn count(number: u64) -> String {
    in_threes(&number.to_string())
}

/// Writes digits in groups of three.
pub(super) fn in_threes(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes how many a second.
pub(super) fn rate(value: f64) -> String {
    if value >= 100.0 {
        format!("{}/s", count(whole(value)))
    } else if value >= 0.095 {
        format!("{value:.1}/s")
    } else if value >= 0.001 {
        format!("{value:.3}/s")
    } else if value > 0.0 {
        "<0.001/s".to_owned()
    } else {
        "0/s".to_owned()
    }
}

/// The colour of how a request ended.
pub(super) fn status_style(status: Status, styles: Styles) -> Style {
    match status {
        Status::Ok => styles.add,
        Status::Error | Status::Throttle => styles.change,
        Status::Fault => styles.remove,
    }
}

/// The nearest whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let cases = [
            (0.0, "0ms"),
            (0.000_04, "0ms"),
            (0.0042, "4.2ms"),
            (0.004, "4ms"),
            (0.123_4, "123ms"),
            (0.9996, "1.00s"),
            (1.234, "1.23s"),
            (12.34, "12.3s"),
            (59.96, "1m00s"),
            (123.4, "2m03s"),
            (3725.0, "1h02m"),
            (-0.25, "-250ms"),
        ];
        for (value, text) in cases {
            assert_eq!(seconds(value), text);
        }
    }

    #[test]
    fn shares_are_neither_none_nor_all_unless_they_are() {
        let cases = [
            (0.0, "0%"),
            (0.0001, "<0.1%"),
            (0.012, "1.2%"),
            (0.5, "50%"),
            (0.9999, "99.9%"),
            (1.0, "100%"),
        ];
        for (share, text) in cases {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn counts_and_rates() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        let cases = [
            (0.0, "0/s"),
            (0.000_1, "<0.001/s"),
            (0.05, "0.050/s"),
            (2.55, "2.5/s"),
            (1234.0, "1,234/s"),
        ];
        for (value, text) in cases {
            assert_eq!(rate(value), text);
        }
    }
}
