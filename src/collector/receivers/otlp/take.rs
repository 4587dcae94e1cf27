//! What becomes of a request once it is read, whatever it came by.

use bytes::Bytes;

use super::signal::{Signal, points, records};
use crate::collector::receivers::Intake;
use crate::collector::{Charge, Parcel, Reason};
use crate::otlp::{self, write};

/// How a request was taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Whole.
    All,
    /// But for some spans.
    Partly {
        /// How many were left out.
        rejected: usize,
        /// Why.
        message: String,
    },
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    /// It is not what its path says.
    #[error("the request is no OTLP: {0}")]
    Malformed(String),
    /// It could not be kept.
    #[error("the traces could not be kept: {0}")]
    NotKept(String),
}

/// Takes one request in protobuf.
pub(super) async fn take(
    intake: &Intake,
    receiver: &'static str,
    signal: Signal,
    request: Bytes,
    charge: Charge,
) -> Result<Taken, NotTaken> {
    let count = match signal {
        Signal::Traces => return take_traces(intake, receiver, request, charge).await,
        Signal::Metrics => points(&request),
        Signal::Logs => records(&request),
    };
    match count {
        Ok(count) => {
            intake.counters.received(receiver, signal.counted(), count);
            Ok(Taken::All)
        }
        Err(error) => {
            intake.counters.refused(receiver, Reason::Malformed, 1);
            Err(NotTaken::Malformed(error.to_string()))
        }
    }
}

async fn take_traces(
    intake: &Intake,
    receiver: &'static str,
    request: Bytes,
    charge: Charge,
) -> Result<Taken, NotTaken> {
    let counted = otlp::check(&request).map_err(|error| {
        intake.counters.refused(receiver, Reason::Malformed, 1);
        NotTaken::Malformed(error.to_string())
    })?;
    let (request, taken) = if counted.without_id == 0 {
        (request, Taken::All)
    } else {
        let rejected = counted.without_id;
        intake
            .counters
            .refused(receiver, Reason::BadTraceId, rejected);
        let message = format!("spans without a valid trace id or span id: {rejected}");
        (
            Bytes::from(with_ids_alone(&request)),
            Taken::Partly { rejected, message },
        )
    };
    let spans = counted.spans - counted.without_id;
    if spans == 0 {
        return Ok(taken);
    }
    intake
        .counters
        .received(receiver, Signal::Traces.counted(), spans);
    let parcel = Parcel::of_request(request, spans, charge);
    let handed_on = intake.hand_on(parcel).await;
    handed_on.map_err(NotTaken::NotKept)?;
    Ok(taken)
}

/// Copies a request without the spans that do not say which trace they are of.
fn with_ids_alone(request: &[u8]) -> Vec<u8> {
    use otlp::wire::Value;
    let mut out = Vec::with_capacity(request.len());
    write::copy(&mut out, request, |out, number, value| {
        let (1, Value::Bytes(resource)) = (number, value) else {
            return false;
        };
        write::message(out, 1, |out| {
            write::copy(out, resource, |out, number, value| {
                let (2, Value::Bytes(scope)) = (number, value) else {
                    return false;
                };
                write::message(out, 2, |out| {
                    write::copy(
                        out,
                        scope,
                        |_, number, value| matches!((number, value), (2, Value::Bytes(span)) if !otlp::check::has_ids(span)),
                    );
                });
                true
            });
        });
        true
    });
    out
}
