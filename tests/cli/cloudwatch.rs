//! Alarms, composite alarms, dashboards and log groups.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::cloud::{Cloud, rows, text};
use crate::harness::Scenario;
use crate::proxy::Proxy;
use crate::specs::without;

/// Something of every type, with every field set in one of them.
const SPEC: &str = r#"[stack]
name = "shop"
region = "us-east-1"
tags = { team = "core" }

[groups.errors]
filter_expression = "error = true"

[alarms.high-errors]
alarm_description = "many traces with errors"
preset = "error-rate"
group = "errors"
alarm_actions = ["arn:aws:sns:us-east-1:123456789012:pages"]
tags = { owner = "ann" }

[alarms.latency]
namespace = "ApplicationSignals"
metric_name = "Latency"
dimensions = { Service = "api" }
extended_statistic = "p95"
period = 60
unit = "Milliseconds"
evaluation_periods = 5
datapoints_to_alarm = 3
threshold = 1500
comparison_operator = "GreaterThanThreshold"
treat_missing_data = "notBreaching"
evaluate_low_sample_count_percentile = "ignore"
ok_actions = ["arn:aws:sns:us-east-1:123456789012:mails"]
insufficient_data_actions = ["arn:aws:sns:us-east-1:123456789012:mails"]

[alarms.silence]
preset = "trace-volume"

[alarms.odd]
threshold_metric_id = "band"
comparison_operator = "GreaterThanUpperThreshold"
evaluation_periods = 1
metrics = [
    { id = "band", expression = "ANOMALY_DETECTION_BAND(traces, 2)" },
    { id = "traces", metric_stat = { metric = { namespace = "AWS/X-Ray", metric_name = "ApproximateTraceCount", dimensions = { GroupName = "Default" } }, period = 300, stat = "Sum" } },
]

[composite_alarms.down]
alarm_description = "users see it"
any_of = ["high-errors", "latency"]
alarm_actions = ["arn:aws:sns:us-east-1:123456789012:pages"]
ok_actions = ["arn:aws:sns:us-east-1:123456789012:mails"]
insufficient_data_actions = ["arn:aws:sns:us-east-1:123456789012:mails"]
actions_suppressor = "silence"
actions_suppressor_wait_period = 60
actions_suppressor_extension_period = 120

[composite_alarms.worst]
alarm_rule = 'ALARM("down") AND NOT OK(odd)'

[dashboards.tracing]
services = ["api"]
groups = ["errors", "Default"]
alarms = ["high-errors", "composite_alarm.down"]

[dashboards.notes]
dashboard_body = { file = "dashboard.json" }

[kms_keys.logs]

[log_groups."/ecs/api"]
retention_in_days = 30
kms_key_id = "logs"

[log_groups.archive]
log_group_class = "INFREQUENT_ACCESS"
deletion_protection_enabled = true
tags = { owner = "ann" }
"#;

const BODY: &str = r##"{
  "start": "-PT6H",
  "widgets": [
    { "type": "text", "x": 0, "y": 0, "width": 12, "height": 3,
      "properties": { "markdown": "# Who to call \u00e9" } },
    { "type": "metric", "x": 12.0, "y": 0, "width": 12, "height": 3,
      "properties": { "region": "us-east-1",
        "metrics": [["AWS/X-Ray", "ApproximateTraceCount", "GroupName", "errors"]] } }
  ]
}"##;

fn scenario(cloud: &Cloud) -> Scenario {
    let scenario = cloud.scenario(SPEC);
    scenario.write("dashboard.json", BODY);
    scenario
}

fn applied() -> (Cloud, Scenario) {
    let cloud = Cloud::start();
    let scenario = scenario(&cloud);
    scenario.apply();
    (cloud, scenario)
}

fn arn(name: &str) -> String {
    format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}")
}

fn dashboard_arn(name: &str) -> String {
    format!("arn:aws:cloudwatch::123456789012:dashboard/{name}")
}

fn log_group_arn(name: &str) -> String {
    format!("arn:aws:logs:us-east-1:123456789012:log-group:{name}")
}

/// What an alarm is set to, without its state.
fn settings(alarm: &Value) -> Value {
    let runtime = |name: &str| name.starts_with("State") || name.ends_with("Timestamp");
    let fields = alarm.as_object().into_iter().flatten();
    let settings = fields.filter(|(name, _)| !runtime(name));
    Value::Object(
        settings
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// Everything of these types that stands, with all tags.
fn standing(cloud: &Cloud) -> String {
    let mut all = Vec::new();
    let types = json!({ "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] });
    let alarms = cloud.cloudwatch("DescribeAlarms", &types);
    for alarm in rows(&alarms["MetricAlarms"]).chain(rows(&alarms["CompositeAlarms"])) {
        all.push(settings(alarm).to_string());
        all.push(tags(cloud, &text(&alarm["AlarmArn"])).to_string());
    }
    let dashboards = cloud.cloudwatch("ListDashboards", &json!({}));
    for entry in rows(&dashboards["DashboardEntries"]) {
        let name = json!({ "DashboardName": entry["DashboardName"] });
        let body = cloud.cloudwatch("GetDashboard", &name);
        // Compared by meaning: the order of keys is no difference.
        let body: Value = serde_json::from_str(&text(&body["DashboardBody"])).unwrap();
        all.push(format!("{} {}", name["DashboardName"], sorted(&body)));
        all.push(tags(cloud, &text(&entry["DashboardArn"])).to_string());
    }
    for mut group in rows(&cloud.logs("DescribeLogGroups", &json!({}))["logGroups"]).cloned() {
        group["creationTime"] = Value::Null;
        all.push(sorted(&group).to_string());
        let arn = log_group_arn(&text(&group["logGroupName"]));
        let tags = cloud.logs("ListTagsForResource", &json!({ "resourceArn": arn }));
        all.push(sorted(&tags).to_string());
    }
    all.join("\n")
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields = fields.into_iter();
            fields
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

/// All tags of an alarm or dashboard.
fn tags(cloud: &Cloud, arn: &str) -> Value {
    let tags = cloud.cloudwatch("ListTagsForResource", &json!({ "ResourceARN": arn }));
    rows(&tags["Tags"])
        .map(|tag| (text(&tag["Key"]), tag["Value"].clone()))
        .collect()
}

/// Puts an alarm as it stands, with members changed; null takes one away.
fn change(cloud: &Cloud, name: &str, members: &Value) {
    let mut alarm = settings(&cloud.alarm(name));
    for (member, value) in members.as_object().unwrap() {
        alarm[member] = value.clone();
    }
    let is_composite = !alarm["AlarmRule"].is_null();
    let operation = if is_composite {
        "PutCompositeAlarm"
    } else {
        "PutMetricAlarm"
    };
    cloud.cloudwatch(operation, &alarm);
}

/// Names of the calls of `operations` since the last look.
fn taken(proxy: &Proxy, operations: &[&str]) -> Vec<String> {
    let calls = proxy.take_calls().into_iter().map(|call| call.operation);
    calls
        .filter(|name| operations.contains(&name.as_str()))
        .collect()
}

#[test]
fn what_is_applied_stays_as_it_is() {
    let cloud = Cloud::start();
    let scenario = scenario(&cloud);
    scenario
        .plan()
        .ends_with(2)
        .prints("Plan: 12 to add, 0 to change, 0 to destroy.");
    scenario.apply();
    scenario.is_settled();
    let alarm = cloud.alarm("high-errors");
    assert_eq!(alarm["Threshold"], 5.0);
    assert_eq!(alarm["TreatMissingData"], "notBreaching");
    let group = "/Metrics/0/MetricStat/Metric/Dimensions/0/Value";
    assert_eq!(alarm.pointer(group), Some(&json!("errors")));
    let owned = tags(&cloud, &arn("high-errors"));
    assert_eq!(owned["team"], "core");
    assert_eq!(owned["owner"], "ann");
    assert_eq!(owned["xrayctl:stack"], "shop");
    let rule = &cloud.alarm("down")["AlarmRule"];
    assert_eq!(rule, r#"ALARM("high-errors") OR ALARM("latency")"#);
    let key = cloud.only_key()["Arn"].clone();
    assert_eq!(cloud.log_group("/ecs/api")["kmsKeyId"], key);
    let archive = cloud.log_group("archive");
    assert_eq!(archive["logGroupClass"], "INFREQUENT_ACCESS");
    assert_eq!(archive["retentionInDays"], Value::Null);
    // The server starts again on what it kept.
    let before = standing(&cloud);
    let cloud = cloud.restart();
    assert_eq!(standing(&cloud), before);
}

/// Makes each change at AWS, and sees that the plan shows `fields` of `address`
/// and nothing else, and that apply repairs it.
fn each_is_seen_and_repaired(address: &str, cases: &[(&[&str], &dyn Fn(&Cloud))]) {
    let (cloud, scenario) = applied();
    let before = standing(&cloud);
    for (fields, change) in cases {
        change(&cloud);
        assert_ne!(standing(&cloud), before, "{fields:?} did not change");
        let plan = scenario.plan().ends_with(2);
        let expected: Vec<String> = fields
            .iter()
            .map(|field| format!("{address} {field}"))
            .collect();
        assert_eq!(plan.changes(), expected, "{plan}");
        scenario
            .apply()
            .prints("Apply complete! Resources: 0 added, 1 changed, 0 destroyed.");
        scenario.is_settled();
        assert_eq!(standing(&cloud), before, "after {fields:?}");
    }
}

#[test]
fn every_field_of_an_alarm() {
    let topic = json!(["arn:aws:sns:us-east-1:123456789012:other"]);
    let members: [(&[&str], Value); 18] = [
        (&["alarm_description"], json!({ "AlarmDescription": "x" })),
        (&["namespace"], json!({ "Namespace": "Other" })),
        (&["metric_name"], json!({ "MetricName": "Other" })),
        (
            &["dimensions.Service"],
            json!({ "Dimensions": [{ "Name": "Service", "Value": "web" }] }),
        ),
        (
            &["extended_statistic"],
            json!({ "ExtendedStatistic": "p99" }),
        ),
        (
            &[
                "statistic",
                "extended_statistic",
                "evaluate_low_sample_count_percentile",
            ],
            json!({
                "Statistic": "Average", "ExtendedStatistic": null,
                "EvaluateLowSampleCountPercentile": null,
            }),
        ),
        (&["period"], json!({ "Period": 120 })),
        (&["unit"], json!({ "Unit": null })),
        (&["evaluation_periods"], json!({ "EvaluationPeriods": 6 })),
        (&["datapoints_to_alarm"], json!({ "DatapointsToAlarm": 4 })),
        (&["threshold"], json!({ "Threshold": 1500.5 })),
        (
            &["comparison_operator"],
            json!({ "ComparisonOperator": "LessThanThreshold" }),
        ),
        (
            &["treat_missing_data"],
            json!({ "TreatMissingData": "breaching" }),
        ),
        (
            &["evaluate_low_sample_count_percentile"],
            json!({ "EvaluateLowSampleCountPercentile": "evaluate" }),
        ),
        (&["actions_enabled"], json!({ "ActionsEnabled": false })),
        (&["alarm_actions"], json!({ "AlarmActions": topic })),
        (&["ok_actions"], json!({ "OKActions": topic })),
        (
            &["insufficient_data_actions"],
            json!({ "InsufficientDataActions": [] }),
        ),
    ];
    let changes = members
        .iter()
        .map(|(_, members)| move |cloud: &Cloud| change(cloud, "latency", members));
    let changes: Vec<_> = changes.collect();
    let mut cases: Vec<(&[&str], &dyn Fn(&Cloud))> = Vec::new();
    for ((fields, _), change) in members.iter().zip(&changes) {
        cases.push((fields, change));
    }
    let tag = |key: &str, value: &str| {
        let tags = json!([{ "Key": key, "Value": value }]);
        json!({ "ResourceARN": arn("latency"), "Tags": tags })
    };
    let other = |cloud: &Cloud| {
        cloud.cloudwatch("TagResource", &tag("other", ""));
    };
    let team = |cloud: &Cloud| {
        cloud.cloudwatch("TagResource", &tag("team", "x"));
    };
    cases.push((&["tags.other"], &other));
    cases.push((&["tags.team"], &team));
    each_is_seen_and_repaired("alarm.latency", &cases);
}

#[test]
fn metric_math_and_bands_of_alarms() {
    each_is_seen_and_repaired(
        "alarm.odd",
        &[(&["metrics"], &|cloud| {
            let mut metrics = cloud.alarm("odd")["Metrics"].clone();
            metrics[0]["Expression"] = json!("ANOMALY_DETECTION_BAND(traces, 3)");
            change(cloud, "odd", &json!({ "Metrics": metrics }));
        })],
    );
    each_is_seen_and_repaired(
        "alarm.odd",
        &[(
            &[
                "threshold",
                "comparison_operator",
                "metrics",
                "threshold_metric_id",
            ],
            &|cloud| {
                let mut metrics = cloud.alarm("odd")["Metrics"].clone();
                metrics[0] = json!({ "Id": "band", "Expression": "traces", "ReturnData": false });
                let members = json!({
                    "Metrics": metrics, "ThresholdMetricId": null, "Threshold": 5.0,
                    "ComparisonOperator": "GreaterThanThreshold",
                });
                change(cloud, "odd", &members);
            },
        )],
    );
}

#[test]
fn every_field_of_a_composite_alarm() {
    let topic = json!(["arn:aws:sns:us-east-1:123456789012:other"]);
    let members: [(&[&str], Value); 9] = [
        (&["alarm_description"], json!({ "AlarmDescription": null })),
        (&["alarm_rule"], json!({ "AlarmRule": "ALARM(latency)" })),
        (&["actions_enabled"], json!({ "ActionsEnabled": false })),
        (&["alarm_actions"], json!({ "AlarmActions": topic })),
        (&["ok_actions"], json!({ "OKActions": [] })),
        (
            &["insufficient_data_actions"],
            json!({ "InsufficientDataActions": topic }),
        ),
        (
            &["actions_suppressor"],
            json!({ "ActionsSuppressor": "odd" }),
        ),
        (
            &["actions_suppressor_wait_period"],
            json!({ "ActionsSuppressorWaitPeriod": 61 }),
        ),
        (
            &["actions_suppressor_extension_period"],
            json!({ "ActionsSuppressorExtensionPeriod": 0 }),
        ),
    ];
    let changes = members
        .iter()
        .map(|(_, members)| move |cloud: &Cloud| change(cloud, "down", members));
    let changes: Vec<_> = changes.collect();
    let mut cases: Vec<(&[&str], &dyn Fn(&Cloud))> = Vec::new();
    for ((fields, _), change) in members.iter().zip(&changes) {
        cases.push((fields, change));
    }
    let untag = |cloud: &Cloud| {
        let team = json!({ "ResourceARN": arn("down"), "TagKeys": ["team"] });
        cloud.cloudwatch("UntagResource", &team);
    };
    cases.push((&["tags.team"], &untag));
    each_is_seen_and_repaired("composite_alarm.down", &cases);
}

#[test]
fn every_field_of_a_dashboard() {
    let put = |cloud: &Cloud, name: &str, edit: &dyn Fn(&mut Value)| {
        let found = cloud.cloudwatch("GetDashboard", &json!({ "DashboardName": name }));
        let mut body = serde_json::from_str(&text(&found["DashboardBody"])).unwrap();
        edit(&mut body);
        let put = json!({ "DashboardName": name, "DashboardBody": body.to_string() });
        cloud.cloudwatch("PutDashboard", &put);
    };
    for name in ["notes", "tracing"] {
        each_is_seen_and_repaired(
            &format!("dashboard.{name}"),
            &[
                (&["dashboard_body"], &|cloud| {
                    put(cloud, name, &|body| {
                        body["widgets"][0]["properties"]["markdown"] = json!("x");
                    });
                }),
                (&["dashboard_body"], &|cloud| {
                    put(cloud, name, &|body| {
                        body["widgets"].as_array_mut().unwrap().reverse();
                    });
                }),
                (&["tags.other"], &|cloud| {
                    let tags = json!([{ "Key": "other", "Value": "x" }]);
                    let tags = json!({ "ResourceARN": dashboard_arn(name), "Tags": tags });
                    cloud.cloudwatch("TagResource", &tags);
                }),
            ],
        );
    }
}

#[test]
fn every_field_of_a_log_group() {
    let name = json!({ "logGroupName": "/ecs/api" });
    each_is_seen_and_repaired(
        "log_group./ecs/api",
        &[
            (&["retention_in_days"], &|cloud| {
                let days = json!({ "logGroupName": "/ecs/api", "retentionInDays": 7 });
                cloud.logs("PutRetentionPolicy", &days);
            }),
            (&["retention_in_days"], &|cloud| {
                cloud.logs("DeleteRetentionPolicy", &name);
            }),
            (&["kms_key_id"], &|cloud| {
                cloud.logs("DisassociateKmsKey", &name);
            }),
            (&["deletion_protection_enabled"], &|cloud| {
                let on = json!({
                    "logGroupIdentifier": "/ecs/api", "deletionProtectionEnabled": true,
                });
                cloud.logs("PutLogGroupDeletionProtection", &on);
            }),
            (&["tags.team"], &|cloud| {
                let tags = json!({
                    "resourceArn": log_group_arn("/ecs/api"), "tags": { "team": "x" },
                });
                cloud.logs("TagResource", &tags);
            }),
        ],
    );
    each_is_seen_and_repaired(
        "log_group.archive",
        &[
            (&["retention_in_days"], &|cloud| {
                let days = json!({ "logGroupName": "archive", "retentionInDays": 7 });
                cloud.logs("PutRetentionPolicy", &days);
            }),
            (&["tags.owner"], &|cloud| {
                let tags = json!({
                    "resourceArn": log_group_arn("archive"), "tagKeys": ["owner"],
                });
                cloud.logs("UntagResource", &tags);
            }),
        ],
    );
}

#[test]
fn an_alarm_keeps_its_state_where_only_tags_change() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(SPEC);
    scenario.write("dashboard.json", BODY);
    scenario.apply();
    let state = json!({
        "AlarmName": "high-errors", "StateValue": "ALARM", "StateReason": "a test",
    });
    cloud.cloudwatch("SetAlarmState", &state);
    let before = cloud.alarm("high-errors");
    let puts = ["PutMetricAlarm", "PutCompositeAlarm", "PutDashboard"];
    proxy.take_calls();
    // Nothing to do.
    scenario.apply();
    assert_eq!(taken(&proxy, &puts), [""; 0]);
    // AWS ignores tags of an alarm that it has.
    scenario.edit(
        "owner = \"ann\" }\n\n[alarms.latency",
        "owner = \"bob\" }\n\n[alarms.latency",
    );
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), ["alarm.high-errors tags.owner"], "{plan}");
    proxy.take_calls();
    scenario.apply();
    let calls = taken(&proxy, &[&puts[..], &["TagResource"]].concat());
    assert!(
        !calls.is_empty() && calls.iter().all(|call| call == "TagResource"),
        "{calls:?}"
    );
    assert_eq!(tags(&cloud, &arn("high-errors"))["owner"], "bob");
    scenario.is_settled();
    assert_eq!(cloud.alarm("high-errors"), before);
    // A change of one alarm puts that one, and leaves its state.
    scenario.edit(
        "group = \"errors\"\nalarm",
        "group = \"errors\"\nthreshold = 7\nalarm",
    );
    proxy.take_calls();
    scenario.apply();
    assert_eq!(taken(&proxy, &puts), ["PutMetricAlarm"]);
    assert_eq!(cloud.alarm("high-errors")["Threshold"], 7.0);
    assert_eq!(cloud.alarm("high-errors")["StateValue"], "ALARM");
}

#[test]
fn a_dashboard_that_aws_wrote_in_another_order_is_the_same() {
    let (cloud, scenario) = applied();
    let found = cloud.cloudwatch("GetDashboard", &json!({ "DashboardName": "notes" }));
    let kept = text(&found["DashboardBody"]);
    assert!(
        kept.starts_with(r#"{"start":"#) && kept.contains('é'),
        "{kept}"
    );
    let body: Value = serde_json::from_str(&kept).unwrap();
    let reordered = sorted(&body).to_string();
    assert_ne!(reordered, kept);
    let put = json!({ "DashboardName": "notes", "DashboardBody": reordered });
    cloud.cloudwatch("PutDashboard", &put);
    scenario.is_settled();
    scenario.write(
        "dashboard.json",
        serde_json::to_string_pretty(&body).unwrap(),
    );
    scenario.is_settled();
}

#[test]
fn composite_alarms_come_after_their_children_and_go_before_them() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(SPEC);
    scenario.write("dashboard.json", BODY);
    scenario.apply();
    let order = |operations: &[&str]| -> Vec<String> {
        let calls = proxy.take_calls().into_iter();
        let calls = calls.filter(|call| operations.contains(&call.operation.as_str()));
        let name = |body: &Value| text(&body["AlarmName"]) + &text(&body["AlarmNames"][0]);
        calls.map(|call| name(&call.body)).collect()
    };
    let is_sorted = |names: &[String], pairs: &[(&str, &str)]| {
        let at = |name: &str| names.iter().position(|one| one == name).unwrap();
        for (first, second) in pairs {
            assert!(at(first) < at(second), "{first}, {second}: {names:?}");
        }
        assert_eq!(names.len(), 6, "each once: {names:?}");
    };
    let up = [
        ("high-errors", "down"),
        ("latency", "down"),
        ("silence", "down"),
        ("down", "worst"),
        ("odd", "worst"),
    ];
    is_sorted(&order(&["PutMetricAlarm", "PutCompositeAlarm"]), &up);
    scenario.run("destroy --auto-approve").succeeds();
    let down = up.map(|(first, second)| (second, first));
    is_sorted(&order(&["DeleteAlarms"]), &down);
    let types = json!({ "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] });
    let left = cloud.cloudwatch("DescribeAlarms", &types);
    assert_eq!(left["MetricAlarms"], json!([]));
    assert_eq!(left["CompositeAlarms"], json!([]));
}

#[test]
fn a_child_that_leaves_goes_after_the_rule_that_named_it() {
    let (cloud, scenario) = applied();
    let spec = without(SPEC, "[alarms.latency]");
    scenario.spec(&spec);
    scenario.edit(
        "any_of = [\"high-errors\", \"latency\"]",
        "any_of = [\"high-errors\"]",
    );
    scenario
        .apply()
        .prints("Apply complete! Resources: 0 added, 1 changed, 1 destroyed.");
    scenario.is_settled();
    assert_eq!(cloud.alarm("latency"), Value::Null);
}

#[test]
fn an_unowned_log_group_is_refused_and_can_be_adopted() {
    let cloud = Cloud::start();
    let made = json!({ "logGroupName": "/ecs/api", "tags": { "hand": "made" } });
    cloud.logs("CreateLogGroup", &made);
    let spec = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n\
                [log_groups.\"/ecs/api\"]\nretention_in_days = 30\n";
    let scenario = cloud.scenario(spec);
    assert_snapshot!(scenario.plan().ends_with(1).snapshot(), @r#"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: log group `/ecs/api` exists already and no stack owns it
     --> xrayctl.toml:5:1
      |
    5 | [log_groups."/ecs/api"]
      | ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: take it into this stack with `xrayctl import log_group./ecs/api`, or with --adopt
    --- exit 1
    "#);
    scenario
        .run("import log_group./ecs/api --auto-approve")
        .succeeds();
    scenario.apply();
    scenario.is_settled();
    assert_eq!(cloud.log_group("/ecs/api")["retentionInDays"], 30);
}

#[test]
fn a_log_group_that_someone_makes_between_plan_and_apply() {
    let cloud = Cloud::start();
    let spec = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n\
                [log_groups.api]\nretention_in_days = 30\n";
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(spec);
    let answer = (
        400,
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    );
    cloud.logs("CreateLogGroup", &json!({ "logGroupName": "api" }));
    proxy.edit("DescribeLogGroups", |_, body| body["logGroups"] = json!([]));
    proxy.fail("CreateLogGroup", 1, answer);
    scenario.run("apply --auto-approve").ends_with(1).says(
        "somebody else made the log group `api` since the plan; plan again, and take it into \
         the stack with `xrayctl import` or --adopt",
    );
    proxy.mend();
    scenario.run("apply --adopt --auto-approve").succeeds();
    scenario.is_settled();
}

#[test]
fn a_lost_answer_leaves_no_log_group_half_made() {
    let cloud = Cloud::start();
    let spec = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n\
                [log_groups.api]\nretention_in_days = 30\n";
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(spec);
    proxy.lose_answer("CreateLogGroup");
    scenario.apply();
    scenario.is_settled();
    assert_eq!(cloud.log_group("api")["retentionInDays"], 30);
}

#[test]
fn log_groups_outlive_their_stack_unless_data_is_to_go() {
    let (cloud, scenario) = applied();
    let destroyed = scenario.run("destroy --auto-approve").succeeds();
    assert!(destroyed.stdout.contains("released"), "{destroyed}");
    assert_eq!(cloud.log_group("/ecs/api")["retentionInDays"], 30);
    let asked = json!({ "resourceArn": log_group_arn("archive") });
    let left = cloud.logs("ListTagsForResource", &asked);
    assert!(left["tags"].get("xrayctl:stack").is_none(), "{left}");
    let dashboards = cloud.cloudwatch("ListDashboards", &json!({}));
    assert_eq!(dashboards["DashboardEntries"], json!([]));

    let (cloud, scenario) = applied();
    scenario
        .run("destroy --auto-approve --delete-data")
        .ends_with(1)
        .says("AWS protects the log group `archive` from deletion");
    assert_eq!(cloud.log_group("/ecs/api"), Value::Null);
    scenario.edit("deletion_protection_enabled = true\n", "");
    scenario.apply();
    scenario
        .run("destroy --auto-approve --delete-data")
        .succeeds();
    assert_eq!(cloud.log_group("archive"), Value::Null);
}

#[test]
fn an_export_plans_empty_once_it_is_adopted() {
    let (cloud, scenario) = applied();
    // As if no stack had made them.
    scenario
        .run("destroy --auto-approve --target log_group.archive")
        .succeeds();
    let exported = scenario.run("export --region us-east-1 --stack shop --out all.toml");
    exported.succeeds();
    scenario.run("plan --adopt all.toml").succeeds();
    let before = standing(&cloud);
    scenario
        .run("apply --adopt --auto-approve all.toml")
        .succeeds()
        .prints("Apply complete! Resources: 1 imported, 0 added, 0 changed, 0 destroyed.");
    scenario
        .run("plan --detailed-exitcode all.toml")
        .ends_with(0)
        .prints("No changes.");
    assert_ne!(standing(&cloud), before, "tags of the log group");
}

#[test]
fn an_export_of_what_nobody_owns() {
    let cloud = Cloud::start();
    let alarm = json!({
        "AlarmName": "api: 5xx", "Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_5XX",
        "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 3,
        "ComparisonOperator": "GreaterThanThreshold", "Tags": [{ "Key": "team", "Value": "x" }],
    });
    cloud.cloudwatch("PutMetricAlarm", &alarm);
    let rule = json!({ "AlarmName": "any", "AlarmRule": "ALARM(\"api: 5xx\")" });
    cloud.cloudwatch("PutCompositeAlarm", &rule);
    let body = json!({ "widgets": [{ "type": "text", "properties": { "markdown": "${x} '''" } }] });
    let body = json!({ "DashboardName": "team", "DashboardBody": body.to_string() });
    cloud.cloudwatch("PutDashboard", &body);
    cloud.logs(
        "CreateLogGroup",
        &json!({ "logGroupName": "/aws/lambda/#x" }),
    );
    let scenario = cloud.scenario("");
    scenario
        .run("export --region us-east-1 --stack shop --out shop.toml")
        .succeeds();
    assert_snapshot!(scenario.read("shop.toml"), @r#"
    # What stands in account 123456789012, written by `xrayctl export`. To take it into the
    # stack, without a change: xrayctl apply --adopt

    [stack]
    name = "shop"
    region = "us-east-1"
    # A plan against any other account is refused.
    # account = "123456789012"

    [alarms.api--5xx]
    alarm_name = "api: 5xx"
    namespace = "AWS/ApplicationELB"
    metric_name = "HTTPCode_5XX"
    statistic = "Sum"
    period = 60
    evaluation_periods = 1
    threshold = 3.0
    comparison_operator = "GreaterThanThreshold"
    tags = { team = "x" }

    [composite_alarms.any]
    alarm_rule = 'ALARM("api: 5xx")'

    [dashboards.team]
    dashboard_body = """
    {
      "widgets": [
        {
          "properties": {
            "markdown": "$${x} '''"
          },
          "type": "text"
        }
      ]
    }"""

    [log_groups."/aws/lambda/-x"]
    log_group_name = "/aws/lambda/#x"
    "#);
    scenario
        .run("apply --adopt --auto-approve shop.toml")
        .succeeds()
        .prints("Apply complete! Resources: 4 imported, 0 added, 0 changed, 0 destroyed.");
    scenario
        .run("plan --detailed-exitcode shop.toml")
        .ends_with(0);
}

/// Plans the small spec with `more`, which must be refused without a call.
fn refused(more: &str) -> String {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let stack = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n";
    let scenario = proxy.scenario(&format!("{stack}{more}"));
    scenario.write("dashboard.json", "{ \"widgets\": [ }");
    let plan = scenario.run("plan").ends_with(1);
    assert_eq!(plan.stdout, "", "{plan}");
    assert_eq!(proxy.take_calls().len(), 0);
    plan.snapshot()
}

const ONE_METRIC: &str = r#"[alarms.slow]
namespace = "AWS/X-Ray"
metric_name = "ApproximateTraceCount"
period = 60
evaluation_periods = 2
threshold = 1
comparison_operator = "GreaterThanThreshold"
"#;

#[test]
fn a_retention_that_aws_does_not_offer() {
    assert_snapshot!(refused("[log_groups.api]\nretention_in_days = 42\n"), @r"
    $ xrayctl plan
    --- stderr
    error: log group `api`: `retention_in_days`: AWS keeps log events for certain numbers of days, and 42 is none of them
     --> xrayctl.toml:6:21
      |
    6 | retention_in_days = 42
      |                     ^^
      |
      = hint: the nearest is 30; around it are 30 and 60
    --- exit 1
    ");
}

#[test]
fn an_alarm_with_two_statistics() {
    let both = format!("{ONE_METRIC}statistic = \"Sum\"\nextended_statistic = \"p95\"\n");
    assert_snapshot!(refused(&both), @r#"
    $ xrayctl plan
    --- stderr
    error: alarm `slow`: `extended_statistic`: `statistic` is `Sum` already; an alarm has one statistic
      --> xrayctl.toml:13:22
       |
    13 | extended_statistic = "p95"
       |                      ^^^^^
       |
       = hint: leave out `statistic` to watch `p95`, or `extended_statistic`
    --- exit 1
    "#);
}

#[test]
fn an_alarm_without_a_statistic() {
    assert_snapshot!(refused(ONE_METRIC), @r"
    $ xrayctl plan
    --- stderr
    error: alarm `slow`: an alarm on one metric needs a statistic
     --> xrayctl.toml:5:1
      |
    5 | [alarms.slow]
      | ^^^^^^^^^^^^^
      |
      = hint: give `statistic`, such as `Sum`, or `extended_statistic`, such as `p95`
    --- exit 1
    ");
}

#[test]
fn an_alarm_on_a_group_that_is_not_there() {
    let spec = "[groups.errors]\nfilter_expression = \"error\"\n\n\
                [alarms.errors]\npreset = \"error-rate\"\ngroup = \"eror\"\n";
    assert_snapshot!(refused(spec), @r#"
    $ xrayctl plan
    --- stderr
    error: alarm `errors`: `group`: the spec has no group `eror`
      --> xrayctl.toml:10:9
       |
    10 | group = "eror"
       |         ^^^^^^
       |
       = hint: add `[groups.eror]`
    --- exit 1
    "#);
}

#[test]
fn a_composite_alarm_on_an_alarm_that_is_not_there() {
    let spec =
        format!("{ONE_METRIC}statistic = \"Sum\"\n\n[composite_alarms.down]\nany_of = [\"slo\"]\n");
    assert_snapshot!(refused(&spec), @r#"
    $ xrayctl plan
    --- stderr
    error: composite alarm `down`: `any_of.0`: the spec has no alarm `slo`
      --> xrayctl.toml:15:11
       |
    15 | any_of = ["slo"]
       |           ^^^^^
       |
       = hint: did you mean `slow`?
    --- exit 1
    "#);
}

#[test]
fn a_rule_that_does_not_end() {
    let spec = "[composite_alarms.down]\nalarm_rule = 'ALARM(slow) and'\n";
    assert_snapshot!(refused(spec), @r"
    $ xrayctl plan
    --- stderr
    error: composite alarm `down`: `alarm_rule`: expected AND or OR, found `and`
     --> xrayctl.toml:6:27
      |
    6 | alarm_rule = 'ALARM(slow) and'
      |                           ^^^
      |
      = hint: write `AND`
    --- exit 1
    ");
}

#[test]
fn a_dashboard_file_that_is_not_json() {
    let spec = "[dashboards.api]\ndashboard_body = { file = \"dashboard.json\" }\n";
    assert_snapshot!(refused(spec), @r#"
    $ xrayctl plan
    --- stderr
    error: dashboard `api`: `dashboard_body` is not JSON: expected value
     --> dashboard.json:1:16
      |
    1 | { "widgets": [ }
      |                ^
    --- exit 1
    "#);
}

#[test]
fn a_dashboard_that_cloudwatch_would_refuse() {
    let spec = "[dashboards.api]\ndashboard_body.widgets = [{ type = \"map\", x = 3 }]\n";
    assert_snapshot!(refused(spec), @r#"
    $ xrayctl plan
    --- stderr
    error: dashboard `api`: `dashboard_body.widgets.0`: the widget has no `properties`
     --> xrayctl.toml:6:27
      |
    6 | dashboard_body.widgets = [{ type = "map", x = 3 }]
      |                           ^^^^^^^^^^^^^^^^^^^^^^^

    error: dashboard `api`: `dashboard_body.widgets.0.type`: `type` is "map", expected one of `metric`, `text`, `log`, `alarm`, `explorer`, `custom`, `chart`, `timeline`
     --> xrayctl.toml:6:36
      |
    6 | dashboard_body.widgets = [{ type = "map", x = 3 }]
      |                                    ^^^^^

    error: dashboard `api`: `dashboard_body.widgets.0.x`: `x` needs `y`
     --> xrayctl.toml:6:47
      |
    6 | dashboard_body.widgets = [{ type = "map", x = 3 }]
      |                                               ^
      |
      = hint: a widget has both, or none and goes where there is room

    Found 3 errors.
    --- exit 1
    "#);
}
