//! Tags: added, changed, emptied, removed; and those that are not ours.

use serde_json::json;

use crate::cloud::{Cloud, text};
use crate::proxy::Proxy;
use crate::specs::{FULL, RULE};

/// Applies the rule with each set of tags in turn.
#[test]
fn tags_are_added_changed_emptied_and_removed() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.apply();
    let arn = text(&cloud.rule("checkout")["RuleARN"]);
    let steps = [
        ("{ a = \"1\" }", json!({ "a": "1" }), "tags.a"),
        ("{ a = \"2\" }", json!({ "a": "2" }), "tags.a"),
        (
            "{ a = \"2\", b = \"\" }",
            json!({ "a": "2", "b": "" }),
            "tags.b",
        ),
        (
            "{ a = \"\", b = \"\" }",
            json!({ "a": "", "b": "" }),
            "tags.a",
        ),
        ("{ b = \"\" }", json!({ "b": "" }), "tags.a"),
        ("{ }", json!({}), "tags.b"),
    ];
    for (tags, expected, field) in steps {
        scenario.spec(&format!("{RULE}tags = {tags}\n"));
        let plan = scenario.plan().ends_with(2);
        let expected_change = format!("sampling_rule.checkout {field}");
        assert_eq!(plan.changes(), [expected_change], "{plan}");
        scenario
            .apply()
            .prints("Apply complete! Resources: 0 added, 1 changed, 0 destroyed.");
        assert_eq!(cloud.tags(&arn), expected);
        scenario.is_settled();
    }
}

#[test]
fn a_change_of_tags_sends_nothing_but_tags() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    scenario.apply();
    proxy.take_calls();
    scenario.edit("tags = { owner = \"ann\" }", "tags = { owner = \"bob\" }");
    scenario.apply();
    let mut sent = proxy.take_mutations();
    sent.dedup();
    assert_eq!(sent, ["TagResource"]);
}

#[test]
fn tags_of_the_stack_stand_on_every_resource_and_a_resource_overrides_them() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.edit(
        "url_path = \"/orders*\"",
        "url_path = \"/orders*\"\n# its own team below",
    );
    scenario.apply();
    let rule = text(&cloud.rule("checkout")["RuleARN"]);
    let both = json!({ "owner": "ann", "team": "core" });
    assert_eq!(cloud.tags(&rule), both);
    assert_eq!(cloud.tags(&cloud.group_arn("errors")), both);
    scenario.edit("{ owner = \"ann\" }", "{ team = \"shop\" }");
    scenario.apply();
    assert_eq!(cloud.tags(&rule), json!({ "team": "shop" }));
    scenario.edit("tags = { team = \"core\" }", "tags = { stage = \"test\" }");
    scenario.apply();
    let now = json!({ "stage": "test", "team": "shop" });
    assert_eq!(cloud.tags(&rule), now);
    scenario.is_settled();
}

#[test]
fn ownership_tags_are_not_shown_as_tags() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    let plan = scenario.plan();
    assert!(!plan.stdout.contains("xrayctl:"), "{plan}");
    scenario.apply();
    let show = scenario.run("show").succeeds();
    assert!(!show.stdout.contains("xrayctl:"), "{show}");
}

#[test]
fn a_spec_may_not_set_our_own_tags() {
    let scenario = crate::harness::Scenario::local(&format!(
        "{RULE}tags = {{ \"xrayctl:stack\" = \"other\" }}\n"
    ));
    scenario.run("plan").ends_with(1).says("xrayctl:stack");
    assert!(!scenario.path(".xrayctl").exists());
}
