//! Decisions that are the same for a trace wherever they are taken.
//!
//! The last 56 bits of a trace id are its randomness `R`, as the random flag of
//! W3C's trace context (level 2) has it; what is kept is told by a threshold
//! `T` = (1 - fraction) · 2^56: a trace is kept where `R >= T`. So says
//! OpenTelemetry's consistent probability sampling
//! (<https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>),
//! and its Collector decides so in the mode `proportional`. Trace ids of X-Ray's
//! SDKs have random bits there too.

use sha2::{Digest, Sha256};

/// Bits that decide.
const BITS: u32 = 56;
/// 2^56: above every trace's randomness.
const ALL: u64 = 1 << BITS;

/// From which randomness on traces are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Threshold(u64);

impl Threshold {
    /// Keeps nothing.
    pub(super) const NONE: Self = Self(ALL);
    /// Keeps everything.
    pub(super) const EVERYTHING: Self = Self(0);

    /// Keeps this fraction of all traces, 0 to 1.
    pub(super) fn of_fraction(fraction: f64) -> Self {
        /// 2^56, which a float holds exactly.
        const SCALE: f64 = 72_057_594_037_927_936.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 2^56"
        )]
        let threshold = ((1.0 - fraction.clamp(0.0, 1.0)) * SCALE).round() as u64;
        Self(threshold.min(ALL))
    }

    /// Keeps this many percent of all traces, 0 to 100.
    pub(super) fn of_percentage(percentage: f64) -> Self {
        Self::of_fraction(percentage / 100.0)
    }

    /// Tells whether a trace of this randomness is kept.
    pub(super) fn keeps(self, randomness: u64) -> bool {
        randomness >= self.0
    }
}

/// The randomness that is in a trace's id.
pub(super) fn randomness(trace_id: [u8; 16]) -> u64 {
    low_bits(trace_id.last_chunk())
}

/// The randomness that a seed makes of a trace's id: the last 56 bits of the
/// SHA-256 of the seed, as four bytes, most significant first, and the id.
pub(super) fn hashed(seed: u32, trace_id: [u8; 16]) -> u64 {
    let digest = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(trace_id)
        .finalize();
    low_bits(digest[..].last_chunk())
}

fn low_bits(last: Option<&[u8; 8]>) -> u64 {
    last.map_or(0, |last| u64::from_be_bytes(*last) & (ALL - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_opentelemetrys() {
        // From the specification's table: 1 of 2 is `th:8`, 1 of 4 is `th:c`.
        assert_eq!(
            Threshold::of_percentage(50.0),
            Threshold(0x80_0000_0000_0000)
        );
        assert_eq!(
            Threshold::of_percentage(25.0),
            Threshold(0xc0_0000_0000_0000)
        );
        assert_eq!(Threshold::of_percentage(100.0), Threshold::EVERYTHING);
        assert_eq!(Threshold::of_percentage(0.0), Threshold::NONE);
        assert!(!Threshold::NONE.keeps(ALL - 1) && Threshold::EVERYTHING.keeps(0));
        let id = 0xffff_ffff_ffff_ffff_ff80_0000_0000_0000_u128;
        assert_eq!(randomness(id.to_be_bytes()), 0x80_0000_0000_0000);
        assert!(Threshold::of_percentage(50.0).keeps(randomness(id.to_be_bytes())));
        assert!(!Threshold::of_percentage(50.0).keeps(randomness((id - 1).to_be_bytes())));
    }
}
