//! Bytes of JSON texts that stand for themselves, found eight at a time.

/// How many of eight bytes, the lowest first, stand in a JSON text as they are:
/// neither a control byte, nor a quote, nor a backslash.
#[inline]
pub(crate) fn plain_bytes(word: u64) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const TOP: u64 = 0x8080_8080_8080_8080;
    // The top bit of the first byte below a bound is set; a borrow reaches only
    // the bytes after it.
    let below = |word: u64, bound: u8| word.wrapping_sub(EACH * u64::from(bound)) & !word & TOP;
    let is = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    let not_plain = below(word, 0x20) | is(b'"') | is(b'\\');
    (not_plain.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn are_counted(bytes: [u8; 8]) {
            let is_plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
            let plain = bytes.iter().take_while(is_plain).count();
            prop_assert_eq!(plain_bytes(u64::from_le_bytes(bytes)), plain);
        }
    }
}
