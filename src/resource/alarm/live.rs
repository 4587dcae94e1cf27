//! Reading and writing metric alarms.

use super::metrics::{MetricDataQuery, dimensions_from_aws, dimensions_to_aws};
use super::spec::AlarmSpec;
use super::{Alarm, any_alarm, cloudwatch_tags};
use crate::aws::cloudwatch::types;
use crate::aws::{CLOUDWATCH, Patience, call, gone_is_done, until_done};
use crate::resource::read::with_tags;
use crate::resource::{Aws, Error, Found, Query, Resource, Tags};

/// Most alarms of one page.
const PAGE: i32 = 100;

/// Reads every metric alarm.
pub(super) async fn read(
    aws: &Aws,
    query: Query<'_, AlarmSpec>,
) -> Result<Vec<Found<AlarmSpec>>, Error> {
    let mut alarms = list(aws).await?;
    // Alarms on log queries and in PromQL have no metric; they are not ours.
    alarms.retain(|alarm| {
        let has_metric = alarm.metric_name.is_some() || !alarm.metrics().is_empty();
        has_metric || query.names(alarm.alarm_name().unwrap_or_default())
    });
    let tagged = with_tags(
        alarms,
        |alarm| query.names(alarm.alarm_name().unwrap_or_default()),
        |alarm| cloudwatch_tags::read(aws, alarm.alarm_arn.unwrap_or_default()),
    )
    .await?;
    let found = tagged.into_iter().map(|(alarm, tags)| Found {
        key: alarm.alarm_name.clone().unwrap_or_default(),
        tags: Some(tags),
        outputs: cloudwatch_tags::outputs(alarm.alarm_arn().unwrap_or_default()),
        status: any_alarm::status(
            alarm.state_value.as_ref(),
            alarm.state_reason.as_deref(),
            alarm.state_transitioned_timestamp.as_ref(),
        ),
        spec: from_aws(alarm),
        deletion_scheduled: false,
    });
    Ok(found.collect())
}

async fn list(aws: &Aws) -> Result<Vec<types::MetricAlarm>, Error> {
    let mut alarms = Vec::new();
    let mut token = None;
    loop {
        let request = aws
            .cloudwatch
            .describe_alarms()
            .alarm_types(types::AlarmType::MetricAlarm)
            .max_records(PAGE)
            .set_next_token(token);
        let page = call(CLOUDWATCH, "DescribeAlarms", request.send()).await?;
        alarms.extend(page.metric_alarms.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(alarms);
        }
    }
}

fn from_aws(alarm: types::MetricAlarm) -> AlarmSpec {
    let metrics = alarm.metrics.unwrap_or_default().into_iter();
    AlarmSpec {
        alarm_name: alarm.alarm_name,
        alarm_description: alarm.alarm_description.unwrap_or_default(),
        namespace: alarm.namespace,
        metric_name: alarm.metric_name,
        dimensions: dimensions_from_aws(alarm.dimensions),
        statistic: alarm.statistic.map(|one| one.as_str().to_owned()),
        extended_statistic: alarm.extended_statistic,
        period: alarm.period,
        unit: alarm.unit.map(|unit| unit.as_str().to_owned()),
        evaluation_periods: alarm.evaluation_periods,
        datapoints_to_alarm: alarm.datapoints_to_alarm,
        threshold: alarm.threshold,
        comparison_operator: alarm.comparison_operator.map(|one| one.as_str().to_owned()),
        treat_missing_data: alarm.treat_missing_data,
        evaluate_low_sample_count_percentile: alarm.evaluate_low_sample_count_percentile,
        metrics: metrics.map(MetricDataQuery::from_aws).collect(),
        threshold_metric_id: alarm.threshold_metric_id,
        actions_enabled: alarm.actions_enabled.unwrap_or(true),
        alarm_actions: alarm.alarm_actions.unwrap_or_default(),
        ok_actions: alarm.ok_actions.unwrap_or_default(),
        insufficient_data_actions: alarm.insufficient_data_actions.unwrap_or_default(),
        ..AlarmSpec::default()
    }
}

/// Puts the alarm called `name` in place, as a whole. AWS takes `tags` only of
/// an alarm that is new.
pub(super) async fn put(
    aws: &Aws,
    name: &str,
    spec: &AlarmSpec,
    tags: Option<&Tags>,
) -> Result<(), Error> {
    let spec = Alarm::canonical(spec.clone());
    let metrics: Vec<_> = spec.metrics.iter().map(MetricDataQuery::to_aws).collect();
    let is_math = !metrics.is_empty();
    let dimensions = dimensions_to_aws(&spec.dimensions);
    let statistic = spec.statistic.as_deref().map(types::Statistic::from);
    let operator = spec.comparison_operator.as_deref();
    let request = aws
        .cloudwatch
        .put_metric_alarm()
        .alarm_name(name)
        .set_alarm_description(Some(spec.alarm_description).filter(|text| !text.is_empty()))
        .actions_enabled(spec.actions_enabled)
        .set_alarm_actions(Some(spec.alarm_actions))
        .set_ok_actions(Some(spec.ok_actions))
        .set_insufficient_data_actions(Some(spec.insufficient_data_actions))
        .set_namespace(spec.namespace)
        .set_metric_name(spec.metric_name)
        .set_dimensions((!is_math).then_some(dimensions))
        .set_statistic(statistic)
        .set_extended_statistic(spec.extended_statistic)
        .set_period(spec.period)
        .set_unit(spec.unit.as_deref().map(types::StandardUnit::from))
        .set_evaluation_periods(spec.evaluation_periods)
        .set_datapoints_to_alarm(spec.datapoints_to_alarm)
        .set_threshold(spec.threshold)
        .set_comparison_operator(operator.map(types::ComparisonOperator::from))
        .set_treat_missing_data(spec.treat_missing_data)
        .set_evaluate_low_sample_count_percentile(spec.evaluate_low_sample_count_percentile)
        .set_metrics(is_math.then_some(metrics))
        .set_threshold_metric_id(spec.threshold_metric_id)
        .set_tags(tags.map(cloudwatch_tags::to_aws));
    call(CLOUDWATCH, "PutMetricAlarm", request.send()).await?;
    Ok(())
}

/// Deletes the alarm called `name`. A composite alarm that named it may still
/// do so for a moment after it was changed or deleted.
pub(super) async fn delete(aws: &Aws, name: &str) -> Result<(), Error> {
    let result = until_done(Patience::NEW_KEY, any_alarm::is_still_named, || {
        let request = aws.cloudwatch.delete_alarms().alarm_names(name);
        call(CLOUDWATCH, "DeleteAlarms", request.send())
    });
    gone_is_done(result.await)
}
