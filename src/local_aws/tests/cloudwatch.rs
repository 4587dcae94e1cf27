//! Every correction of CloudWatch, through the SDK.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Metric, MetricDataQuery, MetricStat, StateValue, Statistic, Tag,
};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::{fresh, sdk};

/// Code and text of a call that must fail.
macro_rules! refusal {
    ($call:expr) => {{
        let error = $call
            .send()
            .await
            .expect_err("refused")
            .into_service_error();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        (text(error.code()), text(error.message()))
    }};
}

fn alarm(client: &Client, name: &str) -> PutMetricAlarmFluentBuilder {
    let put = client.put_metric_alarm().alarm_name(name);
    put.namespace("AWS/X-Ray")
        .metric_name("ApproximateTraceCount")
        .statistic(Statistic::Sum)
        .period(60)
        .evaluation_periods(2)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

#[tokio::test]
async fn an_alarm_keeps_state_and_tags_where_it_is_put_again() {
    let (_folder, local) = fresh();
    let client = Client::new(&sdk(&local, "us-east-1"));
    let shown = async || {
        let alarms = client.describe_alarms().send().await.expect("alarms");
        alarms.metric_alarms()[0].clone()
    };
    let put = || alarm(&client, "a").tags(tag("team", "x"));
    put().send().await.expect("an alarm");
    let new = shown().await;
    assert_eq!(new.state_value, Some(StateValue::InsufficientData));
    let reason = "Unchecked: Initial alarm creation";
    assert_eq!(new.state_reason(), Some(reason));
    let set = client.set_alarm_state().alarm_name("a");
    let set = set.state_value(StateValue::Alarm).state_reason("a test");
    set.send().await.expect("a state");
    let before = shown().await;
    put().tags(tag("more", "y")).send().await.expect("the same");
    assert_eq!(shown().await, before, "an identical put changes nothing");
    put().threshold(2.0).send().await.expect("another");
    let after = shown().await;
    assert_eq!(after.threshold, Some(2.0));
    assert_eq!(after.state_value, Some(StateValue::Alarm));
    let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a";
    assert_eq!(after.alarm_arn(), Some(arn));
    let tags = client.list_tags_for_resource().resource_arn(arn);
    let tags = tags.send().await.expect("tags");
    assert_eq!(tags.tags(), [tag("team", "x")], "ignored on update");
}

#[tokio::test]
async fn percentiles_math_and_missing_data_are_kept() {
    let (_folder, local) = fresh();
    let client = Client::new(&sdk(&local, "us-east-1"));
    let percentile = alarm(&client, "a").set_statistic(None);
    let percentile = percentile
        .extended_statistic("p95")
        .treat_missing_data("breaching")
        .datapoints_to_alarm(1)
        .evaluate_low_sample_count_percentile("ignore");
    percentile.send().await.expect("an alarm");
    let metric = Metric::builder().namespace("N").metric_name("M").build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Sum");
    let query = MetricDataQuery::builder()
        .id("m1")
        .metric_stat(stat.build())
        .return_data(false);
    let math = MetricDataQuery::builder().id("e1").expression("m1 * 2");
    let put = |queries: [MetricDataQuery; 2]| {
        client
            .put_metric_alarm()
            .alarm_name("b")
            .set_metrics(Some(queries.to_vec()))
            .evaluation_periods(1)
            .threshold(1.0)
            .comparison_operator(ComparisonOperator::LessThanThreshold)
    };
    let queries = [query.build(), math.build()];
    put(queries.clone()).send().await.expect("an alarm");
    let alarms = client.describe_alarms().send().await.expect("alarms");
    let [a, b] = alarms.metric_alarms() else {
        panic!("two alarms: {alarms:?}")
    };
    assert_eq!(a.extended_statistic(), Some("p95"));
    assert_eq!(a.treat_missing_data(), Some("breaching"));
    assert_eq!(a.datapoints_to_alarm, Some(1));
    assert_eq!(b.metrics().len(), 2);
    assert_eq!(b.metrics()[0].return_data, Some(false));
    assert_eq!(b.metrics()[1].expression(), Some("m1 * 2"));
    // What it would refuse.
    let both = put(queries.clone()).period(60);
    assert_eq!(refusal!(both).0, "ValidationError");
    let none = put([queries[0].clone(), queries[0].clone()]);
    assert!(refusal!(none).1.contains("Exactly one element"));
    for call in [
        alarm(&client, "c").extended_statistic("p95"),
        alarm(&client, "c").set_statistic(None),
        alarm(&client, "c").period(61),
        alarm(&client, "c").evaluation_periods(1441),
        alarm(&client, "c").datapoints_to_alarm(3),
        alarm(&client, "c").set_threshold(None),
        alarm(&client, "c").alarm_actions("topic"),
        alarm(&client, "c\n"),
    ] {
        assert_eq!(refusal!(call).0, "ValidationError");
    }
}

#[tokio::test]
async fn alarms_are_paged_and_told_by_type() {
    let (_folder, local) = fresh();
    let client = Client::new(&sdk(&local, "us-east-1"));
    for name in ["c", "a", "b"] {
        alarm(&client, name).send().await.expect("an alarm");
    }
    let put = client.put_composite_alarm().alarm_name("all");
    let put = put.alarm_rule("ALARM(a) OR NOT OK(\"b\")");
    put.send().await.expect("a composite alarm");
    let first = client.describe_alarms().max_records(2).send().await;
    let first = first.expect("a page");
    let second = client.describe_alarms().max_records(2);
    let second = second.set_next_token(first.next_token.clone()).send().await;
    let second = second.expect("a page");
    let pages = first.metric_alarms().iter().chain(second.metric_alarms());
    let names: Vec<_> = pages.filter_map(|alarm| alarm.alarm_name()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(second.next_token, None);
    assert!(first.composite_alarms().is_empty(), "they are asked for");
    let composite = client.describe_alarms();
    let composite = composite.alarm_types(AlarmType::CompositeAlarm);
    let composite = composite.send().await.expect("alarms");
    assert!(composite.metric_alarms().is_empty());
    assert_eq!(composite.composite_alarms()[0].alarm_name(), Some("all"));
}

#[tokio::test]
async fn composite_alarms_hold_their_children() {
    let (_folder, local) = fresh();
    let client = Client::new(&sdk(&local, "us-east-1"));
    let put = |rule: &str| {
        let put = client.put_composite_alarm().alarm_name("all");
        put.alarm_rule(rule).tags(tag("team", "x"))
    };
    let unknown = refusal!(put("ALARM(a)"));
    assert!(unknown.1.contains("[a] in the alarm rule do not exist"));
    alarm(&client, "a").send().await.expect("an alarm");
    for rule in ["ALARM(a) AND", "ALARM(a) or OK(a)", "(ALARM(a)", "a"] {
        assert_eq!(refusal!(put(rule)).0, "ValidationError", "{rule}");
    }
    let alone = put("ALARM(a)").actions_suppressor("a");
    assert!(refusal!(alone).1.contains("together"));
    let whole = put("ALARM(a)").actions_suppressor("a");
    let whole = whole
        .actions_suppressor_wait_period(1)
        .actions_suppressor_extension_period(2);
    whole.send().await.expect("a composite alarm");
    let alarms = client
        .describe_alarms()
        .alarm_types(AlarmType::CompositeAlarm);
    let alarms = alarms.send().await.expect("alarms");
    let shown = &alarms.composite_alarms()[0];
    assert_eq!(shown.actions_suppressor(), Some("a"));
    assert_eq!(shown.actions_suppressor_extension_period, Some(2));
    let tags = client.list_tags_for_resource();
    let tags = tags.resource_arn(shown.alarm_arn().expect("an ARN"));
    assert_eq!(tags.send().await.expect("tags").tags(), [tag("team", "x")]);
    let child = client.delete_alarms().alarm_names("a");
    let refused = refusal!(child);
    assert_eq!(refused.0, "ValidationError");
    assert!(refused.1.contains("depending on"), "{refused:?}");
    for name in ["all", "a"] {
        let delete = client.delete_alarms().alarm_names(name);
        delete.send().await.expect("deleted");
    }
    let gone = client.delete_alarms().alarm_names("a");
    assert_eq!(refusal!(gone).0, "ResourceNotFound");
}

#[tokio::test]
async fn dashboards_are_kept_as_aws_keeps_them() {
    let (_folder, local) = fresh();
    let client = Client::new(&sdk(&local, "us-east-1"));
    let put = |body: &str| {
        let put = client.put_dashboard().dashboard_name("d");
        put.dashboard_body(body).tags(tag("team", "x"))
    };
    for body in ["", "x", "[]", "{}", r#"{"widgets":[{"type":"map"}]}"#] {
        assert_eq!(refusal!(put(body)).0, "InvalidParameterInput", "{body}");
    }
    let body = r#"{ "widgets": [ ], "start": "\u002dPT1H" }"#;
    put(body).send().await.expect("a dashboard");
    put(body)
        .tags(tag("more", "y"))
        .send()
        .await
        .expect("the same");
    let shown = client.get_dashboard().dashboard_name("d").send().await;
    let shown = shown.expect("a dashboard");
    let kept = r#"{"widgets":[],"start":"-PT1H"}"#;
    assert_eq!(shown.dashboard_body(), Some(kept));
    let arn = "arn:aws:cloudwatch::123456789012:dashboard/d";
    assert_eq!(shown.dashboard_arn(), Some(arn), "in no region");
    let tags = client.list_tags_for_resource().resource_arn(arn);
    let tags = tags.send().await.expect("tags");
    assert_eq!(tags.tags(), [tag("team", "x")]);
    let delete = client.delete_dashboards().dashboard_names("d");
    delete.send().await.expect("deleted");
    let get = client.get_dashboard().dashboard_name("d");
    assert!(refusal!(get).0.contains("NotFound"));
}

#[tokio::test]
async fn calls_in_json_are_answered_and_forms_are_told_why_not() {
    let (_folder, local) = fresh();
    let scope = "Credential=AKID/20261121/us-east-1/monitoring/aws4_request";
    let authorization = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00");
    let request = |kind: &str| {
        let request = Request::post("/").header("content-type", kind);
        request.header("authorization", authorization.clone())
    };
    let json = |operation: &str, body: &Value| {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        let request = request("application/x-amz-json-1.0").header("x-amz-target", target);
        request
            .body(Bytes::from(body.to_string()))
            .expect("a request")
    };
    let body = json!({ "DashboardName": "d", "DashboardBody": "{\"widgets\":[]}" });
    let put = local.handle(json("PutDashboard", &body)).await;
    assert_eq!(put.status(), 200, "{:?}", put.body());
    let answer = local.handle(json("ListDashboards", &json!({}))).await;
    let answer: Value = serde_json::from_slice(answer.body()).expect("JSON");
    assert_eq!(answer["DashboardEntries"][0]["DashboardName"], "d");
    // An operation that is not ours.
    let answer = local.handle(json("ListMetrics", &json!({}))).await;
    assert_eq!(answer.status(), 200, "{:?}", answer.body());
    let form = request("application/x-www-form-urlencoded");
    let form = form.body(Bytes::from("Action=ListDashboards&Version=2010-08-01"));
    let answer = local.handle(form.expect("a request")).await;
    assert!(answer.status().is_client_error());
    let text = String::from_utf8_lossy(answer.body());
    assert!(text.contains("not as a form"), "{text}");
}
