//! `GetTimeSeriesServiceStatistics`.

use serde::{Deserialize, Serialize};

use super::super::xray::fault::Fault;
use super::{Task, selection, traces};
use crate::filter;
use crate::traces::{Period, PeriodStatistics, Selection, Series};

/// `GetTimeSeriesServiceStatistics`
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request {
    start_time: f64,
    end_time: f64,
    group_name: Option<String>,
    #[serde(rename = "GroupARN")]
    group_arn: Option<String>,
    entity_selector_expression: Option<String>,
    period: Option<i64>,
    #[serde(default)]
    forecast_statistics: bool,
    next_token: Option<String>,
}

/// What `GetTimeSeriesServiceStatistics` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer {
    time_series_service_statistics: Vec<PeriodStatistics>,
    contains_old_group_versions: bool,
    next_token: Option<String>,
}

/// Answers `GetTimeSeriesServiceStatistics`.
pub(super) fn get(task: &Task, request: &Request) -> Result<Answer, Fault> {
    traces::refuse(request.next_token.as_deref())?;
    let window = selection::window(request.start_time, request.end_time)?;
    let context = &task.context;
    let name = request.group_name.as_deref();
    let group = selection::group(context, name, request.group_arn.as_deref())?;
    let filter = context.filter_of(group)?;
    let selector = request.entity_selector_expression.as_deref();
    let selector = selector.map(filter::parse_entity_selector).transpose();
    let invalid =
        |error| Fault::invalid_request(format!("Invalid entity selector expression: {error}"));
    let wrong_period = || Fault::invalid_request("Period must be 60 or 300 seconds");
    let period = request.period.map_or(Some(Period::default()), Period::of);
    let mut series = Series::new(Selection {
        selector: selector.map_err(invalid)?,
        account: context.account.clone(),
        window,
        period: period.ok_or_else(wrong_period)?,
        has_forecast: request.forecast_statistics,
    });
    task.each_going_on(series.reads(), filter.as_ref(), &mut |trace, nodes| {
        series.add(trace, nodes);
    })?;
    Ok(Answer {
        time_series_service_statistics: series.periods(),
        contains_old_group_versions: group.is_some_and(|group| group.is_refiltered(window)),
        next_token: None,
    })
}
