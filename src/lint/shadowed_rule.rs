//! Sampling rules that never decide, because an earlier one takes everything.

use super::resources::Resources;
use super::traffic::{Ranked, SAMPLING_RULE, ranked};
use super::{Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "shadowed-rule",
    title: "A sampling rule that no request ever reaches",
    explanation: "\
Sampling rules are tried in ascending order of `priority`, and the first that \
matches decides; where two have one priority, the one whose name comes first. \
A rule is shadowed where one earlier rule matches every request that it \
matches: its rate and its reservoir are never used.

It is worked out from the patterns of both rules, field by field, as X-Ray's \
SDKs match them: `*` and `?` are wildcards, letter case does not count. Several \
earlier rules that only together match everything are not found.

Give the narrower rule the lower priority number, or take it away. The \
`[default_sampling_rule]` is tried after all others: a rule that matches \
everything shadows it.",
    bad: r#"
[sampling_rules.api]
priority = 10
fixed_rate = 0.05
url_path = "/api/*"

[sampling_rules.payments]
priority = 20
fixed_rate = 1.0
url_path = "/api/payments*"
"#,
    good: r#"
[sampling_rules.payments]
priority = 10
fixed_rate = 1.0
url_path = "/api/payments*"

[sampling_rules.api]
priority = 20
fixed_rate = 0.05
url_path = "/api/*"
"#,
    kinds: &[SAMPLING_RULE],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let rules = ranked(resources);
    let mut found = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        if let Some(shadow) = shadow(&rules[..index], rule) {
            let message = format!(
                "never used, as `{}` (priority {}) shadows it: that rule matches every request \
                 that it matches",
                shadow.name(),
                shadow.priority
            );
            let (field, hint) = if rule.is_default() {
                (
                    "",
                    "narrow that rule, or set its rate and leave this one out".to_owned(),
                )
            } else {
                (
                    "/priority",
                    format!(
                        "let `{}` have the higher priority number, or take this rule away",
                        shadow.name()
                    ),
                )
            };
            found.push(Finding::new(rule.desired, field, message, hint));
        }
    }
    found
}

/// Finds the first of the `earlier` rules that leaves nothing to `rule`.
pub(super) fn shadow<'r, 'a>(
    earlier: &'r [Ranked<'a>],
    rule: &Ranked<'_>,
) -> Option<&'r Ranked<'a>> {
    earlier
        .iter()
        .find(|other| other.criteria.covers(&rule.criteria))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{found, resource};
    use super::*;

    #[test]
    fn finds_a_rule_behind_a_wider_one() {
        let wide = resource(
            "sampling_rule.wide",
            json!({"priority": 1, "url_path": "/API/*"}),
        );
        let narrow = resource(
            "sampling_rule.narrow",
            json!({"priority": 2, "url_path": "/api/pay?", "http_method": "GET"}),
        );
        assert_eq!(
            found(&RULE, &[narrow.clone(), wide]),
            [
                "sampling_rule.narrow /priority: never used, as `wide` (priority 1) shadows it: \
                 that rule matches every request that it matches"
            ]
        );
        let wide = resource(
            "sampling_rule.wide",
            json!({"priority": 3, "url_path": "/api/*"}),
        );
        assert!(found(&RULE, &[narrow, wide]).is_empty());
    }

    #[test]
    fn a_tie_goes_to_the_name() {
        let rules = [
            resource("sampling_rule.b", json!({"priority": 1})),
            resource("sampling_rule.a", json!({"priority": 1})),
        ];
        let found = found(&RULE, &rules);
        assert!(found[0].starts_with("sampling_rule.b /priority: never used, as `a`"));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_rule_for_everything_leaves_nothing_to_the_default_rule() {
        let rules = [
            resource("default_sampling_rule", json!({"fixed_rate": 0.1})),
            resource("sampling_rule.all", json!({"priority": 9000})),
        ];
        assert!(found(&RULE, &rules)[0].starts_with("default_sampling_rule : never used"));
        let narrow = resource("sampling_rule.all", json!({"priority": 9000, "host": "a"}));
        assert!(found(&RULE, &[rules[0].clone(), narrow]).is_empty());
    }
}
