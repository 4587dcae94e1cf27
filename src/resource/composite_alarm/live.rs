//! Reading and writing composite alarms.

use std::collections::{BTreeMap, BTreeSet};

use super::{CompositeAlarm, CompositeAlarmSpec, any_alarm, cloudwatch_tags, rule};
use crate::aws::cloudwatch::types;
use crate::aws::{CLOUDWATCH, Class, Patience, call, gone_is_done, until_done};
use crate::resource::read::with_tags;
use crate::resource::{Aws, Error, Found, Query, Resource, Tags};

/// Most alarms of one page.
const PAGE: i32 = 100;
/// A rule that asks for no alarm.
const NEVER: &str = "FALSE";

/// Reads every composite alarm.
pub(super) async fn read(
    aws: &Aws,
    query: Query<'_, CompositeAlarmSpec>,
) -> Result<Vec<Found<CompositeAlarmSpec>>, Error> {
    let tagged = with_tags(
        list(aws).await?,
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

/// Lists them; where their type is not asked for, AWS gives metric alarms
/// alone.
async fn list(aws: &Aws) -> Result<Vec<types::CompositeAlarm>, Error> {
    let mut alarms = Vec::new();
    let mut token = None;
    loop {
        let request = aws
            .cloudwatch
            .describe_alarms()
            .alarm_types(types::AlarmType::CompositeAlarm)
            .max_records(PAGE)
            .set_next_token(token);
        let page = call(CLOUDWATCH, "DescribeAlarms", request.send()).await?;
        alarms.extend(page.composite_alarms.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(alarms);
        }
    }
}

fn from_aws(alarm: types::CompositeAlarm) -> CompositeAlarmSpec {
    let suppressor = alarm.actions_suppressor.filter(|text| !text.is_empty());
    let is_suppressed = suppressor.is_some();
    CompositeAlarmSpec {
        alarm_name: alarm.alarm_name,
        alarm_description: alarm.alarm_description.unwrap_or_default(),
        alarm_rule: alarm.alarm_rule,
        any_of: Vec::new(),
        all_of: Vec::new(),
        actions_enabled: alarm.actions_enabled.unwrap_or(true),
        alarm_actions: alarm.alarm_actions.unwrap_or_default(),
        ok_actions: alarm.ok_actions.unwrap_or_default(),
        insufficient_data_actions: alarm.insufficient_data_actions.unwrap_or_default(),
        actions_suppressor: suppressor,
        actions_suppressor_wait_period: alarm
            .actions_suppressor_wait_period
            .filter(|_| is_suppressed),
        actions_suppressor_extension_period: alarm
            .actions_suppressor_extension_period
            .filter(|_| is_suppressed),
    }
}

/// Puts the alarm called `name` in place, as a whole. AWS takes `tags` only of
/// an alarm that is new, and may need a moment to see alarms that were put just
/// before.
pub(super) async fn put(
    aws: &Aws,
    name: &str,
    spec: &CompositeAlarmSpec,
    tags: Option<&Tags>,
) -> Result<(), Error> {
    let spec = CompositeAlarm::canonical(spec.clone());
    until_done(Patience::NEW_KEY, is_child_unseen, || {
        let spec = spec.clone();
        let request = aws
            .cloudwatch
            .put_composite_alarm()
            .alarm_name(name)
            .set_alarm_description(Some(spec.alarm_description).filter(|text| !text.is_empty()))
            .set_alarm_rule(spec.alarm_rule)
            .actions_enabled(spec.actions_enabled)
            .set_alarm_actions(Some(spec.alarm_actions))
            .set_ok_actions(Some(spec.ok_actions))
            .set_insufficient_data_actions(Some(spec.insufficient_data_actions))
            .set_actions_suppressor(spec.actions_suppressor)
            .set_actions_suppressor_wait_period(spec.actions_suppressor_wait_period)
            .set_actions_suppressor_extension_period(spec.actions_suppressor_extension_period)
            .set_tags(tags.map(cloudwatch_tags::to_aws));
        call(CLOUDWATCH, "PutCompositeAlarm", request.send())
    })
    .await?;
    Ok(())
}

fn is_child_unseen(error: &Error) -> bool {
    error.class == Class::Invalid && error.message.contains("do not exist")
}

/// Deletes the alarm called `name`. AWS refuses it while another composite
/// alarm names it: that one may be about to be deleted too, and where both name
/// each other, the circle is broken first.
pub(super) async fn delete(aws: &Aws, name: &str, spec: &CompositeAlarmSpec) -> Result<(), Error> {
    let remove = || {
        let request = aws.cloudwatch.delete_alarms().alarm_names(name);
        call(CLOUDWATCH, "DeleteAlarms", request.send())
    };
    let mut result = remove().await;
    if result.as_ref().is_err_and(any_alarm::is_still_named) {
        if is_in_circle(name, &list(aws).await?) {
            let broken = CompositeAlarmSpec {
                alarm_rule: Some(NEVER.to_owned()),
                ..spec.clone()
            };
            put(aws, name, &broken, None).await?;
        }
        result = until_done(Patience::NEW_KEY, any_alarm::is_still_named, remove).await;
    }
    gone_is_done(result)
}

/// Tells whether the rule of `name` leads back to it.
fn is_in_circle(name: &str, alarms: &[types::CompositeAlarm]) -> bool {
    let children: BTreeMap<&str, Vec<String>> = alarms
        .iter()
        .filter_map(|alarm| {
            let rule = rule::parse(alarm.alarm_rule()?).ok()?;
            Some((alarm.alarm_name()?, rule.children))
        })
        .collect();
    let mut seen = BTreeSet::new();
    let mut open = vec![name];
    while let Some(at) = open.pop() {
        for child in children.get(at).into_iter().flatten() {
            let child = any_alarm::name_in_arn(child).unwrap_or(child);
            if child == name {
                return true;
            }
            if seen.insert(child) {
                open.push(child);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found() {
        let alarm = |name: &str, rule: &str| {
            types::CompositeAlarm::builder()
                .alarm_name(name)
                .alarm_rule(rule)
                .build()
        };
        let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a";
        let alarms = [
            alarm("a", "ALARM(b) OR ALARM(x)"),
            alarm("b", "NOT OK(c)"),
            alarm("c", &format!("ALARM({arn})")),
            alarm("above", "ALARM(a)"),
        ];
        assert!(
            ["a", "b", "c"]
                .iter()
                .all(|name| is_in_circle(name, &alarms))
        );
        assert!(!is_in_circle("above", &alarms));
        assert!(!is_in_circle("x", &alarms));
    }
}
