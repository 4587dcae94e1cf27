//! Jaeger's protobuf:
//! <https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/model.proto>,
//! read in place.

use super::span::{JaegerSpan, Log, MOST_REFERENCES, Process, Reference};
use crate::collector::receivers::draft::{Resources, Translated, padded};
use crate::otlp::Malformed;
use crate::otlp::view::AnyValue;
use crate::otlp::wire::{Fields, Value};

const A_SECOND: u64 = 1_000_000_000;

/// Why a request cannot be read.
#[derive(Debug, thiserror::Error)]
enum Bad {
    #[error(transparent)]
    Wire(#[from] Malformed),
    #[error("a span has more than {MOST_REFERENCES} references")]
    TooManyReferences,
}

/// Translates a `PostSpansRequest`.
///
/// # Errors
/// Where it is none.
pub(super) fn translated(request: &[u8]) -> Result<Translated, String> {
    post_spans(request).map_err(|error| format!("the request is no batch of Jaeger spans: {error}"))
}

fn post_spans(request: &[u8]) -> Result<Translated, Bad> {
    let mut resources = Resources::default();
    each(request, |number, value| match (number, value) {
        (1, Value::Bytes(message)) => batch(message, &mut resources),
        (1, _) => Err(Malformed::Mismatch.into()),
        _ => Ok(()),
    })?;
    Ok(resources.translated())
}

/// Reads a message field by field.
fn each<'a>(
    message: &'a [u8],
    mut field: impl FnMut(u32, Value<'a>) -> Result<(), Bad>,
) -> Result<(), Bad> {
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.read()? {
        field(number, value)?;
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed::Utf8)
}

fn batch(message: &[u8], resources: &mut Resources) -> Result<(), Bad> {
    // Who sent the spans is said after them.
    let mut from = Process::default();
    each(message, |number, value| {
        match (number, value) {
            (2, Value::Bytes(message)) => from = process(message)?,
            (1, Value::Bytes(_)) => {}
            (1 | 2, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
        Ok(())
    })?;
    each(message, |number, value| {
        if let (1, Value::Bytes(message)) = (number, value) {
            span(message, &from, resources)?;
        }
        Ok(())
    })
}

fn process(message: &[u8]) -> Result<Process, Bad> {
    let mut process = Process::default();
    each(message, |number, value| {
        match (number, value) {
            (1, Value::Bytes(name)) => process.service(text(name)?),
            (2, Value::Bytes(message)) => tag(message, |key, value| process.tag(key, value))?,
            (1 | 2, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(process)
}

fn span(message: &[u8], from: &Process, resources: &mut Resources) -> Result<(), Bad> {
    let mut span = JaegerSpan::default();
    let mut own = None;
    let mut duration = 0;
    let mut warnings = String::new();
    each(message, |number, value| {
        match (number, value) {
            (1, Value::Bytes(id)) => span.draft.trace_id = padded(id),
            (2, Value::Bytes(id)) => span.draft.span_id = padded(id),
            (3, Value::Bytes(name)) => text(name)?.clone_into(&mut span.draft.name),
            (4, Value::Bytes(message)) => {
                if span.references.len() == MOST_REFERENCES {
                    return Err(Bad::TooManyReferences);
                }
                span.references.push(reference(message)?);
            }
            (5, Value::Varint(flags)) => span.flags(u32::try_from(flags).unwrap_or(0)),
            (6, Value::Bytes(message)) => span.draft.start = time(message)?,
            (7, Value::Bytes(message)) => duration = time(message)?,
            (8, Value::Bytes(message)) => tag(message, |key, value| span.tag(key, value))?,
            (9, Value::Bytes(message)) => log(message)?.write(&mut span),
            (10, Value::Bytes(message)) => own = Some(process(message)?),
            (12, Value::Bytes(warning)) => {
                if !warnings.is_empty() {
                    warnings.push('\n');
                }
                warnings.push_str(text(warning)?);
            }
            (1..=10 | 12, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
        Ok(())
    })?;
    if !warnings.is_empty() {
        span.draft.text("jaeger.warnings", &warnings);
    }
    span.draft.end = span.draft.start.saturating_add(duration);
    let from = own.as_ref().unwrap_or(from);
    resources.push(&from.attributes, &span.finish());
    Ok(())
}

fn reference(message: &[u8]) -> Result<Reference, Bad> {
    let mut reference = Reference::default();
    each(message, |number, value| {
        match (number, value) {
            (1, Value::Bytes(id)) => reference.trace_id = padded(id),
            (2, Value::Bytes(id)) => reference.span_id = padded(id),
            (3, Value::Varint(kind)) => reference.follows = kind == 1,
            (1..=3, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(reference)
}

/// A `Timestamp` or `Duration` in nanoseconds; 0 where it is none that OTLP
/// has.
fn time(message: &[u8]) -> Result<u64, Bad> {
    let (mut seconds, mut nanos) = (0_u64, 0_u64);
    each(message, |number, value| {
        match (number, value) {
            (1, Value::Varint(value)) => seconds = value,
            (2, Value::Varint(value)) => nanos = value,
            (1 | 2, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
        Ok(())
    })?;
    let whole = seconds.checked_mul(A_SECOND);
    let time = whole.and_then(|whole| whole.checked_add(nanos));
    Ok(time.filter(|_| nanos < A_SECOND).unwrap_or(0))
}

fn log(message: &[u8]) -> Result<Log, Bad> {
    let mut log = Log::default();
    each(message, |number, value| {
        match (number, value) {
            (1, Value::Bytes(message)) => log.time = time(message)?,
            (2, Value::Bytes(message)) => tag(message, |key, value| log.field(key, value))?,
            (1 | 2, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(log)
}

/// Reads a tag and gives it to `put`; one without a key is nothing.
fn tag(message: &[u8], put: impl FnOnce(&str, AnyValue<'_>)) -> Result<(), Bad> {
    let mut key = "";
    let mut value_type = 0;
    let (mut string, mut binary) = ("", [].as_slice());
    let (mut boolean, mut long, mut double) = (false, 0, 0.0);
    each(message, |number, value| {
        match (number, value) {
            (1, Value::Bytes(bytes)) => key = text(bytes)?,
            (2, Value::Varint(number)) => value_type = number,
            (3, Value::Bytes(bytes)) => string = text(bytes)?,
            (4, Value::Varint(number)) => boolean = number != 0,
            (5, Value::Varint(number)) => long = number.cast_signed(),
            (6, Value::Fixed64(bits)) => double = f64::from_bits(bits),
            (7, Value::Bytes(bytes)) => binary = bytes,
            (1..=7, _) => return Err(Malformed::Mismatch.into()),
            _ => {}
        }
        Ok(())
    })?;
    if !key.is_empty() {
        let value = match value_type {
            1 => AnyValue::Bool(boolean),
            2 => AnyValue::Int(long),
            3 => AnyValue::Double(double),
            4 => AnyValue::Bytes(binary),
            _ => AnyValue::Text(string),
        };
        put(key, value);
    }
    Ok(())
}
