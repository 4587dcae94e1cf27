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
mod causes;
mod documents;
pub mod graph;
mod histogram;
mod inferred;
pub mod insights;
mod java;
mod lenient;
mod matching;
mod nodes;
mod said;
mod series;
mod source;
mod statistics;
mod summary;
mod trace;

#[cfg(test)]
mod tests;

pub use causes::{CauseKind, CauseService, RootCause, root_causes};
pub use documents::{BatchTrace, RetrievedTrace, SegmentDocument};
pub use histogram::{Histogram, HistogramEntry};
pub use inferred::{DATABASE, REMOTE};
pub use lenient::Value;
pub use matching::{Filter, GroupFilter};
pub use nodes::{CLIENT, Call, Node, NodeKey, Nodes};
pub use series::{Forecast, Period, PeriodStatistics, Selection, Series};
pub use source::{Documents, Source, TimeRange, Window};
pub use statistics::Statistics;
pub use summary::{ServiceId, Summary};
pub use trace::{Cause, Entity, Exception, Flags, Http, Kind, Namespace, Outcome, Trace};
