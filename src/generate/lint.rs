//! The pages on the rules of lint, in Markdown, from what the rules say of
//! themselves.

use std::fmt::Write;

use crate::lint::{RULES, Rule};
use crate::resource::Kind;

/// How a rule is switched off and what else holds for all of them.
const ABOUT: &str = "\
# Lint

`xrayctl validate`, `plan` and `apply` also look for what AWS takes, but hardly \
as it is meant. What they find is a warning with a code, at its place in the \
spec, and stops nothing. `xrayctl validate --deny-warnings` exits with 1 where \
there is one, for a CI.

A rule that does not fit is switched off by its code, for the whole spec:

```toml
[lint]
allow = [\"log-group-without-retention\"]
```

or for one resource:

```toml
[sampling_rules.gold]
priority = 10
fixed_rate = 1.0
attributes = { tier = \"gold\" }
lint.allow = [\"unhonoured-rule\"]
```

Both may stand in an environment as well: `[env.production.lint]`, whose list \
takes the place of the spec's. A code that there is not is an error. Switching \
a rule off changes no plan.

| code | finds |
| --- | --- |
";

/// Writes the page that lists all rules.
pub fn index() -> String {
    let mut text = ABOUT.to_owned();
    for rule in RULES {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| [`{0}`](lint/{0}.md) | {1} |",
            rule.code, rule.title
        );
    }
    text
}

/// Writes the page on one rule. Examples are shown where `kinds` has the types
/// that they are made of.
pub fn page(rule: &Rule, kinds: &[&'static dyn Kind]) -> String {
    let mut text = format!(
        "# `{}`\n\n{}.\n\n{}\n",
        rule.code, rule.title, rule.explanation
    );
    if has_examples(rule, kinds) {
        let _ = write!(
            text,
            "\n## Example\n\nFound:\n\n```toml\n{}\n```\n\nNot found:\n\n```toml\n{}\n```\n",
            rule.bad.trim(),
            rule.good.trim()
        );
    }
    let _ = write!(
        text,
        "\n## Switch it off\n\nFor the whole spec, or with `lint.allow` for one resource \
         ([more](../lint.md)):\n\n```toml\n[lint]\nallow = [\"{}\"]\n```\n",
        rule.code
    );
    text
}

/// Tells whether the examples of a rule can be read.
pub fn has_examples(rule: &Rule, kinds: &[&'static dyn Kind]) -> bool {
    let is_known = |wanted: &&str| kinds.iter().any(|kind| kind.facts().kind == *wanted);
    rule.kinds.iter().all(is_known)
}
