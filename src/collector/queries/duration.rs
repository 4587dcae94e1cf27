//! Durations as Go writes them: `1h2m3.5s`, `250ms`.

/// Reads one, in nanoseconds, as Go's `time.ParseDuration` does
/// (<https://pkg.go.dev/time#ParseDuration>, 2026-11-21).
///
/// # Errors
/// What is wrong with it, to follow the text.
pub(super) fn parse(text: &str) -> Result<i64, &'static str> {
    let (is_negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err("is no duration: write 1.5s or 250ms");
    }
    let mut nanos = 0_i128;
    while !rest.is_empty() {
        let (more, after) = part(rest)?;
        nanos += more;
        if nanos > i128::from(i64::MAX) {
            return Err("is too long");
        }
        rest = after;
    }
    let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
    Ok(if is_negative { -nanos } else { nanos })
}

/// Reads a number and its unit; gives nanoseconds and what follows.
fn part(text: &str) -> Result<(i128, &str), &'static str> {
    let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
    let end = text.find(|c| !is_of_number(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let end = rest.find(is_of_number).unwrap_or(rest.len());
    let (unit, after) = rest.split_at(end);
    let unit = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "" => return Err("has no unit: write ns, us, ms, s, m or h behind the number"),
        _ => return Err("has an unknown unit: there is ns, us, ms, s, m and h"),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
        return Err("is no duration: write 1.5s or 250ms");
    }
    if whole.len() > 19 {
        return Err("is too long");
    }
    let mut nanos = whole.parse::<i128>().unwrap_or(0) * unit;
    // Digits beyond the nanosecond count for nothing.
    let mut scale = unit;
    for digit in fraction.bytes() {
        if scale < 10 {
            break;
        }
        scale /= 10;
        nanos += i128::from(digit - b'0') * scale;
    }
    Ok((nanos, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanos) in [
            ("0", 0),
            ("5s", 5_000_000_000),
            ("+1.5h", 5_400_000_000_000),
            ("-1m", -60_000_000_000),
            ("1h2m3.25s", 3_723_250_000_000),
            ("100ms", 100_000_000),
            ("3us", 3_000),
            ("3µs", 3_000),
            ("3μs", 3_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("7ns", 7),
            ("0.0000000001s", 0),
        ] {
            assert_eq!(parse(text), Ok(nanos), "{text}");
        }
        for text in [
            "",
            "-",
            "7",
            "s",
            "1x",
            "1.2.3s",
            "1s2",
            ".s",
            "300000000h",
            "é",
            "1 s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = parse(&text);
        }

        #[test]
        fn whole_numbers_come_back(nanos in 0..i64::MAX) {
            prop_assert_eq!(parse(&format!("{nanos}ns")), Ok(nanos));
        }
    }
}
