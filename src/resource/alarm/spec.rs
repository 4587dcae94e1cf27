//! What a spec says of a metric alarm.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::metrics::{self, MetricDataQuery};
use super::preset::Preset;

/// Fields that [`super::preset::expanded`] does away with.
pub(super) const PRESET_FIELDS: &[&str] = &[
    "preset",
    "group",
    "group_name",
    "total_group",
    "total_group_name",
];

/// A metric alarm: watches one metric, a metric math expression, or, with a
/// `preset`, the traces of an X-Ray group.
///
/// The only metric that X-Ray publishes for traces is `ApproximateTraceCount`
/// of each group, in `AWS/X-Ray`; the presets are made of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "alarm")]
#[serde(deny_unknown_fields)]
pub(in crate::resource) struct AlarmSpec {
    /// The alarm's name at AWS, 1 to 255 characters. Default: its name in the
    /// spec. AWS cannot rename an alarm: a change replaces it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[^\x00-\x1f\x7f]+$"), extend("x-hint" = "leave control characters out"))]
    pub(super) alarm_name: Option<String>,
    /// What it means when the alarm goes off, at most 1024 characters.
    /// Default: nothing.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub(super) alarm_description: String,
    /// Makes the metric out of the traces of `group`. `error-rate`,
    /// `fault-rate`, `throttle-rate` and `slow-requests` watch their share of
    /// all traces, in percent; `trace-volume` watches their number. Which
    /// traces have errors or are slow is for the group's filter to say.
    /// Default: no preset.
    #[serde(default)]
    pub(super) preset: Option<Preset>,
    /// With a preset: the group whose traces count, by its name in `[groups]`;
    /// `Default` is the one that AWS ships, which holds all traces. Default:
    /// `Default` for `trace-volume`; the others need it.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) group: Option<String>,
    /// The same by its name at AWS, for a group that is not in the spec.
    #[serde(default)]
    #[schemars(length(min = 1, max = 32))]
    pub(super) group_name: Option<String>,
    /// With a preset that is a share: the group that it is a share of, by its
    /// name in `[groups]`. Default: `Default`, all traces.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) total_group: Option<String>,
    /// The same by its name at AWS, for a group that is not in the spec.
    #[serde(default)]
    #[schemars(length(min = 1, max = 32))]
    pub(super) total_group_name: Option<String>,
    /// The namespace of the metric: `AWS/X-Ray`. Goes with `metric_name`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[^:]"), extend("x-hint" = "a namespace does not begin with `:`"))]
    pub(super) namespace: Option<String>,
    /// The one metric that is watched: `ApproximateTraceCount`. An alarm has
    /// either this, `metrics` or a `preset`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub(super) metric_name: Option<String>,
    /// Which of the metrics of that name, at most 30 names with their values:
    /// `{ GroupName = "errors" }`. Default: none.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 30))]
    pub(super) dimensions: BTreeMap<String, String>,
    /// How the values of one period are made one. Either this or
    /// `extended_statistic`.
    #[serde(default)]
    #[schemars(extend("enum" = metrics::STATISTICS))]
    pub(super) statistic: Option<String>,
    /// A percentile or trimmed statistic in its place: `p95`, `tm90`, `IQM`,
    /// `PR(0:1.5)`.
    #[serde(default)]
    #[schemars(regex(pattern = metrics::EXTENDED), extend("x-hint" = "write a percentile as `p95`, a trimmed mean as `tm90` or `TM(10%:90%)`, a rank as `PR(:300)`"))]
    pub(super) extended_statistic: Option<String>,
    /// Seconds over which one value is made: 10, 20, 30 or a multiple of 60.
    /// Default with a preset: 300.
    #[serde(default)]
    pub(super) period: Option<i32>,
    /// Takes only values that were sent with this unit. Default: any, which is
    /// what X-Ray's metrics need.
    #[serde(default)]
    #[schemars(extend("enum" = metrics::UNITS))]
    pub(super) unit: Option<String>,
    /// How many periods, counted back from now, are looked at. Default with a
    /// preset: 2.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(super) evaluation_periods: Option<i32>,
    /// How many of those must breach. Default: all of them.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(super) datapoints_to_alarm: Option<i32>,
    /// What the value is compared with; in percent with a preset that is a
    /// share. Default with a preset: 5 for `error-rate`, 1 for `fault-rate`
    /// and `throttle-rate`, 10 for `slow-requests`, 1 for `trace-volume`.
    #[serde(default)]
    pub(super) threshold: Option<f64>,
    /// When the value breaches. Those that name a band are for anomaly
    /// detection, with `threshold_metric_id`. Default with a preset:
    /// `GreaterThanThreshold`; `LessThanThreshold` for `trace-volume`, which
    /// goes off where traces stop.
    #[serde(default)]
    #[schemars(extend("enum" = super::rules::OPERATORS))]
    pub(super) comparison_operator: Option<String>,
    /// What a period without data counts as. Default: `missing`;
    /// `notBreaching` with a preset.
    #[serde(default)]
    #[schemars(extend("enum" = ["breaching", "notBreaching", "ignore", "missing"]))]
    pub(super) treat_missing_data: Option<String>,
    /// For percentiles: whether periods with too few values to tell are
    /// evaluated. Default: `evaluate`.
    #[serde(default)]
    #[schemars(extend("enum" = ["evaluate", "ignore"]))]
    pub(super) evaluate_low_sample_count_percentile: Option<String>,
    /// Metric math: metrics, and expressions of them by their ids. The alarm
    /// watches the one whose `return_data` is true.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub(super) metrics: Vec<MetricDataQuery>,
    /// For anomaly detection: the id in `metrics` of the
    /// `ANOMALY_DETECTION_BAND`, in place of `threshold`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub(super) threshold_metric_id: Option<String>,
    /// Whether the actions below are carried out. Default: true.
    #[serde(default = "yes")]
    pub(super) actions_enabled: bool,
    /// ARNs of what is told, or done, when the alarm goes off, at most 5: SNS
    /// topics, Lambda functions and others. Default: none.
    #[serde(default)]
    #[schemars(length(max = 5), inner(length(max = 1024), regex(pattern = "^arn:")))]
    pub(super) alarm_actions: Vec<String>,
    /// The same for when all is well again. Default: none.
    #[serde(default)]
    #[schemars(length(max = 5), inner(length(max = 1024), regex(pattern = "^arn:")))]
    pub(super) ok_actions: Vec<String>,
    /// The same for when there is not enough data to tell. Default: none.
    #[serde(default)]
    #[schemars(length(max = 5), inner(length(max = 1024), regex(pattern = "^arn:")))]
    pub(super) insufficient_data_actions: Vec<String>,
}

fn yes() -> bool {
    true
}

impl Default for AlarmSpec {
    fn default() -> Self {
        Self {
            alarm_name: None,
            alarm_description: String::new(),
            preset: None,
            group: None,
            group_name: None,
            total_group: None,
            total_group_name: None,
            namespace: None,
            metric_name: None,
            dimensions: BTreeMap::new(),
            statistic: None,
            extended_statistic: None,
            period: None,
            unit: None,
            evaluation_periods: None,
            datapoints_to_alarm: None,
            threshold: None,
            comparison_operator: None,
            treat_missing_data: None,
            evaluate_low_sample_count_percentile: None,
            metrics: Vec::new(),
            threshold_metric_id: None,
            actions_enabled: true,
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
        }
    }
}

impl AlarmSpec {
    /// Tells whether the metric is a percentile, of which too few values may
    /// tell nothing.
    pub(super) fn has_percentile(&self) -> bool {
        let statistic = self.extended_statistic.as_deref();
        statistic.is_some_and(|statistic| statistic.starts_with('p'))
    }
}

/// Valid alarms with their names.
pub(super) fn examples() -> Vec<(&'static str, AlarmSpec)> {
    let some = |text: &str| Some(text.to_owned());
    let plain = AlarmSpec {
        namespace: some("AWS/X-Ray"),
        metric_name: some("ApproximateTraceCount"),
        dimensions: [("GroupName".to_owned(), "slow-requests".to_owned())].into(),
        statistic: some("Sum"),
        period: Some(300),
        evaluation_periods: Some(2),
        threshold: Some(100.0),
        comparison_operator: some("GreaterThanThreshold"),
        ..AlarmSpec::default()
    };
    let preset = AlarmSpec {
        preset: Some(Preset::ErrorRate),
        group_name: some("errors"),
        threshold: Some(10.0),
        ..AlarmSpec::default()
    };
    let full = AlarmSpec {
        alarm_name: some("api-latency"),
        alarm_description: "requests are slow".to_owned(),
        namespace: some("ApplicationSignals"),
        metric_name: some("Latency"),
        dimensions: [("Service".to_owned(), "api".to_owned())].into(),
        statistic: some("Average"),
        period: Some(60),
        unit: some("Milliseconds"),
        evaluation_periods: Some(5),
        datapoints_to_alarm: Some(2),
        threshold: Some(1500.0),
        comparison_operator: some("GreaterThanOrEqualToThreshold"),
        treat_missing_data: some("notBreaching"),
        actions_enabled: false,
        alarm_actions: vec!["arn:aws:sns:eu-west-1:123456789012:pages".to_owned()],
        ok_actions: vec!["arn:aws:sns:eu-west-1:123456789012:mails".to_owned()],
        insufficient_data_actions: vec!["arn:aws:sns:eu-west-1:123456789012:mails".to_owned()],
        ..AlarmSpec::default()
    };
    vec![
        ("slow", plain),
        ("error-rate", preset),
        ("shares", metrics::example()),
        ("latency", full),
    ]
}
