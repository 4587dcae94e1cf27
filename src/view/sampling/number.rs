//! Numbers of requests and shares, for people.

use crate::view::figures::in_threes;

/// A number with its thousands apart; a small one with a decimal, unless it is
/// whole.
pub(super) fn grouped(number: f64) -> String {
    let is_small = number.abs() < 9.95 && (number - number.round()).abs() >= 0.05;
    let text = if is_small {
        format!("{number:.1}")
    } else {
        format!("{number:.0}")
    };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    // What rounds to nothing has no sign.
    let sign = if digits == "0" && rest.is_empty() {
        ""
    } else {
        sign
    };
    format!("{sign}{}{rest}", in_threes(digits))
}

/// A fraction in percent, with the digits that it needs, at most two.
pub(super) fn percent(fraction: f64) -> String {
    let text = format!("{:.2}", fraction * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}

/// Seconds in the two largest units that they have.
pub(super) fn duration(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates"
    )]
    let whole = seconds.round() as u64;
    let units = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)];
    let mut rest = whole;
    let mut parts = Vec::new();
    for (name, length) in units {
        let count = rest / length;
        rest %= length;
        if count > 0 || (length == 1 && parts.is_empty()) {
            parts.push(format!("{count} {name}"));
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        let cases = [
            (0.0, "0"),
            (-0.04, "0"),
            (0.26, "0.3"),
            (9.9, "9.9"),
            (9.97, "10"),
            (999.5, "1,000"),
            (-1_234.0, "-1,234"),
            (26_280_000.0, "26,280,000"),
        ];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
        let shares = [
            (0.1, "10 %"),
            (1.0, "100 %"),
            (0.0525, "5.25 %"),
            (0.0, "0 %"),
        ];
        for (fraction, text) in shares {
            assert_eq!(percent(fraction), text);
        }
        let times = [(0.2, "0 s"), (61.0, "1 min 1 s"), (90_061.0, "1 d 1 h")];
        for (seconds, text) in times {
            assert_eq!(duration(seconds), text);
        }
    }
}
