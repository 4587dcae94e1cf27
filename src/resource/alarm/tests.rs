use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn alarm(fields: Value) -> AlarmSpec {
    serde_json::from_value(fields).unwrap()
}

/// An alarm on one metric, with `fields` put in; null takes one out.
fn single(fields: &Value) -> AlarmSpec {
    let mut all = json!({
        "namespace": "AWS/X-Ray", "metric_name": "ApproximateTraceCount", "statistic": "Sum",
        "period": 60, "evaluation_periods": 2, "threshold": 1.0,
        "comparison_operator": "GreaterThanThreshold",
    });
    put_all(&mut all, fields);
    alarm(all)
}

/// An alarm on metric math.
fn math(fields: &Value) -> AlarmSpec {
    let stat = json!({
        "metric": { "namespace": "AWS/X-Ray", "metric_name": "ApproximateTraceCount" },
        "period": 60, "stat": "Sum",
    });
    let mut all = json!({
        "metrics": [
            { "id": "m1", "metric_stat": stat, "return_data": false },
            { "id": "e1", "expression": "m1 * 2" },
        ],
        "evaluation_periods": 2, "threshold": 1.0,
        "comparison_operator": "GreaterThanThreshold",
    });
    put_all(&mut all, fields);
    alarm(all)
}

fn put_all(all: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        all[name] = value.clone();
    }
}

/// Fields and messages of everything that is wrong.
fn wrong(spec: &AlarmSpec) -> Vec<(String, String)> {
    let mut problems = Problems::new();
    Alarm::validate("name", spec, &mut problems);
    let problems = problems.into_vec().into_iter();
    problems.map(|one| (one.field, one.message)).collect()
}

fn is_sound(spec: &AlarmSpec) {
    assert_eq!(wrong(spec), []);
}

/// Sees that `spec` is refused for `field` alone, in words that hold `part`.
fn is_refused(spec: &AlarmSpec, field: &str, part: &str) {
    let found = wrong(spec);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, field, "{found:?}");
    assert!(found[0].1.contains(part), "{found:?}");
}

#[test]
fn one_metric() {
    is_sound(&single(&json!({})));
    let both = json!({ "extended_statistic": "p95" });
    is_refused(&single(&both), "/extended_statistic", "already");
    is_refused(&single(&json!({ "statistic": null })), "", "a statistic");
    is_refused(&single(&json!({ "namespace": null })), "", "`namespace`");
    is_refused(&single(&json!({ "period": null })), "", "`period`");
    let datapoints = json!({ "datapoints_to_alarm": 3 });
    is_refused(
        &single(&datapoints),
        "/datapoints_to_alarm",
        "more than the 2",
    );
    let low = json!({ "evaluate_low_sample_count_percentile": "ignore" });
    let field = "/evaluate_low_sample_count_percentile";
    is_refused(&single(&low), field, "percentiles");
    let dimension = json!({ "dimensions": { "GroupName": "" } });
    is_refused(&single(&dimension), "/dimensions/GroupName", "1 to 1024");
    for missing in ["threshold", "comparison_operator", "evaluation_periods"] {
        is_refused(&single(&json!({ missing: null })), "", missing);
    }
    is_refused(&single(&json!({ "group": "errors" })), "/group", "`preset`");
}

#[test]
fn periods() {
    for period in [10, 20, 30, 60, 86_400 / 2] {
        is_sound(&single(&json!({ "period": period })));
    }
    for period in [0, -60, 1, 45, 61, 90] {
        let spec = single(&json!({ "period": period }));
        is_refused(&spec, "/period", "a multiple of 60");
    }
    for (period, most) in [(10, 8640), (60, 1440), (3540, 24), (3600, 168), (7200, 84)] {
        let evaluated =
            |periods| single(&json!({ "period": period, "evaluation_periods": periods }));
        is_sound(&evaluated(most));
        is_refused(&evaluated(most + 1), "/evaluation_periods", "look back");
    }
}

#[test]
fn metric_math() {
    is_sound(&math(&json!({})));
    is_refused(
        &math(&json!({ "statistic": "Sum" })),
        "/statistic",
        "`metrics`",
    );
    is_refused(&math(&json!({ "period": 60 })), "/period", "`metrics`");
    let with = |index: usize, field: &str, value: Value| {
        let mut fields = json!({ "metrics": math(&json!({})).metrics });
        fields["metrics"][index][field] = value;
        math(&fields)
    };
    is_refused(
        &with(0, "return_data", json!(true)),
        "/metrics",
        "`m1`, `e1`",
    );
    is_refused(&with(1, "return_data", json!(false)), "/metrics", "none");
    is_refused(
        &with(1, "expression", json!("m2 * 2")),
        "/metrics/1/expression",
        "`m2`",
    );
    is_refused(
        &with(0, "expression", json!("e1")),
        "/metrics/0/expression",
        "already",
    );
    is_refused(&with(1, "expression", Value::Null), "/metrics/1", "neither");
    let mut fields = json!({ "metrics": math(&json!({})).metrics });
    fields["metrics"][0]["metric_stat"]["stat"] = json!("P95");
    is_refused(
        &math(&fields),
        "/metrics/0/metric_stat/stat",
        "no statistic",
    );
    fields["metrics"][0]["metric_stat"]["stat"] = json!("p95");
    is_sound(&math(&fields));
    fields["metrics"][0]["metric_stat"]["period"] = json!(59);
    is_refused(&math(&fields), "/metrics/0/metric_stat/period", "59");
}

#[test]
fn anomaly_detection() {
    let band = |fields: Value| {
        let mut all = json!({
            "metrics": math(&json!({})).metrics,
            "threshold": null,
            "threshold_metric_id": "ad1",
            "comparison_operator": "GreaterThanUpperThreshold",
        });
        all["metrics"][0]["return_data"] = json!(true);
        all["metrics"][1] = json!({ "id": "ad1", "expression": "ANOMALY_DETECTION_BAND(m1, 2)" });
        put_all(&mut all, &fields);
        math(&all)
    };
    is_sound(&band(json!({})));
    let id = "/threshold_metric_id";
    is_refused(
        &band(json!({ "threshold_metric_id": "m1" })),
        id,
        "`m1` is no `ANOMALY_DETECTION_BAND`",
    );
    is_refused(&band(json!({ "threshold": 1.0 })), id, "already");
    let operator = json!({ "comparison_operator": "GreaterThanThreshold" });
    is_refused(&band(operator), "/comparison_operator", "a band");
    let operator = json!({ "comparison_operator": "LessThanLowerThreshold" });
    is_refused(&single(&operator), "/comparison_operator", "a band");
}

#[test]
fn presets() {
    let preset = |fields: Value| alarm(fields);
    is_sound(&preset(
        json!({ "preset": "error-rate", "group": "errors" }),
    ));
    is_sound(&preset(json!({ "preset": "trace-volume" })));
    is_refused(
        &preset(json!({ "preset": "slow-requests" })),
        "/preset",
        "`group`",
    );
    let both = json!({ "preset": "fault-rate", "group": "a", "group_name": "b" });
    is_refused(&preset(both), "/group_name", "both");
    let metric = json!({ "preset": "trace-volume", "statistic": "Sum" });
    is_refused(&preset(metric), "/statistic", "preset");
    let total = json!({ "preset": "trace-volume", "total_group": "a" });
    is_refused(&preset(total), "/total_group", "no share");
}

#[test]
fn a_preset_is_what_it_stands_for() {
    let spec = alarm(json!({ "preset": "fault-rate", "group": "faults", "period": 60 }));
    let shown = serde_json::to_value(Alarm::canonical(spec)).unwrap();
    assert_eq!(shown["preset"], Value::Null);
    assert_eq!(shown["group"], Value::Null);
    assert_eq!(shown["period"], Value::Null);
    assert_eq!(shown["threshold"], 1.0);
    assert_eq!(shown["evaluation_periods"], 2);
    assert_eq!(shown["treat_missing_data"], "notBreaching");
    let traces = |id: &str, group: &str| {
        json!({
            "id": id,
            "metric_stat": {
                "metric": {
                    "namespace": "AWS/X-Ray",
                    "metric_name": "ApproximateTraceCount",
                    "dimensions": { "GroupName": group },
                },
                "period": 60,
                "stat": "Sum",
            },
            "return_data": false,
        })
    };
    let share = json!({
        "id": "share",
        "expression": "IF(total > 0, 100 * matching / total, 0)",
        "label": "traces with faults, %",
        "return_data": true,
    });
    let expected = json!([
        traces("matching", "faults"),
        share,
        traces("total", "Default")
    ]);
    assert_eq!(shown["metrics"], expected);
    is_sound(&alarm(shown));
}

/// What the alarm watches, and when it goes off, in one line each.
fn summary(spec: AlarmSpec) -> String {
    let spec = Alarm::canonical(spec);
    let watched = spec.metrics.iter().map(|query| {
        let stat = query.metric_stat.as_ref().map(|stat| {
            let dimensions = stat.metric.dimensions.values().cloned();
            let dimensions: Vec<_> = dimensions.collect();
            format!(
                "{} {}({}) of {} s",
                stat.stat,
                stat.metric.metric_name,
                dimensions.join(","),
                stat.period
            )
        });
        let text = query.expression.clone().or(stat).unwrap_or_default();
        format!("  {} = {text}\n", query.id)
    });
    let watched: String = watched.collect();
    let single = spec.metric_name.map(|name| {
        format!(
            "  {} {name}{:?} of {:?} s\n",
            spec.statistic.unwrap_or_default(),
            spec.dimensions,
            spec.period
        )
    });
    format!(
        "{} {} in {} of {} periods, missing data is {}\n{watched}{}",
        spec.comparison_operator.unwrap_or_default(),
        spec.threshold.unwrap_or_default(),
        spec.datapoints_to_alarm.unwrap_or_default(),
        spec.evaluation_periods.unwrap_or_default(),
        spec.treat_missing_data.unwrap_or_default(),
        single.unwrap_or_default(),
    )
}

#[test]
fn presets_use_what_x_ray_publishes() {
    let names = [
        "error-rate",
        "fault-rate",
        "throttle-rate",
        "slow-requests",
        "trace-volume",
    ];
    let all = names.map(|name| {
        let spec = alarm(json!({ "preset": name, "group": "mine" }));
        format!("{name}: {}", summary(spec))
    });
    insta::assert_snapshot!(all.join(""), @r#"
    error-rate: GreaterThanThreshold 5 in 2 of 2 periods, missing data is notBreaching
      matching = Sum ApproximateTraceCount(mine) of 300 s
      share = IF(total > 0, 100 * matching / total, 0)
      total = Sum ApproximateTraceCount(Default) of 300 s
    fault-rate: GreaterThanThreshold 1 in 2 of 2 periods, missing data is notBreaching
      matching = Sum ApproximateTraceCount(mine) of 300 s
      share = IF(total > 0, 100 * matching / total, 0)
      total = Sum ApproximateTraceCount(Default) of 300 s
    throttle-rate: GreaterThanThreshold 1 in 2 of 2 periods, missing data is notBreaching
      matching = Sum ApproximateTraceCount(mine) of 300 s
      share = IF(total > 0, 100 * matching / total, 0)
      total = Sum ApproximateTraceCount(Default) of 300 s
    slow-requests: GreaterThanThreshold 10 in 2 of 2 periods, missing data is notBreaching
      matching = Sum ApproximateTraceCount(mine) of 300 s
      share = IF(total > 0, 100 * matching / total, 0)
      total = Sum ApproximateTraceCount(Default) of 300 s
    trace-volume: LessThanThreshold 1 in 2 of 2 periods, missing data is notBreaching
      Sum ApproximateTraceCount{"GroupName": "mine"} of Some(300) s
    "#);
    let own = json!({
        "preset": "slow-requests", "group_name": "slow", "total_group_name": "api",
        "period": 60, "evaluation_periods": 5, "datapoints_to_alarm": 3, "threshold": 20,
        "comparison_operator": "GreaterThanOrEqualToThreshold", "treat_missing_data": "ignore",
    });
    insta::assert_snapshot!(summary(alarm(own)), @"
    GreaterThanOrEqualToThreshold 20 in 3 of 5 periods, missing data is ignore
      matching = Sum ApproximateTraceCount(slow) of 60 s
      share = IF(total > 0, 100 * matching / total, 0)
      total = Sum ApproximateTraceCount(api) of 60 s
    ");
}

#[test]
fn groups_of_the_spec_are_referred_to() {
    let spec = alarm(json!({
        "preset": "error-rate", "group": "errors", "total_group": "Default",
    }));
    let references = Alarm::references(&spec);
    assert_eq!(references.len(), 1);
    assert_eq!(references[0].field, "/group");
    assert_eq!(references[0].to, Address::new("group", "errors"));
    assert_eq!(references[0].output, "group_name");
}

#[test]
fn terraform_has_its_own_words() {
    let spec = Alarm::canonical(alarm(json!({ "preset": "error-rate", "group": "errors" })));
    let shown = Alarm::terraform("name", &spec, &Attributes::new());
    assert_eq!(shown["metric_query"][0]["metric"][0]["stat"], "Sum");
    assert_eq!(shown["metric_query"][1]["metric"], json!([]));
    assert!(!shown.contains_key("preset") && !shown.contains_key("metrics"));
    assert_eq!(shown["id"], "name");
    assert_eq!(Alarm::terraform_key(&shown), None, "no name is set here");
    let names: Vec<&str> = shown.keys().map(String::as_str).collect();
    insta::assert_snapshot!(names.join(" "), @"alarm_name alarm_description id insufficient_data_actions ok_actions alarm_actions actions_enabled namespace metric_name dimensions statistic extended_statistic period unit evaluation_periods datapoints_to_alarm threshold comparison_operator treat_missing_data threshold_metric_id evaluate_low_sample_count_percentiles metric_query");
    let one = Alarm::canonical(single(&json!({ "dimensions": { "GroupName": "a" } })));
    let shown = Alarm::terraform("name", &one, &Attributes::new());
    assert_eq!(shown["dimensions"], json!({ "GroupName": "a" }));
    assert_eq!(shown["statistic"], "Sum");
    assert_eq!(shown["metric_query"], json!([]));
}

proptest! {
    #[test]
    fn canonical_form_is_stable(
        preset in prop::option::of(prop::sample::select(vec!["error-rate", "trace-volume"])),
        group in prop::option::of("[a-z]{1,8}"),
        period in prop::option::of(1_i32..600),
        datapoints in prop::option::of(1_i32..9),
        actions in prop::collection::vec("arn:[a-c]", 0..5),
    ) {
        let spec = alarm(json!({
            "preset": preset, "group": group, "period": period,
            "evaluation_periods": 3, "datapoints_to_alarm": datapoints,
            "alarm_actions": actions, "extended_statistic": "p9",
        }));
        let once = Alarm::canonical(spec);
        let twice = Alarm::canonical(once.clone());
        prop_assert_eq!(serde_json::to_value(&once).unwrap(), serde_json::to_value(&twice).unwrap());
    }
}
