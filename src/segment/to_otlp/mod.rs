//! A segment document as spans: one `ResourceSpans` a document, its inline
//! subsegments as spans below it.

mod cause;
mod entity;
mod resource;
pub(super) use resource::BEANSTALK;
mod value;

use super::check::{Rejected, check};
use super::fields::{SCOPE, SCOPE_VERSION};
use super::json::{self, Json};
use crate::otlp::write;

/// Appends a document to an `ExportTraceServiceRequest`: its field 1. Says how
/// many spans that makes.
///
/// # Errors
/// Where AWS would not take the document, or where it nests deeper than 128.
/// Nothing is appended then.
pub fn to_otlp(document: &[u8], out: &mut Vec<u8>) -> Result<usize, Rejected> {
    let envelope = check(document)?;
    let unreadable = || Rejected::unreadable(document);
    let text = std::str::from_utf8(document).map_err(|_| unreadable())?;
    let Some(Json::Map(mut root)) = json::parse(text) else {
        return Err(unreadable());
    };
    let trace = entity::Trace {
        id: envelope.trace_id,
        root_is_subsegment: envelope.is_subsegment,
    };
    let mut spans = 0;
    write::message(out, 1, |out| {
        write::message(out, 1, |out| {
            resource::write(out, &mut root, envelope.is_subsegment);
        });
        write::message(out, 2, |out| {
            write::message(out, 1, |out| {
                write::bytes(out, 1, SCOPE.as_bytes());
                write::bytes(out, 2, SCOPE_VERSION.as_bytes());
            });
            spans = entity::write(out, root, &trace, 0, None);
        });
    });
    Ok(spans)
}
