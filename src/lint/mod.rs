//! Lint: what AWS takes, but hardly as it is meant. Each rule stands in one
//! file, with the page of the docs that explains it; a new one is a file and a
//! line in [`RULES`].
//!
//! Rules read resources as the spec writes them, defaults filled in, and tell
//! what they find by field; the spec module turns that into places in the file
//! and leaves out what the spec allows. Nothing here does I/O.

mod key_without_rotation;
mod lambda_ignores_rules;
mod log_group_without_retention;
mod partly_shadowed_rule;
mod policies;
mod resources;
mod shadowed_rule;
mod tied_priorities;
mod traffic;
mod unhonoured_rule;
mod unknown_metric;
mod wildcard_principal;
mod write_action_on_arn;
mod xray_daemon;

#[cfg(test)]
mod testing;

use crate::model::{Address, Desired};
use resources::Resources;

/// One rule.
pub struct Rule {
    /// What it is called in messages, in a spec and in the docs.
    pub code: &'static str,
    /// What it finds, in a line, without a full stop.
    pub title: &'static str,
    /// Why that is worth a word, and what to do: Markdown.
    pub explanation: &'static str,
    /// A part of a spec in which it finds something.
    pub bad: &'static str,
    /// The same, put right.
    pub good: &'static str,
    /// The types that the examples are made of.
    pub kinds: &'static [&'static str],
    check: fn(&Resources<'_>) -> Vec<Finding>,
}

/// Every rule, in the order in which the docs list them.
pub static RULES: &[Rule] = &[
    shadowed_rule::RULE,
    partly_shadowed_rule::RULE,
    tied_priorities::RULE,
    unhonoured_rule::RULE,
    lambda_ignores_rules::RULE,
    wildcard_principal::RULE,
    write_action_on_arn::RULE,
    unknown_metric::RULE,
    key_without_rotation::RULE,
    log_group_without_retention::RULE,
    xray_daemon::RULE,
];

/// One thing that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The resource.
    pub address: Address,
    /// JSON pointer of the field, in the spec's words; empty for the resource
    /// as a whole.
    pub field: String,
    /// What is found: lower case, no full stop, readable after the resource's
    /// name and a colon.
    pub message: String,
    /// More than the one line.
    pub detail: Option<String>,
    /// What to do.
    pub hint: String,
}

impl Finding {
    fn new(
        desired: &Desired,
        field: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            address: desired.address.clone(),
            field: field.into(),
            message: message.into(),
            detail: None,
            hint: hint.into(),
        }
    }

    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Lists the codes of all rules.
pub fn codes() -> impl Iterator<Item = &'static str> + Clone {
    RULES.iter().map(|rule| rule.code)
}

/// Says what the rule called `code` finds.
pub fn title(code: &str) -> Option<&'static str> {
    let rule = RULES.iter().find(|rule| rule.code == code)?;
    Some(rule.title)
}

/// Names the page of the docs on a rule, from the top of the repository.
pub fn page(code: &str) -> String {
    format!("docs/lint/{code}.md")
}

/// Lets every rule judge the resources of one spec. `allows` tells whether the
/// spec switches a rule, by its code, off for a resource.
pub fn check(
    resources: &[Desired],
    allows: impl Fn(&'static str, &Address) -> bool,
) -> Vec<(&'static str, Finding)> {
    let resources = Resources::new(resources);
    let mut all = Vec::new();
    for rule in RULES {
        for finding in (rule.check)(&resources) {
            if !allows(rule.code, &finding.address) {
                all.push((rule.code, finding));
            }
        }
    }
    all
}

/// Writes names in backticks, the last joined with `and`; of many the first.
fn list<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 4;
    let quoted = |names: &[S]| {
        let names = names.iter().map(|name| format!("`{}`", name.as_ref()));
        names.collect::<Vec<_>>().join(", ")
    };
    match names {
        [] => String::new(),
        [only] => quoted(std::slice::from_ref(only)),
        [first @ .., last] if names.len() <= SHOWN => {
            format!("{} and `{}`", quoted(first), last.as_ref())
        }
        _ => format!(
            "{} and {} more",
            quoted(&names[..SHOWN]),
            names.len() - SHOWN
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_words() {
        let mut codes: Vec<&str> = codes().collect();
        assert!(codes.iter().all(|code| {
            code.chars()
                .all(|character| character.is_ascii_lowercase() || character == '-')
        }));
        codes.sort_unstable();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn a_rule_that_is_allowed_is_silent() {
        let group = testing::resource("log_group.api", serde_json::json!({}));
        let found = |allowed: &str| {
            let resources = [group.clone()];
            check(&resources, |code, _| code == allowed).len()
        };
        assert_eq!(found("none"), 1);
        assert_eq!(found(log_group_without_retention::RULE.code), 0);
    }

    #[test]
    fn many_names_are_cut() {
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(
            list(&["a", "b", "c", "d", "e", "f"]),
            "`a`, `b`, `c`, `d` and 2 more"
        );
    }
}
