//! Queries of metric data, as `GetMetricData` and alarms have them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::math::{self, Known, NotEvaluated, Outcome, Points};
use super::series::{Metric, Metrics, Window};
use super::statistic::Statistic;
use super::{metric_of, wrong};
use crate::local_aws::neighbours::cloudwatch::protocol::Fault;
use crate::local_aws::neighbours::cloudwatch::state::{Members, text};

/// Seconds of a period where no query has one.
const A_MINUTE: i64 = 60;

/// One query.
#[derive(Debug, Clone)]
pub struct Query {
    /// Its name in expressions.
    pub id: String,
    /// What people are shown.
    pub label: Option<String>,
    /// Whether its outcome is asked for.
    pub is_returned: bool,
    /// What it asks.
    pub source: Source,
}

/// What a query asks.
#[derive(Debug, Clone)]
pub enum Source {
    /// A statistic of a metric.
    Stat(MetricStat),
    /// Metric math, with its own period where it has one.
    Expression(String, Option<i64>),
}

/// A statistic of a metric.
#[derive(Debug, Clone)]
pub struct MetricStat {
    /// The metric.
    pub metric: Metric,
    /// Seconds of a period.
    pub period: i64,
    /// The statistic.
    pub statistic: Statistic,
    /// The unit of the values that count, where it is asked for.
    pub unit: Option<String>,
}

/// Reads queries.
///
/// # Errors
/// What is wrong with one.
pub fn read(queries: &[Value]) -> Result<Vec<Query>, Fault> {
    let mut read: Vec<Query> = Vec::new();
    for (index, query) in queries.iter().enumerate() {
        let place = format!("MetricDataQueries.member.{}.", index + 1);
        let query = one(query, &place)?;
        if read.iter().any(|other| other.id == query.id) {
            return Err(Fault::invalid(format!(
                "The values for parameter id in MetricDataQueries are not unique: {}",
                query.id
            )));
        }
        read.push(query);
    }
    Ok(read)
}

fn one(query: &Value, place: &str) -> Result<Query, Fault> {
    let id = query["Id"].as_str().unwrap_or_default();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !id.chars().all(is_word) {
        return Err(Fault::invalid(format!(
            "The value {id} for parameter {place}Id is not matching the expected pattern \
             ^[a-z][a-zA-Z0-9_]*$."
        )));
    }
    let text_of = |name: &str| query[name].as_str().map(str::to_owned);
    let source = match (
        query.get("MetricStat").and_then(Value::as_object),
        text_of("Expression"),
    ) {
        (Some(stat), None) => Source::Stat(metric_stat(stat, place)?),
        (None, Some(expression)) => {
            let period = query.get("Period").and_then(Value::as_i64);
            let period = period.map(|period| checked_period(period, place));
            Source::Expression(expression, period.transpose()?)
        }
        _ => {
            return Err(Fault::invalid(format!(
                "Exactly one of {place}MetricStat and {place}Expression must be specified."
            )));
        }
    };
    Ok(Query {
        id: id.to_owned(),
        label: text_of("Label"),
        is_returned: query["ReturnData"].as_bool().unwrap_or(true),
        source,
    })
}

fn metric_stat(members: &Members, place: &str) -> Result<MetricStat, Fault> {
    let place = format!("{place}MetricStat.");
    let empty = Members::new();
    let metric = members.get("Metric").and_then(Value::as_object);
    let metric = metric.unwrap_or(&empty);
    let namespace = text(metric, "Namespace").unwrap_or_default();
    let period = members.get("Period").and_then(Value::as_i64);
    let stat = text(members, "Stat").unwrap_or_default();
    Ok(MetricStat {
        metric: metric_of(metric, namespace, &format!("{place}Metric."))?,
        period: checked_period(period.unwrap_or_default(), &place)?,
        statistic: Statistic::parse(stat).ok_or_else(|| {
            wrong(format!(
                "The value {stat} for parameter {place}Stat is not supported."
            ))
        })?,
        unit: text(members, "Unit").map(str::to_owned),
    })
}

/// Demands a period that AWS takes, in seconds.
///
/// # Errors
/// Where it is none.
pub fn checked_period(period: i64, place: &str) -> Result<i64, Fault> {
    let is_right = matches!(period, 1 | 5 | 10 | 20 | 30) || (period > 0 && period % 60 == 0);
    if is_right && period <= 366 * 86_400 {
        return Ok(period);
    }
    Err(wrong(format!(
        "The parameter {place}Period must be 1, 5, 10, 20, 30 or a multiple of 60."
    )))
}

impl MetricStat {
    fn points(&self, metrics: &Metrics, window: Window) -> Points {
        let found = metrics.gather(&self.metric, self.unit.as_deref(), window);
        let point = |(time, sample)| Some((time, self.statistic.of(&sample)?));
        found.into_iter().filter_map(point).collect()
    }
}

/// Seconds of the longest period of any query.
pub fn longest_period(queries: &[Query]) -> i64 {
    let periods = queries.iter().filter_map(|query| match &query.source {
        Source::Stat(stat) => Some(stat.period),
        Source::Expression(_, period) => *period,
    });
    periods.max().unwrap_or(A_MINUTE)
}

/// What each query comes to, over the windows that `window` gives for periods.
pub fn evaluate(
    queries: &[Query],
    metrics: &Metrics,
    window: &dyn Fn(i64) -> Window,
) -> BTreeMap<String, Result<Outcome, NotEvaluated>> {
    let mut named = BTreeMap::new();
    let mut ids = Vec::new();
    let mut open = Vec::new();
    let period = longest_period(queries);
    for query in queries {
        match &query.source {
            Source::Stat(stat) => {
                let points = stat.points(metrics, window(stat.period));
                named.insert(query.id.clone(), Outcome::Series(points));
                ids.push(query.id.clone());
            }
            Source::Expression(text, own) => open.push((&query.id, text, own.unwrap_or(period))),
        }
    }
    let mut failed = BTreeMap::new();
    while !open.is_empty() {
        let waiting: Vec<String> = open.iter().map(|(id, _, _)| (*id).clone()).collect();
        let (ready, later): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, text, _)| {
            let needed = math::ids(text).unwrap_or_default();
            !needed.iter().any(|id| waiting.contains(id))
        });
        if ready.is_empty() {
            for (id, _, _) in later {
                let why = NotEvaluated("its expressions name each other".to_owned());
                failed.insert(id.clone(), why);
            }
            break;
        }
        for (id, text, period) in ready {
            let window = window(period);
            let times = (0..window.count).map(|number| window.start + number * period);
            let times: Vec<i64> = times.collect();
            let known = Known {
                named: &named,
                metrics: &ids,
                period,
                times: &times,
            };
            match math::evaluate(text, known) {
                Ok(outcome) => {
                    named.insert(id.clone(), outcome);
                }
                Err(why) => {
                    failed.insert(id.clone(), why);
                }
            }
        }
        open = later;
    }
    let named = named.into_iter().map(|(id, outcome)| (id, Ok(outcome)));
    let failed = failed.into_iter().map(|(id, why)| (id, Err(why)));
    named.chain(failed).collect()
}
