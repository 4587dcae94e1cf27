//! `GetInsightSummaries`, `GetInsight` and what tells more of one.
//!
//! Nothing of an insight is kept: it is found anew in the traces of its group
//! each time, by a method that finds the same.

use serde::{Deserialize, Serialize};

use super::super::xray::GroupView;
use super::super::xray::fault::Fault;
use super::{Task, selection, token, traces};
use crate::traces::Window;
use crate::traces::insights::{
    CLOSES_AFTER, Found, Group, ImpactGraph, Insight, InsightEvent, InsightImpactGraphService,
    InsightState, InsightSummary, Insights, started,
};

/// Summaries and events on a page where a request does not say.
const PAGE: usize = 100;
const EVENTS_PAGE: usize = 50;
/// Seconds of a minute.
const MINUTE: f64 = 60.0;
/// Seconds without too many faults after which an insight is over, and one
/// minute more.
#[expect(clippy::cast_precision_loss, reason = "some minutes")]
const QUIET: f64 = (CLOSES_AFTER + 1) as f64 * MINUTE;
/// Seconds after its beginning in which an insight is looked for: a day.
const LOOKED_FOR: f64 = 24.0 * 3600.0;

/// `GetInsightSummaries`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SummariesRequest {
    states: Option<Vec<String>>,
    #[serde(rename = "GroupARN")]
    group_arn: Option<String>,
    group_name: Option<String>,
    start_time: f64,
    end_time: f64,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// `GetInsight`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OneRequest {
    insight_id: String,
}

/// `GetInsightEvents`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EventsRequest {
    insight_id: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// `GetInsightImpactGraph`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImpactRequest {
    insight_id: String,
    start_time: f64,
    end_time: f64,
    next_token: Option<String>,
}

/// What `GetInsightSummaries` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Summaries {
    insight_summaries: Vec<InsightSummary>,
    next_token: Option<String>,
}

/// What `GetInsight` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct One {
    insight: Insight,
}

/// What `GetInsightEvents` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Events {
    insight_events: Vec<InsightEvent>,
    next_token: Option<String>,
}

/// What `GetInsightImpactGraph` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Impact {
    insight_id: String,
    start_time: f64,
    end_time: f64,
    service_graph_start_time: f64,
    service_graph_end_time: f64,
    services: Vec<InsightImpactGraphService>,
    next_token: Option<String>,
}

/// Answers `GetInsightSummaries`: none for a group without insights.
pub(super) fn summaries(task: &Task, request: &SummariesRequest) -> Result<Summaries, Fault> {
    let window = selection::window(request.start_time, request.end_time)?;
    let (name, arn) = (request.group_name.as_deref(), request.group_arn.as_deref());
    let missing = || Fault::invalid_request("Request must contain either group name or group ARN");
    let group = selection::group(&task.context, name, arn)?.ok_or_else(missing)?;
    let states = request.states.iter().flatten().next();
    let is_meant = |found: &Found| match states.map(String::as_str) {
        Some("ACTIVE") => found.summary.insight.state == InsightState::Active,
        Some(_) => found.summary.insight.state == InsightState::Closed,
        None => true,
    };
    let found = task.insights(group, window)?.into_iter().filter(is_meant);
    let asked = format!("{} {} {} {states:?}", group.arn, window.start, window.end);
    let (page, next_token) = page(
        found.map(|found| found.summary).collect(),
        request.max_results.unwrap_or(PAGE),
        &asked,
        request.next_token.as_deref(),
    )?;
    Ok(Summaries {
        insight_summaries: page,
        next_token,
    })
}

/// Answers `GetInsight`.
pub(super) fn get(task: &Task, request: &OneRequest) -> Result<One, Fault> {
    let (_, found) = task.insight(&request.insight_id)?;
    Ok(One {
        insight: found.summary.insight,
    })
}

/// Answers `GetInsightEvents`: the last first.
pub(super) fn events(task: &Task, request: &EventsRequest) -> Result<Events, Fault> {
    let (_, found) = task.insight(&request.insight_id)?;
    let (page, next_token) = page(
        found.events.into_iter().rev().collect(),
        request.max_results.unwrap_or(EVENTS_PAGE),
        &request.insight_id,
        request.next_token.as_deref(),
    )?;
    Ok(Events {
        insight_events: page,
        next_token,
    })
}

/// Answers `GetInsightImpactGraph`.
pub(super) fn impact_graph(task: &Task, request: &ImpactRequest) -> Result<Impact, Fault> {
    traces::refuse(request.next_token.as_deref())?;
    let window = selection::window(request.start_time, request.end_time)?;
    let (group, found) = task.insight(&request.insight_id)?;
    let filter = task.context.filter_of(Some(group))?;
    let cause = found.summary.insight.root_cause_service_id;
    let mut graph = ImpactGraph::new(window, cause);
    task.each_going_on(window, filter.as_ref(), &mut |trace, nodes| {
        graph.add(trace, nodes);
    })?;
    Ok(Impact {
        insight_id: request.insight_id.clone(),
        start_time: window.start,
        end_time: window.end,
        service_graph_start_time: window.start,
        service_graph_end_time: window.end,
        services: graph.services(),
        next_token: None,
    })
}

impl Task {
    /// The insights of a group that any moment of a window belongs to.
    fn insights(&self, group: &GroupView, window: Window) -> Result<Vec<Found>, Fault> {
        if !group.has_insights {
            return Ok(Vec::new());
        }
        let filter = self.context.filter_of(Some(group))?;
        let mut insights = Insights::new(window);
        self.each_going_on(insights.reads(), filter.as_ref(), &mut |trace, nodes| {
            insights.add(trace, nodes);
        })?;
        let of = Group {
            name: &group.name,
            arn: &group.arn,
        };
        Ok(insights.found(of, self.context.now))
    }

    /// The insight with an id, and its group.
    fn insight(&self, id: &str) -> Result<(&GroupView, Found), Fault> {
        if let Some(start) = started(id) {
            for group in &self.context.groups {
                if let Some(found) = self.insight_of(group, id, start)? {
                    return Ok((group, found));
                }
            }
        }
        Err(Fault::invalid_request("Insight not found"))
    }

    /// The insight of a group with an id, which tells when it began. What came
    /// after its end is read as far as it takes to know that it is over.
    fn insight_of(&self, group: &GroupView, id: &str, start: f64) -> Result<Option<Found>, Fault> {
        let now = self.context.now.max(start + MINUTE);
        let mut looked_for = LOOKED_FOR;
        loop {
            let end = now.min(start + looked_for);
            let found = self.insights(group, Window { start, end })?;
            let is_it = |found: &Found| found.summary.insight.insight_id.eq_ignore_ascii_case(id);
            let found = found.into_iter().find(is_it);
            let last = found.as_ref().map(|it| it.summary.insight.end_time);
            let is_over = match last {
                None => true,
                Some(last) => last.is_some_and(|last| last + QUIET < end),
            };
            if is_over || end >= now {
                return Ok(found);
            }
            looked_for *= 4.0;
        }
    }
}

/// A page of a list, and the token of the next.
fn page<T>(
    all: Vec<T>,
    most: usize,
    asked: &str,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), Fault> {
    let skip = match token {
        Some(token) => token::read_count(asked.as_bytes(), token)?,
        None => 0,
    };
    let is_more = all.len() > skip.saturating_add(most);
    let next = is_more.then(|| token::write_count(asked.as_bytes(), skip + most));
    Ok((all.into_iter().skip(skip).take(most).collect(), next))
}
