//! Composite alarms.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>;
//! the refusals in AWS's words are from reports of those who met them:
//! <https://github.com/awsdocs/aws-cloudformation-user-guide/issues/911>,
//! <https://github.com/cloud-custodian/cloud-custodian/issues/7763>.

use std::collections::BTreeSet;
use std::mem;

use serde_json::{Value, json};

use super::alarms::{check_actions, check_name, keep, settings};
use super::evaluation::{long_date, precise_date};
use super::history::Change;
use super::protocol::Fault;
use super::rule::Rule;
use super::state::{Members, Scope, State, required, tags, text};

/// Members of a composite alarm that a put sets.
const SETTINGS: &[&str] = &[
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "AlarmRule",
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
];

/// Tells whether a put sets the member.
pub fn is_setting(name: &str) -> bool {
    SETTINGS.contains(&name)
}

/// Answers what is asked of composite alarms alone; `None` for all other
/// operations.
pub fn answer(
    operation: &str,
    members: &Members,
    state: &mut State,
    scope: Scope<'_>,
) -> Option<Result<Value, Fault>> {
    (operation == "PutCompositeAlarm").then(|| put(members, state, scope))
}

fn put(members: &Members, state: &mut State, scope: Scope<'_>) -> Result<Value, Fault> {
    let name = required(members, "AlarmName")?;
    check_name(name)?;
    check_actions(members)?;
    let rule = required(members, "AlarmRule")?;
    let rule = Rule::parse(rule).map_err(Fault::invalid)?;
    let has = |name: &str| members.get(name).is_some_and(|value| !value.is_null());
    let periods = [
        "ActionsSuppressorWaitPeriod",
        "ActionsSuppressorExtensionPeriod",
    ];
    if periods
        .iter()
        .any(|period| has(period) != has("ActionsSuppressor"))
    {
        return Err(Fault::invalid(
            "ActionsSuppressor, ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod \
             must be specified together",
        ));
    }
    if state.alarms.contains_key(name) {
        return Err(Fault::invalid(format!("{name} is a metric alarm already")));
    }
    let is_known = |child: &String| {
        child.starts_with("arn:")
            || state.alarms.contains_key(child)
            || state.composites.contains_key(child)
            || child == name
    };
    let unknown: Vec<String> = children(&rule, scope)
        .into_iter()
        .filter(|child| !is_known(child))
        .collect();
    if !unknown.is_empty() {
        return Err(Fault::invalid(format!(
            "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
            unknown.join(", ")
        )));
    }
    let settings = settings(members, SETTINGS);
    let kept = keep(&mut state.composites, name, settings, scope);
    if let (Some(what), Some(alarm)) = (kept.word(), state.composites.get(name)) {
        state.history.configured(alarm, what, scope.now);
        state.put.insert(name.to_owned(), what);
    }
    let arn = scope.alarm_arn(name);
    state.tags.entry(arn).or_insert_with(|| tags(members));
    Ok(json!({}))
}

/// The alarms that a rule names: those of this account and region by name.
fn children(rule: &Rule, scope: Scope<'_>) -> BTreeSet<String> {
    let own = scope.alarm_arn("");
    let name = |name: &str| name.strip_prefix(&own).unwrap_or(name).to_owned();
    rule.children().into_iter().map(name).collect()
}

/// The alarms that any rule names.
pub fn children_of_all(state: &State, scope: Scope<'_>) -> BTreeSet<String> {
    let rules = state.composites.values();
    let rules = rules.filter_map(|alarm| text(alarm, "AlarmRule"));
    let rules = rules.filter_map(|rule| Rule::parse(rule).ok());
    rules.flat_map(|rule| children(&rule, scope)).collect()
}

/// Seconds after which a composite alarm whose state was set by hand is
/// evaluated again.
const A_MINUTE: f64 = 60.0;

/// Evaluates the composite alarms that name one of the alarms that `changed`,
/// were put just now, or are due; true where any of them changed.
pub fn refresh(state: &mut State, changed: &BTreeSet<String>, scope: Scope<'_>) -> bool {
    let mut changed = changed.clone();
    changed.extend(mem::take(&mut state.set));
    let mut open: BTreeSet<String> = state.composites.keys().cloned().collect();
    let mut is_any = false;
    // Each is evaluated again while what it names changes; where alarms name
    // each other in a circle, that has to end.
    for _ in 0..=state.composites.len() {
        let mut next = BTreeSet::new();
        for name in mem::take(&mut open) {
            let Some(trigger) = trigger(state, &name, &changed, scope) else {
                continue;
            };
            state.touched.insert(name.clone(), scope.now);
            if evaluate(state, &name, &trigger, scope) {
                next.insert(name);
            }
        }
        if next.is_empty() {
            break;
        }
        is_any = true;
        changed = next;
        open = state.composites.keys().cloned().collect();
    }
    is_any
}

/// Why a composite alarm is evaluated.
enum Trigger {
    /// It was put, for the first time or not.
    Put(&'static str),
    /// An alarm that it names changed its state.
    Child(String),
    /// It has not been for a while.
    Due,
}

fn trigger(
    state: &mut State,
    name: &str,
    changed: &BTreeSet<String>,
    scope: Scope<'_>,
) -> Option<Trigger> {
    if let Some(what) = state.put.remove(name) {
        return Some(Trigger::Put(what));
    }
    let rule = text(state.composites.get(name)?, "AlarmRule")?;
    let rule = Rule::parse(rule).ok()?;
    let mut children = children(&rule, scope).into_iter();
    if let Some(child) = children.find(|child| child != name && changed.contains(child)) {
        return Some(Trigger::Child(child));
    }
    let touched = *state.touched.entry(name.to_owned()).or_insert(scope.now);
    (scope.now - touched >= A_MINUTE).then_some(Trigger::Due)
}

/// Evaluates a composite alarm, which is in alarm or not; true where that
/// changed. An alarm of another account or region is in no state.
fn evaluate(state: &mut State, name: &str, trigger: &Trigger, scope: Scope<'_>) -> bool {
    let own = scope.alarm_arn("");
    let find = |child: &str| {
        let child = child.strip_prefix(&own).unwrap_or(child);
        let alarm = state.alarms.get(child);
        alarm.or_else(|| state.composites.get(child))
    };
    let Some(alarm) = state.composites.get(name) else {
        return false;
    };
    let Some(Ok(rule)) = text(alarm, "AlarmRule").map(Rule::parse) else {
        return false;
    };
    let is = |wanted: &str, child: &str| {
        find(child).is_some_and(|alarm| text(alarm, "StateValue") == Some(wanted))
    };
    let value = if rule.is_true(&is) { "ALARM" } else { "OK" };
    if text(alarm, "StateValue") == Some(value) {
        return false;
    }
    let arn = scope.alarm_arn(name);
    let reason = match trigger {
        Trigger::Put(what) => format!("{arn} was {what} and its alarm rule evaluates to {value}"),
        Trigger::Due => format!("{arn} was evaluated and its alarm rule evaluates to {value}"),
        Trigger::Child(child) => {
            let to = find(child).and_then(|alarm| text(alarm, "StateValue"));
            let date = long_date(scope.now);
            let arn = scope.alarm_arn(child);
            format!("{arn} transitioned to {} at {date}", to.unwrap_or_default())
        }
    };
    let triggering: Vec<Value> = match trigger {
        Trigger::Child(child) => vec![child.clone()],
        Trigger::Put(_) | Trigger::Due => children(&rule, scope).into_iter().collect(),
    }
    .into_iter()
    .filter_map(|child| {
        let alarm = find(&child)?;
        let at = alarm.get("StateTransitionedTimestamp")?.as_f64()?;
        Some(json!({
            "arn": scope.alarm_arn(&child),
            "state": { "value": alarm.get("StateValue"), "timestamp": precise_date(at) },
        }))
    })
    .collect();
    let change = Change {
        value: value.to_owned(),
        reason,
        data: Some(json!({ "triggeringAlarms": triggering }).to_string()),
    };
    if let Some(alarm) = state.composites.get_mut(name) {
        state.history.change(alarm, change, scope.now);
    }
    true
}
