//! What the X-Ray daemon takes over UDP: a header line, then one document.

use std::borrow::Cow;

use serde::Deserialize;

/// Most bytes of a document, inline subsegments included, and of a datagram: the
/// daemon's buffer
/// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>,
/// read 2026-11).
pub const MOST_BYTES: usize = 64 * 1024;

/// Why a datagram holds no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDatagram {
    /// It is longer than [`MOST_BYTES`].
    #[error("the datagram is larger than 64 KB")]
    TooLarge,
    /// It is one line.
    #[error("no line break ends the header")]
    NoNewline,
    /// The first line is not an object with a format and a version.
    #[error("the first line is not the header of an X-Ray daemon's datagram")]
    BadHeader,
    /// The format is not `json`.
    #[error("the header's format is not `json`")]
    UnknownFormat,
    /// The version is not 1.
    #[error("the header's version is not 1")]
    UnknownVersion,
    /// Nothing follows the header.
    #[error("no document follows the header")]
    EmptyDocument,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: i64,
}

/// The document of a datagram: what follows
/// `{"format": "json", "version": 1}` and a line break.
///
/// # Errors
/// Where the header is missing or not of the one kind that there is.
pub fn datagram(bytes: &[u8]) -> Result<&[u8], BadDatagram> {
    if bytes.len() > MOST_BYTES {
        return Err(BadDatagram::TooLarge);
    }
    let end = bytes
        .iter()
        .position(|&byte| byte == b'\n')
        .ok_or(BadDatagram::NoNewline)?;
    let header: Header<'_> =
        serde_json::from_slice(&bytes[..end]).map_err(|_| BadDatagram::BadHeader)?;
    if !header.format.eq_ignore_ascii_case("json") {
        return Err(BadDatagram::UnknownFormat);
    }
    if header.version != 1 {
        return Err(BadDatagram::UnknownVersion);
    }
    let document = bytes[end + 1..].trim_ascii();
    if document.is_empty() {
        return Err(BadDatagram::EmptyDocument);
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_are_read() {
        let cases: [(&str, Result<&[u8], BadDatagram>); 12] = [
            ("{\"format\": \"json\", \"version\": 1}\n{}", Ok(b"{}")),
            ("{\"version\":1,\"format\":\"JSON\"}\n{\n}\n", Ok(b"{\n}")),
            (
                "{\"format\":\"json\",\"version\":1,\"x\":[]}\r\n{}",
                Ok(b"{}"),
            ),
            (
                "{\"format\":\"json\",\"version\":1}",
                Err(BadDatagram::NoNewline),
            ),
            ("", Err(BadDatagram::NoNewline)),
            ("{\"format\":\"json\"}\n{}", Err(BadDatagram::BadHeader)),
            ("{\"version\":1}\n{}", Err(BadDatagram::BadHeader)),
            (
                "{\"format\":\"json\",\"version\":\"1\"}\n{}",
                Err(BadDatagram::BadHeader),
            ),
            ("hello\n{}", Err(BadDatagram::BadHeader)),
            (
                "{\"format\":\"xml\",\"version\":1}\n{}",
                Err(BadDatagram::UnknownFormat),
            ),
            (
                "{\"format\":\"json\",\"version\":2}\n{}",
                Err(BadDatagram::UnknownVersion),
            ),
            (
                "{\"format\":\"json\",\"version\":1}\n \n",
                Err(BadDatagram::EmptyDocument),
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(datagram(bytes.as_bytes()), expected, "{bytes}");
        }
        let large = vec![b'\n'; MOST_BYTES + 1];
        assert_eq!(datagram(&large), Err(BadDatagram::TooLarge));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = datagram(&bytes);
        }
    }
}
