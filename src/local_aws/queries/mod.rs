//! The operations of X-Ray's API that read traces.
//!
//! Each reads from a [`Source`], which blocks, on a thread of its own; a few at a
//! time, so that many questions do not take all memory. What an answer says is
//! made in [`crate::traces`]; here are AWS's limits, its messages and its pages.
//! Where AWS gives no text of an error, ours follows the form of those it gives.
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_Operations.html>.

mod graphs;
mod insights;
mod otel;
mod retrieval;
mod selection;
mod series;
mod summaries;
mod token;
mod traces;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::trace_sink::Recent;
use super::xray::fault::Fault;
use super::xray::operation::Query;
use super::xray::{GroupView, model, shape, typed};
use crate::traces::{Filter, Nodes, Source, TimeRange, Trace, Window};
use retrieval::Retrievals;

/// Questions that are answered at a time.
const AT_ONCE: usize = 4;

/// What a question depends on beside the traces.
#[derive(Clone, Debug)]
pub struct Context {
    /// One's own account, twelve digits.
    pub account: String,
    /// The time, in epoch seconds.
    pub now: f64,
    /// All groups.
    pub groups: Vec<GroupView>,
}

/// Answers questions about traces.
pub struct Queries {
    source: OnceLock<Arc<dyn Source>>,
    /// Read where there is no source.
    recent: Arc<Recent>,
    at_once: Arc<Semaphore>,
    retrievals: Arc<Mutex<Retrievals>>,
}

/// One question, on its way to a thread that may block.
struct Task {
    source: Arc<dyn Source>,
    context: Context,
    retrievals: Arc<Mutex<Retrievals>>,
}

impl Queries {
    /// Reads from `recent` until there is a source.
    pub fn new(recent: Arc<Recent>) -> Self {
        Self {
            source: OnceLock::new(),
            recent,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            retrievals: Arc::default(),
        }
    }

    /// Reads from `source` from now on; false where there was one before, which
    /// stays.
    pub fn attach(&self, source: Arc<dyn Source>) -> bool {
        self.source.set(source).is_ok()
    }

    /// Where traces are read from now.
    pub fn source(&self) -> Arc<dyn Source> {
        let recent = || -> Arc<dyn Source> { Arc::<Recent>::clone(&self.recent) };
        self.source.get().cloned().unwrap_or_else(recent)
    }

    /// Counts the traces that began in a window of time, for each of these filter
    /// expressions those that match it, and all of them where it is `None`; or
    /// says why they cannot be counted. Reads the traces once. Blocks.
    pub fn count(
        &self,
        window: Window,
        filters: &[Option<String>],
        context: &Context,
    ) -> Vec<Result<u64, String>> {
        let ready = |text: &Option<String>| {
            let filter = selection::filter(context, text.as_deref());
            let filter = filter.map_err(|fault| fault.body.to_string())?;
            Ok((filter, 0))
        };
        let mut counts: Vec<Result<(Option<Filter>, u64), String>> =
            filters.iter().map(ready).collect();
        let source = self.source();
        let read = source.traces(window, TimeRange::Start, &mut |id, documents| {
            let trace = Trace::of(id, documents.iter().copied());
            if trace.start().is_some_and(|start| window.contains(start)) {
                let nodes = Nodes::of(&trace, &context.account);
                let is_meant = |filter: &Filter| filter.matches(&trace, &nodes);
                for (filter, count) in counts.iter_mut().flatten() {
                    *count += u64::from(filter.as_ref().is_none_or(is_meant));
                }
            }
            ControlFlow::Continue(())
        });
        let counts = counts.into_iter();
        counts
            .map(|counted| {
                let (_, count) = counted?;
                read.clone().map(|()| count)
            })
            .collect()
    }

    /// Answers a question.
    ///
    /// # Errors
    /// The error that AWS would answer.
    pub async fn answer(
        &self,
        query: Query,
        body: Bytes,
        context: Context,
    ) -> Result<Bytes, Fault> {
        // The semaphore is never closed.
        let turn = Arc::clone(&self.at_once).acquire_owned().await;
        let task = Task {
            source: self.source(),
            context,
            retrievals: Arc::clone(&self.retrievals),
        };
        let answer = tokio::task::spawn_blocking(move || {
            // Held to the end, even where nobody waits for the answer any more.
            let _turn = turn;
            task.answer(query, &body)
        });
        answer.await.unwrap_or_else(|_| Err(Fault::internal()))
    }
}

impl Task {
    fn answer(&self, query: Query, body: &[u8]) -> Result<Bytes, Fault> {
        match query {
            Query::GetTraceSummaries => written(&summaries::get(
                self,
                &read(body, model::GET_TRACE_SUMMARIES)?,
            )?),
            Query::BatchGetTraces => written(&traces::batch(self, &read(body, model::TRACES)?)?),
            Query::GetTraceGraph => written(&graphs::of_trace(self, &read(body, model::TRACES)?)?),
            Query::GetServiceGraph => {
                let request = read(body, model::GET_SERVICE_GRAPH)?;
                written(&graphs::of_services(self, &request)?)
            }
            Query::GetTimeSeriesServiceStatistics => {
                written(&series::get(self, &read(body, model::GET_TIME_SERIES)?)?)
            }
            Query::StartTraceRetrieval => {
                let request = read(body, model::START_TRACE_RETRIEVAL)?;
                written(&retrieval::start(self, &request)?)
            }
            Query::ListRetrievedTraces => {
                let request = read(body, model::LIST_RETRIEVED_TRACES)?;
                written(&retrieval::list(self, &request)?)
            }
            Query::GetRetrievedTracesGraph => {
                let request = read(body, model::GET_RETRIEVED_TRACES_GRAPH)?;
                written(&retrieval::graph(self, &request)?)
            }
            Query::CancelTraceRetrieval => {
                let request = read(body, model::CANCEL_TRACE_RETRIEVAL)?;
                written(&retrieval::cancel(self, &request)?)
            }
            Query::GetInsight => written(&insights::get(self, &read(body, model::GET_INSIGHT)?)?),
            Query::GetInsightSummaries => {
                let request = read(body, model::GET_INSIGHT_SUMMARIES)?;
                written(&insights::summaries(self, &request)?)
            }
            Query::GetInsightEvents => {
                let request = read(body, model::GET_INSIGHT_EVENTS)?;
                written(&insights::events(self, &request)?)
            }
            Query::GetInsightImpactGraph => {
                let request = read(body, model::GET_INSIGHT_IMPACT_GRAPH)?;
                written(&insights::impact_graph(self, &request)?)
            }
        }
    }

    fn retrievals(&self) -> std::sync::MutexGuard<'_, Retrievals> {
        self.retrievals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a request whose members are of the model.
fn read<T: DeserializeOwned>(body: &[u8], members: &'static [shape::Member]) -> Result<T, Fault> {
    typed(&shape::read(body, members)?)
}

fn written<T: Serialize>(answer: &T) -> Result<Bytes, Fault> {
    let text = serde_json::to_vec(answer).map_err(|_| Fault::internal())?;
    Ok(Bytes::from(text))
}

/// A source that failed.
fn unread(mut reason: String) -> Fault {
    tracing::error!(reason, "traces cannot be read");
    reason.insert_str(0, "traces cannot be read: ");
    Fault::not_kept(reason)
}
