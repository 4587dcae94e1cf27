//! Writes what passes, for people who look.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::destination::{Destination, Outcome, Piece, Pieces};
use super::http::words;
use crate::collector::{Parcel, Reason};
use crate::collector_config as config;
use crate::otlp::hex;
use crate::otlp::view::{self, AnyValue, Span};

/// Writes a line a batch, or all of it.
pub struct Debug {
    detailed: bool,
    out: Mutex<Box<dyn Write + Send>>,
}

impl Debug {
    /// Writes to `out`, which is standard error but for tests.
    pub fn new(config: &config::Debug, out: Box<dyn Write + Send>) -> Self {
        Self {
            detailed: config.detailed,
            out: Mutex::new(out),
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

impl Destination for Debug {
    type Body = String;

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, String> {
        let mut text = format!(
            "traces: {} spans, {} segments, {} bytes\n",
            parcel.spans,
            parcel.documents.len(),
            parcel.bytes()
        );
        if self.detailed {
            for request in &parcel.requests {
                spans(&mut text, request);
            }
            for document in &parcel.documents {
                let _ = writeln!(text, "segment {}", visible(document));
            }
        }
        Box::new(std::iter::once(Piece {
            body: text,
            items: parcel.len(),
        }))
    }

    async fn send(&self, text: &String) -> Outcome {
        match self.write(text) {
            Ok(()) => Outcome::Sent { rejected: 0 },
            Err(error) => Outcome::Never {
                reason: Reason::Rejected,
                why: format!("cannot write: {error}"),
            },
        }
    }
}

fn spans(out: &mut String, request: &[u8]) {
    for resource in view::resources(request) {
        let service = resource.resource().attributes().text("service.name");
        for scope in resource.scopes() {
            for span in scope.spans() {
                one(out, service.unwrap_or("unknown_service"), &span);
            }
        }
    }
}

/// Writing to a text does not fail.
fn one(out: &mut String, service: &str, span: &Span<'_>) {
    let nanos = span
        .end_time_unix_nano
        .saturating_sub(span.start_time_unix_nano);
    let _ = writeln!(
        out,
        "span {} {} parent {} {:?} {} {} {}.{:06} ms{}",
        hex(span.trace_id),
        hex(span.span_id),
        span.parent().map_or("none".to_owned(), hex),
        span.kind,
        words(service.as_bytes()),
        words(span.name.as_bytes()),
        nanos / 1_000_000,
        nanos % 1_000_000,
        if span.status.is_error() { " error" } else { "" },
    );
    for (key, value) in span.attributes().iter() {
        let _ = write!(out, "  {}: ", words(key.as_bytes()));
        let _ = match value {
            AnyValue::Text(text) => writeln!(out, "{}", words(text.as_bytes())),
            AnyValue::Bool(value) => writeln!(out, "{value}"),
            AnyValue::Int(value) => writeln!(out, "{value}"),
            AnyValue::Double(value) => writeln!(out, "{value}"),
            AnyValue::Empty => writeln!(out, "none"),
            AnyValue::Bytes(bytes) => writeln!(out, "{} bytes", bytes.len()),
            AnyValue::Array(array) => writeln!(out, "{} values", array.iter().count()),
            AnyValue::Map(map) => writeln!(out, "{} pairs", map.iter().count()),
        };
    }
}

/// A document on one line that a terminal can bear.
fn visible(document: &[u8]) -> String {
    let text = String::from_utf8_lossy(document);
    text.chars().filter(|one| !one.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::exporters::tests::{documents, spans};

    fn text(detailed: bool) -> String {
        let debug = Debug::new(&config::Debug { detailed }, Box::new(io::sink()));
        let mut parcel = spans(1);
        parcel.append(documents(&["{\"id\":\n\"\u{1b}\"}".to_owned()]));
        debug.pieces(&parcel).map(|piece| piece.body).collect()
    }

    #[test]
    fn a_line_a_batch_or_all_of_it() {
        let line = text(false);
        assert!(line.starts_with("traces: 1 spans, 1 segments, "), "{line}");
        assert_eq!(line.lines().count(), 1);
        let detailed = text(true);
        let lines: Vec<_> = detailed.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "span 01010101010101010101010101010101 0000000000000001 parent none Server \
                 shop \"9\" GET /cart 250.000000 ms",
                "  http.request.method: GET",
                "segment {\"id\":\"\"}",
            ]
        );
    }
}
