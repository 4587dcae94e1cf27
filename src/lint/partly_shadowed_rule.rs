//! Sampling rules that lose a part of what they are for to an earlier one.

use super::resources::Resources;
use super::shadowed_rule::shadow;
use super::traffic::{Ranked, SAMPLING_RULE, ranked};
use super::{Finding, Rule, list};

pub(super) const RULE: Rule = Rule {
    code: "partly-shadowed-rule",
    title: "A sampling rule that an earlier one takes requests from",
    explanation: "\
Two rules are for different requests, but some requests match both: one names a \
service, say, and the other a path. The rule with the lower priority number \
decides on them, and the other one's rate and reservoir do not count there. \
This is found where the two rules do something different and neither is simply \
the narrower one. A narrow rule before a wide one is how rules are meant to be \
ordered, and not reported; so is a rule for some paths or methods of all \
services before one for all requests to a service.

Where the later rule is the more important one, give it the lower priority \
number. Where the order is as you want it, switch the rule off for this \
resource.",
    bad: r#"
[sampling_rules.api-production]
priority = 1
fixed_rate = 0.1
service_name = "api"

[sampling_rules.payments]
priority = 2
fixed_rate = 1.0
url_path = "/payments*"
"#,
    good: r#"
[sampling_rules.payments]
priority = 1
fixed_rate = 1.0
url_path = "/payments*"

[sampling_rules.api-production]
priority = 2
fixed_rate = 0.1
service_name = "api"
"#,
    kinds: &[SAMPLING_RULE],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let rules = ranked(resources);
    let mut found = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let earlier = &rules[..index];
        let takers: Vec<&Ranked<'_>> = earlier
            .iter()
            .filter(|other| takes_from(other, rule))
            .collect();
        if let [first, more @ ..] = takers.as_slice()
            && shadow(earlier, rule).is_none()
        {
            found.push(finding(rule, first, more));
        }
    }
    found
}

/// Tells whether `earlier` decides on requests that `rule` is for. What is
/// narrower than `rule`, or for some of the requests where `rule` is for all of
/// a service, is meant to come first.
fn takes_from(earlier: &Ranked<'_>, rule: &Ranked<'_>) -> bool {
    earlier.outcome() != rule.outcome()
        && earlier.criteria.meets(&rule.criteria)
        && !rule.criteria.covers(&earlier.criteria)
        && !earlier.criteria.picks_requests_from(&rule.criteria)
}

fn finding(rule: &Ranked<'_>, first: &Ranked<'_>, more: &[&Ranked<'_>]) -> Finding {
    let message = format!(
        "shadowed in part: `{}` (priority {}) comes first and takes every request with {}",
        first.name(),
        first.priority,
        shared(first, rule)
    );
    let hint = format!(
        "let `{}` have the higher priority number if `{}` is to decide on these",
        first.name(),
        rule.name()
    );
    let mut detail = vec![format!(
        "`{}` samples them with {}, `{}` with {}",
        first.name(),
        first.outcome_in_words(),
        rule.name(),
        rule.outcome_in_words()
    )];
    if !more.is_empty() {
        let names: Vec<&str> = more.iter().map(|other| other.name()).collect();
        detail.push(format!("other requests go to {} first", list(&names)));
    }
    Finding::new(rule.desired, "/priority", message, hint).detail(detail.join("\n"))
}

/// Says which requests both are for: `service_name` `api` and `url_path` `/x*`.
fn shared(one: &Ranked<'_>, other: &Ranked<'_>) -> String {
    let fields: Vec<String> = one
        .criteria
        .shared(&other.criteria)
        .into_iter()
        .map(|(field, patterns)| format!("{field} {}", list(&patterns)))
        .collect();
    let named = [one, other]
        .into_iter()
        .filter(|rule| rule.criteria.has_attributes())
        .map(|rule| format!("the attributes of `{}`", rule.name()));
    let fields: Vec<String> = fields.into_iter().chain(named).collect();
    match fields.as_slice() {
        [] => "anything".to_owned(),
        [only] => only.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{findings, found, resource};
    use super::*;
    use crate::model::Desired;

    fn rule(name: &str, priority: i32, rate: f64, fields: Value) -> Desired {
        let mut rule = resource(&format!("sampling_rule.{name}"), fields);
        rule.written.insert("priority".to_owned(), json!(priority));
        rule.written.insert("fixed_rate".to_owned(), json!(rate));
        rule.written.insert("reservoir_size".to_owned(), json!(1));
        rule
    }

    #[test]
    fn tells_which_requests_are_lost() {
        let rules = [
            rule("production", 1, 0.1, json!({"service_name": "pmp-api"})),
            rule("critical", 2, 1.0, json!({"url_path": "/api/stripe*"})),
        ];
        assert_eq!(
            found(&RULE, &rules),
            [
                "sampling_rule.critical /priority: shadowed in part: `production` (priority 1) \
                 comes first and takes every request with service_name `pmp-api` and url_path \
                 `/api/stripe*`"
            ]
        );
        assert_eq!(
            findings(&RULE, &rules)[0].detail.as_deref(),
            Some(
                "`production` samples them with fixed_rate 0.1, reservoir_size 1, `critical` with \
                 fixed_rate 1.0, reservoir_size 1"
            )
        );
    }

    #[test]
    fn attributes_belong_to_what_is_lost() {
        let gold = json!({"service_name": "a", "attributes": {"tier": "gold"}});
        let rules = [
            rule("gold", 1, 0.1, gold),
            rule("paths", 2, 1.0, json!({"url_path": "/x"})),
        ];
        assert!(found(&RULE, &rules)[0].ends_with(
            "every request with service_name `a`, url_path `/x` and the attributes of `gold`"
        ));
    }

    #[test]
    fn several_takers_are_one_finding() {
        let rules = [
            rule("a", 1, 0.1, json!({"service_name": "a"})),
            rule("b", 2, 0.1, json!({"service_name": "b"})),
            rule("c", 3, 1.0, json!({"url_path": "/x"})),
        ];
        let findings = findings(&RULE, &rules);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0]
                .detail
                .as_ref()
                .unwrap()
                .ends_with("other requests go to `b` first")
        );
    }

    #[test]
    fn is_silent_where_nothing_is_lost() {
        let path = json!({"url_path": "/x*"});
        let same_outcome = [
            rule("a", 1, 0.1, json!({"service_name": "a"})),
            rule("b", 2, 0.1, path.clone()),
        ];
        let narrow_first = [
            rule("a", 1, 0.1, json!({"url_path": "/x/y"})),
            rule("b", 2, 1.0, path.clone()),
        ];
        let apart = [
            rule("a", 1, 0.1, json!({"url_path": "/y*", "service_name": "a"})),
            rule("b", 2, 1.0, path.clone()),
        ];
        let requests_first = [
            rule("health", 1, 0.01, path.clone()),
            rule("api", 2, 0.5, json!({"service_name": "api"})),
        ];
        // The other rule says that.
        let whole = [rule("a", 1, 0.1, json!({})), rule("b", 2, 1.0, path)];
        for rules in [same_outcome, narrow_first, apart, requests_first, whole] {
            assert!(found(&RULE, &rules).is_empty());
        }
    }
}
