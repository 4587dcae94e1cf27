//! Ids of insights, which tell when they began.

use sha2::{Digest, Sha256};

/// Digits of the minute, and of the whole id without its dashes.
const MINUTE_DIGITS: usize = 8;
const LENGTH: usize = 36;

/// The id of the insight of a group that began in a minute since 1970: a UUID
/// whose first eight digits are the minute; the others are those of a hash of
/// both. The version says 5, a hash of a name, since the API's model takes 1 to
/// 5 alone.
pub(super) fn id(group_arn: &str, minute: i64) -> String {
    let mut hash = Sha256::new();
    hash.update(group_arn.as_bytes());
    hash.update(minute.to_be_bytes());
    let hash = hash.finalize();
    let word = |at: usize| {
        let bytes = hash.iter().skip(at).take(8);
        bytes.fold(0_u64, |word, byte| word << 8 | u64::from(*byte))
    };
    let (one, other) = (word(0), word(8));
    format!(
        "{:08x}-{:04x}-5{:03x}-{:04x}-{:012x}",
        minute & 0xffff_ffff,
        one >> 48,
        one & 0xfff,
        0x8000 | (other >> 48 & 0x3fff),
        other & 0xffff_ffff_ffff,
    )
}

/// When the insight with an id began, in epoch seconds, so that it can be looked
/// for there; `None` for what is no such id.
pub fn started(insight_id: &str) -> Option<f64> {
    let digits = insight_id.get(..MINUTE_DIGITS)?;
    let is_id = insight_id.len() == LENGTH && digits.bytes().all(|it| it.is_ascii_hexdigit());
    let minute = u32::from_str_radix(digits, 16).ok()?;
    is_id.then(|| f64::from(minute) * 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_that_tells_its_time() {
        let one = id(
            "arn:aws:xray:eu-west-1:123456789012:group/all/A",
            29_000_000,
        );
        insta::assert_snapshot!(one, @"01ba8140-5761-5eeb-b69d-2539b5c4fbbb");
        assert_eq!(started(&one), Some(29_000_000.0 * 60.0));
        assert_eq!(started(&one.to_uppercase()), started(&one));
        assert_ne!(
            one,
            id(
                "arn:aws:xray:eu-west-1:123456789012:group/all/B",
                29_000_000
            )
        );
        for wrong in ["", "01ba8140", "zzzzzzzz-0000-5000-8000-000000000000"] {
            assert_eq!(started(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ids_are_what_the_model_takes() {
        for minute in [0, 1, 29_000_000, i64::from(u32::MAX), -1, i64::MAX] {
            let id = id("arn", minute);
            let parts: Vec<&str> = id.split('-').collect();
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12]);
            assert!(parts[2].starts_with('5'));
            assert!(parts[3].starts_with(['8', '9', 'a', 'b']));
        }
    }
}
