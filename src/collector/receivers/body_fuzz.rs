//! Any bytes as a packed body.

use std::io::Write;

use super::{BodyError, MOST_BYTES, unpack_as};
use crate::collector::Memory;
use crate::fuzz;

fuzz::target!(packed_body, unpack_any);

/// Room in memory for what a body unpacks to.
const ROOM: usize = 512 * 1024;

/// Nothing unpacks to more than there is room, and the room is given back.
fn unpack_any(input: &[u8]) {
    for encoding in ["gzip", "deflate", "zstd"] {
        let memory = Memory::new(ROOM);
        let mut charge = memory.charge(input.len()).expect("room");
        if let Ok(unpacked) = unpack_as(encoding, input, &mut charge) {
            assert!(unpacked.len() <= ROOM);
            charge.settle(unpacked.len());
            assert_eq!(memory.used(), unpacked.len());
        }
        assert!(memory.used() <= ROOM);
        drop(charge);
        assert_eq!(memory.used(), 0);
    }
}

#[test]
fn bombs_are_stopped_at_the_limit_and_at_the_room() {
    let zeros = vec![0; MOST_BYTES + 1];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&zeros).unwrap();
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    deflate.write_all(&zeros).unwrap();
    let bombs = [
        ("gzip", gzip.finish().unwrap()),
        ("deflate", deflate.finish().unwrap()),
        ("zstd", zstd::encode_all(&*zeros, 3).unwrap()),
    ];
    for (encoding, bomb) in bombs {
        for (room, expected) in [
            (usize::MAX, BodyError::TooLarge),
            (1 << 20, BodyError::NoRoom),
        ] {
            let memory = Memory::new(room);
            let mut charge = memory.charge(0).unwrap();
            let unpacked = unpack_as(encoding, &bomb, &mut charge);
            assert_eq!(unpacked, Err(expected), "{encoding}");
        }
    }
}
