//! When alarms are evaluated, and what that changes.
//!
//! AWS evaluates an alarm every minute (every ten seconds where its period is
//! shorter than a minute, every hour where it looks further back than a day).
//! Here it is evaluated when its metric has new values, and otherwise where that
//! time has passed when anyone asks, so that nobody ever sees a state that is
//! older. A composite alarm is evaluated when a state that it names changes.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>,
//! read on 2026-11-21.

mod date;
mod judge;
mod reason;
mod watched;

use std::collections::BTreeSet;
use std::mem;

use serde_json::json;

use super::composites;
use super::history::Change;
use super::state::{Scope, State, text};
use judge::{AlarmState, judge};
use watched::Watch;

pub use date::long as long_date;
pub use date::precise as precise_date;

const A_MINUTE: f64 = 60.0;
const A_DAY: i64 = 86_400;

/// Operations before whose answer everything that is due is evaluated.
const TELL: &[&str] = &[
    "DescribeAlarmHistory",
    "DescribeAlarms",
    "DescribeAlarmsForMetric",
];
/// Operations that make something due.
const MAKE: &[&str] = &["PutCompositeAlarm", "PutMetricData", "SetAlarmState"];

/// Whether the answer to `operation` depends on the states of alarms.
pub fn comes_before(operation: &str) -> bool {
    TELL.contains(&operation)
}

/// Whether `operation` can put alarms in other states.
pub fn comes_after(operation: &str) -> bool {
    MAKE.contains(&operation)
}

/// Evaluates every alarm that is due; true where any of them changed.
pub fn refresh(state: &mut State, scope: Scope<'_>) -> bool {
    let fresh = mem::take(&mut state.fresh);
    let mut changed = BTreeSet::new();
    let mut is_told_anew = false;
    let names: Vec<String> = state.alarms.keys().cloned().collect();
    for name in names {
        let Some(alarm) = state.alarms.get(&name) else {
            continue;
        };
        let watch = Watch::of(alarm, scope.account);
        let has_news = watch
            .metrics()
            .any(|metric| fresh.contains(&(metric.namespace.clone(), metric.name.clone())));
        let touched = *state.touched.entry(name.clone()).or_insert(scope.now);
        let is_due = scope.now - touched >= interval(&watch);
        // Where the clock was set back, waiting for it would take too long.
        if !has_news && !is_due && touched <= scope.now + A_MINUTE {
            continue;
        }
        state.touched.insert(name.clone(), scope.now);
        match evaluate(state, &name, &watch, scope) {
            Outcome::Other => {
                changed.insert(name);
            }
            Outcome::Told => is_told_anew = true,
            Outcome::Same => {}
        }
    }
    let is_any = !changed.is_empty() || is_told_anew;
    composites::refresh(state, &changed, scope) || is_any
}

/// Seconds after which an alarm is due.
fn interval(watch: &Watch) -> f64 {
    let (period, periods) = (watch.period(), watch.periods());
    if period < 60 {
        10.0
    } else if period.saturating_mul(periods) > A_DAY {
        3600.0
    } else {
        A_MINUTE
    }
}

/// What became of an alarm.
enum Outcome {
    /// It is in another state.
    Other,
    /// It is in the same state, for a reason that has to be told.
    Told,
    /// Nothing.
    Same,
}

fn evaluate(state: &mut State, name: &str, watch: &Watch, scope: Scope<'_>) -> Outcome {
    let evaluated = watch.range(&state.metrics, scope.now);
    let Some(alarm) = state.alarms.get_mut(name) else {
        return Outcome::Same;
    };
    let current = text(alarm, "StateValue").unwrap_or_default().to_owned();
    let change = match evaluated {
        Ok((range, settings)) => {
            alarm.shift_remove("EvaluationState");
            let verdict = judge(&range, &settings);
            let Some(new) = verdict.state.filter(|new| new.name() != current) else {
                return Outcome::Same;
            };
            Change {
                value: new.name().to_owned(),
                reason: reason::text(new, &verdict, &settings),
                data: Some(reason::data(
                    &verdict,
                    &settings,
                    watch.watched(),
                    scope.now,
                )),
            }
        }
        Err(why) => {
            let reason = format!("The embedded CloudWatch does not evaluate this alarm: {why}.");
            if text(alarm, "StateReason") == Some(&reason) {
                return Outcome::Same;
            }
            alarm.insert("EvaluationState".to_owned(), json!("EVALUATION_ERROR"));
            Change {
                value: AlarmState::InsufficientData.name().to_owned(),
                reason,
                data: None,
            }
        }
    };
    let is_other = change.value != current;
    state.history.change(alarm, change, scope.now);
    if is_other {
        Outcome::Other
    } else {
        Outcome::Told
    }
}

/// Notes that an alarm was put or set just now.
pub fn touch(state: &mut State, name: &str, scope: Scope<'_>) {
    state.touched.insert(name.to_owned(), scope.now);
}
