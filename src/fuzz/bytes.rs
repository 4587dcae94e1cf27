//! Changes that know nothing of what they change.

use super::random::Random;

/// Pieces that parsers stumble over.
const PIECES: [&[u8]; 32] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b")",
    b"\"",
    b"'",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\n",
    b"\t",
    b"\0",
    b",",
    b":",
    b"=",
    b"/",
    b"*",
    b"?",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"1e-308",
    b"18446744073709551616",
    b"\xff",
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x92\xa9",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
];

const BYTES: [u8; 10] = [0, 1, 2, 9, 15, 0x7f, 0x80, 0xff, b' ', b'0'];

/// Changes `input` once; `other` is another input to take pieces from.
pub(super) fn change(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let range = random.range(input.len());
    let place = random.below(input.len() + 1);
    match random.below(11) {
        0 => {
            if let Some(byte) = input.get_mut(place) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(place) {
                *byte = *random.pick(&BYTES);
            }
        }
        2 => {
            if let Some(byte) = input.get_mut(place) {
                *byte = random.byte();
            }
        }
        3 => insert(input, place, PIECES[random.below(PIECES.len())]),
        4 => drop(input.drain(range)),
        5 => {
            let piece = input[range].to_vec();
            insert(input, place, &piece);
        }
        6 => {
            let times = 1 << random.below(7);
            let piece = input[range].repeat(times);
            insert(input, place, &piece);
        }
        7 => insert(input, place, &other[random.range(other.len())]),
        8 => {
            let piece = &other[random.range(other.len())];
            input.splice(range, piece.iter().copied());
        }
        9 => input.truncate(place),
        _ => number(input, random),
    }
}

fn insert(input: &mut Vec<u8>, place: usize, piece: &[u8]) {
    input.splice(place..place, piece.iter().copied());
}

/// Puts another number in the place of one.
fn number(input: &mut Vec<u8>, random: &mut Random) {
    let is_digit = |at: &usize| input[*at].is_ascii_digit();
    let digits: Vec<usize> = (0..input.len()).filter(is_digit).collect();
    if digits.is_empty() {
        return;
    }
    let from = *random.pick(&digits);
    let length = input[from..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let texts = [
        "0",
        "-1",
        "1.5",
        "1e400",
        "4294967296",
        "99999999999999999999",
    ];
    let text = random.pick(&texts).bytes();
    input.splice(from..from + length, text);
}
