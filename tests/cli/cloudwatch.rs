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

pub(crate) fn applied() -> (Cloud, Scenario) {
    let cloud = Cloud::start();
    let scenario = scenario(&cloud);
    scenario.apply();
    (cloud, scenario)
}

pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}")
}

pub(crate) fn dashboard_arn(name: &str) -> String {
    format!("arn:aws:cloudwatch::123456789012:dashboard/{name}")
}

pub(crate) fn log_group_arn(name: &str) -> String {
    format!("arn:aws:logs:us-east-1:123456789012:log-group:{name}")
}

/// What an alarm is set to, without its state.
pub(crate) fn settings(alarm: &Value) -> Value {
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
pub(crate) fn standing(cloud: &Cloud) -> String {
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
