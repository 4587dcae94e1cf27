//! Jaeger's Thrift:
//! <https://github.com/jaegertracing/jaeger-idl/blob/main/thrift/jaeger.thrift>.
//! Spans are translated as they are read; what is announced to be larger than
//! the message is refused before there is room made for it.

use thrift::protocol::{
    TBinaryInputProtocol, TCompactInputProtocol, TInputProtocol, TMessageType, TType,
};
use thrift::{ProtocolError, ProtocolErrorKind, TConfiguration};

use super::span::{JaegerSpan, Log, MOST_REFERENCES, Process, Reference};
use crate::collector::receivers::draft::{Draft, Spans, Translated, nanoseconds};
use crate::otlp::view::AnyValue;

/// How deep structs lie within one another at most, unknown ones included.
const MOST_DEPTH: usize = 32;

/// Why a message of an agent's client is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Bad {
    #[error("the datagram does not begin as a message of Thrift: {0}")]
    Header(thrift::Error),
    #[error("the receiver knows no method `{0}`: it takes `emitBatch`")]
    Method(String),
    #[error("the batch is malformed: {0}")]
    Batch(thrift::Error),
}

/// Translates a `Batch` in the binary protocol, as it is sent over HTTP.
///
/// # Errors
/// Where it is none.
pub(super) fn translated(body: &[u8]) -> Result<Translated, String> {
    let protocol = limits(body.len())
        .map(|limits| TBinaryInputProtocol::with_config(body, false, limits))
        .and_then(|mut protocol| batch(&mut protocol));
    protocol.map_err(|error| format!("the request is no batch of Jaeger spans: {error}"))
}

/// Translates a call of `emitBatch` in the compact protocol.
///
/// # Errors
/// Where it is none.
pub(super) fn compact(datagram: &[u8]) -> Result<Translated, Bad> {
    let limits = limits(datagram.len()).map_err(Bad::Header)?;
    call(&mut TCompactInputProtocol::with_config(datagram, limits))
}

/// Translates a call of `emitBatch` in the binary protocol.
///
/// # Errors
/// Where it is none.
pub(super) fn binary(datagram: &[u8]) -> Result<Translated, Bad> {
    let limits = limits(datagram.len()).map_err(Bad::Header)?;
    call(&mut TBinaryInputProtocol::with_config(
        datagram, false, limits,
    ))
}

/// Nothing in a message is larger than the message.
fn limits(size: usize) -> thrift::Result<TConfiguration> {
    TConfiguration::builder()
        .max_message_size(Some(size))
        .max_frame_size(Some(size))
        .max_container_size(Some(size))
        .max_string_size(Some(size))
        .max_recursion_depth(Some(MOST_DEPTH))
        .build()
}

fn call<P: TInputProtocol>(protocol: &mut P) -> Result<Translated, Bad> {
    let message = protocol.read_message_begin().map_err(Bad::Header)?;
    let is_call = matches!(
        message.message_type,
        TMessageType::OneWay | TMessageType::Call
    );
    if !is_call || message.name != "emitBatch" {
        return Err(Bad::Method(message.name));
    }
    let mut translated = None;
    fields(protocol, |protocol, id, kind| match (id, kind) {
        (1, TType::Struct) => {
            translated = Some(batch(protocol)?);
            Ok(true)
        }
        _ => Ok(false),
    })
    .map_err(Bad::Batch)?;
    translated.ok_or_else(|| Bad::Batch(invalid("it has no batch")))
}

fn invalid(what: &str) -> thrift::Error {
    ProtocolError::new(ProtocolErrorKind::InvalidData, what).into()
}

/// Reads a struct: `field` reads those that it knows, and says whether it did.
fn fields<P: TInputProtocol>(
    protocol: &mut P,
    mut field: impl FnMut(&mut P, i16, TType) -> thrift::Result<bool>,
) -> thrift::Result<()> {
    protocol.read_struct_begin()?;
    loop {
        let known = protocol.read_field_begin()?;
        if known.field_type == TType::Stop {
            return protocol.read_struct_end();
        }
        if !field(protocol, known.id.unwrap_or(0), known.field_type)? {
            protocol.skip(known.field_type)?;
        }
        protocol.read_field_end()?;
    }
}

/// Reads a list of structs.
fn list<P: TInputProtocol>(
    protocol: &mut P,
    mut each: impl FnMut(&mut P) -> thrift::Result<()>,
) -> thrift::Result<bool> {
    let list = protocol.read_list_begin()?;
    if list.size > 0 && list.element_type != TType::Struct {
        return Err(invalid("a list does not hold what its field asks for"));
    }
    for _ in 0..list.size {
        each(protocol)?;
    }
    protocol.read_list_end()?;
    Ok(true)
}

/// Reads a text. What is not UTF-8 in it is replaced: clients do not see to it,
/// and a tag is no reason to lose a batch.
fn text<P: TInputProtocol>(protocol: &mut P) -> thrift::Result<String> {
    let bytes = protocol.read_bytes()?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn batch<P: TInputProtocol>(protocol: &mut P) -> thrift::Result<Translated> {
    let mut from = Process::default();
    let mut spans = Spans::default();
    fields(protocol, |protocol, id, kind| match (id, kind) {
        (1, TType::Struct) => {
            from = process(protocol)?;
            Ok(true)
        }
        (2, TType::List) => list(protocol, |protocol| {
            spans.push(&span(protocol)?);
            Ok(())
        }),
        _ => Ok(false),
    })?;
    let mut translated = Translated::default();
    spans.write(&mut translated, &from.attributes);
    Ok(translated)
}

fn process<P: TInputProtocol>(protocol: &mut P) -> thrift::Result<Process> {
    let mut process = Process::default();
    fields(protocol, |protocol, id, kind| match (id, kind) {
        (1, TType::String) => {
            process.service(&text(protocol)?);
            Ok(true)
        }
        (2, TType::List) => list(protocol, |protocol| {
            tag(protocol, |key, value| process.tag(key, value))
        }),
        _ => Ok(false),
    })?;
    Ok(process)
}

/// A span's numbers, of which some are one in OTLP.
#[derive(Default)]
struct Numbers {
    low: i64,
    high: i64,
    /// Microseconds since 1970.
    start: i64,
    /// Microseconds.
    duration: i64,
}

fn trace_id(high: i64, low: i64) -> [u8; 16] {
    let (high, low) = (high.cast_unsigned(), low.cast_unsigned());
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

fn span<P: TInputProtocol>(protocol: &mut P) -> thrift::Result<Draft> {
    let mut span = JaegerSpan::default();
    let mut numbers = Numbers::default();
    fields(protocol, |protocol, id, kind| {
        match (id, kind) {
            (1, TType::I64) => numbers.low = protocol.read_i64()?,
            (2, TType::I64) => numbers.high = protocol.read_i64()?,
            (3, TType::I64) => span.draft.span_id = protocol.read_i64()?.to_be_bytes(),
            (4, TType::I64) => span.draft.parent_id = protocol.read_i64()?.to_be_bytes(),
            (5, TType::String) => span.draft.name = text(protocol)?,
            (6, TType::List) => {
                return list(protocol, |protocol| {
                    if span.references.len() == MOST_REFERENCES {
                        return Err(invalid("a span has more than 10000 references"));
                    }
                    span.references.push(reference(protocol)?);
                    Ok(())
                });
            }
            (7, TType::I32) => span.flags(protocol.read_i32()?.cast_unsigned()),
            (8, TType::I64) => numbers.start = protocol.read_i64()?,
            (9, TType::I64) => numbers.duration = protocol.read_i64()?,
            (10, TType::List) => {
                return list(protocol, |protocol| {
                    tag(protocol, |key, value| span.tag(key, value))
                });
            }
            (11, TType::List) => {
                return list(protocol, |protocol| {
                    log(protocol)?.write(&mut span);
                    Ok(())
                });
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    span.draft.trace_id = trace_id(numbers.high, numbers.low);
    span.draft.start = nanoseconds(numbers.start);
    let end = numbers.start.saturating_add(numbers.duration.max(0));
    span.draft.end = nanoseconds(end);
    Ok(span.finish())
}

fn reference<P: TInputProtocol>(protocol: &mut P) -> thrift::Result<Reference> {
    let mut reference = Reference::default();
    let (mut high, mut low) = (0, 0);
    fields(protocol, |protocol, id, kind| {
        match (id, kind) {
            (1, TType::I32) => reference.follows = protocol.read_i32()? == 1,
            (2, TType::I64) => low = protocol.read_i64()?,
            (3, TType::I64) => high = protocol.read_i64()?,
            (4, TType::I64) => reference.span_id = protocol.read_i64()?.to_be_bytes(),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    reference.trace_id = trace_id(high, low);
    Ok(reference)
}

fn log<P: TInputProtocol>(protocol: &mut P) -> thrift::Result<Log> {
    let mut log = Log::default();
    fields(protocol, |protocol, id, kind| match (id, kind) {
        (1, TType::I64) => {
            log.time = nanoseconds(protocol.read_i64()?);
            Ok(true)
        }
        (2, TType::List) => list(protocol, |protocol| {
            tag(protocol, |key, value| log.field(key, value))
        }),
        _ => Ok(false),
    })?;
    Ok(log)
}

/// Reads a tag and gives it to `put`; one without a key is nothing.
fn tag<P: TInputProtocol>(
    protocol: &mut P,
    put: impl FnOnce(&str, AnyValue<'_>),
) -> thrift::Result<()> {
    let mut key = String::new();
    let mut value_type = 0;
    let mut texts = (String::new(), Vec::new());
    let (mut double, mut boolean, mut long) = (0.0, false, 0);
    fields(protocol, |protocol, id, kind| {
        match (id, kind) {
            (1, TType::String) => key = text(protocol)?,
            (2, TType::I32) => value_type = protocol.read_i32()?,
            (3, TType::String) => texts.0 = text(protocol)?,
            (4, TType::Double) => double = protocol.read_double()?,
            (5, TType::Bool) => boolean = protocol.read_bool()?,
            (6, TType::I64) => long = protocol.read_i64()?,
            (7, TType::String) => texts.1 = protocol.read_bytes()?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if !key.is_empty() {
        let value = match value_type {
            1 => AnyValue::Double(double),
            2 => AnyValue::Bool(boolean),
            3 => AnyValue::Int(long),
            4 => AnyValue::Bytes(&texts.1),
            _ => AnyValue::Text(&texts.0),
        };
        put(&key, value);
    }
    Ok(())
}
