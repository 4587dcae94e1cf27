//! Metric alarms, and what is asked of alarms of both kinds. Their actions are
//! kept and never carried out.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>.

use serde_json::{Value, json};

use super::composites;
use super::evaluation;
use super::history::Change;
use super::protocol::Fault;
use super::state::{Members, Scope, State, required, tags, text, texts};

/// Members of a metric alarm that a put sets.
const SETTINGS: &[&str] = &[
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "Metrics",
    "ThresholdMetricId",
];
/// Members that are lists, which AWS shows even where they are empty.
pub(super) const ACTIONS: &[&str] = &["OKActions", "AlarmActions", "InsufficientDataActions"];
const STATES: &[&str] = &["OK", "ALARM", "INSUFFICIENT_DATA"];
const A_DAY: i64 = 86_400;

/// Answers what is asked of metric alarms, or of alarms of both kinds; `None`
/// for all other operations.
pub fn answer(
    operation: &str,
    members: &Members,
    state: &mut State,
    scope: Scope<'_>,
) -> Option<Result<Value, Fault>> {
    Some(match operation {
        "PutMetricAlarm" => put(members, state, scope),
        "DescribeAlarms" => describe(members, state),
        "DescribeAlarmsForMetric" => Ok(of_metric(members, state)),
        "DeleteAlarms" => delete(members, state, scope),
        "SetAlarmState" => set_state(members, state, scope),
        "EnableAlarmActions" => Ok(set_enabled(members, state, true)),
        "DisableAlarmActions" => Ok(set_enabled(members, state, false)),
        _ => return None,
    })
}

fn put(members: &Members, state: &mut State, scope: Scope<'_>) -> Result<Value, Fault> {
    let name = required(members, "AlarmName")?;
    check_name(name)?;
    check(members)?;
    if state.composites.contains_key(name) {
        return Err(Fault::invalid(format!(
            "{name} is a composite alarm already"
        )));
    }
    let settings = settings(members, SETTINGS);
    let kept = keep(&mut state.alarms, name, settings, scope);
    if let (Some(what), Some(alarm)) = (kept.word(), state.alarms.get(name)) {
        state.history.configured(alarm, what, scope.now);
        evaluation::touch(state, name, scope);
    }
    let arn = scope.alarm_arn(name);
    state.tags.entry(arn).or_insert_with(|| tags(members));
    Ok(json!({}))
}

/// Demands a name that AWS takes.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    if name.chars().count() > 255 || name.chars().any(|c| c.is_ascii_control()) {
        return Err(Fault::invalid(
            "AlarmName must be 1 to 255 characters, none of them a control character",
        ));
    }
    Ok(())
}

/// Takes the settings out of a request, in AWS's form: lists are there even
/// where they are empty, numbers have the type that they have in CBOR.
pub(super) fn settings(members: &Members, names: &[&str]) -> Members {
    let mut settings = Members::new();
    for name in names {
        if let Some(value) = members.get(*name).filter(|value| !value.is_null()) {
            settings.insert((*name).to_owned(), value.clone());
        }
    }
    settings.entry("ActionsEnabled").or_insert(json!(true));
    for name in ACTIONS.iter().chain(&["Dimensions"]) {
        if names.contains(name) {
            settings.entry(*name).or_insert(json!([]));
        }
    }
    if let Some(threshold) = settings.get("Threshold").and_then(Value::as_f64) {
        settings.insert("Threshold".to_owned(), json!(threshold));
    }
    for query in settings
        .get_mut("Metrics")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(Value::Object(metric)) = query.pointer_mut("/MetricStat/Metric") {
            metric.entry("Dimensions").or_insert(json!([]));
        }
    }
    settings
}

/// What a put did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Nothing: the alarm had these settings.
    Same,
    /// There is a new alarm.
    New,
    /// The alarm has other settings.
    Changed,
}

impl Kept {
    /// The word for it, where anything was done.
    pub(super) fn word(self) -> Option<&'static str> {
        match self {
            Self::Same => None,
            Self::New => Some("created"),
            Self::Changed => Some("updated"),
        }
    }
}

/// Keeps an alarm with these settings. One that has them already is not
/// touched; another keeps its state.
pub(super) fn keep(
    alarms: &mut std::collections::BTreeMap<String, Members>,
    name: &str,
    settings: Members,
    scope: Scope<'_>,
) -> Kept {
    let arn = scope.alarm_arn(name);
    let runtime = |alarm: &Members| -> Members {
        let is_setting = |name: &str| SETTINGS.contains(&name) || composites::is_setting(name);
        let kept = alarm.iter().filter(|(name, _)| !is_setting(name));
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let kept = if alarms.contains_key(name) {
        Kept::Changed
    } else {
        Kept::New
    };
    let mut alarm = match alarms.get(name) {
        Some(alarm) => {
            let mut same = runtime(alarm);
            same.extend(settings.clone());
            if same == *alarm {
                return Kept::Same;
            }
            runtime(alarm)
        }
        None => Members::from_iter([
            ("AlarmName".to_owned(), json!(name)),
            ("AlarmArn".to_owned(), json!(arn)),
            ("StateValue".to_owned(), json!("INSUFFICIENT_DATA")),
            (
                "StateReason".to_owned(),
                json!("Unchecked: Initial alarm creation"),
            ),
            ("StateUpdatedTimestamp".to_owned(), json!(scope.now)),
            ("StateTransitionedTimestamp".to_owned(), json!(scope.now)),
        ]),
    };
    alarm.extend(settings);
    let updated = "AlarmConfigurationUpdatedTimestamp".to_owned();
    alarm.insert(updated, json!(scope.now));
    alarms.insert(name.to_owned(), alarm);
    kept
}

/// What AWS refuses.
fn check(members: &Members) -> Result<(), Fault> {
    let refuse = |message: &str| Err(Fault::invalid(message));
    let has = |name: &str| members.get(name).is_some_and(|value| !value.is_null());
    let queries = members.get("Metrics").and_then(Value::as_array);
    let queries = queries.filter(|queries| !queries.is_empty());
    check_actions(members)?;
    match queries {
        Some(queries) => {
            let single = ["MetricName", "Namespace", "Statistic", "Period", "Unit"];
            if single.iter().any(|name| has(name)) || has("ExtendedStatistic") {
                return refuse("Metrics list cannot be used with parameters of a single metric");
            }
            check_watched(queries, text(members, "ThresholdMetricId"))?;
        }
        None if !has("MetricName") || !has("Namespace") => {
            return refuse("The parameters MetricName and Namespace, or Metrics, are required.");
        }
        None if has("Statistic") == has("ExtendedStatistic") => {
            return refuse("Exactly one of Statistic and ExtendedStatistic must be specified");
        }
        None if !has("Period") => return refuse("The parameter Period is required."),
        None => {}
    }
    if has("Threshold") == has("ThresholdMetricId") {
        return refuse("Exactly one of Threshold and ThresholdMetricId must be specified");
    }
    required(members, "ComparisonOperator")?;
    check_evaluation(members, queries.map_or(&[], Vec::as_slice))
}

pub(super) fn check_actions(members: &Members) -> Result<(), Fault> {
    for name in ACTIONS {
        let actions = texts(members, name);
        if actions.len() > 5 {
            return Err(Fault::invalid(format!(
                "The collection {name} must not have a size greater than 5."
            )));
        }
        if let Some(action) = actions.iter().find(|action| !action.starts_with("arn:")) {
            return Err(Fault::invalid(format!(
                "Invalid arn syntax: {action} in {name}"
            )));
        }
    }
    Ok(())
}

/// Exactly one is watched; the band of an anomaly detector comes beside it.
fn check_watched(queries: &[Value], band: Option<&str>) -> Result<(), Fault> {
    let is_watched = |query: &&Value| {
        query["ReturnData"].as_bool().unwrap_or(true) && query["Id"].as_str() != band
    };
    if queries.iter().filter(is_watched).count() != 1 {
        return Err(Fault::invalid(
            "Exactly one element of the metrics list should return data.",
        ));
    }
    let is_one =
        |query: &&Value| query["Expression"].is_string() != query["MetricStat"].is_object();
    if !queries.iter().all(|query| is_one(&query)) {
        return Err(Fault::invalid(
            "Each element of the metrics list has either an Expression or a MetricStat.",
        ));
    }
    Ok(())
}

fn check_evaluation(members: &Members, queries: &[Value]) -> Result<(), Fault> {
    let number = |name: &str| members.get(name).and_then(Value::as_i64);
    let Some(count) = number("EvaluationPeriods").filter(|count| *count >= 1) else {
        return Err(Fault::invalid("EvaluationPeriods must be at least 1"));
    };
    if number("DatapointsToAlarm").is_some_and(|datapoints| datapoints > count) {
        return Err(Fault::invalid(
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        ));
    }
    let periods = queries
        .iter()
        .filter_map(|query| query.pointer("/MetricStat/Period").or(query.get("Period")))
        .filter_map(Value::as_i64)
        .chain(number("Period"));
    for period in periods {
        if !matches!(period, 10 | 20 | 30) && (period <= 0 || period % 60 != 0) {
            return Err(Fault::invalid(
                "Period must be 10, 20, 30 or a multiple of 60",
            ));
        }
        let most = if period < 3600 { A_DAY } else { 7 * A_DAY };
        if period * count > most {
            return Err(Fault::invalid(format!(
                "Metrics cannot be checked across more than {most} seconds"
            )));
        }
    }
    Ok(())
}

/// Lists alarms in order of their names. Where no type and no name is asked
/// for, AWS gives metric alarms alone.
fn describe(members: &Members, state: &State) -> Result<Value, Fault> {
    let names = texts(members, "AlarmNames");
    if names.len() > 100 {
        return Err(Fault::invalid(
            "The collection AlarmNames must not have a size greater than 100.",
        ));
    }
    let limit = members.get("MaxRecords").and_then(Value::as_u64);
    let limit = limit.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(Fault::invalid("MaxRecords must be between 1 and 100"));
    }
    let types = texts(members, "AlarmTypes");
    let wants = |kind: &str| match types.as_slice() {
        [] => kind == "MetricAlarm" || !names.is_empty(),
        types => types.contains(&kind),
    };
    let metric = state.alarms.iter().filter(|_| wants("MetricAlarm"));
    let composite = state.composites.iter().filter(|_| wants("CompositeAlarm"));
    let start = text(members, "NextToken").unwrap_or_default();
    let mut found: Vec<(&String, &Members)> = metric
        .chain(composite)
        .filter(|(name, _)| names.is_empty() || names.contains(&name.as_str()))
        .filter(|(name, _)| name.starts_with(text(members, "AlarmNamePrefix").unwrap_or_default()))
        .filter(|(_, alarm)| {
            let asked = text(members, "StateValue");
            asked.is_none() || asked == text(alarm, "StateValue")
        })
        .filter(|(name, _)| name.as_str() > start)
        .collect();
    found.sort_by_key(|(name, _)| *name);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.get(limit).and(found.get(limit - 1)).map(|one| one.0);
    found.truncate(limit);
    let (composites, alarms): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|(_, alarm)| alarm.contains_key("AlarmRule"));
    let shown = |list: Vec<(&String, &Members)>| -> Vec<Members> {
        list.into_iter().map(|(_, alarm)| alarm.clone()).collect()
    };
    let mut answer = json!({
        "MetricAlarms": shown(alarms),
        "CompositeAlarms": shown(composites),
    });
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

fn of_metric(members: &Members, state: &State) -> Value {
    let is_asked = |alarm: &&Members| {
        ["MetricName", "Namespace"]
            .iter()
            .all(|name| text(alarm, name) == text(members, name))
    };
    let alarms: Vec<&Members> = state.alarms.values().filter(is_asked).collect();
    json!({ "MetricAlarms": alarms })
}

/// Deletes what is there, and tells of what is not. AWS deletes one composite
/// alarm at a time, and none that another one names.
fn delete(members: &Members, state: &mut State, scope: Scope<'_>) -> Result<Value, Fault> {
    let names = texts(members, "AlarmNames");
    if names.len() > 100 {
        return Err(Fault::invalid(
            "The collection AlarmNames must not have a size greater than 100.",
        ));
    }
    let composites = names
        .iter()
        .filter(|name| state.composites.contains_key(**name));
    if composites.count() > 1 {
        return Err(Fault::invalid(
            "Only one composite alarm can be deleted in one call",
        ));
    }
    let children = composites::children_of_all(state, scope);
    let held: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| children.contains(*name))
        .collect();
    if !held.is_empty() {
        let them = if held.len() == 1 { "it" } else { "them" };
        return Err(Fault::invalid(format!(
            "Cannot delete {} as there are composite alarm(s) depending on {them}.",
            held.join(",")
        )));
    }
    let mut unknown = Vec::new();
    for name in names {
        let found = state.alarms.remove(name);
        match found.or_else(|| state.composites.remove(name)) {
            Some(alarm) => state.history.configured(&alarm, "deleted", scope.now),
            None => unknown.push(name),
        }
        state.touched.remove(name);
        state.tags.remove(&scope.alarm_arn(name));
    }
    if unknown.is_empty() {
        return Ok(json!({}));
    }
    Err(Fault::missing(format!(
        "The following alarms do not exist: {}",
        unknown.join(", ")
    )))
}

fn set_state(members: &Members, state: &mut State, scope: Scope<'_>) -> Result<Value, Fault> {
    let name = required(members, "AlarmName")?;
    let value = required(members, "StateValue")?;
    if !STATES.contains(&value) {
        return Err(Fault::invalid(format!("{value} is no state of an alarm")));
    }
    let alarm = state.alarms.get_mut(name);
    let Some(alarm) = alarm.or(state.composites.get_mut(name)) else {
        return Err(Fault::missing(format!("Alarm {name} does not exist")));
    };
    let reason = text(members, "StateReason").unwrap_or_default();
    let change = Change {
        value: value.to_owned(),
        reason: reason.to_owned(),
        data: text(members, "StateReasonData").map(str::to_owned),
    };
    if text(alarm, "StateValue") != Some(value) {
        state.set.insert(name.to_owned());
    }
    alarm.shift_remove("EvaluationState");
    state.history.change(alarm, change, scope.now);
    evaluation::touch(state, name, scope);
    Ok(json!({}))
}

fn set_enabled(members: &Members, state: &mut State, is_enabled: bool) -> Value {
    for name in texts(members, "AlarmNames") {
        let alarm = state.alarms.get_mut(name);
        if let Some(alarm) = alarm.or(state.composites.get_mut(name)) {
            alarm.insert("ActionsEnabled".to_owned(), json!(is_enabled));
        }
    }
    json!({})
}
