//! What went wrong: a span's status, and an event for each exception.

use super::super::fields::EXCEPTION;
use super::super::json::{Json, Map};
use super::super::stack;
use super::entity::left_over;
use super::value::{move_fields, text};
use crate::otlp::write;

/// The field of an event that holds attributes.
const ATTRIBUTES: u32 = 3;

/// Writes the status, and as events at `nanos` the exceptions, which it takes
/// out of the entity.
pub(super) fn write(out: &mut Vec<u8>, entity: &mut Map<'_>, nanos: u64) {
    const EXCEPTIONS: [&str; 2] = ["cause", "exceptions"];
    status(out, entity);
    let Some(Json::List(exceptions)) = entity.at(&EXCEPTIONS) else {
        return;
    };
    if exceptions.is_empty() || exceptions.iter().any(|one| one.map().is_none()) {
        return;
    }
    let Some(Json::List(exceptions)) = entity.take_at(&EXCEPTIONS) else {
        return;
    };
    for exception in exceptions {
        if let Json::Map(exception) = exception {
            event(out, exception, nanos);
        }
    }
}

fn status(out: &mut Vec<u8>, entity: &Map<'_>) {
    let cause = entity.get("cause");
    let flagged = ["error", "fault", "throttle"]
        .iter()
        .any(|flag| entity.get(flag).is_some_and(Json::is_true));
    let has_cause = matches!(cause, Some(Json::Map(_) | Json::Text(_)));
    if !flagged && !has_cause {
        return;
    }
    let message = match cause {
        Some(Json::Text(id)) => Some(id.as_ref()),
        Some(Json::Map(cause)) => match cause.get("exceptions") {
            Some(Json::List(exceptions)) => exceptions
                .first()
                .and_then(|first| first.map()?.get("message")?.text()),
            _ => None,
        },
        _ => None,
    };
    write::message(out, 15, |out| {
        if let Some(message) = message {
            write::bytes(out, 2, message.as_bytes());
        }
        write::number(out, 3, 2);
    });
}

fn event(out: &mut Vec<u8>, mut exception: Map<'_>, nanos: u64) {
    write::message(out, 11, |out| {
        if nanos > 0 {
            write::fixed64(out, 1, nanos);
        }
        write::bytes(out, 2, b"exception");
        if let Some(trace) = stack::render(&exception) {
            text(out, ATTRIBUTES, "exception.stacktrace", &trace);
            let same = exception.get("stack") == Some(&stack::frames(&trace));
            if same {
                exception.take("stack");
            }
        }
        move_fields(out, ATTRIBUTES, &mut exception, EXCEPTION);
        left_over(out, ATTRIBUTES, &exception);
    });
}
