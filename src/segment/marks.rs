//! Where the quotes and backslashes of a JSON text are, found for 64 bytes at a
//! time and without a branch.

/// Bytes that are looked at together.
pub(crate) const CHUNK: usize = 64;

/// What [`marks`] finds in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    /// A bit for each quote and each backslash, the lowest for the first byte.
    pub(crate) bits: u64,
    /// Tells whether there is a control character: white space between values, and
    /// not allowed in a text.
    pub(crate) has_control: bool,
}

/// Looks at the [`CHUNK`] bytes of `text` from `from` on, or at those that there are.
pub(crate) fn marks(text: &[u8], from: usize) -> Marks {
    let rest = text.get(from..).unwrap_or_default();
    if let Some(chunk) = rest.first_chunk() {
        return of_chunk(chunk);
    }
    let mut last = [b' '; CHUNK];
    last[..rest.len()].copy_from_slice(rest);
    of_chunk(&last)
}

fn of_chunk(chunk: &[u8; CHUNK]) -> Marks {
    // Of such a loop compilers make instructions that compare many bytes at once.
    let mut flags = [0; CHUNK];
    let mut control = 0;
    for (flag, &byte) in flags.iter_mut().zip(chunk) {
        *flag = u8::from(byte == b'"') | u8::from(byte == b'\\');
        control |= u8::from(byte < b' ');
    }
    let mut bits = 0;
    for (flags, shift) in flags.as_chunks().0.iter().zip((0..).step_by(8)) {
        // Puts the lowest bits of eight bytes side by side.
        let side_by_side = u64::from_le_bytes(*flags).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= side_by_side << shift;
    }
    Marks {
        bits,
        has_control: control != 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_byte_is_looked_at(
            text in proptest::collection::vec(
                prop_oneof![Just(b'"'), Just(b'\\'), Just(b'a'), 0x1e_u8..0x24, any::<u8>()],
                0..130,
            ),
            from in 0..140_usize,
        ) {
            let found = marks(&text, from);
            let rest = text.get(from..).unwrap_or_default();
            let rest = &rest[..rest.len().min(CHUNK)];
            for at in 0..CHUNK {
                let is_marked = found.bits >> at & 1 == 1;
                let should_be = matches!(rest.get(at), Some(b'"' | b'\\'));
                prop_assert_eq!(is_marked, should_be, "at {}", at);
            }
            let has_control = rest.iter().any(|byte| *byte < 0x20);
            prop_assert_eq!(found.has_control, has_control);
        }
    }
}
