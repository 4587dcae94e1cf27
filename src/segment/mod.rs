//! X-Ray segment documents, and their translation to spans of OTLP and back.
//!
//! [`check()`] finds what AWS would refuse; [`datagram()`] takes the daemon's
//! header off; [`to_otlp()`] and [`from_otlp()`] translate. Nothing here reads a
//! clock, makes random ids or does I/O: the same input gives the same output, so
//! that what is sent again is the same.
//!
//! # Segments as spans
//!
//! One document is one `ResourceSpans` whose one scope is named [`SCOPE`]; its
//! inline subsegments are spans below it. Names follow the OpenTelemetry
//! Collector's `awsxray` receiver. What OTLP and its conventions have no place
//! for stands in attributes of these names, so that [`from_otlp()`] gives the
//! same document again, key order aside:
//!
//! | attribute | holds |
//! | --- | --- |
//! | `aws.xray.type`, `.origin`, `.namespace` | these fields |
//! | `aws.xray.inprogress`, `.inferred`, `.traced` | `in_progress`, `inferred`, `traced` |
//! | `aws.xray.error`, `.fault`, `.throttle` | the flags; any of them, or a cause, makes the span's status an error |
//! | `aws.xray.cause` | a cause that is an exception's id; the status's message too |
//! | `aws.xray.precursor_ids` | the list |
//! | `aws.xray.x_forwarded_for`, `aws.xray.http.traced` | `http.request.x_forwarded_for`, `.traced` |
//! | `aws.xray.retries`, `.resource_names` | `aws.retries`, `aws.resource_names` |
//! | `aws.xray.sampling_rule_name` | `aws.xray.sampling_rule_name` |
//! | `aws.xray.sql.preparation`, `.database_version`, `.driver_version` | these fields of `sql` |
//! | `aws.xray.annotations` | the keys of the attributes that are annotations |
//! | `aws.xray.metadata.<namespace>` | a namespace of `metadata`, as JSON |
//! | `aws.xray.depth` | how deep an inline subsegment lies, from 1 |
//! | on events: `aws.xray.exception.id`, `.remote`, `.truncated`, `.skipped`, `.cause` | these fields of an exception |
//! | on the resource: `aws.xray.resource_arn`, `.auto_instrumentation` | `resource_arn`, `aws.xray.auto_instrumentation` |
//! | on the resource: `aws.xray.service.runtime`, `.runtime_version`, `.compiler`, `.compiler_version` | these fields of `service` |
//! | `aws.xray.document/<pointer>` (RFC 6901) | any other field, of an entity or of an exception: unknown ones, ones of an unexpected type, empty objects, working directory and paths of a cause, log groups, and what is not written as its span would write it (an id in capitals, a time that is no whole number of nanoseconds, a stack without labels) |
//!
//! Values of attributes that OTLP has no form for (numbers above 2^63, values
//! deeper than 16) are bytes that hold JSON. An attribute that somebody adds on
//! the way becomes `metadata.default`.
//!
//! # Spans as segments
//!
//! All other spans follow the `awsxray` exporter, one document a span. Beyond it,
//! what a segment has no field for is kept in the namespace `otel.span` of the
//! metadata: the span's name where the document has another, its kind where that
//! cannot be told from the document, its trace state and its events.

mod check;
mod datagram;
mod fields;
mod from_otlp;
mod id;
mod json;
pub(crate) mod marks;
mod reader;
mod sql_url;
mod stack;
mod time;
mod to_otlp;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

pub use check::{Envelope, Rejected, check};
pub use datagram::{BadDatagram, MOST_BYTES, datagram};
pub use fields::SCOPE;
pub use from_otlp::{Document, Options, from_otlp};
pub use id::{SegmentId, TraceId};
pub use time::to_nanos;
pub use to_otlp::to_otlp;
