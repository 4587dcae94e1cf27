//! Presets: alarms on the traces of a group, made of the one metric that X-Ray
//! publishes for them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DEFAULT_GROUP;
use super::metrics::MetricDataQuery;
use super::spec::AlarmSpec;

/// What an alarm watches of a group's traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "alarm_preset")]
#[serde(rename_all = "kebab-case")]
pub(super) enum Preset {
    /// The share of traces with errors, in percent.
    ErrorRate,
    /// The share of traces with faults, in percent.
    FaultRate,
    /// The share of throttled traces, in percent.
    ThrottleRate,
    /// The share of slow traces, in percent.
    SlowRequests,
    /// The number of traces.
    TraceVolume,
}

/// Seconds of one value.
const PERIOD: i32 = 300;
/// Values that must breach.
const EVALUATION_PERIODS: i32 = 2;
/// The share of the total, guarded against a time without traces.
const SHARE: &str = "IF(total > 0, 100 * matching / total, 0)";

impl Preset {
    /// Tells whether it is a share of the traces of another group.
    pub(super) fn is_share(self) -> bool {
        self != Self::TraceVolume
    }

    fn threshold(self) -> f64 {
        match self {
            Self::ErrorRate => 5.0,
            Self::FaultRate | Self::ThrottleRate | Self::TraceVolume => 1.0,
            Self::SlowRequests => 10.0,
        }
    }

    /// A volume alarm goes off where traces stop.
    fn operator(self) -> &'static str {
        if self.is_share() {
            "GreaterThanThreshold"
        } else {
            "LessThanThreshold"
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::ErrorRate => "traces with errors, %",
            Self::FaultRate => "traces with faults, %",
            Self::ThrottleRate => "throttled traces, %",
            Self::SlowRequests => "slow traces, %",
            Self::TraceVolume => "traces",
        }
    }
}

/// Makes of a preset the alarm that it stands for; any other alarm comes back
/// as it is. What the spec says itself goes before the preset.
pub(super) fn expanded(mut spec: AlarmSpec) -> AlarmSpec {
    let Some(preset) = spec.preset.take() else {
        return spec;
    };
    let group = spec.group.take().or(spec.group_name.take());
    let total = spec.total_group.take().or(spec.total_group_name.take());
    let or_default = |name: Option<String>| name.unwrap_or_else(|| DEFAULT_GROUP.to_owned());
    let (group, total) = (or_default(group), or_default(total));
    spec.evaluation_periods.get_or_insert(EVALUATION_PERIODS);
    spec.threshold.get_or_insert_with(|| preset.threshold());
    spec.comparison_operator
        .get_or_insert_with(|| preset.operator().to_owned());
    spec.treat_missing_data
        .get_or_insert_with(|| "notBreaching".to_owned());
    let is_made = spec.metric_name.is_some() || !spec.metrics.is_empty();
    if is_made {
        // The metric is left to others.
        return spec;
    }
    let period = spec.period.take().unwrap_or(PERIOD);
    if preset.is_share() {
        let label = Some(preset.label().to_owned());
        spec.metrics = vec![
            MetricDataQuery::watched("share", SHARE, label),
            MetricDataQuery::traces("matching", &group, period),
            MetricDataQuery::traces("total", &total, period),
        ];
    } else {
        spec.namespace = Some("AWS/X-Ray".to_owned());
        spec.metric_name = Some("ApproximateTraceCount".to_owned());
        spec.dimensions = [("GroupName".to_owned(), group)].into();
        spec.statistic = Some("Sum".to_owned());
        spec.period = Some(period);
    }
    spec
}
