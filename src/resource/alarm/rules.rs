//! What CloudWatch refuses of an alarm, told before any call.
//!
//! Rules: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>,
//! read on 2026-11-21.

use super::metrics::{EXTENDED, MetricDataQuery, STATISTICS};
use super::preset::Preset;
use super::spec::AlarmSpec;
use crate::resource::Problems;

mod expression;

/// How a value can be compared with a threshold, and, after the first four,
/// with a band.
pub(super) const OPERATORS: [&str; 7] = [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
];
/// Those that compare with a band.
const BAND_OPERATORS: &[&str] = OPERATORS.split_at(4).1;

const A_DAY: i64 = 86_400;
const AN_HOUR: i64 = 3_600;
/// Most metrics, and most expressions, of one alarm.
const MOST_OF_EACH: usize = 10;

/// Reports everything that AWS would refuse.
pub(super) fn check(spec: &AlarmSpec, problems: &mut Problems) {
    check_source(spec, problems);
    check_statistic(spec, problems);
    check_evaluation(spec, problems);
    check_threshold(spec, problems);
    check_dimensions("/dimensions", &spec.dimensions, problems);
    check_metrics(spec, problems);
}

/// An alarm watches one metric, metric math, or what a preset makes.
fn check_source(spec: &AlarmSpec, problems: &mut Problems) {
    let single = [
        ("namespace", spec.namespace.is_some()),
        ("metric_name", spec.metric_name.is_some()),
        ("dimensions", !spec.dimensions.is_empty()),
        ("statistic", spec.statistic.is_some()),
        ("extended_statistic", spec.extended_statistic.is_some()),
        ("unit", spec.unit.is_some()),
    ];
    if let Some(preset) = spec.preset {
        check_preset(spec, preset, problems);
        let math = [
            ("metrics", !spec.metrics.is_empty()),
            ("threshold_metric_id", spec.threshold_metric_id.is_some()),
        ];
        for (field, _) in single.into_iter().chain(math).filter(|(_, given)| *given) {
            problems
                .report(&format!("/{field}"), format!("a preset takes no `{field}`"))
                .hint("the preset chooses the metric; leave out one of the two");
        }
        return;
    }
    check_groups_without_preset(spec, problems);
    if !spec.metrics.is_empty() {
        let period = [("period", spec.period.is_some())];
        for (field, _) in single.into_iter().chain(period).filter(|(_, given)| *given) {
            problems
                .report(
                    &format!("/{field}"),
                    format!("an alarm with `metrics` takes no `{field}`"),
                )
                .hint("say it in `metric_stat` of one of the `metrics`");
        }
        return;
    }
    if spec.metric_name.is_none() {
        problems
            .report("", "the alarm watches nothing")
            .hint("give `metric_name` with `namespace`, `metrics`, or a `preset` with a `group`");
        return;
    }
    for (field, is_given) in [
        ("namespace", spec.namespace.is_some()),
        ("period", spec.period.is_some()),
    ] {
        if !is_given {
            problems.report("", format!("an alarm on one metric needs `{field}`"));
        }
    }
}

fn check_preset(spec: &AlarmSpec, preset: Preset, problems: &mut Problems) {
    let pairs = [
        ("group", &spec.group, "group_name", &spec.group_name),
        (
            "total_group",
            &spec.total_group,
            "total_group_name",
            &spec.total_group_name,
        ),
    ];
    for (name, by_name, literal, by_literal) in pairs {
        if by_name.is_some() && by_literal.is_some() {
            problems
                .report(
                    &format!("/{literal}"),
                    format!("`{name}` and `{literal}` both name the group"),
                )
                .hint("`group` is a name in `[groups]`, `group_name` one at AWS; keep one");
        }
    }
    if preset.is_share() && spec.group.is_none() && spec.group_name.is_none() {
        problems
            .report("/preset", "this preset needs a `group`")
            .hint("name the group in `[groups]` that holds the traces to count");
    }
    for (field, name) in [
        ("total_group", &spec.total_group),
        ("total_group_name", &spec.total_group_name),
    ] {
        if !preset.is_share() && name.is_some() {
            problems.report(
                &format!("/{field}"),
                format!("`trace-volume` is no share and takes no `{field}`"),
            );
        }
    }
}

fn check_groups_without_preset(spec: &AlarmSpec, problems: &mut Problems) {
    for (field, name) in [
        ("group", &spec.group),
        ("group_name", &spec.group_name),
        ("total_group", &spec.total_group),
        ("total_group_name", &spec.total_group_name),
    ] {
        if name.is_some() {
            problems
                .report(&format!("/{field}"), format!("`{field}` needs a `preset`"))
                .hint("presets are `error-rate`, `fault-rate`, `throttle-rate`, `slow-requests` and `trace-volume`");
        }
    }
}

fn check_statistic(spec: &AlarmSpec, problems: &mut Problems) {
    match (&spec.statistic, &spec.extended_statistic) {
        (Some(statistic), Some(extended)) => {
            problems
                .report(
                    "/extended_statistic",
                    format!("`statistic` is `{statistic}` already; an alarm has one statistic"),
                )
                .hint(format!(
                    "leave out `statistic` to watch `{extended}`, or `extended_statistic`"
                ));
        }
        (None, None) if spec.metric_name.is_some() && spec.preset.is_none() => {
            problems
                .report("", "an alarm on one metric needs a statistic")
                .hint("give `statistic`, such as `Sum`, or `extended_statistic`, such as `p95`");
        }
        _ => {}
    }
    if spec.evaluate_low_sample_count_percentile.is_some() && !spec.has_percentile() {
        problems
            .report(
                "/evaluate_low_sample_count_percentile",
                "it is for percentiles alone",
            )
            .hint("leave it out, or set `extended_statistic` to a percentile such as `p95`");
    }
}

fn check_evaluation(spec: &AlarmSpec, problems: &mut Problems) {
    if spec.evaluation_periods.is_none() && spec.preset.is_none() {
        problems
            .report("", "the alarm needs `evaluation_periods`")
            .hint("1 looks at the last period alone");
    }
    if let (Some(datapoints), Some(periods)) = (spec.datapoints_to_alarm, spec.evaluation_periods)
        && datapoints > periods
    {
        problems.report(
            "/datapoints_to_alarm",
            format!("is {datapoints}, more than the {periods} `evaluation_periods`"),
        );
    }
    let longest = |period: Option<i32>, field: &str, problems: &mut Problems| {
        let period = period?;
        check_period(period, field, problems).then_some(i64::from(period))
    };
    let mut periods = vec![longest(spec.period, "/period", problems)];
    for (index, query) in spec.metrics.iter().enumerate() {
        let stat = query.metric_stat.as_ref().map(|stat| stat.period);
        let field = format!("/metrics/{index}/metric_stat/period");
        periods.push(longest(stat, &field, problems));
        let field = format!("/metrics/{index}/period");
        periods.push(longest(query.period, &field, problems));
    }
    let Some(period) = periods.into_iter().flatten().max() else {
        return;
    };
    let span = period * i64::from(spec.evaluation_periods.unwrap_or(1));
    let (most, words) = if period < AN_HOUR {
        (A_DAY, "a day")
    } else {
        (7 * A_DAY, "a week")
    };
    if span > most {
        problems
            .report(
                "/evaluation_periods",
                format!("the alarm would look back {span} seconds, AWS takes at most {words} with this period"),
            )
            .hint(format!(
                "at most {} periods of {period} seconds",
                most / period
            ));
    }
}

fn check_period(period: i32, field: &str, problems: &mut Problems) -> bool {
    let is_allowed = matches!(period, 10 | 20 | 30) || (period > 0 && period % 60 == 0);
    if !is_allowed {
        let nearest = match period {
            ..=14 => 10,
            15..=24 => 20,
            25..=44 => 30,
            _ => period.saturating_add(30) / 60 * 60,
        };
        problems
            .report(
                field,
                format!("is {period} seconds, AWS takes 10, 20, 30 or a multiple of 60"),
            )
            .hint(format!("the nearest is {nearest}"));
    }
    is_allowed
}

fn check_threshold(spec: &AlarmSpec, problems: &mut Problems) {
    let operator = spec.comparison_operator.as_deref();
    let is_band = operator.is_some_and(|operator| BAND_OPERATORS.contains(&operator));
    match (spec.threshold, &spec.threshold_metric_id) {
        (Some(_), Some(_)) => {
            problems
                .report(
                    "/threshold_metric_id",
                    "the alarm has a `threshold` already",
                )
                .hint("anomaly detection has a band in place of a threshold");
        }
        (None, None) if spec.preset.is_none() => {
            problems.report("", "the alarm needs a `threshold`");
        }
        (Some(_), None) if is_band => {
            problems
                .report(
                    "/comparison_operator",
                    "this operator compares with a band, not with a `threshold`",
                )
                .hint("write `GreaterThanThreshold` or `LessThanThreshold`");
        }
        (None, Some(_)) if operator.is_some() && !is_band => {
            problems
                .report(
                    "/comparison_operator",
                    "this operator does not compare with a band",
                )
                .hint(format!("write one of `{}`", BAND_OPERATORS.join("`, `")));
        }
        _ => {}
    }
    if operator.is_none() && spec.preset.is_none() {
        problems
            .report("", "the alarm needs a `comparison_operator`")
            .hint("such as `GreaterThanThreshold`");
    }
}

fn check_dimensions(
    field: &str,
    dimensions: &std::collections::BTreeMap<String, String>,
    problems: &mut Problems,
) {
    for (name, value) in dimensions {
        let field = format!("{field}/{}", name.replace('~', "~0").replace('/', "~1"));
        if name.is_empty() || name.chars().count() > 255 || name.starts_with(':') {
            problems.report(
                &field,
                format!("`{name}`: a dimension's name has 1 to 255 characters and no `:` in front"),
            );
        }
        if value.is_empty() || value.chars().count() > 1024 {
            problems.report(
                &field,
                format!("the value of the dimension `{name}` has 1 to 1024 characters"),
            );
        }
    }
}

fn check_metrics(spec: &AlarmSpec, problems: &mut Problems) {
    if spec.metrics.is_empty() {
        return;
    }
    let metrics = &spec.metrics;
    for (index, query) in metrics.iter().enumerate() {
        check_query(metrics, index, query, problems);
    }
    let expressions = metrics.iter().filter(|one| one.expression.is_some());
    let expressions = expressions.count();
    for (count, what) in [
        (expressions, "expressions"),
        (metrics.len() - expressions, "metrics"),
    ] {
        if count > MOST_OF_EACH {
            problems.report(
                "/metrics",
                format!("has {count} {what}, AWS takes at most {MOST_OF_EACH}"),
            );
        }
    }
    let band = spec.threshold_metric_id.as_deref();
    check_watched(metrics, band, problems);
    let Some(band) = band else { return };
    let is_band = |query: &MetricDataQuery| {
        let expression = query.expression.as_deref().unwrap_or_default();
        query.id == band
            && expression
                .trim_start()
                .starts_with("ANOMALY_DETECTION_BAND")
    };
    if !metrics.iter().any(is_band) {
        problems
            .report(
                "/threshold_metric_id",
                format!("`{band}` is no `ANOMALY_DETECTION_BAND` in `metrics`"),
            )
            .hint(format!(
                "add `{{ id = \"{band}\", expression = \"ANOMALY_DETECTION_BAND(m1)\" }}`"
            ));
    }
}

/// The alarm watches exactly one; a band to compare it with comes beside it.
fn check_watched(metrics: &[MetricDataQuery], band: Option<&str>, problems: &mut Problems) {
    let watched: Vec<&str> = metrics
        .iter()
        .filter(|query| query.return_data && Some(query.id.as_str()) != band)
        .map(|query| query.id.as_str())
        .collect();
    match watched.as_slice() {
        [_] => {}
        [] => {
            problems
                .report("/metrics", "none of them is what the alarm watches")
                .hint("leave `return_data = false` out of one of them");
        }
        several => {
            problems
                .report(
                    "/metrics",
                    format!(
                        "the alarm can watch one of them, not `{}`",
                        several.join("`, `")
                    ),
                )
                .hint("set `return_data = false` on those that are only there for an expression");
        }
    }
}

fn check_query(
    metrics: &[MetricDataQuery],
    index: usize,
    query: &MetricDataQuery,
    problems: &mut Problems,
) {
    let at = |field: &str| format!("/metrics/{index}{field}");
    if metrics[..index].iter().any(|other| other.id == query.id) {
        problems.report(&at("/id"), format!("`{}` stands twice", query.id));
    }
    match (&query.expression, &query.metric_stat) {
        (Some(_), Some(_)) => {
            problems.report(&at("/expression"), "there is a `metric_stat` already");
        }
        (None, None) => {
            problems.report(&at(""), "it has neither `expression` nor `metric_stat`");
        }
        (Some(expression), None) => {
            let ids: Vec<&str> = metrics.iter().map(|one| one.id.as_str()).collect();
            expression::check(expression, &ids, &at("/expression"), problems);
        }
        (None, Some(stat)) => {
            let is_known = STATISTICS.contains(&stat.stat.as_str()) || is_extended(&stat.stat);
            if !is_known {
                problems
                    .report(
                        &at("/metric_stat/stat"),
                        format!("`{}` is no statistic", stat.stat),
                    )
                    .hint(format!(
                        "write one of `{}`, or a percentile such as `p95`",
                        STATISTICS.join("`, `")
                    ));
            }
            let dimensions = &stat.metric.dimensions;
            check_dimensions(&at("/metric_stat/metric/dimensions"), dimensions, problems);
        }
    }
}

fn is_extended(text: &str) -> bool {
    static PATTERN: std::sync::LazyLock<Option<regex::Regex>> =
        std::sync::LazyLock::new(|| regex::Regex::new(EXTENDED).ok());
    PATTERN.as_ref().is_none_or(|regex| regex.is_match(text))
}
