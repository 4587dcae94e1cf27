//! `StartTraceRetrieval` and what follows it.
//!
//! At AWS a retrieval fetches traces from logs and takes a while; here all are at
//! hand, and it is complete when it has begun. What is remembered of one are the
//! ids that were asked for.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::super::xray::fault::Fault;
use super::{Task, otel, selection, token, unread};
use crate::segment::TraceId;
use crate::traces::graph::{Graph, RetrievedService};
use crate::traces::{Nodes, RetrievedTrace, Trace};

/// Seconds that a retrieval is good for.
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_StartTraceRetrieval.html>.
const GOOD_FOR: f64 = 3600.0;
/// Retrievals that are remembered; the oldest make way.
const MOST: usize = 1000;
/// Traces on a page.
const PAGE: usize = 5;
/// Random bytes of a token.
const TOKEN_BYTES: usize = 24;

/// `StartTraceRetrieval`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartRequest {
    trace_ids: Vec<String>,
    start_time: f64,
    end_time: f64,
}

/// `ListRetrievedTraces`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListRequest {
    retrieval_token: String,
    trace_format: Option<Format>,
    next_token: Option<String>,
}

/// `GetRetrievedTracesGraph` and `CancelTraceRetrieval`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OneRequest {
    retrieval_token: String,
    next_token: Option<String>,
}

/// In which form traces are given.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq)]
enum Format {
    #[default]
    #[serde(rename = "XRAY")]
    Xray,
    #[serde(rename = "OTEL")]
    Otel,
}

/// What `StartTraceRetrieval` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Started {
    retrieval_token: String,
}

/// What `CancelTraceRetrieval` answers.
#[derive(Serialize)]
pub(super) struct Cancelled {}

#[derive(Clone, Copy, Debug, Serialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Complete,
    Cancelled,
}

/// What `ListRetrievedTraces` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    retrieval_status: Status,
    trace_format: Format,
    traces: Vec<RetrievedTrace>,
    next_token: Option<String>,
}

/// What `GetRetrievedTracesGraph` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RetrievedGraph {
    retrieval_status: Status,
    services: Vec<RetrievedService>,
    next_token: Option<String>,
}

/// The retrievals that are good.
#[derive(Debug, Default)]
pub(super) struct Retrievals(VecDeque<Retrieval>);

#[derive(Clone, Debug)]
struct Retrieval {
    token: String,
    /// Epoch seconds.
    started: f64,
    ids: Vec<TraceId>,
    is_cancelled: bool,
}

impl Retrieval {
    fn status(&self) -> Status {
        if self.is_cancelled {
            Status::Cancelled
        } else {
            Status::Complete
        }
    }

    /// Those that there are to give.
    fn given(&self) -> &[TraceId] {
        if self.is_cancelled { &[] } else { &self.ids }
    }
}

impl Retrievals {
    fn add(&mut self, retrieval: Retrieval) {
        self.forget(retrieval.started);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(retrieval);
    }

    fn find(&mut self, token: &str, now: f64) -> Result<&mut Retrieval, Fault> {
        self.forget(now);
        let mut all = self.0.iter_mut();
        let missing = || Fault::not_found("Retrieval token not found", token);
        all.find(|it| it.token == token).ok_or_else(missing)
    }

    fn forget(&mut self, now: f64) {
        self.0.retain(|it| (now - it.started).abs() <= GOOD_FOR);
    }
}

/// Answers `StartTraceRetrieval`.
pub(super) fn start(task: &Task, request: &StartRequest) -> Result<Started, Fault> {
    selection::window(request.start_time, request.end_time)?;
    if request.trace_ids.is_empty() {
        return Err(Fault::invalid_request("Zero trace ids provided"));
    }
    let mut ids = Vec::new();
    for text in &request.trace_ids {
        let id = selection::trace_id(text)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut random = [0; TOKEN_BYTES];
    getrandom::fill(&mut random).map_err(|_| Fault::internal())?;
    let token = token::write(b"retrieval", &random);
    task.retrievals().add(Retrieval {
        token: token.clone(),
        started: task.context.now,
        ids,
        is_cancelled: false,
    });
    Ok(Started {
        retrieval_token: token,
    })
}

/// Answers `CancelTraceRetrieval`.
pub(super) fn cancel(task: &Task, request: &OneRequest) -> Result<Cancelled, Fault> {
    let mut retrievals = task.retrievals();
    let found = retrievals.find(&request.retrieval_token, task.context.now)?;
    found.is_cancelled = true;
    Ok(Cancelled {})
}

/// Answers `ListRetrievedTraces`; a trace that is not known is left out.
pub(super) fn list(task: &Task, request: &ListRequest) -> Result<Listed, Fault> {
    let retrieval = task.retrieval(&request.retrieval_token)?;
    let format = request.trace_format.unwrap_or_default();
    let asked = format!("{} {format:?}", request.retrieval_token);
    let skip = match &request.next_token {
        Some(token) => token::read_count(asked.as_bytes(), token)?,
        None => 0,
    };
    // A trace with many segments is several here.
    let mut traces = Vec::new();
    for id in retrieval.given() {
        let read = task.source.trace(*id, &mut |documents| match format {
            _ if documents.is_empty() => {}
            Format::Xray => traces.extend(RetrievedTrace::of(*id, documents)),
            Format::Otel => traces.extend(otel::spans_of(*id, documents)),
        });
        read.map_err(unread)?;
        if traces.len() > skip + PAGE {
            break;
        }
    }
    let is_more = traces.len() > skip + PAGE;
    Ok(Listed {
        retrieval_status: retrieval.status(),
        trace_format: format,
        traces: traces.into_iter().skip(skip).take(PAGE).collect(),
        next_token: is_more.then(|| token::write_count(asked.as_bytes(), skip + PAGE)),
    })
}

/// Answers `GetRetrievedTracesGraph`.
pub(super) fn graph(task: &Task, request: &OneRequest) -> Result<RetrievedGraph, Fault> {
    super::traces::refuse(request.next_token.as_deref())?;
    let retrieval = task.retrieval(&request.retrieval_token)?;
    let mut graph = Graph::new(None);
    for id in retrieval.given() {
        let read = task.source.trace(*id, &mut |documents| {
            let trace = Trace::of(*id, documents.iter().copied());
            graph.add(&trace, &Nodes::of(&trace, &task.context.account));
        });
        read.map_err(unread)?;
    }
    Ok(RetrievedGraph {
        retrieval_status: retrieval.status(),
        services: graph.retrieved_services(),
        next_token: None,
    })
}

impl Task {
    fn retrieval(&self, token: &str) -> Result<Retrieval, Fault> {
        let mut retrievals = self.retrievals();
        retrievals.find(token, self.context.now).cloned()
    }
}
