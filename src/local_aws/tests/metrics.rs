//! Metrics and the evaluation of alarms, through the SDK.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Dimension, DimensionFilter, EvaluationState, Metric,
    MetricAlarm, MetricDataQuery, MetricDatum, MetricStat, ScanBy, StandardUnit, StateValue,
    Statistic, StatisticSet,
};
use tempfile::TempDir;

use super::{folder, new_rule, options, sdk, xray};
use crate::local_aws::{Clock, LocalAws, Options};

/// A whole hour.
const START: i64 = 1_800_000_000;

struct Aws {
    folder: TempDir,
    local: Arc<LocalAws>,
    client: Client,
    now: Arc<AtomicU64>,
}

impl Aws {
    fn new() -> Self {
        let now = Arc::new(AtomicU64::new(START.unsigned_abs()));
        Self::on(folder(), now)
    }

    fn on(folder: TempDir, now: Arc<AtomicU64>) -> Self {
        let told = Arc::clone(&now);
        let clock =
            Clock::new(move || UNIX_EPOCH + Duration::from_secs(told.load(Ordering::Relaxed)));
        let options = Options {
            clock,
            ..options(&folder)
        };
        let local = Arc::new(LocalAws::open(options).expect("it opens"));
        let client = Client::new(&sdk(&local, "us-east-1"));
        Self {
            folder,
            local,
            client,
            now,
        }
    }

    fn restarted(self) -> Self {
        let Self {
            folder,
            local,
            client,
            now,
        } = self;
        drop((local, client));
        Self::on(folder, now)
    }

    fn at(&self, seconds: u64) {
        let now = START.unsigned_abs() + seconds;
        self.now.store(now, Ordering::Relaxed);
    }

    /// Puts values of the metric `m`, each `seconds` after the start.
    async fn put(&self, values: &[(i64, f64)]) {
        let data = values.iter().map(|(seconds, value)| {
            datum("m", *seconds)
                .value(*value)
                .unit(StandardUnit::Count)
                .build()
        });
        let put = self.client.put_metric_data().namespace("N");
        let put = put.set_metric_data(Some(data.collect()));
        put.send().await.expect("values");
    }

    async fn alarm(&self, name: &str) -> MetricAlarm {
        let asked = self.client.describe_alarms().alarm_names(name);
        let answer = asked.send().await.expect("alarms");
        answer.metric_alarms()[0].clone()
    }

    async fn state(&self, name: &str) -> StateValue {
        self.alarm(name).await.state_value.expect("a state")
    }
}

fn time(seconds: i64) -> DateTime {
    DateTime::from_secs(START + seconds)
}

fn datum(name: &str, seconds: i64) -> aws_sdk_cloudwatch::types::builders::MetricDatumBuilder {
    MetricDatum::builder()
        .metric_name(name)
        .timestamp(time(seconds))
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

/// An alarm on `m` beyond 10.
macro_rules! put_alarm {
    ($aws:expr, $name:expr) => {
        $aws.client
            .put_metric_alarm()
            .alarm_name($name)
            .namespace("N")
            .metric_name("m")
            .statistic(Statistic::Sum)
            .period(60)
            .evaluation_periods(2)
            .datapoints_to_alarm(2)
            .threshold(10.0)
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
    };
}

fn close(left: Option<f64>, right: f64) -> bool {
    left.is_some_and(|left| (left - right).abs() < 1e-9)
}

#[tokio::test]
async fn statistics_are_those_of_the_values() {
    let aws = Aws::new();
    aws.at(600);
    aws.put(&[(0, 1.0), (59, 3.0), (60, 10.0)]).await;
    let set = StatisticSet::builder()
        .sample_count(4.0)
        .sum(20.0)
        .minimum(2.0)
        .maximum(9.0);
    let several = datum("m", 90)
        .set_values(Some(vec![1.0, 2.0]))
        .set_counts(Some(vec![3.0, 1.0]))
        .unit(StandardUnit::Count);
    let other = datum("m", 0)
        .dimensions(dimension("d", "x"))
        .statistic_values(set.build());
    let put = aws.client.put_metric_data().namespace("N");
    let put = put.metric_data(several.build()).metric_data(other.build());
    put.send().await.expect("values");
    let asked = |period: i32| {
        let asked = aws.client.get_metric_statistics().namespace("N");
        let asked = asked.metric_name("m").start_time(time(0));
        asked.end_time(time(300)).period(period)
    };
    let all = [
        Statistic::Sum,
        Statistic::Average,
        Statistic::Minimum,
        Statistic::Maximum,
        Statistic::SampleCount,
    ];
    let answer = asked(60).set_statistics(Some(all.to_vec())).send().await;
    let answer = answer.expect("statistics");
    assert_eq!(answer.label(), Some("m"));
    let points = answer.datapoints();
    assert_eq!(points.len(), 2, "{points:?}");
    let first = &points[0];
    assert_eq!(first.timestamp, Some(time(0)));
    assert_eq!(first.unit, Some(StandardUnit::Count));
    assert!(close(first.sum, 4.0) && close(first.average, 2.0));
    assert!(close(first.minimum, 1.0) && close(first.maximum, 3.0));
    assert!(close(points[1].sum, 15.0) && close(points[1].sample_count, 5.0));
    let extended = ["p50", "tm50", "PR(:2)"].map(str::to_owned);
    let answer = asked(300).set_extended_statistics(Some(extended.to_vec()));
    let answer = answer.send().await.expect("statistics");
    // 1, 1, 1, 1, 2, 3, 10.
    let values = answer.datapoints()[0].extended_statistics();
    let values = values.expect("extended statistics");
    assert!(close(values.get("p50").copied(), 1.0));
    assert!(close(values.get("PR(:2)").copied(), 500.0 / 7.0));
    let of_set = asked(60).dimensions(dimension("d", "x"));
    let of_set = of_set
        .statistics(Statistic::Average)
        .extended_statistics("p50");
    let of_set = of_set.send().await.expect("statistics");
    let point = &of_set.datapoints()[0];
    assert!(close(point.average, 5.0));
    assert!(
        point
            .extended_statistics()
            .is_none_or(std::collections::HashMap::is_empty)
    );
}

#[tokio::test]
async fn metrics_are_listed_by_what_they_have() {
    let aws = Aws::new();
    for (namespace, name, value) in [("N", "a", "1"), ("N", "a", "2"), ("O", "b", "1")] {
        let one = datum(name, 0).value(1.0).dimensions(dimension("d", value));
        let put = aws.client.put_metric_data().namespace(namespace);
        put.metric_data(one.build()).send().await.expect("a value");
    }
    let list = || aws.client.list_metrics();
    let count = async |asked: aws_sdk_cloudwatch::operation::list_metrics::builders::ListMetricsFluentBuilder| {
        asked.send().await.expect("metrics").metrics().len()
    };
    assert_eq!(count(list()).await, 3);
    assert_eq!(count(list().namespace("N")).await, 2);
    assert_eq!(count(list().metric_name("b")).await, 1);
    let filter = |value: Option<&str>| {
        let filter = DimensionFilter::builder().name("d");
        filter.set_value(value.map(str::to_owned)).build()
    };
    assert_eq!(count(list().dimensions(filter(Some("1")))).await, 2);
    assert_eq!(count(list().dimensions(filter(None))).await, 3);
    let answer = list().namespace("O").send().await.expect("metrics");
    assert_eq!(answer.metrics()[0].dimensions(), [dimension("d", "1")]);
    aws.at(4 * 3600);
    let recent = list().recently_active(aws_sdk_cloudwatch::types::RecentlyActive::Pt3H);
    assert_eq!(count(recent).await, 0);
    aws.at(15 * 86_400);
    assert_eq!(count(list()).await, 0, "AWS lists those of two weeks");
}

fn query(id: &str, stat: &str) -> MetricDataQuery {
    let metric = Metric::builder().namespace("N").metric_name("m").build();
    let stat = MetricStat::builder().metric(metric).period(60).stat(stat);
    MetricDataQuery::builder()
        .id(id)
        .metric_stat(stat.build())
        .build()
}

#[tokio::test]
async fn data_is_given_by_query_and_page() {
    let aws = Aws::new();
    aws.at(600);
    aws.put(&[(0, 1.0), (60, 2.0), (60, 4.0), (180, 8.0)]).await;
    let math = MetricDataQuery::builder()
        .id("double")
        .expression("sum * 2");
    let asked = || {
        let asked = aws.client.get_metric_data().start_time(time(0));
        let asked = asked
            .end_time(time(600))
            .scan_by(ScanBy::TimestampAscending);
        asked
            .metric_data_queries(query("sum", "Sum"))
            .metric_data_queries(math.clone().label("twice").build())
    };
    let answer = asked().send().await.expect("data");
    let [sum, double] = answer.metric_data_results() else {
        panic!("two results: {answer:?}")
    };
    assert_eq!(sum.timestamps(), [time(0), time(60), time(180)]);
    assert_eq!(sum.values(), [1.0, 6.0, 8.0]);
    assert_eq!(double.values(), [2.0, 12.0, 16.0]);
    assert_eq!((sum.label(), double.label()), (Some("m"), Some("twice")));
    let newest_first = asked().scan_by(ScanBy::TimestampDescending).send().await;
    let newest_first = newest_first.expect("data");
    assert_eq!(
        newest_first.metric_data_results()[0].values(),
        [8.0, 6.0, 1.0]
    );
    let mut pages = asked().max_datapoints(4).into_paginator().send();
    let mut values = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.expect("a page");
        let results = page.metric_data_results().iter();
        values.push(results.map(|one| one.values().len()).sum::<usize>());
    }
    assert_eq!(values, [4, 2]);
    let wrong = asked().metric_data_queries(
        MetricDataQuery::builder()
            .id("x")
            .expression("nobody + 1")
            .build(),
    );
    let error = wrong
        .send()
        .await
        .expect_err("refused")
        .into_service_error();
    assert!(
        error
            .message()
            .unwrap_or_default()
            .contains("there is no id nobody")
    );
}

#[tokio::test]
async fn what_aws_does_not_take_is_refused_as_a_whole() {
    let aws = Aws::new();
    let put = |one: MetricDatum| {
        let good = datum("good", 0).value(1.0).build();
        let put = aws.client.put_metric_data().namespace("N");
        put.metric_data(good).metric_data(one)
    };
    let set = StatisticSet::builder().sample_count(0.0).sum(0.0);
    let set = set.minimum(0.0).maximum(0.0).build();
    for (one, what) in [
        (datum("m", 0).build(), "At least one"),
        (
            datum("m", 0).value(f64::NAN).build(),
            "MetricData.member.2.Value",
        ),
        (datum("m", 0).value(1e200).build(), "2^360"),
        (
            datum("m", 0).value(1.0).values(1.0).build(),
            "mutually exclusive",
        ),
        (
            datum("m", 0).values(1.0).counts(1.0).counts(2.0).build(),
            "same size",
        ),
        (datum("m", 0).statistic_values(set).build(), "SampleCount"),
        (
            datum("m", -15 * 86_400).value(1.0).build(),
            "past two weeks",
        ),
        (
            datum("m", 3 * 3600).value(1.0).build(),
            "two hours in the future",
        ),
        (datum("", 0).value(1.0).build(), "MetricName"),
        (
            datum("m", 0)
                .value(1.0)
                .unit(StandardUnit::from("Miles"))
                .build(),
            "Miles",
        ),
        (
            datum("m", 0).value(1.0).storage_resolution(5).build(),
            "StorageResolution",
        ),
        (
            datum("m", 0)
                .value(1.0)
                .dimensions(dimension("", "x"))
                .build(),
            "Dimensions.member.1",
        ),
    ] {
        let error = put(one).send().await.expect_err(what).into_service_error();
        let text = error.message().unwrap_or_default();
        assert!(text.contains(what), "{what}: {text}");
    }
    let listed = aws.client.list_metrics().send().await.expect("metrics");
    assert!(
        listed.metrics().is_empty(),
        "nothing of a refused request is kept"
    );
    let asked = aws
        .client
        .get_metric_statistics()
        .namespace("N")
        .metric_name("m");
    let asked = asked.start_time(time(0)).statistics(Statistic::Sum);
    for (end, period, what) in [
        (0, 60, "less than"),
        (86_460, 60, "1441"),
        (60, 7, "Period"),
    ] {
        let asked = asked.clone().end_time(time(end)).period(period);
        let error = asked.send().await.expect_err(what).into_service_error();
        assert!(
            error.message().unwrap_or_default().contains(what),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_alarm_follows_its_metric_and_tells_why() {
    let aws = Aws::new();
    put_alarm!(aws, "a").send().await.expect("an alarm");
    assert_eq!(aws.state("a").await, StateValue::InsufficientData);
    aws.at(130);
    aws.put(&[(0, 11.0), (60, 12.0)]).await;
    let alarm = aws.alarm("a").await;
    assert_eq!(alarm.state_value, Some(StateValue::Alarm));
    let reason = alarm.state_reason().expect("a reason");
    assert!(
        reason.starts_with("Threshold Crossed: 2 out of the last 2 datapoints [12.0 (15/01/27"),
        "{reason}"
    );
    assert!(reason.ends_with("(minimum 2 datapoints for OK -> ALARM transition)."));
    let data: serde_json::Value =
        serde_json::from_str(alarm.state_reason_data().expect("data")).expect("JSON");
    assert_eq!(data["recentDatapoints"], serde_json::json!([11.0, 12.0]));
    assert_eq!(data["statistic"], "Sum");
    assert_eq!(alarm.state_updated_timestamp, Some(time(130)));
    assert_eq!(alarm.state_transitioned_timestamp, Some(time(130)));
    aws.at(190);
    aws.put(&[(120, 1.0)]).await;
    assert_eq!(aws.state("a").await, StateValue::Ok);
    // Nothing comes any more: evaluated when someone asks.
    aws.at(1000);
    let alarm = aws.alarm("a").await;
    assert_eq!(alarm.state_value, Some(StateValue::InsufficientData));
    let reason = "Insufficient Data: 2 datapoints were unknown.";
    assert_eq!(alarm.state_reason(), Some(reason));
    let history = aws.client.describe_alarm_history().alarm_name("a");
    let history = history.send().await.expect("history");
    let summaries = history.alarm_history_items().iter();
    let summaries: Vec<_> = summaries
        .filter_map(|item| item.history_summary())
        .collect();
    assert_eq!(
        summaries,
        [
            "Alarm updated from OK to INSUFFICIENT_DATA",
            "Alarm updated from ALARM to OK",
            "Alarm updated from INSUFFICIENT_DATA to ALARM",
            "Alarm \"a\" created",
        ]
    );
    assert_eq!(history.alarm_history_items()[1].timestamp, Some(time(190)));
    let updates = aws.client.describe_alarm_history().max_records(2);
    let updates =
        updates.history_item_type(aws_sdk_cloudwatch::types::HistoryItemType::StateUpdate);
    let mut pages = updates.into_paginator().items().send();
    let mut count = 0;
    while pages.next().await.transpose().expect("an item").is_some() {
        count += 1;
    }
    assert_eq!(count, 3);
}

#[tokio::test]
async fn missing_data_counts_as_the_alarm_says() {
    let aws = Aws::new();
    for treatment in ["breaching", "notBreaching", "ignore", "missing"] {
        let put = put_alarm!(aws, treatment).treat_missing_data(treatment);
        put.send().await.expect("an alarm");
    }
    aws.at(61);
    aws.put(&[(0, 1.0)]).await;
    for treatment in ["breaching", "notBreaching", "ignore", "missing"] {
        assert_eq!(aws.state(treatment).await, StateValue::Ok, "{treatment}");
    }
    aws.at(1000);
    assert_eq!(aws.state("breaching").await, StateValue::Alarm);
    assert_eq!(aws.state("notBreaching").await, StateValue::Ok);
    assert_eq!(aws.state("ignore").await, StateValue::Ok);
    assert_eq!(aws.state("missing").await, StateValue::InsufficientData);
    let reason = aws.alarm("breaching").await.state_reason.expect("a reason");
    assert_eq!(
        reason,
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints \
         were treated as [Breaching]."
    );
}

#[tokio::test]
async fn a_state_that_is_set_stays_until_the_next_evaluation() {
    let aws = Aws::new();
    put_alarm!(aws, "a").send().await.expect("an alarm");
    let rule = aws.client.put_composite_alarm().alarm_name("all");
    let rule = rule.alarm_rule("ALARM(a)").send().await;
    rule.expect("a composite alarm");
    aws.at(61);
    aws.put(&[(0, 1.0)]).await;
    aws.at(90);
    let set = aws.client.set_alarm_state().alarm_name("a");
    let set = set.state_value(StateValue::Alarm).state_reason("a try");
    set.send().await.expect("a state");
    assert_eq!(aws.alarm("a").await.state_reason(), Some("a try"));
    let composite = async || {
        let asked = aws.client.describe_alarms().alarm_names("all");
        let answer = asked.alarm_types(AlarmType::CompositeAlarm).send().await;
        answer.expect("alarms").composite_alarms()[0].clone()
    };
    let above = composite().await;
    assert_eq!(above.state_value, Some(StateValue::Alarm));
    let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a";
    let reason = format!("{arn} transitioned to ALARM at Friday 15 January, 2027 08:01:30 UTC");
    assert_eq!(above.state_reason(), Some(reason.as_str()));
    let data: serde_json::Value =
        serde_json::from_str(above.state_reason_data().expect("data")).expect("JSON");
    assert_eq!(data["triggeringAlarms"][0]["state"]["value"], "ALARM");
    aws.at(149);
    assert_eq!(aws.state("a").await, StateValue::Alarm);
    aws.at(151);
    assert_eq!(aws.state("a").await, StateValue::Ok);
    assert_eq!(composite().await.state_value, Some(StateValue::Ok));
}

#[tokio::test]
async fn composite_alarms_are_told_by_their_rules() {
    let aws = Aws::new();
    for name in ["a", "b"] {
        put_alarm!(aws, name).send().await.expect("an alarm");
    }
    let put = async |name: &str, rule: &str| {
        let put = aws.client.put_composite_alarm().alarm_name(name);
        put.alarm_rule(rule).send().await.expect(rule);
    };
    put("unknown", "INSUFFICIENT_DATA(a) AND INSUFFICIENT_DATA(b)").await;
    put("either", "ALARM(a) OR ALARM(b)").await;
    put("above", "ALARM(either) AND NOT OK(a)").await;
    put("circle", "NOT ALARM(circle)").await;
    let states = async || {
        let asked = aws
            .client
            .describe_alarms()
            .alarm_types(AlarmType::CompositeAlarm);
        let answer = asked.send().await.expect("alarms");
        let of = |name: &str| {
            let mut alarms = answer.composite_alarms().iter();
            let alarm = alarms.find(|alarm| alarm.alarm_name() == Some(name));
            alarm
                .and_then(|alarm| alarm.state_value.clone())
                .expect(name)
        };
        [of("unknown"), of("either"), of("above")]
    };
    assert_eq!(
        states().await,
        [StateValue::Alarm, StateValue::Ok, StateValue::Ok]
    );
    let set = async |name: &str, state: StateValue| {
        let set = aws.client.set_alarm_state().alarm_name(name);
        let set = set.state_value(state).state_reason("a try").send().await;
        set.expect("a state");
    };
    set("a", StateValue::Alarm).await;
    assert_eq!(
        states().await,
        [StateValue::Ok, StateValue::Alarm, StateValue::Alarm]
    );
    set("a", StateValue::Ok).await;
    set("b", StateValue::Alarm).await;
    assert_eq!(
        states().await,
        [StateValue::Ok, StateValue::Alarm, StateValue::Ok]
    );
}

#[tokio::test]
async fn what_is_not_evaluated_says_so() {
    let aws = Aws::new();
    let search = MetricDataQuery::builder().id("s");
    let search = search.expression("SEARCH('{N} m', 'Sum')").build();
    let put = aws.client.put_metric_alarm().alarm_name("a");
    let put = put.metric_data_queries_of(search);
    put.send().await.expect("an alarm");
    aws.at(60);
    let alarm = aws.alarm("a").await;
    assert_eq!(alarm.state_value, Some(StateValue::InsufficientData));
    let reason = alarm.state_reason().expect("a reason");
    assert!(reason.contains("does not evaluate this alarm"), "{reason}");
    assert_eq!(
        alarm.evaluation_state().map(EvaluationState::as_str),
        Some("EVALUATION_ERROR")
    );
}

trait OfQuery {
    fn metric_data_queries_of(self, query: MetricDataQuery) -> Self;
}

impl OfQuery
    for aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder
{
    fn metric_data_queries_of(self, query: MetricDataQuery) -> Self {
        self.metrics(query)
            .evaluation_periods(1)
            .threshold(1.0)
            .comparison_operator(ComparisonOperator::LessThanThreshold)
    }
}

#[tokio::test]
async fn states_outlive_the_process_and_values_do_not() {
    let aws = Aws::new();
    put_alarm!(aws, "a").send().await.expect("an alarm");
    aws.at(130);
    aws.put(&[(0, 11.0), (60, 12.0)]).await;
    let before = aws.alarm("a").await;
    let aws = aws.restarted();
    assert_eq!(aws.alarm("a").await, before);
    let history = aws.client.describe_alarm_history().send().await;
    assert_eq!(history.expect("history").alarm_history_items().len(), 2);
    let listed = aws.client.list_metrics().send().await.expect("metrics");
    assert!(listed.metrics().is_empty());
}

/// A value of `SamplingRate` for each answer to a client, of rules that may be
/// boosted alone.
#[tokio::test]
async fn sampling_rates_of_rules_with_a_boost_are_metrics() {
    let aws = Aws::new();
    let region = Some("us-east-1");
    let mut boosted = new_rule("boosted");
    boosted["SamplingRule"]["SamplingRateBoost"] =
        serde_json::json!({ "MaxRate": 0.5, "CooldownWindowMinutes": 10 });
    for rule in [boosted, new_rule("plain")] {
        let (status, answer) = xray(&aws.local, region, "/CreateSamplingRule", &rule).await;
        assert_eq!(status, 200, "{answer}");
    }
    let report = |rule: &str| {
        serde_json::json!({
            "RuleName": rule, "ClientID": "0123456789abcdef01234567", "Timestamp": START,
            "RequestCount": 10, "SampledCount": 1, "BorrowCount": 0,
        })
    };
    let reports = ["boosted", "plain", "Default"].map(report);
    let body = serde_json::json!({ "SamplingStatisticsDocuments": reports });
    for _ in 0..2 {
        let (status, answer) = xray(&aws.local, region, "/SamplingTargets", &body).await;
        assert_eq!(status, 200, "{answer}");
    }
    let listed = aws.client.list_metrics().send().await.expect("metrics");
    let [metric] = listed.metrics() else {
        panic!("one metric: {listed:?}")
    };
    assert_eq!(metric.namespace(), Some("AWS/X-Ray"));
    assert_eq!(metric.metric_name(), Some("SamplingRate"));
    assert_eq!(metric.dimensions(), [dimension("RuleName", "boosted")]);
    let asked = aws.client.get_metric_statistics().namespace("AWS/X-Ray");
    let asked = asked
        .metric_name("SamplingRate")
        .dimensions(dimension("RuleName", "boosted"));
    let asked = asked.start_time(time(0)).end_time(time(60)).period(60);
    let asked = asked
        .statistics(Statistic::Average)
        .statistics(Statistic::SampleCount);
    let answer = asked.send().await.expect("statistics");
    assert!(close(answer.datapoints()[0].average, 0.1));
    assert!(close(answer.datapoints()[0].sample_count, 2.0));
}

#[tokio::test]
async fn a_packed_request_is_read() {
    let aws = Aws::new();
    // The SDK packs what is longer than 10 kB.
    let data = (0..500).map(|number| datum(&format!("m{number}"), 0).value(1.0).build());
    let put = aws.client.put_metric_data().namespace("N");
    let put = put.set_metric_data(Some(data.collect()));
    put.send().await.expect("values");
    let listed = aws.client.list_metrics().send().await.expect("metrics");
    assert_eq!(listed.metrics().len(), 500);
}

#[tokio::test]
async fn percentiles_of_few_values_change_nothing_where_they_are_ignored() {
    let aws = Aws::new();
    for (name, treatment) in [("evaluated", "evaluate"), ("ignored", "ignore")] {
        let put = put_alarm!(aws, name)
            .set_statistic(None)
            .extended_statistic("p50");
        let put = put.evaluation_periods(1).datapoints_to_alarm(1);
        let put = put.evaluate_low_sample_count_percentile(treatment);
        put.send().await.expect("an alarm");
    }
    aws.at(61);
    aws.put(&[(0, 50.0); 19]).await;
    assert_eq!(aws.state("evaluated").await, StateValue::Alarm);
    assert_eq!(aws.state("ignored").await, StateValue::InsufficientData);
    aws.put(&[(0, 50.0)]).await;
    assert_eq!(aws.state("ignored").await, StateValue::Alarm);
}
