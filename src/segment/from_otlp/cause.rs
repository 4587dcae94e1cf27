//! What went wrong: flags, and exceptions with their stacks.

use super::super::id::SegmentId;
use super::super::json::{block, boolean, element, field, integer, list, object, text};
use super::http;
use super::span::{Known, Slot};
use super::stacks::{self, Frame};
use super::value;
use crate::otlp::view::{AnyValue, Event, Kind, Span};

/// The type of an exception that a call's failed attempt is.
const ATTEMPT: &str = "aws.http.error.event";
/// The name of the event of an attempt.
const ATTEMPT_EVENT: &str = "HTTP request failure";

/// Writes `error`, `throttle` and `fault`. HTTP's status tells more than the
/// span's, which SDKs often do not set.
pub(super) fn flags(out: &mut Vec<u8>, span: &Span<'_>, known: &Known<'_>) {
    let mut flag = |key: &str| {
        field(out, key);
        boolean(out, true);
    };
    match http::status(known) {
        Some(429) => {
            flag("error");
            flag("throttle");
        }
        Some(400..=499) => flag("error"),
        Some(500..=599) => flag("fault"),
        _ if span.status.is_error() => flag("fault"),
        _ => {}
    }
}

/// Tells whether an event is an exception.
fn is_exception(event: &Event<'_>, is_aws_call: bool) -> bool {
    event.name == "exception" || is_aws_call && event.name == ATTEMPT_EVENT
}

/// Tells whether the cause is what the status says, as no event tells more.
pub(super) fn is_of_status(span: &Span<'_>, known: &Known<'_>) -> bool {
    let is_aws_call = known.is_aws_call();
    if !span.status.is_error() {
        return false;
    }
    !known.has_events || !span.events().any(|event| is_exception(&event, is_aws_call))
}

/// An exception, while its ids are given out.
struct Written<'a> {
    id: SegmentId,
    name: &'a str,
    message: &'a str,
    frames: &'a [Frame<'a>],
    cause: Option<SegmentId>,
}

/// Gives out ids: the same ones for the same document, every time.
struct Ids {
    document: SegmentId,
    next: u64,
}

impl Ids {
    fn next(&mut self) -> SegmentId {
        self.next += 1;
        self.document.derived(self.next)
    }
}

/// Writes the block `cause` of the document `id`.
pub(super) fn write(
    out: &mut Vec<u8>,
    span: &Span<'_>,
    known: &Known<'_>,
    id: SegmentId,
    language: &str,
) {
    if !known.has_events && !span.status.is_error() {
        return;
    }
    let mut ids = Ids {
        document: id,
        next: 0,
    };
    let is_aws_call = known.is_aws_call();
    let is_remote = matches!(span.kind, Kind::Client | Kind::Producer);
    let mut events = span
        .events()
        .filter(|event| is_exception(event, is_aws_call))
        .peekable();
    if events.peek().is_some() {
        exceptions(out, |out| {
            for event in events {
                if event.name == ATTEMPT_EVENT {
                    attempt(out, &event, &mut ids);
                } else {
                    thrown(out, &event, is_remote, language, &mut ids);
                }
            }
        });
        return;
    }
    if !span.status.is_error() {
        return;
    }
    let message = Some(span.status.message).filter(|message| !message.is_empty());
    if let Some(message) = message.or(known.text(Slot::StatusText)) {
        let one = Written {
            id: ids.next(),
            name: "",
            message,
            frames: &[],
            cause: None,
        };
        exceptions(out, |out| exception(out, &one, is_remote));
    }
}

fn exceptions(out: &mut Vec<u8>, inside: impl FnOnce(&mut Vec<u8>)) {
    block(out, "cause", |out| {
        field(out, "exceptions");
        list(out, inside);
    });
}

/// An attempt of a call to AWS that failed: its status, time and message.
fn attempt(out: &mut Vec<u8>, event: &Event<'_>, ids: &mut Ids) {
    let attributes = event.attributes();
    let status = attributes.get("http.response.status_code");
    let message = attributes.text("aws.http.error_message");
    let (Some(status), Some(message)) = (status.and_then(value::integer), message) else {
        return;
    };
    // With six digits, as the Collector writes it.
    let micros = event.time_unix_nano / 1000;
    let time = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let one = Written {
        id: ids.next(),
        name: ATTEMPT,
        message: &format!("{status}@{time}@{message}"),
        frames: &[],
        cause: None,
    };
    exception(out, &one, true);
}

/// An exception and those that it was caused by, each linked to the next.
fn thrown(out: &mut Vec<u8>, event: &Event<'_>, is_remote: bool, language: &str, ids: &mut Ids) {
    let attributes = event.attributes();
    let own = |key| attributes.text(key).unwrap_or_default();
    let chain = match own("exception.stacktrace") {
        "" => vec![stacks::Thrown::default()],
        trace => stacks::read(trace, language),
    };
    let given = attributes
        .text("aws.xray.exception.id")
        .and_then(SegmentId::parse);
    let mut id = given.unwrap_or_else(|| ids.next());
    let last = chain.len().saturating_sub(1);
    for (index, one) in chain.iter().enumerate() {
        let cause = (index < last).then(|| ids.next());
        let (name, message) = match &one.name {
            Some((name, message)) => (*name, message.as_ref()),
            None => (own("exception.type"), own("exception.message")),
        };
        let written = Written {
            id,
            name,
            message,
            frames: &one.frames,
            cause,
        };
        exception(out, &written, is_remote || is_said_remote(event));
        id = cause.unwrap_or(id);
    }
}

fn is_said_remote(event: &Event<'_>) -> bool {
    event.attributes().get("aws.xray.exception.remote") == Some(AnyValue::Bool(true))
}

fn exception(out: &mut Vec<u8>, one: &Written<'_>, is_remote: bool) {
    let id = |out: &mut Vec<u8>, key: &str, id: SegmentId| {
        field(out, key);
        out.push(b'"');
        id.write(out);
        out.push(b'"');
    };
    element(out);
    object(out, |out| {
        id(out, "id", one.id);
        if !one.name.is_empty() {
            field(out, "type");
            text(out, one.name);
        }
        field(out, "message");
        text(out, one.message);
        if is_remote {
            field(out, "remote");
            boolean(out, true);
        }
        if let Some(cause) = one.cause {
            id(out, "cause", cause);
        }
        if !one.frames.is_empty() {
            field(out, "stack");
            list(out, |out| one.frames.iter().for_each(|one| frame(out, one)));
        }
    });
}

fn frame(out: &mut Vec<u8>, frame: &Frame<'_>) {
    element(out);
    object(out, |out| {
        field(out, "path");
        text(out, frame.path);
        field(out, "line");
        integer(out, frame.line);
        field(out, "label");
        text(out, frame.label);
    });
}
