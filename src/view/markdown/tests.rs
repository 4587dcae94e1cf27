//! Comments of every size.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;

use super::render;
use crate::model::{Diagnostic, Diagnostics};
use crate::plan::{Mode, Plan};
use crate::view::specimens::{applied, mixed, plan, written};

/// What GitHub takes, in characters.
const GITHUB: usize = 65_536;

/// Plans `new` rules to add, each with a value of `length` characters, and
/// `old` groups to delete.
fn large(new: usize, old: usize, length: usize) -> Plan {
    let rules = (0..new).map(|number| {
        let mut rule = written(
            "sampling_rule",
            &format!("rule-{number}"),
            json!({ "priority": 10, "fixed_rate": 0.05 }),
        );
        rule.attributes
            .insert("url_path".to_owned(), "/".repeat(length).into());
        rule
    });
    let rules: Vec<_> = rules.collect();
    let groups = (0..old).map(|number| {
        let fields = json!({ "filter_expression": "error" });
        applied(&written("group", &format!("group-{number}"), fields))
    });
    plan(Mode::Apply, &rules, &groups.collect::<Vec<_>>())
}

#[test]
fn a_plan_at_a_glance_and_its_changes_to_be_opened() {
    let warnings: Diagnostics =
        [Diagnostic::warning("rule `a` hides rule `b`").with_hint("swap ``` them")]
            .into_iter()
            .collect();
    assert_snapshot!(render(&mixed(), &warnings), @r#"
    ### xrayctl: stack <code>shop</code> in account <code>123456789012</code>, <code>eu-west-1</code>

    **Plan: 1 to add, 3 to change, 1 to destroy.**

    Changed outside xrayctl since the last apply: <code>sampling&#95;rule&#46;checkout</code>.

    1 warning:

    ````text
    warning: rule `a` hides rule `b`
      hint: swap ``` them
    ````

    <details><summary>✏️ <code>encryption</code> will be updated in place</summary>

    ```diff
    - type = "NONE"
    + type = "KMS"
    + key_id = (known after apply)
    ```

    </details>

    <details><summary>❌ <code>group&#46;goes</code> will be destroyed (no longer in the spec)</summary>

    ```diff
    - group_name = "goes"
    - filter_expression = "fault"
    - insights_configuration.insights_enabled = false
    - insights_configuration.notifications_enabled = false
    ```

    </details>

    <details><summary>➕ <code>kms&#95;key&#46;traces</code> will be created</summary>

    ```diff
    + alias = "alias/traces"
    + description = "traces"
    + enabled = true
    + key_rotation_enabled = true
    + rotation_period_in_days = 365
    + multi_region = false
    + tags.team = "core"
    ```

    </details>

    <details><summary>✏️ <code>resource&#95;policy&#46;sns</code> will be updated in place</summary>

    ```diff
      policy_document:
          "Statement": [
            {
              "Action": [
    -           "xray:*"
    +           "xray:PutTraceSegments"
              ],
              "Effect": "Allow",
              "Principal": {
      # (2 unchanged fields hidden)
    ```

    </details>

    <details><summary>✏️ <code>sampling&#95;rule&#46;checkout</code> will be updated in place (changed outside xrayctl since the last apply)</summary>

    ```diff
    - fixed_rate = 0.5
    + fixed_rate = 0.05
      # (9 unchanged fields hidden)
    ```

    </details>
    "#);
}

#[test]
fn nothing_to_do_is_one_line() {
    let group = written("group", "errors", json!({ "filter_expression": "error" }));
    let live = applied(&group);
    let settled = plan(Mode::Apply, &[group], &[live]);
    assert_snapshot!(render(&settled, &Diagnostics::new()), @r"
    ### xrayctl: stack <code>shop</code> in account <code>123456789012</code>, <code>eu-west-1</code>

    **No changes.** 1 resource seen.
    ");
}

#[test]
fn names_and_values_stay_what_they_are() {
    let fields = json!({
        "group_name": "g",
        "filter_expression": "service(\"</details>\n```\n@org/team <img src=x>\")",
    });
    let group = written("group", "**a** </summary> @ann #1", fields);
    assert_snapshot!(render(&plan(Mode::Apply, &[group], &[]), &Diagnostics::new()), @r#"
    ### xrayctl: stack <code>shop</code> in account <code>123456789012</code>, <code>eu-west-1</code>

    **Plan: 1 to add, 0 to change, 0 to destroy.**

    <details><summary>➕ <code>group&#46;&#42;&#42;a&#42;&#42; &#60;/summary&#62; &#64;ann &#35;1</code> will be created</summary>

    ````diff
    + group_name = "g"
    + filter_expression = "service(\"</details>\\n```\\n@org/team <img src=x>\")"
    + insights_configuration.insights_enabled = false
    + insights_configuration.notifications_enabled = false
    + tags.team = "core"
    ````

    </details>
    "#);
}

#[test]
fn long_values_go_before_whole_changes_do() {
    let text = render(&large(100, 0, 2_000), &Diagnostics::new());
    assert!(text.chars().count() < GITHUB);
    assert!(text.contains("**Plan: 100 to add, 0 to change, 0 to destroy.**"));
    assert_eq!(text.matches("<details>").count(), 100);
    let note = "\nThe plan is too long for one comment: documents and long values are left out.";
    assert!(text.contains(note), "{}", &text[text.len() - 300..]);
}

#[test]
fn a_thousand_resources_fit_into_one_comment() {
    let plan = large(990, 10, 20);
    let text = render(&plan, &Diagnostics::new());
    assert!(text.chars().count() < GITHUB);
    assert!(text.len() > GITHUB / 2, "much is left out: {}", text.len());
    assert!(text.contains("**Plan: 990 to add, 0 to change, 10 to destroy.**"));
    let rows = text.matches("\n| ").count() - 2;
    assert!(
        text.contains(&format!("\nand {} more\n", 1_000 - rows)),
        "{rows}"
    );
    assert!(text.ends_with("`xrayctl plan` shows every field.\n"));
    // What goes away is named whatever else is left out.
    assert_eq!(text.matches("group&#46;group-").count(), 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_plan_is_too_long(
        new in 0_usize..1_500,
        old in 0_usize..200,
        length in 0_usize..3_000,
        words in proptest::collection::vec(".{0,400}", 0..40),
    ) {
        // Names and words of any kind, and not only of ASCII.
        let warnings: Diagnostics = words.into_iter().map(Diagnostic::warning).collect();
        let plan = large(new, old, length);
        let text = render(&plan, &warnings);
        prop_assert!(text.len() < GITHUB);
        let counts = format!("Plan: {new} to add, 0 to change, {old} to destroy.");
        prop_assert!(text.contains(&counts) || new + old == 0);
    }
}
