//! Metrics: what clients and X-Ray put, and what is asked of it.
//!
//! `winterbaume-cloudwatch` keeps values for ever, tells metrics apart by name
//! alone, has no statistics, and answers `GetMetricData` with all that it has:
//! nothing of it is used here. Values are in memory and end with the process.

pub mod math;
mod put;
pub mod query;
mod read;
pub mod sample;
pub mod series;
pub mod statistic;

use std::collections::BTreeMap;

use serde_json::Value;

use super::protocol::Fault;
use super::state::{Members, Scope, State, text};
use series::Metric;

/// Answers what is asked of metrics; `None` for all other operations.
pub fn answer(
    operation: &str,
    members: &Members,
    state: &mut State,
    scope: Scope<'_>,
) -> Option<Result<Value, Fault>> {
    let metrics = &state.metrics;
    Some(match operation {
        "PutMetricData" => put::put(members, state, scope),
        "GetMetricStatistics" => read::statistics(members, metrics),
        "GetMetricData" => read::data(members, metrics),
        "ListMetrics" => read::list(members, metrics, scope),
        _ => return None,
    })
}

/// The units that AWS knows.
const UNITS: &[&str] = &[
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

fn wrong(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValue", message)
}

/// The metric that `members` name by `Namespace`, `MetricName` and `Dimensions`.
///
/// # Errors
/// What is wrong with it, after `place`, which begins the names of members.
pub fn metric_of(members: &Members, namespace: &str, place: &str) -> Result<Metric, Fault> {
    let length_is_right = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
    if !length_is_right(namespace, 255) || namespace.starts_with(':') {
        return Err(wrong(
            "The parameter Namespace must be 1 to 255 characters and must not begin with a colon.",
        ));
    }
    let name = text(members, "MetricName").unwrap_or_default();
    if !length_is_right(name, 255) {
        return Err(wrong(format!(
            "The parameter {place}MetricName must be 1 to 255 characters."
        )));
    }
    Ok(Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: dimensions(members, place)?,
    })
}

fn dimensions(members: &Members, place: &str) -> Result<BTreeMap<String, String>, Fault> {
    let list = members.get("Dimensions").and_then(Value::as_array);
    let list = list.map_or(&[] as &[Value], Vec::as_slice);
    if list.len() > 30 {
        return Err(wrong(format!(
            "The collection {place}Dimensions must not have a size greater than 30."
        )));
    }
    let mut dimensions = BTreeMap::new();
    for (index, dimension) in list.iter().enumerate() {
        let part = |name: &str, most: usize| {
            let text = dimension[name].as_str().unwrap_or_default();
            if (1..=most).contains(&text.chars().count()) {
                return Ok(text.to_owned());
            }
            let at = index + 1;
            Err(wrong(format!(
                "The parameter {place}Dimensions.member.{at}.{name} must be 1 to {most} characters."
            )))
        };
        dimensions.insert(part("Name", 255)?, part("Value", 1024)?);
    }
    Ok(dimensions)
}

/// Whole seconds of a time in epoch seconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "kept within what every calendar knows"
)]
pub fn whole(epoch_seconds: f64) -> i64 {
    epoch_seconds.floor().clamp(0.0, 1e11) as i64
}
