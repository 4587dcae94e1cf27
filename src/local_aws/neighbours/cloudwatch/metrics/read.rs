//! `GetMetricStatistics`, `GetMetricData` and `ListMetrics`.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>,
//! read on 2026-11-21.

use serde_json::{Map, Value, json};

use super::math::Outcome;
use super::query::{self, Query, Source, checked_period};
use super::series::{Metric, Metrics, Window};
use super::statistic::Statistic;
use super::{metric_of, whole, wrong};
use crate::local_aws::neighbours::cloudwatch::protocol::Fault;
use crate::local_aws::neighbours::cloudwatch::state::{Members, Scope, text, texts};

/// Datapoints of one `GetMetricStatistics`.
const MOST_STATISTICS: i64 = 1440;
/// Queries of one `GetMetricData`.
const MOST_QUERIES: usize = 500;
/// Datapoints of one page of `GetMetricData`, and periods of one query.
const MOST_DATA: usize = 100_800;
/// Metrics of one page.
const PAGE: usize = 500;
/// Seconds after which `ListMetrics` forgets a metric without values.
const LISTED: i64 = 14 * 86_400;

/// The periods between the two times of a request. The first begins at a whole
/// minute, or for shorter periods at a whole second.
fn window(members: &Members, period: i64) -> Option<Window> {
    let time = |name: &str| members.get(name).and_then(Value::as_f64);
    let (start, end) = (time("StartTime")?, time("EndTime")?);
    if start >= end {
        return None;
    }
    let start = whole(start);
    let start = start - start.rem_euclid(period.min(60));
    let end = whole(end.ceil());
    Some(Window {
        start,
        period,
        count: (end - start + period - 1) / period,
    })
}

/// `GetMetricStatistics`: statistics of one metric, by unit.
pub(super) fn statistics(members: &Members, metrics: &Metrics) -> Result<Value, Fault> {
    let namespace = text(members, "Namespace").unwrap_or_default();
    let metric = metric_of(members, namespace, "")?;
    let period = members.get("Period").and_then(Value::as_i64);
    let period = checked_period(period.unwrap_or_default(), "")?;
    let combination = |message: String| Fault::new("InvalidParameterCombination", message);
    let Some(window) = window(members, period) else {
        let message = "The parameter StartTime must be less than the parameter EndTime.";
        return Err(combination(message.to_owned()));
    };
    if window.count > MOST_STATISTICS {
        return Err(combination(format!(
            "You have requested up to {} datapoints, which exceeds the limit of \
             {MOST_STATISTICS}. You may reduce the datapoints requested by increasing Period, or \
             decreasing the time range.",
            window.count
        )));
    }
    let plain = named(members, "Statistics")?;
    let extended = named(members, "ExtendedStatistics")?;
    if plain.is_empty() && extended.is_empty() {
        return Err(Fault::new(
            "MissingParameter",
            "Must specify either Statistics or ExtendedStatistics",
        ));
    }
    let unit = text(members, "Unit");
    let found = metrics.gather_by_unit(&metric, window).into_iter();
    let found = found.filter(|((_, of), _)| unit.is_none_or(|unit| unit == *of));
    let points = found.filter_map(|((time, unit), sample)| {
        let values = |wanted: &[(&str, Statistic)]| -> Map<String, Value> {
            let value = |(name, statistic): &(&str, Statistic)| {
                Some(((*name).to_owned(), json!(statistic.of(&sample)?)))
            };
            wanted.iter().filter_map(value).collect()
        };
        let mut point = values(&plain);
        let extended = values(&extended);
        if !extended.is_empty() {
            point.insert("ExtendedStatistics".to_owned(), Value::Object(extended));
        }
        if point.is_empty() {
            return None;
        }
        point.insert("Timestamp".to_owned(), json!(time));
        point.insert("Unit".to_owned(), json!(unit));
        Some(Value::Object(point))
    });
    Ok(json!({ "Label": metric.name, "Datapoints": points.collect::<Vec<_>>() }))
}

/// The statistics that a member lists.
fn named<'a>(members: &'a Members, member: &str) -> Result<Vec<(&'a str, Statistic)>, Fault> {
    let statistic = |name: &'a str| {
        let found = match member {
            "Statistics" => Statistic::parse(name)
                .filter(|it| !matches!(it, Statistic::Percentile(_) | Statistic::Between(_, _))),
            _ => Statistic::parse_extended(name),
        };
        let refusal = || {
            wrong(format!(
                "The value {name} for parameter {member} is not supported."
            ))
        };
        Ok((name, found.ok_or_else(refusal)?))
    };
    texts(members, member).into_iter().map(statistic).collect()
}

/// One series of an answer.
struct Shown {
    id: String,
    label: String,
    values: Vec<(i64, f64)>,
}

/// `GetMetricData`: statistics of many metrics, and metric math.
pub(super) fn data(members: &Members, metrics: &Metrics) -> Result<Value, Fault> {
    let queries = members.get("MetricDataQueries").and_then(Value::as_array);
    let queries = queries.map_or(&[] as &[Value], Vec::as_slice);
    if queries.is_empty() || queries.len() > MOST_QUERIES {
        return Err(Fault::invalid(format!(
            "The collection MetricDataQueries must have a size between 1 and {MOST_QUERIES}."
        )));
    }
    let queries = query::read(queries)?;
    let periods = queries.iter().filter_map(|query| match &query.source {
        Source::Stat(stat) => Some(stat.period),
        Source::Expression(_, period) => *period,
    });
    for period in periods.chain([query::longest_period(&queries)]) {
        let Some(window) = window(members, period) else {
            let message = "The parameter StartTime must be less than the parameter EndTime.";
            return Err(Fault::invalid(message));
        };
        if usize::try_from(window.count).is_ok_and(|count| count > MOST_DATA) {
            return Err(Fault::invalid(format!(
                "The query would give more than {MOST_DATA} datapoints; ask for longer periods."
            )));
        }
    }
    let over = |period: i64| {
        window(members, period).unwrap_or(Window {
            start: 0,
            period,
            count: 0,
        })
    };
    let outcomes = query::evaluate(&queries, metrics, &over);
    let is_ascending = text(members, "ScanBy") == Some("TimestampAscending");
    let mut shown = Vec::new();
    for query in queries.iter().filter(|query| query.is_returned) {
        match outcomes.get(&query.id) {
            Some(Ok(outcome)) => shown.extend(series_of(query, outcome, is_ascending)?),
            Some(Err(why)) => {
                return Err(Fault::invalid(format!(
                    "Error in expression '{}': {}",
                    query.id, why.0
                )));
            }
            None => {}
        }
    }
    page(members, shown)
}

fn series_of(query: &Query, outcome: &Outcome, is_ascending: bool) -> Result<Vec<Shown>, Fault> {
    let several: Vec<_> = match outcome {
        Outcome::Series(points) => vec![points],
        Outcome::Several(all) => all.iter().collect(),
        Outcome::Number(_) => {
            return Err(Fault::invalid(format!(
                "Error in expression '{}': The expression does not return a time series.",
                query.id
            )));
        }
    };
    let label = query.label.clone().unwrap_or_else(|| match &query.source {
        Source::Stat(stat) => stat.metric.name.clone(),
        Source::Expression(_, _) => query.id.clone(),
    });
    let shown = several.into_iter().map(|points| {
        let mut values: Vec<(i64, f64)> =
            points.iter().map(|(time, value)| (*time, *value)).collect();
        if !is_ascending {
            values.reverse();
        }
        Shown {
            id: query.id.clone(),
            label: label.clone(),
            values,
        }
    });
    Ok(shown.collect())
}

/// One page of datapoints, counted through all series in their order.
fn page(members: &Members, shown: Vec<Shown>) -> Result<Value, Fault> {
    let most = members.get("MaxDatapoints").and_then(Value::as_u64);
    let most = most.and_then(|most| usize::try_from(most).ok());
    let most = most.unwrap_or(MOST_DATA).clamp(1, MOST_DATA);
    let mut skip = start_of(members)?;
    let mut left = most;
    let begin = skip;
    let total: usize = shown.iter().map(|series| series.values.len()).sum();
    if skip > 0 && skip >= total {
        return Err(bad_token());
    }
    let results = shown.into_iter().map(|series| {
        let from = skip.min(series.values.len());
        skip -= from;
        let to = (from + left).min(series.values.len());
        left -= to - from;
        let status = if to < series.values.len() {
            "PartialData"
        } else {
            "Complete"
        };
        let part = &series.values[from..to];
        json!({
            "Id": series.id,
            "Label": series.label,
            "Timestamps": part.iter().map(|(time, _)| *time).collect::<Vec<_>>(),
            "Values": part.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
            "StatusCode": status,
        })
    });
    let results: Vec<Value> = results.collect();
    let mut answer = json!({ "MetricDataResults": results, "Messages": [] });
    if begin + most < total {
        answer["NextToken"] = json!((begin + most).to_string());
    }
    Ok(answer)
}

fn bad_token() -> Fault {
    Fault::new("InvalidNextToken", "The token is not of this query")
}

fn start_of(members: &Members) -> Result<usize, Fault> {
    let token = text(members, "NextToken").filter(|token| !token.is_empty());
    token.map_or(Ok(0), |token| token.parse().map_err(|_| bad_token()))
}

/// `ListMetrics`: those that had values in the last two weeks.
pub(super) fn list(members: &Members, metrics: &Metrics, scope: Scope<'_>) -> Result<Value, Fault> {
    let now = whole(scope.now);
    let since = match text(members, "RecentlyActive") {
        None => now - LISTED,
        Some("PT3H") => now - 3 * 3600,
        Some(other) => {
            let message = format!("The value {other} for parameter RecentlyActive is not PT3H.");
            return Err(wrong(message));
        }
    };
    let is_asked = |metric: &Metric| {
        let is_same = |member: &str, own: &str| text(members, member).is_none_or(|it| it == own);
        is_same("Namespace", &metric.namespace)
            && is_same("MetricName", &metric.name)
            && has_dimensions(members, metric)
    };
    let found: Vec<&Metric> = metrics
        .all()
        .filter(|(metric, last)| *last >= since && is_asked(metric))
        .map(|(metric, _)| metric)
        .collect();
    let begin = start_of(members)?;
    if begin > 0 && begin >= found.len() {
        return Err(bad_token());
    }
    let shown = found.iter().skip(begin).take(PAGE).map(|metric| {
        let dimension = |(name, value): (&String, &String)| json!({ "Name": name, "Value": value });
        json!({
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": metric.dimensions.iter().map(dimension).collect::<Vec<_>>(),
        })
    });
    let mut answer = json!({ "Metrics": shown.collect::<Vec<_>>() });
    if begin + PAGE < found.len() {
        answer["NextToken"] = json!((begin + PAGE).to_string());
    }
    Ok(answer)
}

/// Whether a metric has every dimension that is asked for, with its value where
/// one is given.
fn has_dimensions(members: &Members, metric: &Metric) -> bool {
    let asked = members.get("Dimensions").and_then(Value::as_array);
    let has = |dimension: &Value| {
        let own = metric
            .dimensions
            .get(dimension["Name"].as_str().unwrap_or_default());
        let wanted = dimension["Value"].as_str();
        own.is_some_and(|own| wanted.is_none_or(|wanted| wanted == own))
    };
    asked.into_iter().flatten().all(has)
}
