//! Traces as X-Ray sees them: segment documents put together ([`Trace`]), the
//! services in them ([`Nodes`]), and what X-Ray's API tells of them.
//!
//! Pure: documents come in from a [`Source`], the time is passed in. Documents
//! come from anybody: parents may be missing, be long chains or go round in
//! circles (which [`Trace::of`] cuts), so that nothing here recurses along them.
//!
//! Sources: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>,
//! <https://docs.aws.amazon.com/xray/latest/api/API_Operations.html>. What AWS does
//! not document follows captures of its answers; `docs/queries.md` says where.

mod assemble;
mod inferred;
mod lenient;
mod nodes;
mod said;
mod source;
mod trace;

#[cfg(test)]
mod tests;

pub use inferred::{DATABASE, REMOTE};
pub use lenient::Value;
pub use nodes::{CLIENT, Call, Node, NodeKey, Nodes};
pub use source::{Documents, Source, TimeRange, Window};
pub use trace::{Cause, Entity, Exception, Flags, Http, Kind, Namespace, Outcome, Trace};
