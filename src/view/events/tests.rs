//! The lines of a plan and an apply.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::Events;
use crate::apply::{Event, Observer, Outcome};
use crate::aws::Error;
use crate::model::{Address, Diagnostic};
use crate::plan::order::Half;
use crate::plan::{Mode, Plan};
use crate::resource::REGISTRY;
use crate::view::Report;
use crate::view::specimens::{changed, mixed, plan, written};

fn noon() -> SystemTime {
    // 2026-01-31.
    UNIX_EPOCH + Duration::from_hours(491_628)
}

/// Lists the lines that `work` writes, each judged as JSON with the fields that
/// every event has; those are left out.
fn lines(work: impl FnOnce(&Events)) -> String {
    let written = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&written);
    let sink = Box::new(move |line: &str| {
        sink.lock().unwrap().push(line.to_owned());
        Ok(())
    });
    work(&Events::start_into(sink, REGISTRY, noon));
    let written = written.lock().unwrap();
    let lines: Vec<String> = written.iter().map(|line| shortened(line)).collect();
    lines
        .join("\n")
        .replace(env!("CARGO_PKG_VERSION"), "[version]")
}

fn shortened(line: &str) -> String {
    assert!(!line.contains('\n'), "{line}");
    let mut event: Value = serde_json::from_str(line).unwrap();
    let fields = event.as_object_mut().unwrap();
    let mut take = |name: &str| fields.remove(name).unwrap();
    assert_eq!(take("@module"), "terraform.ui");
    assert_eq!(take("@timestamp"), "2026-01-31T12:00:00.000000Z");
    let (level, r#type, message) = (take("@level"), take("type"), take("@message"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rest = event.to_string();
    format!("{} {} {message}\n  {rest}", text(&level), text(&r#type))
}

fn one_rule() -> Plan {
    let fields = json!({ "priority": 10, "fixed_rate": 0.05 });
    let rule = written("sampling_rule", "checkout", fields);
    plan(Mode::Apply, &[rule], &[])
}

#[test]
fn a_plan_is_told_change_by_change() {
    let told = lines(|events| {
        let warning = Diagnostic::warning("rule `a` hides rule `b`");
        events.diagnostics(&warning.with_hint("swap them").into());
        events.plan(&mixed()).unwrap();
    });
    assert_snapshot!(told, @r#"
    info version "xrayctl [version]"
      {"terraform":"1.11.4","xrayctl":"[version]","ui":"1.2"}
    warn diagnostic "Warning: rule `a` hides rule `b`"
      {"diagnostic":{"severity":"warning","summary":"rule `a` hides rule `b`","detail":"","hint":"swap them"}}
    info resource_drift "sampling_rule.checkout: Drift detected (update)"
      {"change":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"update"}}
    info planned_change "encryption: Plan to update"
      {"change":{"resource":{"addr":"aws_xray_encryption_config.encryption","module":"","resource":"aws_xray_encryption_config.encryption","implied_provider":"aws","resource_type":"aws_xray_encryption_config","resource_name":"encryption","resource_key":null,"xrayctl_address":"encryption"},"action":"update"}}
    info planned_change "group.goes: Plan to delete"
      {"change":{"resource":{"addr":"aws_xray_group.goes","module":"","resource":"aws_xray_group.goes","implied_provider":"aws","resource_type":"aws_xray_group","resource_name":"goes","resource_key":null,"xrayctl_address":"group.goes"},"action":"delete","reason":"delete_because_no_resource_config"}}
    info planned_change "kms_key.traces: Plan to create"
      {"change":{"resource":{"addr":"aws_kms_key.traces","module":"","resource":"aws_kms_key.traces","implied_provider":"aws","resource_type":"aws_kms_key","resource_name":"traces","resource_key":null,"xrayctl_address":"kms_key.traces"},"action":"create"}}
    info planned_change "resource_policy.sns: Plan to update"
      {"change":{"resource":{"addr":"aws_xray_resource_policy.sns","module":"","resource":"aws_xray_resource_policy.sns","implied_provider":"aws","resource_type":"aws_xray_resource_policy","resource_name":"sns","resource_key":null,"xrayctl_address":"resource_policy.sns"},"action":"update"}}
    info planned_change "sampling_rule.checkout: Plan to update"
      {"change":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"update"}}
    info change_summary "Plan: 1 to add, 3 to change, 1 to destroy."
      {"changes":{"add":1,"change":3,"import":0,"remove":1,"release":0,"operation":"plan"}}
    "#);
}

#[test]
fn drift_is_told_and_nothing_planned() {
    let fields = json!({ "priority": 10, "fixed_rate": 0.05 });
    let rule = written("sampling_rule", "checkout", fields);
    let live = changed(&rule, "fixed_rate", json!(0.5));
    let told = lines(|events| {
        let plan = plan(Mode::RefreshOnly, &[rule], &[live]);
        events.plan(&plan).unwrap();
    });
    assert_snapshot!(told, @r#"
    info version "xrayctl [version]"
      {"terraform":"1.11.4","xrayctl":"[version]","ui":"1.2"}
    info resource_drift "sampling_rule.checkout: Drift detected (update)"
      {"change":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"update"}}
    info change_summary "Plan: 0 to add, 0 to change, 0 to destroy."
      {"changes":{"add":0,"change":0,"import":0,"remove":0,"release":0,"operation":"plan"}}
    "#);
}

#[test]
fn steps_are_told_as_they_happen() {
    let plan = one_rule();
    let change = &plan.changes[0];
    let half = Half::Put;
    let elapsed = Duration::from_millis(2_900);
    let told = lines(|events| {
        events.plan(&plan).unwrap();
        events.notice(Event::Started { change, half });
        events.progress();
        let id = Some("arn:aws:xray:eu-west-1:123456789012:sampling-rule/checkout");
        events.notice(Event::Finished {
            change,
            half,
            elapsed,
            id,
        });
        let outcome = Outcome {
            added: 1,
            ..Outcome::default()
        };
        events.outcome(Mode::Apply, &outcome).unwrap();
    });
    assert_snapshot!(told, @r#"
    info version "xrayctl [version]"
      {"terraform":"1.11.4","xrayctl":"[version]","ui":"1.2"}
    info planned_change "sampling_rule.checkout: Plan to create"
      {"change":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"create"}}
    info change_summary "Plan: 1 to add, 0 to change, 0 to destroy."
      {"changes":{"add":1,"change":0,"import":0,"remove":0,"release":0,"operation":"plan"}}
    info apply_start "sampling_rule.checkout: Creating..."
      {"hook":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"create"}}
    info apply_progress "sampling_rule.checkout: Still creating... [0s elapsed]"
      {"hook":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"create","elapsed_seconds":0}}
    info apply_complete "sampling_rule.checkout: Creation complete after 2s [arn=arn:aws:xray:eu-west-1:123456789012:sampling-rule/checkout]"
      {"hook":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"create","elapsed_seconds":2,"id_key":"arn","id_value":"arn:aws:xray:eu-west-1:123456789012:sampling-rule/checkout"}}
    info change_summary "Apply complete! Resources: 1 added, 0 changed, 0 destroyed."
      {"changes":{"add":1,"change":0,"import":0,"remove":0,"release":0,"operation":"apply"}}
    info outputs "Outputs: 1"
      {"outputs":{"sampling_rule.checkout.arn":{"sensitive":false,"type":"string","value":"arn:aws:xray:eu-west-1:123456789012:sampling-rule/checkout"}}}
    "#);
}

#[test]
fn failures_are_told_and_what_they_stop() {
    let plan = one_rule();
    let change = &plan.changes[0];
    let half = Half::Put;
    let elapsed = Duration::from_secs(3);
    let error = &Error::internal("sampling_rule", "broken");
    let because = &Address::new("kms_key", "traces");
    let told = lines(|events| {
        events.plan(&plan).unwrap();
        events.notice(Event::Started { change, half });
        events.notice(Event::Failed {
            change,
            half,
            elapsed,
            error,
        });
        events.notice(Event::Skipped { change, because });
        events.notice(Event::Stopping { under_way: 2 });
        // Nothing is under way any more.
        events.progress();
        events.outcome(Mode::Destroy, &Outcome::default()).unwrap();
    });
    assert_snapshot!(told, @r#"
    info version "xrayctl [version]"
      {"terraform":"1.11.4","xrayctl":"[version]","ui":"1.2"}
    info planned_change "sampling_rule.checkout: Plan to create"
      {"change":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"create"}}
    info change_summary "Plan: 1 to add, 0 to change, 0 to destroy."
      {"changes":{"add":1,"change":0,"import":0,"remove":0,"release":0,"operation":"plan"}}
    info apply_start "sampling_rule.checkout: Creating..."
      {"hook":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"create"}}
    info apply_errored "sampling_rule.checkout: Creation errored after 3s"
      {"hook":{"resource":{"addr":"aws_xray_sampling_rule.checkout","module":"","resource":"aws_xray_sampling_rule.checkout","implied_provider":"aws","resource_type":"aws_xray_sampling_rule","resource_name":"checkout","resource_key":null,"xrayctl_address":"sampling_rule.checkout"},"action":"create","elapsed_seconds":3}}
    info log "sampling_rule.checkout: skipped, since kms_key.traces failed"
      {}
    info log "Stopping: waiting for 2 steps under way; press Ctrl-C again to leave at once, with their outcome unknown"
      {}
    info change_summary "Destroy complete! Resources: 0 destroyed."
      {"changes":{"add":0,"change":0,"import":0,"remove":0,"release":0,"operation":"destroy"}}
    info outputs "Outputs: 0"
      {"outputs":{}}
    "#);
}

#[test]
fn the_plan_itself_is_one_line() {
    let told = lines(|events| {
        let document = json!({ "format_version": "1.2", "resource_changes": [] });
        events.document(document).unwrap();
    });
    assert_snapshot!(told, @r#"
    info version "xrayctl [version]"
      {"terraform":"1.11.4","xrayctl":"[version]","ui":"1.2"}
    info plan "The plan in Terraform's plan format"
      {"format_version":"1.2","resource_changes":[]}
    "#);
}
