//! Sampling rules of one priority.

use super::resources::Resources;
use super::traffic::{SAMPLING_RULE, ranked};
use super::{Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "tied-priorities",
    title: "Two sampling rules with one priority",
    explanation: "\
Where two rules have one priority, X-Ray's SDKs try the one whose name comes \
first, byte by byte, and OpenTelemetry's samplers the one that AWS lists first. \
Neither is what a reader of the spec expects, and a rename changes it.

Patterns that exclude each other do not help everywhere: a field that a client \
does not know, such as the path of what is no HTTP request, counts as a match \
in X-Ray's SDKs.

Give each rule a priority of its own.",
    bad: r#"
[sampling_rules.orders]
priority = 10
fixed_rate = 0.5
url_path = "/orders*"

[sampling_rules.payments]
priority = 10
fixed_rate = 1.0
url_path = "/payments*"
"#,
    good: r#"
[sampling_rules.orders]
priority = 10
fixed_rate = 0.5
url_path = "/orders*"

[sampling_rules.payments]
priority = 20
fixed_rate = 1.0
url_path = "/payments*"
"#,
    kinds: &[SAMPLING_RULE],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let rules = ranked(resources);
    let ties = rules.windows(2).filter_map(|pair| {
        let [first, second] = pair else {
            return None;
        };
        let is_tied = first.priority == second.priority && !second.is_default();
        is_tied.then(|| {
            let message = format!(
                "has priority {}, as `{}` has, which is tried first because of its name",
                second.priority,
                first.name()
            );
            Finding::new(
                second.desired,
                "/priority",
                message,
                "give each rule a priority of its own",
            )
        })
    });
    ties.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{found, resource};
    use super::*;

    #[test]
    fn finds_a_tie_once() {
        let rule = |name: &str, priority: i32| {
            resource(
                &format!("sampling_rule.{name}"),
                json!({"priority": priority, "url_path": name}),
            )
        };
        assert_eq!(
            found(&RULE, &[rule("b", 5), rule("a", 5), rule("c", 6)]),
            [
                "sampling_rule.b /priority: has priority 5, as `a` has, which is tried first \
                 because of its name"
            ]
        );
        assert!(found(&RULE, &[rule("a", 1), rule("b", 2)]).is_empty());
    }
}
