//! Blobs as they lie in the file: a version byte, the length of what is in it,
//! and that, compressed.

use zstd::bulk::Compressor;

use super::error::Fault;

const VERSION: u8 = 1;
/// More than this is in no blob: a damaged length must not take all memory.
const MOST_BYTES: usize = 512 << 20;
/// Zstandard's level.
const LEVEL: i32 = 3;

/// Packs blobs, with the memory of the last.
pub(super) struct Packer(Compressor<'static>);

impl Packer {
    pub(super) fn new() -> Result<Self, Fault> {
        let compressor = Compressor::new(LEVEL);
        compressor
            .map(Self)
            .map_err(|_| Fault::Packing("zstd cannot be started"))
    }

    pub(super) fn pack(&mut self, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let length = u32::try_from(plain.len()).ok();
        let length = length.filter(|_| plain.len() <= MOST_BYTES);
        let length = length.ok_or(Fault::Packing("a block is too large"))?;
        let packed = self.0.compress(plain);
        let packed = packed.map_err(|_| Fault::Packing("zstd cannot compress a block"))?;
        let mut blob = Vec::with_capacity(5 + packed.len());
        blob.push(VERSION);
        blob.extend_from_slice(&length.to_le_bytes());
        blob.extend_from_slice(&packed);
        Ok(blob)
    }
}

pub(super) fn unpack(blob: &[u8]) -> Result<Vec<u8>, Fault> {
    let (version, rest) = blob.split_first().ok_or(Fault::Block("a block is empty"))?;
    if *version != VERSION {
        return Err(Fault::Block("a block has an unknown version"));
    }
    let (length, packed) = rest
        .split_first_chunk::<4>()
        .ok_or(Fault::Block("a block is cut short"))?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > MOST_BYTES {
        return Err(Fault::Block("a block has an impossible length"));
    }
    let plain = zstd::bulk::decompress(packed, length);
    plain
        .ok()
        .filter(|plain| plain.len() == length)
        .ok_or(Fault::Block("a block cannot be decompressed"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn comes_back(plain: Vec<u8>) {
            let blob = Packer::new().unwrap().pack(&plain).unwrap();
            prop_assert_eq!(unpack(&blob).unwrap(), plain);
        }

        #[test]
        fn never_panics(head: [u8; 3], rest: Vec<u8>, cut in 0..40_usize) {
            // A length of its choice, but for the bytes that ask for much memory.
            let blob = [&head[..], &[0, 0], &rest].concat();
            let _ = unpack(&blob);
            let good = Packer::new().unwrap().pack(&rest).unwrap();
            let _ = unpack(&good[..cut.min(good.len())]);
        }
    }
}
