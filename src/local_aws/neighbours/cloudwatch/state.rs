//! What is kept of alarms and dashboards in one region, and their tags.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::history::History;
use super::metrics::series::Metrics;
use super::protocol::Fault;

/// Members of a thing, as AWS shows it.
pub type Members = Map<String, Value>;

/// Everything of ours in one region.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Metric alarms by name.
    #[serde(default)]
    pub alarms: BTreeMap<String, Members>,
    /// Composite alarms by name.
    #[serde(default)]
    pub composites: BTreeMap<String, Members>,
    /// Dashboards by name.
    #[serde(default)]
    pub dashboards: BTreeMap<String, Members>,
    /// Tags by ARN, for each of the above.
    #[serde(default)]
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
    /// What became of alarms.
    #[serde(default)]
    pub history: History,
    /// What was measured; not kept on disk.
    #[serde(skip)]
    pub metrics: Metrics,
    /// Namespaces and names of metrics that had values since alarms were last
    /// evaluated.
    #[serde(skip)]
    pub fresh: BTreeSet<(String, String)>,
    /// Alarms whose state was set since composite alarms were last evaluated.
    #[serde(skip)]
    pub set: BTreeSet<String>,
    /// Composite alarms that were put since then, and whether they were created
    /// or updated.
    #[serde(skip)]
    pub put: BTreeMap<String, &'static str>,
    /// When each alarm was last evaluated, put or set, in epoch seconds.
    #[serde(skip)]
    pub touched: BTreeMap<String, f64>,
}

/// Where and when a request is answered.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The account.
    pub account: &'a str,
    /// The region.
    pub region: &'a str,
    /// Epoch seconds.
    pub now: f64,
}

impl Scope<'_> {
    /// The ARN of an alarm of either kind.
    pub fn alarm_arn(self, name: &str) -> String {
        format!(
            "arn:aws:cloudwatch:{}:{}:alarm:{name}",
            self.region, self.account
        )
    }

    /// The ARN of a dashboard, which is in no region.
    pub fn dashboard_arn(self, name: &str) -> String {
        format!("arn:aws:cloudwatch::{}:dashboard/{name}", self.account)
    }
}

/// The text of a member.
pub fn text<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

/// The texts of a member that is a list.
pub fn texts<'a>(members: &'a Members, name: &str) -> Vec<&'a str> {
    let list = members.get(name).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// The text of a member that must be there.
///
/// # Errors
/// Where it is not.
pub fn required<'a>(members: &'a Members, name: &str) -> Result<&'a str, Fault> {
    text(members, name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Fault::invalid(format!("The parameter {name} is required.")))
}

/// The tags of a request.
pub fn tags(members: &Members) -> BTreeMap<String, String> {
    let list = members.get("Tags").and_then(Value::as_array);
    let pair = |tag: &Value| {
        let text = |name: &str| tag[name].as_str().map(str::to_owned);
        Some((text("Key")?, text("Value").unwrap_or_default()))
    };
    list.into_iter().flatten().filter_map(pair).collect()
}

/// Answers what is asked of the tags of alarms and dashboards; `None` for all
/// other operations, and for other things.
pub fn answer_tags(
    operation: &str,
    members: &Members,
    state: &mut State,
) -> Option<Result<Value, Fault>> {
    let arn = text(members, "ResourceARN").unwrap_or_default();
    let is_ours = arn.contains(":alarm:") || arn.contains(":dashboard/");
    if !is_ours || !["TagResource", "UntagResource", "ListTagsForResource"].contains(&operation) {
        return None;
    }
    let Some(kept) = state.tags.get_mut(arn) else {
        let message = format!("Unknown resource: {arn}");
        return Some(Err(Fault::missing(message)));
    };
    Some(Ok(match operation {
        "TagResource" => {
            kept.extend(tags(members));
            json!({})
        }
        "UntagResource" => {
            for key in texts(members, "TagKeys") {
                kept.remove(key);
            }
            json!({})
        }
        _ => {
            let tag = |(key, value): (&String, &String)| json!({ "Key": key, "Value": value });
            json!({ "Tags": kept.iter().map(tag).collect::<Vec<_>>() })
        }
    }))
}
