//! The sampling rules of a spec in the order in which they are tried.

use std::collections::BTreeMap;

use serde_json::Value;

use super::resources::Resources;
use crate::model::Desired;
use crate::sampling::Criteria;

/// The type of rules.
pub(super) const SAMPLING_RULE: &str = "sampling_rule";
/// The type of the rule that AWS ships, which is tried last.
const DEFAULT_RULE: &str = "default_sampling_rule";
/// Its priority.
const LAST: i64 = 10_000;

/// A sampling rule.
pub(super) struct Ranked<'a> {
    /// The rule.
    pub(super) desired: &'a Desired,
    /// Rules are tried in ascending order.
    pub(super) priority: i64,
    /// What a request must be like for it.
    pub(super) criteria: Criteria,
}

impl Ranked<'_> {
    /// Names the rule in messages.
    pub(super) fn name(&self) -> &str {
        self.desired.address.name().unwrap_or("Default")
    }

    /// Tells whether it is the rule that AWS ships.
    pub(super) fn is_default(&self) -> bool {
        self.desired.address.name().is_none()
    }

    /// What happens to a request that it decides on.
    pub(super) fn outcome(&self) -> [Option<&Value>; 3] {
        ["fixed_rate", "reservoir_size", "sampling_rate_boost"]
            .map(|field| self.desired.written.get(field))
    }

    /// Says in words what it does.
    pub(super) fn outcome_in_words(&self) -> String {
        let [rate, reservoir, _] = self.outcome();
        let number = |value: Option<&Value>| value.map_or("?".to_owned(), Value::to_string);
        format!(
            "fixed_rate {}, reservoir_size {}",
            number(rate),
            number(reservoir)
        )
    }
}

/// Lists the rules, the first to be tried first. Of rules of one priority that
/// is the one whose name at AWS comes first, byte by byte.
pub(super) fn ranked<'a>(resources: &Resources<'a>) -> Vec<Ranked<'a>> {
    let custom = resources.of_kind(SAMPLING_RULE).map(|desired| Ranked {
        priority: desired
            .written
            .get("priority")
            .and_then(Value::as_i64)
            .unwrap_or(LAST),
        criteria: criteria(desired),
        desired,
    });
    let mut rules: Vec<Ranked<'_>> = custom.collect();
    rules.sort_by_key(|rule| (rule.priority, rule.desired.key.as_bytes()));
    rules.extend(resources.of_kind(DEFAULT_RULE).map(|desired| Ranked {
        desired,
        priority: LAST,
        criteria: criteria(desired),
    }));
    rules
}

fn criteria(desired: &Desired) -> Criteria {
    let text = |field: &str| {
        let text = desired.written.get(field).and_then(Value::as_str);
        text.unwrap_or("*").to_owned()
    };
    let attributes = desired.written.get("attributes").and_then(Value::as_object);
    let attributes: BTreeMap<String, String> = attributes
        .into_iter()
        .flatten()
        .filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned())))
        .collect();
    Criteria::new(text, &attributes)
}
