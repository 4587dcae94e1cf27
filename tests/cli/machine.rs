//! What programs read: events, plans in Terraform's form, comments for pull
//! requests, and diagnostics for code scanning and test reports.

use serde_json::Value;

use crate::cloud::Cloud;
use crate::harness::{Output, Scenario};
use crate::proxy::Proxy;
use crate::specs::{FULL, RULE};

const REFUSED: (u16, &str, &str) = (400, "InvalidRequestException", "no");

/// Reads stdout as events, nothing else being there.
fn events(output: &Output) -> Vec<Value> {
    let lines = output.stdout.lines();
    let events: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    for event in &events {
        assert_eq!(event["@module"], "terraform.ui", "{event}");
        for field in ["@level", "@message", "@timestamp", "type"] {
            assert!(event[field].is_string(), "{field}: {event}");
        }
    }
    assert_eq!(events[0]["type"], "version", "{output}");
    assert_eq!(events[0]["ui"], "1.2");
    assert_eq!(output.stderr, "", "{output}");
    events
}

/// Lists the types of events, each run of the same type once.
fn types(events: &[Value]) -> Vec<&str> {
    let types = events.iter().map(|event| event["type"].as_str().unwrap());
    let mut types: Vec<&str> = types.collect();
    types.dedup();
    types
}

fn count(events: &[Value], r#type: &str) -> usize {
    events
        .iter()
        .filter(|event| event["type"] == r#type)
        .count()
}

fn only<'a>(events: &'a [Value], r#type: &str) -> &'a Value {
    let mut found = events.iter().filter(|event| event["type"] == r#type);
    let event = found.next().unwrap();
    assert!(found.next().is_none(), "more than one {type}");
    event
}

#[test]
fn a_plan_streams_its_changes_and_ends_with_itself() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    let plan = scenario.run("--json plan --detailed-exitcode").ends_with(2);
    let events = events(&plan);
    assert_eq!(
        types(&events),
        ["version", "planned_change", "change_summary", "plan"]
    );
    assert_eq!(count(&events, "planned_change"), 8);
    let changes = &only(&events, "change_summary")["changes"];
    assert_eq!(
        (&changes["add"], &changes["change"]),
        (&4.into(), &4.into())
    );
    let document = only(&events, "plan");
    assert_eq!(document["format_version"], "1.2");
    assert_eq!(document["applyable"], true);

    scenario.run("plan --out saved").succeeds();
    let shown = scenario.run("--json show saved").succeeds();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let printed = scenario.run("plan --format terraform").succeeds();
    let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    for same in [
        "resource_changes",
        "planned_values",
        "prior_state",
        "configuration",
    ] {
        assert_eq!(document[same], shown[same], "{same}");
        assert_eq!(document[same], printed[same], "{same}");
    }
}

#[test]
fn an_apply_streams_its_steps_and_a_second_one_none() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    let told = events(&scenario.run("--json apply --auto-approve").succeeds());
    let kinds = types(&told);
    assert_eq!(kinds[..3], ["version", "planned_change", "change_summary"]);
    assert_eq!(kinds[kinds.len() - 2..], ["change_summary", "outputs"]);
    assert_eq!(count(&told, "apply_start"), 8);
    assert_eq!(count(&told, "apply_complete"), 8);
    let of_rule = told.iter().find(|event| {
        let resource = &event["hook"]["resource"]["addr"];
        event["type"] == "apply_complete" && resource == "aws_xray_sampling_rule.checkout"
    });
    let hook = &of_rule.unwrap()["hook"];
    assert_eq!(hook["action"], "create");
    assert_eq!(hook["id_key"], "arn");
    let summary = &told[told.len() - 2];
    assert_eq!(summary["changes"]["operation"], "apply");
    assert_eq!(
        summary["@message"],
        "Apply complete! Resources: 4 added, 4 changed, 0 destroyed."
    );
    let outputs = &only(&told, "outputs")["outputs"];
    assert_eq!(
        outputs["sampling_rule.checkout.arn"]["value"],
        hook["id_value"]
    );

    let again = events(&scenario.run("--json apply --auto-approve").succeeds());
    assert_eq!(types(&again), ["version", "change_summary", "outputs"]);
    let settled = events(&scenario.run("--json plan --detailed-exitcode").succeeds());
    assert_eq!(types(&settled), ["version", "change_summary", "plan"]);
    assert_eq!(only(&settled, "plan")["applyable"], false);
}

#[test]
fn a_saved_plan_and_a_destroy_stream_as_well() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    let plan = events(&scenario.run("--json plan --out saved").succeeds());
    assert_eq!(
        types(&plan),
        ["version", "planned_change", "change_summary", "log", "plan"]
    );
    let apply = events(&scenario.run("--json apply saved").succeeds());
    assert_eq!(count(&apply, "apply_complete"), 1);
    let destroy = events(&scenario.run("--json destroy --auto-approve").succeeds());
    let start = only(&destroy, "apply_start");
    assert_eq!(start["hook"]["action"], "delete");
    let last = destroy
        .iter()
        .rfind(|event| event["type"] == "change_summary");
    assert_eq!(last.unwrap()["changes"]["operation"], "destroy");
    assert_eq!(last.unwrap()["changes"]["remove"], 1);
}

#[test]
fn drift_is_an_event_and_a_part_of_the_plan() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(RULE);
    scenario.apply();
    let update = serde_json::json!({ "RuleName": "checkout", "FixedRate": 0.7 });
    cloud.xray(
        "/UpdateSamplingRule",
        &serde_json::json!({ "SamplingRuleUpdate": update }),
    );
    for line in ["--json plan", "--json plan --refresh-only"] {
        let told = events(&scenario.run(line).succeeds());
        let drift = only(&told, "resource_drift");
        assert_eq!(drift["change"]["action"], "update");
        let drift = &only(&told, "plan")["resource_drift"][0]["change"];
        assert_eq!(drift["before"]["fixed_rate"], 0.1);
        assert_eq!(drift["after"]["fixed_rate"], 0.7);
    }
}

#[test]
fn what_is_wrong_is_an_event_too() {
    let scenario = Scenario::local(&RULE.replace("0.1", "1.5"));
    let told = events(&scenario.run("--json plan").ends_with(1));
    assert_eq!(types(&told), ["version", "diagnostic"]);
    let event = only(&told, "diagnostic");
    assert_eq!(event["@level"], "error");
    let diagnostic = &event["diagnostic"];
    assert_eq!(diagnostic["severity"], "error");
    assert_eq!(diagnostic["range"]["filename"], "xrayctl.toml");
    assert_eq!(diagnostic["range"]["start"]["line"], 7);
    for line in [
        "--json apply",
        "--json destroy",
        "--json apply no-such-file",
    ] {
        let told = events(&scenario.run(line).ends_with(1));
        assert_eq!(types(&told), ["version", "diagnostic"], "{line}");
    }
}

#[test]
fn nothing_is_asked_in_a_stream() {
    let scenario = Scenario::local(RULE);
    let told = events(&scenario.run("--json apply").ends_with(1));
    assert_eq!(
        types(&told),
        ["version", "planned_change", "change_summary", "diagnostic"]
    );
    let said = &only(&told, "diagnostic")["diagnostic"];
    assert!(said["hint"].as_str().unwrap().contains("--auto-approve"));
}

#[test]
fn a_step_that_fails_is_told_with_its_reason() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    proxy.fail("CreateSamplingRule", usize::MAX, REFUSED);
    let scenario = proxy.scenario(RULE);
    let told = events(&scenario.run("--json apply --auto-approve").ends_with(1));
    assert_eq!(count(&told, "apply_start"), 1);
    assert_eq!(count(&told, "apply_complete"), 0);
    let errored = only(&told, "apply_errored");
    assert_eq!(
        errored["hook"]["resource"]["xrayctl_address"],
        "sampling_rule.checkout"
    );
    let diagnostic = &only(&told, "diagnostic")["diagnostic"];
    assert_eq!(diagnostic["address"], "sampling_rule.checkout");
    let last = told.iter().rfind(|event| event["type"] == "change_summary");
    assert_eq!(
        last.unwrap()["@message"],
        "Apply incomplete! Resources: 0 added, 0 changed, 0 destroyed."
    );
}

#[test]
fn a_comment_for_a_pull_request() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    let comment = scenario
        .run("plan --markdown --detailed-exitcode")
        .ends_with(2);
    assert_eq!(comment.stderr, "", "{comment}");
    assert!(comment.stdout.starts_with("### xrayctl: stack "));
    let comment = comment.prints("**Plan: 4 to add, 4 to change, 0 to destroy.**");
    assert_eq!(comment.stdout.matches("<details>").count(), 8, "{comment}");
    assert_eq!(comment.stdout.matches("</details>").count(), 8, "{comment}");
    scenario.apply();
    scenario
        .run("plan --format markdown")
        .succeeds()
        .prints("**No changes.** 8 resources seen.");
}

#[test]
fn two_forms_at_once_are_refused() {
    let scenario = Scenario::local(RULE);
    let told = events(&scenario.run("--json plan --markdown").ends_with(1));
    assert_eq!(types(&told), ["version", "diagnostic"]);
    scenario
        .run("--json validate --format sarif")
        .ends_with(1)
        .prints("--json and --format name two forms");
}

#[test]
fn a_thousand_resources_in_one_comment() {
    use std::fmt::Write;

    let mut spec = RULE.to_owned();
    for number in 0..999 {
        let table = "filter_expression = \"service(\\\"checkout\\\") AND error\"";
        write!(spec, "\n[groups.errors-of-checkout-{number}]\n{table}\n").unwrap();
    }
    let scenario = Scenario::local(&spec);
    let comment = scenario.run("plan --markdown").succeeds();
    assert!(comment.stdout.chars().count() < 65_536);
    comment
        .prints("**Plan: 1000 to add, 0 to change, 0 to destroy.**")
        .prints(" more\n")
        .prints("The plan is too long for one comment.");
}

#[test]
fn diagnostics_for_code_scanning_and_for_test_reports() {
    let scenario = Scenario::local(&RULE.replace("0.1", "1.5"));
    let sarif = scenario.run("validate --format sarif").ends_with(1);
    assert_eq!(sarif.stderr, "", "{sarif}");
    let document: Value = serde_json::from_str(&sarif.stdout).unwrap();
    let result = &document["runs"][0]["results"][0];
    assert_eq!(result["level"], "error");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 7);
    scenario
        .run("validate --format junit")
        .ends_with(1)
        .prints("<testsuites name=\"xrayctl validate\" tests=\"1\" failures=\"1\"");

    scenario.spec(RULE);
    let sarif = scenario.run("validate --format sarif").succeeds();
    let document: Value = serde_json::from_str(&sarif.stdout).unwrap();
    assert_eq!(document["runs"][0]["results"], serde_json::json!([]));
    scenario
        .run("validate --format junit")
        .succeeds()
        .prints("tests=\"1\" failures=\"0\"");
}
