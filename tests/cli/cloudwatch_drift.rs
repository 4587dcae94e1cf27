//! Changes that others make to alarms, dashboards and log groups: each comes
//! back as exactly its field, and apply repairs it.

use serde_json::{Value, json};

use crate::cloud::{Cloud, text};
use crate::cloudwatch::{applied, arn, dashboard_arn, log_group_arn, settings, standing};

/// The fields that a plan shows, and the change at AWS that makes it so.
type Case<'a> = (&'a [&'a str], &'a dyn Fn(&Cloud));

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

/// Makes each change at AWS, and sees that the plan shows `fields` of `address`
/// and nothing else, and that apply repairs it.
fn each_is_seen_and_repaired(address: &str, cases: &[Case]) {
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
    let mut cases: Vec<Case> = Vec::new();
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
    let mut cases: Vec<Case> = Vec::new();
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
