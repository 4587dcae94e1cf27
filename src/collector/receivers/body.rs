//! Reading the body of a request: no further than there is room.

use std::io::{self, Read};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use crate::collector::{Charge, Memory, Reason};
use std::sync::Arc;

/// Bytes of one request, unpacked, at most: what the OpenTelemetry Collector
/// takes over HTTP.
pub(crate) const MOST_BYTES: usize = 20 * 1024 * 1024;
/// How long a sender may take over a body.
pub(super) const TIMEOUT: Duration = Duration::from_mins(1);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the request is larger than the receiver takes")]
    TooLarge,
    #[error("there is no room for more traces; try again later")]
    NoRoom,
    #[error("the connection ended within the request")]
    Broken,
    #[error("the request took too long")]
    TooSlow,
    #[error("the receiver knows no such content encoding; it takes gzip, zstd and deflate")]
    UnknownEncoding,
    #[error("the request is not in the content encoding that it says")]
    BadEncoding,
}

impl BodyError {
    /// As HTTP says it.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnknownEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Broken | Self::BadEncoding => StatusCode::BAD_REQUEST,
        }
    }

    /// As it is counted.
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::TooLarge => Reason::TooLarge,
            Self::NoRoom => Reason::NoRoom,
            Self::Broken => Reason::Malformed,
            Self::TooSlow => Reason::TooSlow,
            Self::UnknownEncoding | Self::BadEncoding => Reason::BadEncoding,
        }
    }
}

/// Reads a body and the room that it takes.
pub(crate) async fn read(
    memory: &Arc<Memory>,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<(Bytes, Charge), BodyError> {
    let reading = read_packed(memory, body);
    let (packed, mut charge) = tokio::time::timeout(TIMEOUT, reading)
        .await
        .map_err(|_| BodyError::TooSlow)??;
    let encoding = headers.get(header::CONTENT_ENCODING);
    let encoding = encoding.map_or(Ok("identity"), |value| value.to_str());
    let unpacked = match encoding.map_err(|_| BodyError::UnknownEncoding)? {
        "identity" | "" => return Ok((packed, charge)),
        encoding => unpack_as(encoding, &packed, &mut charge)?,
    };
    drop(packed);
    charge.settle(unpacked.len());
    Ok((unpacked.into(), charge))
}

async fn read_packed(
    memory: &Arc<Memory>,
    mut body: Incoming,
) -> Result<(Bytes, Charge), BodyError> {
    let said = body.size_hint().exact();
    let said = said.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
    if said.is_some_and(|size| size > MOST_BYTES) {
        return Err(BodyError::TooLarge);
    }
    let mut charge = memory.charge(said.unwrap_or(0)).ok_or(BodyError::NoRoom)?;
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if said == Some(data.len()) {
            // All of it came at once: it is not copied.
            return Ok((data, charge));
        }
        if read.is_empty() {
            read.reserve(said.unwrap_or(data.len()));
        }
        if said.is_none() {
            if read.len() + data.len() > MOST_BYTES {
                return Err(BodyError::TooLarge);
            }
            if !charge.grow(data.len()) {
                return Err(BodyError::NoRoom);
            }
        }
        read.extend_from_slice(&data);
    }
    Ok((read.freeze(), charge))
}

fn unpack_as(encoding: &str, packed: &[u8], charge: &mut Charge) -> Result<Vec<u8>, BodyError> {
    match encoding {
        "gzip" => unpack(flate2::read::MultiGzDecoder::new(packed), charge),
        "deflate" => unpack(flate2::read::ZlibDecoder::new(packed), charge),
        "zstd" => {
            let decoder = zstd::Decoder::with_buffer(packed);
            unpack(decoder.map_err(|_| BodyError::BadEncoding)?, charge)
        }
        _ => Err(BodyError::UnknownEncoding),
    }
}

/// Unpacks until the end, the limit or the room is reached: a small body may
/// unpack to more than any machine has.
fn unpack(mut packed: impl Read, charge: &mut Charge) -> Result<Vec<u8>, BodyError> {
    const STEP: usize = 64 * 1024;
    let mut unpacked = Vec::new();
    loop {
        if !charge.grow(STEP) {
            return Err(BodyError::NoRoom);
        }
        let step = u64::try_from(STEP).unwrap_or(u64::MAX);
        let read = packed.by_ref().take(step).read_to_end(&mut unpacked);
        let read = read.map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => BodyError::NoRoom,
            _ => BodyError::BadEncoding,
        })?;
        if unpacked.len() > MOST_BYTES {
            return Err(BodyError::TooLarge);
        }
        if read < STEP {
            return Ok(unpacked);
        }
    }
}

#[cfg(test)]
#[path = "body_fuzz.rs"]
mod fuzz;
