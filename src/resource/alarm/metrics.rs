//! The metrics of an alarm: statistics, units, and metric math.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::spec::AlarmSpec;
use crate::aws::cloudwatch::types;

/// Statistics that are no percentiles.
pub(super) const STATISTICS: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// All others, as
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>
/// spells them.
pub(super) const EXTENDED: &str = r"^((p|tm|tc|ts|wm)(100|[0-9]{1,2}(\.[0-9]{1,10})?)|IQM|(PR|TM|TC|TS|WM)\(([0-9]+(\.[0-9]{1,10})?%?)?:([0-9]+(\.[0-9]{1,10})?%?)?\))$";

/// AWS's units.
pub(super) const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// One line of metric math: a metric, or an expression of others.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "metric_data_query")]
#[serde(deny_unknown_fields)]
pub(super) struct MetricDataQuery {
    /// What expressions call it: a lower-case letter, then letters, digits and
    /// `_`.
    #[schemars(length(max = 255), regex(pattern = "^[a-z][A-Za-z0-9_]*$"), extend("x-hint" = "an id is a lower-case letter, then letters, digits and `_`"))]
    pub(super) id: String,
    /// An expression of other ids: `100 * errors / total`. Either this or
    /// `metric_stat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub(super) expression: Option<String>,
    /// A metric, and how its values are made one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) metric_stat: Option<MetricStat>,
    /// What charts call it. Default: AWS's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    /// Whether the alarm watches it; true for exactly one. Default: true.
    #[serde(default = "yes")]
    pub(super) return_data: bool,
    /// Seconds of one value of an expression that names no metric with a
    /// period: 10, 20, 30 or a multiple of 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) period: Option<i32>,
    /// The account that the metric is in. Default: this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub(super) account_id: Option<String>,
}

/// A metric, and how its values are made one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "metric_stat")]
#[serde(deny_unknown_fields)]
pub(super) struct MetricStat {
    /// Which metric.
    pub(super) metric: Metric,
    /// Seconds over which one value is made: 10, 20, 30 or a multiple of 60.
    pub(super) period: i32,
    /// A statistic or percentile: `Sum`, `p95`.
    pub(super) stat: String,
    /// Takes only values that were sent with this unit. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = UNITS))]
    pub(super) unit: Option<String>,
}

/// Which metric.
#[expect(clippy::struct_field_names, reason = "AWS calls them so")]
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "metric")]
#[serde(deny_unknown_fields)]
pub(super) struct Metric {
    /// Its namespace: `AWS/X-Ray`.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[^:]"))]
    pub(super) namespace: String,
    /// Its name: `ApproximateTraceCount`.
    #[schemars(length(min = 1, max = 255))]
    pub(super) metric_name: String,
    /// Which of the metrics of that name. Default: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 30))]
    pub(super) dimensions: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

impl MetricDataQuery {
    /// The number of traces of an X-Ray group.
    pub(super) fn traces(id: &str, group: &str, period: i32) -> Self {
        Self {
            id: id.to_owned(),
            expression: None,
            metric_stat: Some(MetricStat {
                metric: Metric {
                    namespace: "AWS/X-Ray".to_owned(),
                    metric_name: "ApproximateTraceCount".to_owned(),
                    dimensions: [("GroupName".to_owned(), group.to_owned())].into(),
                },
                period,
                stat: "Sum".to_owned(),
                unit: None,
            }),
            label: None,
            return_data: false,
            period: None,
            account_id: None,
        }
    }

    /// What the alarm watches.
    pub(super) fn watched(id: &str, expression: &str, label: Option<String>) -> Self {
        Self {
            id: id.to_owned(),
            expression: Some(expression.to_owned()),
            metric_stat: None,
            label,
            return_data: true,
            period: None,
            account_id: None,
        }
    }

    pub(super) fn to_aws(&self) -> types::MetricDataQuery {
        types::MetricDataQuery::builder()
            .id(&self.id)
            .set_expression(self.expression.clone())
            .set_metric_stat(self.metric_stat.as_ref().map(MetricStat::to_aws))
            .set_label(self.label.clone())
            .return_data(self.return_data)
            .set_period(self.period)
            .set_account_id(self.account_id.clone())
            .build()
    }

    pub(super) fn from_aws(query: types::MetricDataQuery) -> Self {
        Self {
            id: query.id.unwrap_or_default(),
            expression: query.expression,
            metric_stat: query.metric_stat.map(MetricStat::from_aws),
            label: query.label,
            return_data: query.return_data.unwrap_or(true),
            period: query.period,
            account_id: query.account_id,
        }
    }
}

impl MetricStat {
    fn to_aws(&self) -> types::MetricStat {
        let metric = types::Metric::builder()
            .namespace(&self.metric.namespace)
            .metric_name(&self.metric.metric_name)
            .set_dimensions(Some(dimensions_to_aws(&self.metric.dimensions)))
            .build();
        types::MetricStat::builder()
            .metric(metric)
            .period(self.period)
            .stat(&self.stat)
            .set_unit(self.unit.as_deref().map(types::StandardUnit::from))
            .build()
    }

    fn from_aws(stat: types::MetricStat) -> Self {
        let metric = stat.metric;
        let (namespace, metric_name, dimensions) = metric.map_or_else(Default::default, |metric| {
            (
                metric.namespace.unwrap_or_default(),
                metric.metric_name.unwrap_or_default(),
                dimensions_from_aws(metric.dimensions),
            )
        });
        Self {
            metric: Metric {
                namespace,
                metric_name,
                dimensions,
            },
            period: stat.period.unwrap_or_default(),
            stat: stat.stat.unwrap_or_default(),
            unit: stat.unit.map(|unit| unit.as_str().to_owned()),
        }
    }
}

pub(super) fn dimensions_to_aws(dimensions: &BTreeMap<String, String>) -> Vec<types::Dimension> {
    let dimension = |(name, value): (&String, &String)| {
        types::Dimension::builder().name(name).value(value).build()
    };
    dimensions.iter().map(dimension).collect()
}

pub(super) fn dimensions_from_aws(
    dimensions: Option<Vec<types::Dimension>>,
) -> BTreeMap<String, String> {
    let pair = |dimension: types::Dimension| {
        (
            dimension.name.unwrap_or_default(),
            dimension.value.unwrap_or_default(),
        )
    };
    dimensions
        .unwrap_or_default()
        .into_iter()
        .map(pair)
        .collect()
}

/// Writes one as Terraform's AWS provider does, which has no table of its own
/// for which metric it is.
pub(super) fn terraform(query: &MetricDataQuery) -> Value {
    let metric: Vec<Value> = query
        .metric_stat
        .iter()
        .map(|stat| {
            json!({
                "namespace": stat.metric.namespace,
                "metric_name": stat.metric.metric_name,
                "dimensions": stat.metric.dimensions,
                "period": stat.period,
                "stat": stat.stat,
                "unit": stat.unit,
            })
        })
        .collect();
    json!({
        "id": query.id,
        "account_id": query.account_id,
        "expression": query.expression,
        "label": query.label,
        "return_data": query.return_data,
        "period": query.period,
        "metric": metric,
    })
}

/// Metric math over two groups.
pub(super) fn example() -> AlarmSpec {
    let watched = MetricDataQuery::watched(
        "share",
        "100 * errors / total",
        Some("errors, %".to_owned()),
    );
    AlarmSpec {
        metrics: vec![
            MetricDataQuery::traces("errors", "errors", 60),
            MetricDataQuery::traces("total", "Default", 60),
            watched,
        ],
        evaluation_periods: Some(3),
        threshold: Some(5.0),
        comparison_operator: Some("GreaterThanThreshold".to_owned()),
        ..AlarmSpec::default()
    }
}
