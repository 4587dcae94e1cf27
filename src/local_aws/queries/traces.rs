//! `BatchGetTraces`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::super::xray::fault::Fault;
use super::{Task, selection, unread};
use crate::traces::BatchTrace;

/// Traces that can be asked for at once.
const MOST: usize = 5;

/// `BatchGetTraces` and `GetTraceGraph`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request {
    pub(super) trace_ids: Vec<String>,
    next_token: Option<String>,
}

impl Request {
    /// # Errors
    /// Where there is a token: AWS gives none.
    pub(super) fn without_token(&self) -> Result<(), Fault> {
        refuse(self.next_token.as_deref())
    }
}

/// Refuses a token for an operation that gives none.
pub(super) fn refuse(token: Option<&str>) -> Result<(), Fault> {
    match token {
        Some(_) => Err(Fault::invalid_request(
            "NextToken is currently not supported",
        )),
        None => Ok(()),
    }
}

/// What `BatchGetTraces` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer {
    traces: Vec<BatchTrace>,
    unprocessed_trace_ids: Vec<String>,
    next_token: Option<String>,
}

/// Answers `BatchGetTraces`.
pub(super) fn batch(task: &Task, request: &Request) -> Result<Answer, Fault> {
    request.without_token()?;
    if request.trace_ids.len() > MOST {
        return Err(Fault::invalid_request(format!(
            "Exceeding maximum query size: {MOST}"
        )));
    }
    let distinct: HashSet<&String> = request.trace_ids.iter().collect();
    if distinct.len() < request.trace_ids.len() {
        return Err(Fault::invalid_request("Containing duplicate trace ids"));
    }
    let mut ids = Vec::new();
    for text in &request.trace_ids {
        ids.push(selection::trace_id(text)?);
    }
    let mut answer = Answer {
        traces: Vec::new(),
        unprocessed_trace_ids: Vec::new(),
        next_token: None,
    };
    for (id, text) in ids.into_iter().zip(&request.trace_ids) {
        let read = task.source.trace(id, &mut |documents| {
            if documents.is_empty() {
                answer.unprocessed_trace_ids.push(text.clone());
            } else {
                answer.traces.push(BatchTrace::of(id, documents));
            }
        });
        read.map_err(unread)?;
    }
    Ok(answer)
}
