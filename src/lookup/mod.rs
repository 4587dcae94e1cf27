//! What people look up in X-Ray: traces over a window, one trace with its
//! documents, service graphs, statistics. Each is a paged call or several, and
//! an answer as data, which views draw and `--json` prints.
//!
//! Nothing here prints, reads a clock, or knows whether AWS or a
//! `local-collector` answers. Called by `xrayctl traces`, `trace`, `map`,
//! `stats` and `sampling simulate`.

mod assemble;
mod calls;
mod entity;
mod follow;
mod graph;
mod histogram;
mod moment;
mod question;
mod series;
mod statistics;
mod summary;
#[cfg(test)]
mod tests;
mod waterfall;
mod window;

pub use calls::{Ask, each_summary, graph, series, summaries, trace};
pub use entity::{Entity, Exception, Request};
pub use follow::Follow;
pub use graph::{Answer, Edge, Graph, Node};
pub use histogram::Histogram;
pub use moment::Moment;
pub use question::question;
pub use series::{Point, Selector};
pub use statistics::{EdgeRow, Report, ServiceRow, Statistics, Tally};
pub use summary::{Http, Service, Status, Summaries, Summary};
pub use waterfall::{Document, Place, Step, Trace, Waterfall};
pub use window::{LONGEST_DAYS, Window, duration};

/// The version of the JSON documents that are made of these answers.
pub const FORMAT_VERSION: &str = "1.0";
