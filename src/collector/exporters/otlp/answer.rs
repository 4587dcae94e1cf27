//! What OTLP's servers answer.

use std::time::Duration;

use crate::collector::exporters::http::words;
use crate::collector::exporters::seldom::Seldom;
use crate::otlp::wire::{Fields, Value};

/// An `ExportTracePartialSuccess`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Partial {
    /// Spans that were not taken.
    pub(super) rejected: usize,
    /// Why; or a warning, where all were.
    pub(super) message: String,
}

/// Reads an `ExportTraceServiceResponse`; nothing where it is none.
pub(super) fn partial(response: &[u8]) -> Partial {
    let mut partial = Partial::default();
    for (number, value) in Fields::of(response) {
        let (1, Value::Bytes(inner)) = (number, value) else {
            continue;
        };
        for field in Fields::of(inner) {
            match field {
                (1, Value::Varint(count)) => {
                    // A negative number is nonsense, and is none.
                    let count = i64::try_from(count).unwrap_or(0);
                    partial.rejected = usize::try_from(count).unwrap_or(0);
                }
                (2, Value::Bytes(message)) => partial.message = words(message),
                _ => {}
            }
        }
    }
    partial
}

/// Says what a server did not take, or warns of.
pub(super) fn say(exporter: &'static str, partial: &Partial, seldom: &Seldom) {
    if partial.rejected == 0 && partial.message.is_empty() {
        return;
    }
    if let Some(unsaid) = seldom.ask() {
        tracing::warn!(
            exporter,
            rejected = partial.rejected,
            message = partial.message,
            unsaid,
            "the destination did not take all spans"
        );
    }
}

/// The message of a `google.rpc.Status`; the text itself where it is none.
pub(super) fn status_message(body: &[u8]) -> String {
    let mut message = None;
    let mut fields = Fields::of(body);
    loop {
        match fields.read() {
            Ok(Some((2, Value::Bytes(text)))) => message = Some(words(text)),
            Ok(Some(_)) => {}
            Ok(None) => break,
            // JSON, or a page.
            Err(_) => return words(body),
        }
    }
    message.unwrap_or_default()
}

/// The delay of the `google.rpc.RetryInfo` in the details of a
/// `google.rpc.Status`.
pub(super) fn retry_info(status: &[u8]) -> Option<Duration> {
    let details = messages(status, 3)
        .find(|any| messages(any, 1).any(|url| url.ends_with(b"/google.rpc.RetryInfo")))?;
    let info = messages(details, 2).last().unwrap_or_default();
    let delay = messages(info, 1).last().unwrap_or_default();
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields::of(delay) {
        match field {
            (1, Value::Varint(number)) => seconds = number,
            (2, Value::Varint(number)) => nanos = u32::try_from(number).unwrap_or(0),
            _ => {}
        }
    }
    Some(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanos.into())))
}

fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::of(message).filter_map(move |(at, value)| match value {
        Value::Bytes(bytes) if at == number => Some(bytes),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::otlp::write;

    #[test]
    fn reads_what_was_not_taken() {
        let mut response = Vec::new();
        write::message(&mut response, 1, |out| {
            write::number(out, 1, 7);
            write::bytes(out, 2, b"too old");
        });
        let expected = Partial {
            rejected: 7,
            message: "too old".to_owned(),
        };
        assert_eq!(partial(&response), expected);
        assert_eq!(partial(b""), Partial::default());
    }

    #[test]
    fn reads_why_and_how_long() {
        let mut status = Vec::new();
        write::number(&mut status, 1, 14);
        write::bytes(&mut status, 2, b"busy");
        assert_eq!(retry_info(&status), None);
        write::message(&mut status, 3, |out| {
            write::bytes(out, 1, b"type.googleapis.com/google.rpc.RetryInfo");
            write::message(out, 2, |out| {
                write::message(out, 1, |out| {
                    write::number(out, 1, 3);
                    write::number(out, 2, 500_000_000);
                });
            });
        });
        assert_eq!(status_message(&status), "busy");
        assert_eq!(retry_info(&status), Some(Duration::from_millis(3500)));
        assert_eq!(
            status_message(b"{\"message\":\"no\"}"),
            "{\"message\":\"no\"}"
        );
    }

    proptest! {
        #[test]
        fn any_answer_is_read(body in any::<Vec<u8>>()) {
            partial(&body);
            status_message(&body);
            retry_info(&body);
        }
    }
}
