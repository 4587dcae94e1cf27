//! Alarms on metrics that X-Ray does not publish.

use serde_json::Value;

use super::resources::{Resources, value};
use super::traffic::SAMPLING_RULE;
use super::{Finding, Rule};
use crate::model::Desired;

/// The type of metric alarms.
const ALARM: &str = "alarm";
/// X-Ray's namespace in CloudWatch.
const NAMESPACE: &str = "AWS/X-Ray";
/// The metrics that X-Ray is known to publish, each with its one dimension.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-groups.html>,
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-adaptive-sampling.html>.
const METRICS: [(&str, &str); 2] = [
    ("ApproximateTraceCount", "GroupName"),
    (SAMPLING_RATE, "RuleName"),
];
/// The metric of rules with a boost.
const SAMPLING_RATE: &str = "SamplingRate";

pub(super) const RULE: Rule = Rule {
    code: "unknown-metric",
    title: "An alarm on a metric that X-Ray does not publish",
    explanation: "\
In the namespace `AWS/X-Ray`, with the hyphen, X-Ray is known to publish two \
metrics: `ApproximateTraceCount` of each group, with the dimension `GroupName`; \
and `SamplingRate` of each sampling rule with a `sampling_rate_boost`, with the \
dimension `RuleName`. CloudWatch takes an alarm on any other name, or with \
other dimensions, and never has data for it: the alarm stays in \
`INSUFFICIENT_DATA`.

For errors, faults or latency, make a group with a filter, such as \
`service(\"api\") { fault = true }`, and watch how many traces it has, or their \
share: that is what the presets of an alarm do. Metrics of other namespaces are \
not judged.",
    bad: r#"
[alarms.errors]
namespace = "AWS/X-Ray"
metric_name = "ErrorRate"
dimensions = { ServiceName = "api" }
statistic = "Average"
period = 300
evaluation_periods = 2
threshold = 10
comparison_operator = "GreaterThanThreshold"
"#,
    good: r#"
[groups.errors]
filter_expression = 'service("api") { error = true }'

[alarms.errors]
preset = "error-rate"
group = "errors"
threshold = 10
"#,
    kinds: &[ALARM, "group"],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for alarm in resources.of_kind(ALARM) {
        for (place, metric) in metrics(alarm) {
            if let Some((field, message, hint)) = fault(metric, resources) {
                let pointer = format!("{place}{field}");
                found.push(Finding::new(alarm, pointer, message, hint));
            }
        }
    }
    found
}

/// Lists the metrics that an alarm names, with where it names them.
fn metrics(alarm: &Desired) -> Vec<(String, Metric<'_>)> {
    let text = |place: &str, field: &str| {
        let found = value(alarm, &format!("{place}/{field}"));
        found.and_then(Value::as_str)
    };
    let queries = value(alarm, "/metrics").and_then(Value::as_array);
    let queries = queries.map_or(0, Vec::len);
    let places = (0..queries).map(|index| format!("/metrics/{index}/metric_stat/metric"));
    [String::new()]
        .into_iter()
        .chain(places)
        .filter_map(|place| {
            let dimensions = value(alarm, &format!("{place}/dimensions"));
            let dimensions = dimensions.and_then(Value::as_object);
            let metric = Metric {
                namespace: text(&place, "namespace")?,
                name: text(&place, "metric_name")?,
                dimensions: dimensions
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
                    .collect(),
            };
            Some((place, metric))
        })
        .collect()
}

/// A metric as an alarm names it.
struct Metric<'a> {
    namespace: &'a str,
    name: &'a str,
    dimensions: Vec<(&'a str, &'a str)>,
}

/// Tells what is wrong with a metric: the field, what, and what to do.
fn fault(metric: Metric<'_>, resources: &Resources<'_>) -> Option<(&'static str, String, String)> {
    let Metric {
        namespace,
        name,
        dimensions,
    } = metric;
    if namespace != NAMESPACE {
        return is_meant_for_xray(namespace).then(|| {
            (
                "/namespace",
                format!("there is no namespace `{namespace}`; X-Ray's is `{NAMESPACE}`"),
                format!("write `{NAMESPACE}`"),
            )
        });
    }
    let Some((_, dimension)) = METRICS.iter().find(|(known, _)| *known == name) else {
        return Some((
            "/metric_name",
            format!(
                "X-Ray is not known to publish a metric `{name}`: the alarm would never have data"
            ),
            "watch the `ApproximateTraceCount` of a group, as the presets do".to_owned(),
        ));
    };
    let [(given, of)] = dimensions.as_slice() else {
        return Some((
            "/dimensions",
            format!("X-Ray publishes `{name}` with the dimension `{dimension}` and no other"),
            format!("write `dimensions = {{ {dimension} = \"...\" }}`"),
        ));
    };
    if given != dimension {
        return Some((
            "/dimensions",
            format!("X-Ray publishes `{name}` with the dimension `{dimension}`, not `{given}`"),
            format!("write `dimensions = {{ {dimension} = \"...\" }}`"),
        ));
    }
    let lacks_boost =
        |rule: &Desired| rule.key == *of && value(rule, "/sampling_rate_boost").is_none();
    let is_flat = name == SAMPLING_RATE && resources.of_kind(SAMPLING_RULE).any(lacks_boost);
    is_flat.then(|| {
        (
            "/dimensions",
            format!("X-Ray publishes `{name}` of rules with a boost alone, and `{of}` has none"),
            "give the rule a `sampling_rate_boost`, or take the alarm away".to_owned(),
        )
    })
}

/// Tells whether a namespace is X-Ray's in another spelling.
fn is_meant_for_xray(namespace: &str) -> bool {
    let letters = namespace
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase());
    matches!(letters.collect::<String>().as_str(), "awsxray" | "xray")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{found, resource};
    use super::*;

    fn found_in(metric: Value) -> Vec<String> {
        found(&RULE, &[resource("alarm.a", metric)])
    }

    #[test]
    fn finds_names_that_there_are_not() {
        assert_eq!(
            found_in(json!({"namespace": "AWS/X-Ray", "metric_name": "LatencyHigh"})),
            [
                "alarm.a /metric_name: X-Ray is not known to publish a metric `LatencyHigh`: the \
                 alarm would never have data"
            ]
        );
        assert_eq!(
            found_in(json!({"namespace": "AWS/XRay", "metric_name": "ErrorRate"})),
            ["alarm.a /namespace: there is no namespace `AWS/XRay`; X-Ray's is `AWS/X-Ray`"]
        );
        let within = json!({"metrics": [
            {"id": "share", "expression": "a / b", "metric_stat": null},
            {"id": "a", "metric_stat": {"metric": {
                "namespace": "AWS/X-Ray", "metric_name": "FaultRate", "dimensions": {}}}},
        ]});
        assert!(
            found_in(within)[0].starts_with("alarm.a /metrics/1/metric_stat/metric/metric_name:")
        );
    }

    #[test]
    fn finds_wrong_dimensions() {
        let metric = |dimensions: Value| {
            json!({"namespace": "AWS/X-Ray", "metric_name": "ApproximateTraceCount",
                   "dimensions": dimensions})
        };
        assert_eq!(
            found_in(metric(json!({"Group": "errors"}))),
            [
                "alarm.a /dimensions: X-Ray publishes `ApproximateTraceCount` with the dimension \
                 `GroupName`, not `Group`"
            ]
        );
        assert_eq!(found_in(metric(json!({}))).len(), 1);
        assert_eq!(
            found_in(metric(json!({"GroupName": "a", "Service": "b"}))).len(),
            1
        );
        assert!(found_in(metric(json!({"GroupName": "errors"}))).is_empty());
    }

    #[test]
    fn a_rule_without_boost_has_no_rate_to_watch() {
        let alarm = resource(
            "alarm.a",
            json!({"namespace": "AWS/X-Ray", "metric_name": "SamplingRate",
                   "dimensions": {"RuleName": "checkout"}}),
        );
        let rule = |boost: Value| {
            resource(
                "sampling_rule.checkout",
                json!({"sampling_rate_boost": boost}),
            )
        };
        let with = |rule: Desired| found(&RULE, &[alarm.clone(), rule]);
        assert_eq!(with(rule(Value::Null)).len(), 1);
        assert!(with(rule(json!({"max_rate": 0.5}))).is_empty());
        // A rule that is not in the spec may be anyone's.
        assert!(found(&RULE, std::slice::from_ref(&alarm)).is_empty());
    }

    #[test]
    fn is_silent_on_presets_and_other_namespaces() {
        assert!(found_in(json!({"preset": "error-rate", "group": "errors"})).is_empty());
        let other = json!({"namespace": "ApplicationSignals", "metric_name": "Latency"});
        assert!(found_in(other).is_empty());
    }
}
