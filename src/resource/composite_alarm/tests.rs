use proptest::prelude::*;

use super::*;

fn composite(fields: Value) -> CompositeAlarmSpec {
    serde_json::from_value(fields).unwrap()
}

fn wrong(fields: Value) -> Vec<String> {
    let mut problems = Problems::new();
    CompositeAlarm::validate("name", &composite(fields), &mut problems);
    let problems = problems.into_vec().into_iter();
    problems
        .map(|one| format!("{}: {}", one.field, one.message))
        .collect()
}

#[test]
fn lists_become_rules() {
    let spec = composite(json!({ "any_of": ["b", "a", "b"] }));
    let spec = CompositeAlarm::canonical(spec);
    assert_eq!(
        spec.alarm_rule.as_deref(),
        Some(r#"ALARM("a") OR ALARM("b")"#)
    );
    assert!(spec.any_of.is_empty());
    let spec = composite(json!({ "all_of": ["a", "arn:aws:cloudwatch:r:1:alarm:x"] }));
    let rule = r#"ALARM("a") AND ALARM("arn:aws:cloudwatch:r:1:alarm:x")"#;
    assert_eq!(
        CompositeAlarm::canonical(spec).alarm_rule.as_deref(),
        Some(rule)
    );
}

#[test]
fn names_are_references_and_rules_mention() {
    let spec = composite(json!({
        "any_of": ["a", "composite_alarm.b", "arn:aws:cloudwatch:r:1:alarm:x", "alarm.c"],
        "actions_suppressor": "d",
    }));
    let references: Vec<String> = CompositeAlarm::references(&spec)
        .into_iter()
        .map(|one| format!("{} {}.{}", one.field, one.to, one.output))
        .collect();
    assert_eq!(
        references,
        [
            "/any_of/0 alarm.a.alarm_name",
            "/any_of/1 composite_alarm.b.alarm_name",
            "/any_of/3 alarm.c.alarm_name",
            "/actions_suppressor alarm.d.alarm_name",
        ]
    );
    let spec = composite(json!({
        "alarm_rule": "ALARM(a) OR OK(\"arn:aws:cloudwatch:r:1:alarm:x\")",
    }));
    let mentions: Vec<String> = CompositeAlarm::mentions(&spec)
        .into_iter()
        .map(|one| format!("{} {}", one.kind, one.key))
        .collect();
    assert_eq!(
        mentions,
        [
            "alarm a",
            "composite_alarm a",
            "alarm x",
            "composite_alarm x"
        ]
    );
}

#[test]
fn a_suppressor_is_known_by_name_and_arn() {
    let with = |suppressor: &str| {
        let fields = json!({ "alarm_rule": "TRUE", "actions_suppressor": suppressor });
        CompositeAlarm::canonical(composite(fields)).actions_suppressor
    };
    assert_eq!(with("arn:aws:cloudwatch:r:1:alarm:x"), with("x"));
}

#[test]
fn what_is_wrong_is_told() {
    assert_eq!(wrong(json!({ "alarm_rule": "TRUE" })), [""; 0]);
    assert_eq!(wrong(json!({})), [": the alarm has no rule"]);
    assert_eq!(
        wrong(json!({ "alarm_rule": "TRUE", "any_of": ["a"] })),
        ["/any_of: the alarm has `alarm_rule` already"]
    );
    assert_eq!(
        wrong(json!({ "alarm_rule": "TRUE AND" })).len(),
        1,
        "the rule does not end"
    );
    assert_eq!(
        wrong(json!({
            "alarm_rule": "TRUE", "actions_suppressor": "a", "actions_suppressor_wait_period": 1,
        })),
        ["/actions_suppressor: a suppressor needs `actions_suppressor_extension_period`"]
    );
    assert_eq!(
        wrong(json!({ "alarm_rule": "TRUE", "actions_suppressor_wait_period": 1 })),
        [
            "/actions_suppressor_wait_period: `actions_suppressor_wait_period` goes with `actions_suppressor`"
        ]
    );
    let long = ["x".repeat(255), "y".repeat(255)];
    let many: Vec<String> = (0..60).map(|n| format!("{}{n}", long[n % 2])).collect();
    assert!(wrong(json!({ "all_of": many }))[0].starts_with("/all_of: makes a rule of"));
}

#[test]
fn terraform_has_its_own_words() {
    let spec = CompositeAlarm::canonical(composite(json!({
        "alarm_name": "down", "any_of": ["a"], "actions_suppressor": "b",
        "actions_suppressor_wait_period": 60, "actions_suppressor_extension_period": 120,
    })));
    let shown = CompositeAlarm::terraform("down", &spec, &cloudwatch_tags::outputs("arn:x"));
    assert_eq!(
        Value::from(shown.clone()),
        json!({
            "alarm_name": "down", "alarm_description": "", "alarm_rule": "ALARM(\"a\")",
            "actions_enabled": true, "alarm_actions": [], "ok_actions": [],
            "insufficient_data_actions": [], "arn": "arn:x", "id": "down",
            "actions_suppressor": [{ "alarm": "b", "wait_period": 60, "extension_period": 120 }],
        })
    );
    assert_eq!(
        CompositeAlarm::terraform_key(&shown).as_deref(),
        Some("down")
    );
}

proptest! {
    #[test]
    fn canonical_form_is_stable(
        any_of in prop::collection::vec("[a-c \"]{1,3}", 0..4),
        rule in prop::option::of("(ALARM|OK|x)\\( ?[a-c]\\)( OR TRUE)?"),
        actions in prop::collection::vec("arn:[a-c]", 0..4),
        suppressor in prop::option::of("(arn:aws:cloudwatch:r:1:alarm:)?[a-c:]{1,3}"),
    ) {
        let once = CompositeAlarm::canonical(composite(json!({
            "any_of": any_of, "alarm_rule": rule, "ok_actions": actions,
            "actions_suppressor": suppressor,
        })));
        let twice = CompositeAlarm::canonical(once.clone());
        prop_assert_eq!(serde_json::to_value(&once).unwrap(), serde_json::to_value(&twice).unwrap());
    }
}
