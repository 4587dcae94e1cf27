//! Services and edges as X-Ray's API gives them.

use serde::Serialize;

use crate::traces::histogram::Histogram;
use crate::traces::statistics::Statistics;

/// A service of a graph.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_Service.html>
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Service {
    /// Its place in the list of services, by which edges name it.
    pub reference_id: usize,
    /// Its name.
    pub name: String,
    /// Its name.
    pub names: Vec<String>,
    /// True where traces begin in it, in the window; absent elsewhere, as AWS
    /// has it.
    pub root: Option<bool>,
    /// The account that it is in, where that is another than one's own.
    pub account_id: Option<String>,
    /// What it is; absent where nothing says what it runs on.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    /// Whether it sends segments.
    pub state: State,
    /// The second in which its first segment began, in epoch seconds; absent in
    /// graphs without a window.
    pub start_time: Option<f64>,
    /// The end of the second in which its last segment began, in epoch seconds;
    /// absent in graphs without a window.
    pub end_time: Option<f64>,
    /// Its calls to others.
    pub edges: Vec<Edge>,
    /// How its requests went; absent for a client.
    pub summary_statistics: Option<Statistics>,
    /// Seconds until all that its requests started was over; absent for a client.
    pub duration_histogram: Option<Histogram>,
    /// Seconds that its requests took; absent for a client.
    pub response_time_histogram: Option<Histogram>,
}

/// Whether a service sends segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It does.
    Active,
    /// It is inferred from calls, and is not AWS's.
    Passive,
    /// It is the client, or AWS's and inferred from calls.
    Unknown,
}

/// The calls from one service to another.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_Edge.html>
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Edge {
    /// The service that is called.
    pub reference_id: usize,
    /// The second in which the first call began, in epoch seconds; absent in
    /// graphs without a window.
    pub start_time: Option<f64>,
    /// The end of the second in which the last call began, in epoch seconds;
    /// absent in graphs without a window.
    pub end_time: Option<f64>,
    /// How the calls went.
    pub summary_statistics: Statistics,
    /// Seconds that the calls took.
    pub response_time_histogram: Histogram,
    /// Other names of the edge: none.
    pub aliases: [(); 0],
    /// `link` for calls that nobody waits for, which are not told from others:
    /// absent.
    pub edge_type: Option<()>,
    /// Ages of what was received along a link: absent.
    pub received_event_age_histogram: Option<Histogram>,
}

/// A service of the graph of traces that were retrieved.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_RetrievedService.html>
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetrievedService {
    /// The service.
    pub service: Service,
    /// Links of its segments with other traces, at most [`MOST_LINKS`].
    pub links: Vec<Link>,
}

/// Links from one trace to others.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_GraphLink.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Link {
    /// What the other traces are to this one; documents do not say it, and
    /// what X-Ray links is a consumer with those who produced what it consumes.
    pub reference_type: &'static str,
    /// The trace that has the links.
    pub source_trace_id: String,
    /// The traces that it is linked with, ascending.
    pub destination_trace_ids: Vec<String>,
}

/// Links that a service is given with: the most that the API's model takes.
pub const MOST_LINKS: usize = 100;

/// The relation of a linked trace.
pub(super) const PARENT: &str = "parent";
