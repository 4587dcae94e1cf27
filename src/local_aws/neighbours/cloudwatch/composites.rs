//! Composite alarms.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>;
//! the refusals in AWS's words are from reports of those who met them:
//! <https://github.com/awsdocs/aws-cloudformation-user-guide/issues/911>,
//! <https://github.com/cloud-custodian/cloud-custodian/issues/7763>.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::alarms::{check_actions, check_name, keep, settings};
use super::protocol::Fault;
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

/// A state that is asked of an alarm, whose name is in quotes or not.
static STATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern =
        r#"\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|([^()\s"]+))\s*\)"#;
    Regex::new(pattern).ok()
});

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
    check_rule(rule)?;
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
    let unknown: Vec<String> = children(rule, scope)
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
    keep(&mut state.composites, name, settings, scope);
    let arn = scope.alarm_arn(name);
    state.tags.entry(arn).or_insert_with(|| tags(members));
    Ok(json!({}))
}

/// What is left of a rule without the states that it asks for is operators,
/// constants and parentheses.
fn check_rule(rule: &str) -> Result<(), Fault> {
    let Some(pattern) = STATE.as_ref() else {
        return Ok(());
    };
    let mut depth = 0_i64;
    let rest = pattern.replace_all(rule, " TRUE ");
    let rest = rest.replace('(', " ( ").replace(')', " ) ");
    let mut wants_operand = true;
    for word in rest.split_whitespace() {
        let is_in_place = match word {
            "(" => {
                depth += 1;
                wants_operand
            }
            ")" => {
                depth -= 1;
                !wants_operand && depth >= 0
            }
            "NOT" => wants_operand,
            "TRUE" | "FALSE" => std::mem::replace(&mut wants_operand, false),
            "AND" | "OR" => !std::mem::replace(&mut wants_operand, true),
            _ => false,
        };
        if !is_in_place {
            return Err(Fault::invalid(format!(
                "Error in AlarmRule [Unsupported token '{word}']"
            )));
        }
    }
    if depth != 0 || wants_operand {
        return Err(Fault::invalid("Error in AlarmRule [Unexpected end]"));
    }
    Ok(())
}

/// The alarms that a rule names: those of this account and region by name.
fn children(rule: &str, scope: Scope<'_>) -> BTreeSet<String> {
    let own = scope.alarm_arn("");
    let name = |name: &str| name.strip_prefix(&own).unwrap_or(name).to_owned();
    let found = STATE.iter().flat_map(|pattern| pattern.captures_iter(rule));
    found
        .filter_map(|captures| match (captures.get(1), captures.get(2)) {
            (Some(quoted), _) => Some(name(&unescaped(quoted.as_str()))),
            (None, plain) => plain.map(|plain| name(plain.as_str())),
        })
        .collect()
}

fn unescaped(text: &str) -> String {
    let mut shown = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        shown.extend(if character == '\\' {
            characters.next()
        } else {
            Some(character)
        });
    }
    shown
}

/// The alarms that any rule names.
pub fn children_of_all(state: &State, scope: Scope<'_>) -> BTreeSet<String> {
    let rules = state.composites.values();
    let rules = rules.filter_map(|alarm| text(alarm, "AlarmRule"));
    rules.flat_map(|rule| children(rule, scope)).collect()
}
