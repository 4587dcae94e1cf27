//! Times: seconds as a decimal fraction in segments, nanoseconds in spans.

use super::json;

const NANOS: u64 = 1_000_000_000;

/// Nanoseconds of a time in seconds; what lies outside of OTLP's range is its
/// nearest end.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the casts saturate, and the parts are whole"
)]
pub fn to_nanos(seconds: f64) -> u64 {
    // Both parts are exact, so that only the last step rounds.
    let whole = seconds.trunc();
    let fraction = ((seconds - whole) * NANOS as f64).round();
    (whole.max(0.0) as u64)
        .saturating_mul(NANOS)
        .saturating_add(fraction.max(0.0) as u64)
}

/// Writes nanoseconds as seconds with all their digits: a reader finds the
/// nearest number that there is, which a division beforehand would miss.
pub(super) fn write(out: &mut Vec<u8>, nanos: u64) {
    json::unsigned(out, nanos / NANOS);
    out.push(b'.');
    let mut rest = nanos % NANOS;
    let mut unit = NANOS / 10;
    loop {
        out.push(b'0' + (rest / unit).to_le_bytes()[0]);
        rest %= unit;
        unit /= 10;
        if rest == 0 || unit == 0 {
            break;
        }
    }
}

/// The number that a reader of [`write()`]'s text finds.
pub(super) fn read_back(nanos: u64) -> Option<f64> {
    let mut text = Vec::with_capacity(24);
    write(&mut text, nanos);
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_have_all_their_digits() {
        let cases = [
            (0, "0.0"),
            (1_500_000_000, "1.5"),
            (1_790_164_769_125_000_000, "1790164769.125"),
            (1_790_164_769_000_000_001, "1790164769.000000001"),
            (u64::MAX, "18446744073.709551615"),
        ];
        for (nanos, expected) in cases {
            let mut out = Vec::new();
            write(&mut out, nanos);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        assert_eq!(to_nanos(1.5), 1_500_000_000);
        assert_eq!(to_nanos(-1.5), 0);
        assert_eq!(to_nanos(f64::NAN), 0);
        assert_eq!(to_nanos(1e300), u64::MAX);
    }

    proptest! {
        #[test]
        fn times_of_our_days_come_back(seconds in 1e9..1e10) {
            prop_assert_eq!(read_back(to_nanos(seconds)), Some(seconds));
        }

        #[test]
        fn any_number_is_a_time(seconds: f64) {
            let _ = read_back(to_nanos(seconds));
        }
    }
}
