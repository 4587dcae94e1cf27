use serde_json::json;

use super::*;

fn log_group(fields: Value) -> LogGroupSpec {
    serde_json::from_value(fields).unwrap()
}

fn wrong(name: &str, fields: Value) -> Vec<(String, String)> {
    let mut problems = Problems::new();
    LogGroup::validate(name, &log_group(fields), &mut problems);
    let problems = problems.into_vec().into_iter();
    problems
        .map(|one| (one.field, one.hint.unwrap_or_default()))
        .collect()
}

#[test]
fn retention_is_what_aws_offers() {
    for days in RETENTIONS {
        assert_eq!(wrong("a", json!({ "retention_in_days": days })), []);
    }
    for (days, hint) in [
        (42, "the nearest is 30; around it are 30 and 60"),
        (45, "the nearest is 30; around it are 30 and 60"),
        (46, "the nearest is 60; around it are 30 and 60"),
        (0, "the nearest is 1"),
        (4000, "the nearest is 3653"),
    ] {
        let found = wrong("a", json!({ "retention_in_days": days }));
        let expected = ("/retention_in_days".to_owned(), hint.to_owned());
        assert_eq!(found, [expected]);
    }
}

#[test]
fn aws_keeps_some_things_for_itself() {
    assert_eq!(wrong("aws/spans", json!({})).len(), 1);
    assert_eq!(wrong("/aws/lambda/x", json!({})).len(), 0);
    let delivery = json!({ "log_group_class": "DELIVERY", "retention_in_days": 1 });
    assert_eq!(wrong("a", delivery).len(), 1);
    // It says 2 of itself.
    let read = log_group(json!({ "log_group_class": "DELIVERY", "retention_in_days": 2 }));
    assert_eq!(LogGroup::canonical(read).retention_in_days, None);
}

#[test]
fn a_key_of_the_spec_is_referred_to() {
    let references = |key: &str| LogGroup::references(&log_group(json!({ "kms_key_id": key })));
    assert_eq!(references("logs")[0].output, "arn");
    assert!(references("alias/logs").is_empty());
}

#[test]
fn terraform_has_its_own_words() {
    let spec = LogGroup::canonical(log_group(json!({ "log_group_name": "/a" })));
    let shown = LogGroup::terraform("/a", &spec, &Attributes::new());
    assert_eq!(shown["name"], "/a");
    assert_eq!(shown["retention_in_days"], 0);
    assert!(!shown.contains_key("log_group_name"));
    assert_eq!(LogGroup::terraform_key(&shown).as_deref(), Some("/a"));
}
