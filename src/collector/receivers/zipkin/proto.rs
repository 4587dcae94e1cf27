//! Protobuf: <https://github.com/openzipkin/zipkin-api/blob/master/zipkin.proto>,
//! read in place.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::json::too_many;
use super::span::{Endpoint, MOST_LISTED, ZipkinSpan};
use crate::collector::receivers::draft::{Resources, Translated, kind, padded};
use crate::otlp::Malformed;
use crate::otlp::wire::{Fields, Value};

/// Why a request cannot be read.
#[derive(Debug, thiserror::Error)]
enum Bad {
    #[error(transparent)]
    Wire(#[from] Malformed),
    #[error("{}", too_many())]
    TooMany,
}

/// Translates a `ListOfSpans`.
///
/// # Errors
/// Where it is none.
pub(super) fn translated(body: &[u8]) -> Result<Translated, String> {
    let mut resources = Resources::default();
    list(body, &mut resources)
        .map_err(|error| format!("the request is no list of Zipkin spans: {error}"))?;
    Ok(resources.translated())
}

fn list(body: &[u8], resources: &mut Resources) -> Result<(), Bad> {
    let mut fields = Fields::of(body);
    while let Some((number, value)) = fields.read()? {
        match (number, value) {
            (1, Value::Bytes(message)) => span(message)?.push(resources),
            (1, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
    }
    Ok(())
}

fn span(message: &[u8]) -> Result<ZipkinSpan<'_>, Bad> {
    let mut span = ZipkinSpan::default();
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.read()? {
        match (number, value) {
            (1, Value::Bytes(id)) => span.trace_id = padded(id),
            (2, Value::Bytes(id)) => span.parent_id = padded(id),
            (3, Value::Bytes(id)) => span.id = padded(id),
            (4, Value::Varint(number)) => span.kind = kind_of(number),
            (5, Value::Bytes(name)) => span.name = text(name)?,
            (6, Value::Fixed64(micros)) => span.timestamp = signed(micros),
            (7, Value::Varint(micros)) => span.duration = signed(micros),
            (8, Value::Bytes(message)) => span.local = endpoint(message)?,
            (9, Value::Bytes(message)) => span.remote = endpoint(message)?,
            (10, Value::Bytes(message)) => push(&mut span.annotations, annotation(message)?)?,
            (11, Value::Bytes(message)) => push(&mut span.tags, tag(message)?)?,
            (12, Value::Varint(number)) => span.debug = number != 0,
            (13, Value::Varint(number)) => span.shared = number != 0,
            (1..=13, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
    }
    Ok(span)
}

fn push<T>(list: &mut Vec<T>, one: T) -> Result<(), Bad> {
    if list.len() == MOST_LISTED {
        return Err(Bad::TooMany);
    }
    list.push(one);
    Ok(())
}

fn kind_of(number: u64) -> u64 {
    match number {
        1 => kind::CLIENT,
        2 => kind::SERVER,
        3 => kind::PRODUCER,
        4 => kind::CONSUMER,
        _ => kind::UNSPECIFIED,
    }
}

fn signed(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(0)
}

fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Bad> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed::Utf8)?;
    Ok(Cow::Borrowed(text))
}

fn endpoint(message: &[u8]) -> Result<Endpoint<'_>, Bad> {
    let mut endpoint = Endpoint::default();
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.read()? {
        match (number, value) {
            (1, Value::Bytes(name)) => endpoint.service = text(name)?,
            (2, Value::Bytes(address)) => {
                if let Ok(address) = <[u8; 4]>::try_from(address) {
                    endpoint.address = Ipv4Addr::from(address).to_string().into();
                }
            }
            (3, Value::Bytes(address)) if endpoint.address.is_empty() => {
                if let Ok(address) = <[u8; 16]>::try_from(address) {
                    endpoint.address = Ipv6Addr::from(address).to_string().into();
                }
            }
            (3, Value::Bytes(_)) => {}
            (4, Value::Varint(port)) => endpoint.port = u16::try_from(port).unwrap_or(0),
            (1..=4, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
    }
    Ok(endpoint)
}

fn annotation(message: &[u8]) -> Result<(i64, Cow<'_, str>), Bad> {
    let mut annotation = (0, Cow::Borrowed(""));
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.read()? {
        match (number, value) {
            (1, Value::Fixed64(micros)) => annotation.0 = signed(micros),
            (2, Value::Bytes(value)) => annotation.1 = text(value)?,
            (1 | 2, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
    }
    Ok(annotation)
}

fn tag(message: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), Bad> {
    let mut tag = (Cow::Borrowed(""), Cow::Borrowed(""));
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.read()? {
        match (number, value) {
            (1, Value::Bytes(key)) => tag.0 = text(key)?,
            (2, Value::Bytes(value)) => tag.1 = text(value)?,
            (1 | 2, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
    }
    Ok(tag)
}
