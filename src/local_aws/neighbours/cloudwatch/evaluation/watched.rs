//! What a metric alarm watches, read from its settings.

use serde_json::Value;

use super::judge::{Comparison, Datapoint, Missing, Settings};
use super::reason::Watched;
use crate::local_aws::neighbours::cloudwatch::metrics::math::Outcome;
use crate::local_aws::neighbours::cloudwatch::metrics::query::{self, MetricStat, Query, Source};
use crate::local_aws::neighbours::cloudwatch::metrics::series::{Metric, Metrics, Window};
use crate::local_aws::neighbours::cloudwatch::metrics::statistic::Statistic;
use crate::local_aws::neighbours::cloudwatch::metrics::{metric_of, whole};
use crate::local_aws::neighbours::cloudwatch::state::{Members, text};

/// The datapoints of the evaluation range, oldest first, and how to judge them.
type Range = (Vec<Option<Datapoint>>, Settings);

/// What an alarm watches. What is not evaluated here is known by its reason.
pub(super) struct Watch {
    source: Result<Watching, String>,
    settings: Result<Settings, String>,
    statistic: Option<String>,
    unit: Option<String>,
    period: i64,
    periods: i64,
}

enum Watching {
    One(MetricStat),
    Math {
        queries: Vec<Query>,
        watched: String,
    },
}

impl Watch {
    /// Reads the settings of an alarm of `account`.
    pub(super) fn of(alarm: &Members, account: &str) -> Self {
        let source = source(alarm, account);
        let statistic = match &source {
            Ok(Watching::One(stat)) => Some(stat.statistic),
            _ => None,
        };
        let period = match &source {
            Ok(Watching::One(stat)) => stat.period,
            Ok(Watching::Math { queries, watched }) => {
                let stat = queries.iter().find(|query| query.id == *watched);
                match stat.map(|query| &query.source) {
                    Some(Source::Stat(stat)) => stat.period,
                    Some(Source::Expression(_, Some(period))) => *period,
                    _ => query::longest_period(queries),
                }
            }
            Err(_) => 60,
        };
        let name = text(alarm, "Statistic").or_else(|| text(alarm, "ExtendedStatistic"));
        Self {
            settings: settings(alarm, statistic),
            statistic: name.map(str::to_owned),
            unit: text(alarm, "Unit").map(str::to_owned),
            period,
            periods: number(alarm, "EvaluationPeriods").unwrap_or(1),
            source,
        }
    }

    /// Seconds of a period.
    pub(super) fn period(&self) -> i64 {
        self.period
    }

    /// Periods of the evaluation.
    pub(super) fn periods(&self) -> i64 {
        self.periods
    }

    /// How data about a reason names it.
    pub(super) fn watched(&self) -> Watched<'_> {
        Watched {
            statistic: self.statistic.as_deref(),
            unit: self.unit.as_deref(),
            period: self.period,
        }
    }

    /// The metrics that it is made of.
    pub(super) fn metrics(&self) -> impl Iterator<Item = &Metric> {
        let (one, queries) = match &self.source {
            Ok(Watching::One(stat)) => (Some(&stat.metric), [].as_slice()),
            Ok(Watching::Math { queries, .. }) => (None, queries.as_slice()),
            Err(_) => (None, [].as_slice()),
        };
        let of_queries = queries.iter().filter_map(|query| match &query.source {
            Source::Stat(stat) => Some(&stat.metric),
            Source::Expression(_, _) => None,
        });
        one.into_iter().chain(of_queries)
    }

    /// What there is to judge at `now`, in epoch seconds. The newest period is
    /// the last one that has ended.
    ///
    /// # Errors
    /// Why it is not evaluated.
    pub(super) fn range(&self, metrics: &Metrics, now: f64) -> Result<Range, String> {
        let settings = self.settings.clone()?;
        let count = i64::try_from(settings.range()).unwrap_or(i64::MAX);
        let step = if self.period < 60 { 10 } else { 60 };
        let now = whole(now);
        let end = now - now.rem_euclid(step);
        let over = |period: i64| Window {
            start: end.saturating_sub(period.saturating_mul(count)),
            period,
            count,
        };
        let window = over(self.period);
        let at = |find: &dyn Fn(i64) -> Option<(f64, Option<f64>)>| {
            let point = |number: i64| {
                let time = window.start + number * window.period;
                let (value, count) = find(time)?;
                Some(Datapoint { time, value, count })
            };
            (0..count).map(point).collect::<Vec<_>>()
        };
        let range = match self.source.as_ref().map_err(Clone::clone)? {
            Watching::One(stat) => {
                let samples = metrics.gather(&stat.metric, stat.unit.as_deref(), window);
                at(&|time| {
                    let sample = samples.get(&time)?;
                    Some((stat.statistic.of(sample)?, Some(sample.count)))
                })
            }
            Watching::Math { queries, watched } => {
                // Shorter periods within those of the alarm begin with them.
                let within = |period: i64| Window {
                    start: window.start,
                    period,
                    count: (window.end() - window.start) / period.max(1),
                };
                let mut outcomes = query::evaluate(queries, metrics, &within);
                match outcomes.remove(watched) {
                    Some(Ok(Outcome::Series(points))) => {
                        at(&|time| Some((*points.get(&time)?, None)))
                    }
                    Some(Ok(_)) => return Err("its expression is not one time series".to_owned()),
                    Some(Err(why)) => return Err(why.0),
                    None => return Err("it watches nothing".to_owned()),
                }
            }
        };
        Ok((range, settings))
    }
}

fn number(alarm: &Members, name: &str) -> Option<i64> {
    alarm.get(name).and_then(Value::as_i64)
}

fn source(alarm: &Members, account: &str) -> Result<Watching, String> {
    if alarm.contains_key("ThresholdMetricId") {
        return Err("it compares with the band of an anomaly detector".to_owned());
    }
    let queries = alarm.get("Metrics").and_then(Value::as_array);
    let Some(queries) = queries.filter(|queries| !queries.is_empty()) else {
        return one(alarm).map(Watching::One);
    };
    let is_elsewhere = |query: &Value| {
        let of = query["AccountId"].as_str();
        of.is_some_and(|of| of != account)
    };
    if queries.iter().any(is_elsewhere) {
        return Err("it watches a metric of another account".to_owned());
    }
    let queries = query::read(queries).map_err(|fault| fault.to_string())?;
    let watched = queries.iter().find(|query| query.is_returned);
    let watched = watched.map(|query| query.id.clone()).unwrap_or_default();
    Ok(Watching::Math { queries, watched })
}

fn one(alarm: &Members) -> Result<MetricStat, String> {
    let namespace = text(alarm, "Namespace").unwrap_or_default();
    let name = text(alarm, "Statistic").or_else(|| text(alarm, "ExtendedStatistic"));
    let name = name.unwrap_or_default();
    let statistic = Statistic::parse(name);
    Ok(MetricStat {
        metric: metric_of(alarm, namespace, "").map_err(|fault| fault.to_string())?,
        period: number(alarm, "Period").unwrap_or(60).max(1),
        statistic: statistic.ok_or_else(|| format!("the statistic {name} is not known"))?,
        unit: text(alarm, "Unit").map(str::to_owned),
    })
}

fn settings(alarm: &Members, statistic: Option<Statistic>) -> Result<Settings, String> {
    let operator = text(alarm, "ComparisonOperator").unwrap_or_default();
    let comparison = Comparison::parse(operator);
    let count = |name: &str| number(alarm, name).and_then(|count| usize::try_from(count).ok());
    let is_ignored = text(alarm, "EvaluateLowSampleCountPercentile") == Some("ignore");
    Ok(Settings {
        periods: count("EvaluationPeriods").unwrap_or(1).max(1),
        datapoints: count("DatapointsToAlarm"),
        comparison: comparison.ok_or_else(|| format!("{operator} is not evaluated"))?,
        threshold: alarm
            .get("Threshold")
            .and_then(Value::as_f64)
            .ok_or("it has no threshold")?,
        missing: match text(alarm, "TreatMissingData") {
            Some("breaching") => Missing::Breaching,
            Some("notBreaching") => Missing::NotBreaching,
            Some("ignore") => Missing::Ignore,
            _ => Missing::Unknown,
        },
        least_count: statistic
            .filter(|_| is_ignored)
            .and_then(Statistic::least_count),
    })
}
