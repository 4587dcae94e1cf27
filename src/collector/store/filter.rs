//! Tells quickly that a trace is not in a block: a Bloom filter of trace ids.

/// Bits a trace: one look in 300 finds a block for nothing.
const BITS: usize = 12;
/// Bits that are set for a trace.
const SET: u64 = 8;

/// A filter of `count` traces with these ids.
pub(super) fn of<'a>(ids: impl Iterator<Item = &'a [u8; 16]>, count: usize) -> Vec<u8> {
    let mut filter = vec![0_u8; (count * BITS).div_ceil(8).max(1)];
    for id in ids {
        for (byte, bit) in places(id, filter.len()) {
            if let Some(byte) = filter.get_mut(byte) {
                *byte |= bit;
            }
        }
    }
    filter
}

/// False where the trace is not in it.
pub(super) fn may_have(filter: &[u8], id: &[u8; 16]) -> bool {
    places(id, filter.len()).all(|(byte, bit)| filter.get(byte).is_some_and(|it| it & bit != 0))
}

fn places(id: &[u8; 16], bytes: usize) -> impl Iterator<Item = (usize, u8)> {
    let [low, high] = [0, 64].map(|shift| {
        let half = u128::from_le_bytes(*id) >> shift & u128::from(u64::MAX);
        u64::try_from(half).unwrap_or_default()
    });
    let first = mixed(low ^ mixed(high));
    let step = mixed(first) | 1;
    let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(8);
    (0..SET).map(move |index| {
        let bit = first.wrapping_add(step.wrapping_mul(index)) % bits.max(1);
        (usize::try_from(bit / 8).unwrap_or(0), 1 << (bit % 8))
    })
}

/// The mixing step of `SplitMix64`: ids of a test's making are not random.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_all_and_little_else() {
        let ids: Vec<[u8; 16]> = (0..4000_u128).map(u128::to_be_bytes).collect();
        let filter = of(ids[..1000].iter(), 1000);
        assert!(ids[..1000].iter().all(|id| may_have(&filter, id)));
        let wrong = ids[1000..].iter().filter(|id| may_have(&filter, id));
        assert!(wrong.count() < 60);
        assert!(!may_have(&[], &ids[0]));
    }
}
