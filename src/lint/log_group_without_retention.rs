//! Log groups that keep everything for ever.

use super::resources::{Resources, text, value};
use super::{Finding, Rule};
use crate::model::Desired;

/// The type of log groups.
const LOG_GROUP: &str = "log_group";
/// The field that says how long events are kept.
const RETENTION: &str = "retention_in_days";

pub(super) const RULE: Rule = Rule {
    code: "log-group-without-retention",
    title: "A log group that keeps its events for ever",
    explanation: "\
Without `retention_in_days` CloudWatch Logs deletes nothing, and what is stored \
is billed every month. Logs of a sidecar or a collector are rarely read after \
some weeks.

Say how many days are kept. Where events have to stay, or somebody else sets \
the retention, switch the rule off, or leave the field to others with \
`ignore`. A log group of class `DELIVERY` is not reported.",
    bad: r#"
[log_groups."/ecs/xray"]
"#,
    good: r#"
[log_groups."/ecs/xray"]
retention_in_days = 30
"#,
    kinds: &[LOG_GROUP],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let groups = resources
        .of_kind(LOG_GROUP)
        .filter(|group| keeps_all(group));
    let found = groups.map(|group| {
        Finding::new(
            group,
            "",
            format!("keeps its events for ever, as it has no `{RETENTION}`"),
            format!("write `{RETENTION} = 30`, or as long as they are needed"),
        )
    });
    found.collect()
}

fn keeps_all(group: &Desired) -> bool {
    let is_ours = !group.ignore.iter().any(|field| field == RETENTION);
    is_ours
        && value(group, "/retention_in_days").is_none()
        && text(group, "/log_group_class") != Some("DELIVERY")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{found, resource};
    use super::*;

    #[test]
    fn finds_groups_that_keep_all() {
        let group = |fields: Value| resource("log_group./ecs/api", fields);
        assert_eq!(
            found(&RULE, &[group(json!({"retention_in_days": null}))]),
            ["log_group./ecs/api : keeps its events for ever, as it has no `retention_in_days`"]
        );
        assert!(found(&RULE, &[group(json!({"retention_in_days": 30}))]).is_empty());
        let mut others = group(json!({}));
        others.ignore.push(RETENTION.to_owned());
        assert!(found(&RULE, &[others]).is_empty());
    }
}
