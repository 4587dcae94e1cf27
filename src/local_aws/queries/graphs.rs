//! `GetTraceGraph` and `GetServiceGraph`.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::super::xray::fault::Fault;
use super::{Task, selection, traces, unread};
use crate::traces::graph::{Graph, Service};
use crate::traces::{Nodes, TimeRange, Trace, Window};

/// `GetServiceGraph`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request {
    start_time: f64,
    end_time: f64,
    group_name: Option<String>,
    #[serde(rename = "GroupARN")]
    group_arn: Option<String>,
    next_token: Option<String>,
}

/// What `GetTraceGraph` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TraceGraph {
    services: Vec<Service>,
    next_token: Option<String>,
}

/// What `GetServiceGraph` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ServiceGraph {
    start_time: f64,
    end_time: f64,
    services: Vec<Service>,
    contains_old_group_versions: bool,
    next_token: Option<String>,
}

/// Answers `GetTraceGraph`.
pub(super) fn of_trace(task: &Task, request: &traces::Request) -> Result<TraceGraph, Fault> {
    request.without_token()?;
    let text = match request.trace_ids.as_slice() {
        [] => return Err(Fault::invalid_request("Zero trace ids provided")),
        [one] => one,
        _ => {
            let message = "Currently only one trace Id is supported";
            return Err(Fault::invalid_request(message));
        }
    };
    let id = selection::trace_id(text)?;
    let mut graph = Graph::new(None);
    let read = task.source.trace(id, &mut |documents| {
        let trace = Trace::of(id, documents.iter().copied());
        graph.add(&trace, &Nodes::of(&trace, &task.context.account));
    });
    read.map_err(unread)?;
    Ok(TraceGraph {
        services: graph.services(),
        next_token: None,
    })
}

/// Answers `GetServiceGraph`.
pub(super) fn of_services(task: &Task, request: &Request) -> Result<ServiceGraph, Fault> {
    traces::refuse(request.next_token.as_deref())?;
    let window = selection::window(request.start_time, request.end_time)?;
    let name = request.group_name.as_deref();
    let group = selection::group(&task.context, name, request.group_arn.as_deref())?;
    let filter = task.context.filter_of(group)?;
    let mut graph = Graph::new(Some(window));
    task.each_going_on(window, filter.as_ref(), &mut |trace, nodes| {
        graph.add(trace, nodes);
    })?;
    Ok(ServiceGraph {
        start_time: window.start,
        end_time: window.end,
        services: graph.services(),
        contains_old_group_versions: group.is_some_and(|group| group.is_refiltered(window)),
        next_token: None,
    })
}

impl Task {
    /// Shows the traces that were going on in a window of time and match.
    pub(super) fn each_going_on(
        &self,
        window: Window,
        filter: Option<&crate::traces::Filter>,
        visit: &mut dyn FnMut(&Trace<'_>, &Nodes<'_>),
    ) -> Result<(), Fault> {
        let read = self
            .source
            .traces(window, TimeRange::GoingOn, &mut |id, documents| {
                if filter.is_some_and(|filter| !filter.may_match(documents)) {
                    return ControlFlow::Continue(());
                }
                let trace = Trace::of(id, documents.iter().copied());
                let nodes = Nodes::of(&trace, &self.context.account);
                if filter.is_none_or(|filter| filter.matches(&trace, &nodes)) {
                    visit(&trace, &nodes);
                }
                ControlFlow::Continue(())
            });
        read.map_err(unread)
    }
}
