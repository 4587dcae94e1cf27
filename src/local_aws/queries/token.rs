//! Tokens that lead to the next page: what was asked, and where the last page
//! ended.
//!
//! A token belongs to one question. It carries a hash of that question, so that
//! with another one it is refused, as AWS refuses it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::super::xray::fault::Fault;

/// Bytes of the hash that stand in a token.
const HASH: usize = 12;

/// The token of the page after `place`, for the question that `asked` tells from
/// all others.
pub(super) fn write(asked: &[u8], place: &[u8]) -> String {
    let mut bytes = hash(asked, place);
    bytes.extend_from_slice(place);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place in a token.
///
/// # Errors
/// Where it is of another question, or none at all.
pub(super) fn read(asked: &[u8], token: &str) -> Result<Vec<u8>, Fault> {
    let invalid = || Fault::invalid_request(format!("Invalid token {}", shown(token)));
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let (found, place) = bytes.split_at_checked(HASH).ok_or_else(invalid)?;
    if found == hash(asked, place) {
        Ok(place.to_owned())
    } else {
        Err(invalid())
    }
}

/// The token of the page after the first `count` of a list.
pub(super) fn write_count(asked: &[u8], count: usize) -> String {
    write(asked, count.to_string().as_bytes())
}

/// How many of a list come before the page of a token.
///
/// # Errors
/// Where it is of another question, or none at all.
pub(super) fn read_count(asked: &[u8], token: &str) -> Result<usize, Fault> {
    let place = String::from_utf8(read(asked, token)?);
    let count = place.ok().and_then(|text| text.parse().ok());
    count.ok_or_else(Fault::internal)
}

fn hash(asked: &[u8], place: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(asked.len().to_le_bytes());
    hash.update(asked);
    hash.update(place);
    hash.finalize().iter().take(HASH).copied().collect()
}

/// As much of a token as a message needs.
fn shown(token: &str) -> String {
    token.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn comes_back_to_the_one_who_asked(asked: Vec<u8>, other: Vec<u8>, place: Vec<u8>) {
            let token = write(&asked, &place);
            prop_assert_eq!(read(&asked, &token).unwrap(), place);
            prop_assume!(asked != other);
            prop_assert!(read(&other, &token).is_err());
        }

        #[test]
        fn any_text_is_refused(text: String) {
            prop_assert!(read(b"asked", &text).is_err());
        }
    }
}
