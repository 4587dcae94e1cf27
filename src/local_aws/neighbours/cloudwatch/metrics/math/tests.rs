use proptest::prelude::*;

use super::*;

const TIMES: &[i64] = &[0, 60, 120, 180];

fn points(values: &[Option<f64>]) -> Points {
    let timed = TIMES.iter().zip(values);
    timed
        .filter_map(|(time, value)| Some((*time, (*value)?)))
        .collect()
}

/// `m1` is 1, 2, missing, 4; `m2` is 10, 0, 30, 40; `zero` is 0 always.
fn evaluated(text: &str) -> Result<Outcome, NotEvaluated> {
    let series = |values: &[Option<f64>]| Outcome::Series(points(values));
    let named = BTreeMap::from([
        (
            "m1".to_owned(),
            series(&[Some(1.0), Some(2.0), None, Some(4.0)]),
        ),
        (
            "m2".to_owned(),
            series(&[Some(10.0), Some(0.0), Some(30.0), Some(40.0)]),
        ),
        ("zero".to_owned(), series(&[Some(0.0); 4])),
    ]);
    let metrics = ["m1", "m2", "zero"].map(str::to_owned);
    let known = Known {
        named: &named,
        metrics: &metrics,
        period: 60,
        times: TIMES,
    };
    evaluate(text, known)
}

#[track_caller]
fn number(text: &str, expected: f64) {
    match evaluated(text) {
        Ok(Outcome::Number(value)) => assert!((value - expected).abs() < 1e-9, "{text}: {value}"),
        other => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn series(text: &str, expected: &[Option<f64>]) {
    assert_eq!(
        evaluated(text),
        Ok(Outcome::Series(points(expected))),
        "{text}"
    );
}

#[test]
fn numbers_follow_the_order_of_operators() {
    number("1 + 2 * 3", 7.0);
    number("(1 + 2) * 3", 9.0);
    number("2 ^ 3 ^ 2", 512.0);
    number("-2 ^ 2", -4.0);
    number("10 - 4 - 3", 3.0);
    number("1e3 / 4", 250.0);
    number("1.5e-1", 0.15);
    number("1 + 1 == 2 AND 3 > 4 || 5 <= 5", 1.0);
    number("PERIOD(m1)", 60.0);
}

#[test]
fn series_are_combined_where_both_have_a_value() {
    series("m1 + m2", &[Some(11.0), Some(2.0), None, Some(44.0)]);
    series("100 * m1 / m2", &[Some(10.0), None, None, Some(10.0)]);
    series("m1 > 1", &[Some(0.0), Some(1.0), None, Some(1.0)]);
    series("-m1", &[Some(-1.0), Some(-2.0), None, Some(-4.0)]);
}

/// The share of the presets of alarms.
#[test]
fn a_share_is_zero_where_there_is_no_total() {
    series(
        "IF(m2 > 0, 100 * m1 / m2, 0)",
        &[Some(10.0), Some(0.0), None, Some(10.0)],
    );
    series("IF(zero > 0, 100 * zero / zero, 0)", &[Some(0.0); 4]);
    series("IF(m1 > 1, m2)", &[None, Some(0.0), None, Some(40.0)]);
}

#[test]
fn functions_do_what_aws_says() {
    number("AVG(m2)", 20.0);
    number("MAX(m1)", 4.0);
    number("MIN(m2)", 0.0);
    number("SUM(m1)", 7.0);
    number("STDDEV(m2)", 250.0_f64.sqrt());
    number("METRIC_COUNT(METRICS('m'))", 2.0);
    series(
        "SUM(METRICS())",
        &[Some(11.0), Some(2.0), Some(30.0), Some(44.0)],
    );
    series(
        "MAX([m1, m2])",
        &[Some(10.0), Some(2.0), Some(30.0), Some(40.0)],
    );
    series("FILL(m1, 0)", &[Some(1.0), Some(2.0), Some(0.0), Some(4.0)]);
    series(
        "FILL(m1, REPEAT)",
        &[Some(1.0), Some(2.0), Some(2.0), Some(4.0)],
    );
    series(
        "FILL(m1, LINEAR)",
        &[Some(1.0), Some(2.0), Some(3.0), Some(4.0)],
    );
    series(
        "FILL(m1, m2)",
        &[Some(1.0), Some(2.0), Some(30.0), Some(4.0)],
    );
    series("TIME_SERIES(3)", &[Some(3.0); 4]);
    series("DIFF(m2)", &[None, Some(-10.0), Some(30.0), Some(10.0)]);
    series(
        "RATE(m1)",
        &[None, Some(1.0 / 60.0), None, Some(2.0 / 120.0)],
    );
    series("RUNNING_SUM(m1)", &[Some(1.0), Some(3.0), None, Some(7.0)]);
    series("floor(m1 / 2)", &[Some(0.0), Some(1.0), None, Some(2.0)]);
    series("ABS(-m1)", &[Some(1.0), Some(2.0), None, Some(4.0)]);
}

#[test]
fn what_is_not_evaluated_is_named() {
    let why = |text: &str| evaluated(text).expect_err(text).0;
    assert_eq!(why("SEARCH('{AWS/X-Ray} a', 'Sum')"), "a text is no value");
    assert_eq!(
        why("ANOMALY_DETECTION_BAND(m1)"),
        "ANOMALY_DETECTION_BAND is not evaluated"
    );
    assert_eq!(why("m9 + 1"), "there is no id m9");
    assert!(why("SELECT SUM(a) FROM b").contains("Metrics Insights"));
    for text in [
        "",
        "1 +",
        "(1",
        "1)",
        "m1 m2",
        "'open",
        "IF(m1)",
        "AVG(1)",
        "[1]",
        "é",
        "1..2",
        "FILL(1, 2)",
        "METRICS(m1)",
        "m1 = 2",
        "[m1] + [m2]",
    ] {
        assert!(evaluated(text).is_err(), "{text}");
    }
    let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
    assert!(why(&deep).contains("within each other"));
    assert!(why(&"-".repeat(500)).contains("within each other"));
    assert!(why(&"1+".repeat(2000)).contains("characters"));
    let wide = format!("[{}m1]", "m1,".repeat(200));
    assert!(why(&wide).contains("time series"), "{}", why(&wide));
}

#[test]
fn ids_are_told() {
    assert_eq!(
        ids("IF(a > 0, 100 * b / a, 0)").expect("ids"),
        ["a", "b", "a"]
    );
}

proptest! {
    #[test]
    fn nothing_that_is_written_brings_it_down(text in "[-m12z+*/^()<>=,. A-Z'\\[\\]]{0,60}") {
        if let Ok(Outcome::Series(points)) = evaluated(&text) {
            prop_assert!(points.values().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn a_sum_is_the_sum(left in -1e6..1e6_f64, right in -1e6..1e6_f64) {
        prop_assert_eq!(evaluated(&format!("{left} + {right}")), Ok(Outcome::Number(left + right)));
    }
}
