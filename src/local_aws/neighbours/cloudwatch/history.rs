//! What became of alarms: their states, and the changes of their settings.
//!
//! Actions are not carried out, so that there is no history of them.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html>.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::protocol::Fault;
use super::state::{Members, State, text, texts};

/// Items of a region; the oldest go first. AWS keeps those of 30 days.
const MOST: usize = 1000;
/// Characters of the data of an item.
const MOST_DATA: usize = 4095;

/// The items of a region, oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct History(VecDeque<Item>);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    alarm_name: String,
    alarm_type: String,
    /// Epoch seconds.
    timestamp: f64,
    history_item_type: String,
    history_summary: String,
    history_data: String,
}

/// The state that an alarm comes into.
pub struct Change {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub value: String,
    /// Why, for people.
    pub reason: String,
    /// Why, for programs.
    pub data: Option<String>,
}

impl History {
    fn add(&mut self, alarm: &Members, kind: &str, summary: String, data: &Value, now: f64) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        let data = data.to_string();
        self.0.push_back(Item {
            alarm_name: text(alarm, "AlarmName").unwrap_or_default().to_owned(),
            alarm_type: type_of(alarm).to_owned(),
            timestamp: now,
            history_item_type: kind.to_owned(),
            history_summary: summary,
            history_data: data.chars().take(MOST_DATA).collect(),
        });
    }

    /// Keeps that an alarm was `created`, `updated` or `deleted`.
    pub fn configured(&mut self, alarm: &Members, what: &str, now: f64) {
        let name = text(alarm, "AlarmName").unwrap_or_default();
        let summary = format!("Alarm \"{name}\" {what}");
        let kind = match what {
            "created" => "Create",
            "deleted" => "Delete",
            _ => "Update",
        };
        let data = json!({ "version": "1.0", "type": kind, format!("{what}Alarm"): alarm });
        self.add(alarm, "ConfigurationUpdate", summary, &data, now);
    }

    /// Brings an alarm into a state. Only one that is another is kept.
    pub fn change(&mut self, alarm: &mut Members, change: Change, now: f64) {
        let old = text(alarm, "StateValue").unwrap_or_default().to_owned();
        let before = shown_state(alarm);
        let Change {
            value,
            reason,
            data,
        } = change;
        let is_other = old != value;
        alarm.insert("StateValue".to_owned(), json!(value));
        alarm.insert("StateReason".to_owned(), json!(reason));
        alarm.shift_remove("StateReasonData");
        if let Some(data) = data {
            alarm.insert("StateReasonData".to_owned(), json!(data));
        }
        alarm.insert("StateUpdatedTimestamp".to_owned(), json!(now));
        if is_other {
            alarm.insert("StateTransitionedTimestamp".to_owned(), json!(now));
            let summary = format!("Alarm updated from {old} to {value}");
            let data = json!({
                "version": "1.0", "oldState": before, "newState": shown_state(alarm),
            });
            self.add(alarm, "StateUpdate", summary, &data, now);
        }
    }
}

fn type_of(alarm: &Members) -> &'static str {
    if alarm.contains_key("AlarmRule") {
        "CompositeAlarm"
    } else {
        "MetricAlarm"
    }
}

fn shown_state(alarm: &Members) -> Value {
    let mut shown = json!({
        "stateValue": alarm.get("StateValue"),
        "stateReason": alarm.get("StateReason"),
    });
    let data = text(alarm, "StateReasonData");
    if let Some(data) = data.and_then(|data| serde_json::from_str::<Value>(data).ok()) {
        shown["stateReasonData"] = data;
    }
    shown
}

/// Answers `DescribeAlarmHistory`; `None` for all other operations.
pub fn answer(operation: &str, members: &Members, state: &State) -> Option<Result<Value, Fault>> {
    (operation == "DescribeAlarmHistory").then(|| describe(members, &state.history))
}

/// Newest first, where the other order is not asked for. Where neither name nor
/// type is, AWS tells of metric alarms alone.
fn describe(members: &Members, history: &History) -> Result<Value, Fault> {
    let limit = members.get("MaxRecords").and_then(Value::as_u64);
    let limit = limit.unwrap_or(100);
    if !(1..=100).contains(&limit) {
        return Err(Fault::invalid("MaxRecords must be between 1 and 100"));
    }
    let name = text(members, "AlarmName");
    let types = texts(members, "AlarmTypes");
    let kind = text(members, "HistoryItemType");
    let time = |member: &str| members.get(member).and_then(Value::as_f64);
    let (start, end) = (time("StartDate"), time("EndDate"));
    let is_asked = |item: &&Item| {
        let is_of_type = match types.as_slice() {
            [] => name.is_some() || item.alarm_type == "MetricAlarm",
            types => types.contains(&item.alarm_type.as_str()),
        };
        is_of_type
            && name.is_none_or(|name| item.alarm_name == name)
            && kind.is_none_or(|kind| item.history_item_type == kind)
            && start.is_none_or(|start| item.timestamp >= start)
            && end.is_none_or(|end| item.timestamp <= end)
    };
    let mut found: Vec<&Item> = history.0.iter().filter(is_asked).collect();
    if text(members, "ScanBy") != Some("TimestampAscending") {
        found.reverse();
    }
    let begin = match text(members, "NextToken").filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => token
            .parse::<usize>()
            .ok()
            .filter(|begin| *begin < found.len())
            .ok_or_else(|| Fault::new("InvalidNextToken", "The token is not of this query"))?,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let shown: Vec<&Item> = found.iter().skip(begin).take(limit).copied().collect();
    let mut answer = json!({ "AlarmHistoryItems": shown });
    if begin + shown.len() < found.len() {
        answer["NextToken"] = json!((begin + shown.len()).to_string());
    }
    Ok(answer)
}
