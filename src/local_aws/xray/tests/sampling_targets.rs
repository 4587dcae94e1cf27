use serde_json::{Value, json};

use super::{Plane, rule};

const TARGETS: &str = "/SamplingTargets";
const SUMMARIES: &str = "/SamplingStatisticSummaries";
const CLIENT: &str = "0123456789abcdef01234567";

fn report(rule: &str, client: &str, requests: i64) -> Value {
    json!({
        "RuleName": rule, "ClientID": client, "Timestamp": 1.5,
        "RequestCount": requests, "SampledCount": 2, "BorrowCount": 1,
    })
}

fn reports(reports: &[Value]) -> Value {
    json!({ "SamplingStatisticsDocuments": reports })
}

/// A plane with the rule `api`: reservoir 5, fixed rate 0.1.
fn plane() -> Plane {
    let mut plane = Plane::new();
    plane.ok("/CreateSamplingRule", rule("api", json!({})));
    plane
}

#[test]
fn a_quota_comes_with_the_second_report() {
    let mut plane = plane();
    let start = plane.now.floor();
    let first = plane.ok(TARGETS, reports(&[report("api", CLIENT, 1000)]));
    assert_eq!(
        first,
        json!({
            "SamplingTargetDocuments": [{
                "RuleName": "api", "FixedRate": 0.1, "ReservoirQuota": null,
                "ReservoirQuotaTTL": null, "Interval": null, "SamplingBoost": null,
            }],
            "LastRuleModification": start,
            "UnprocessedStatistics": [],
        })
    );
    plane.now += 10.1;
    let second = plane.ok(TARGETS, reports(&[report("api", CLIENT, 1000)]));
    let target = &second["SamplingTargetDocuments"][0];
    assert_eq!(target["ReservoirQuota"], 5);
    assert_eq!(target["Interval"], 10);
    assert_eq!(
        target["ReservoirQuotaTTL"].as_f64(),
        Some(plane.now.floor() + 300.0)
    );
}

#[test]
fn every_report_is_answered_in_its_place_and_unknown_rules_are_named() {
    let mut plane = plane();
    let answer = plane.ok(
        TARGETS,
        reports(&[
            report("Default", CLIENT, 1),
            report("nowhere", CLIENT, 1),
            report("api", CLIENT, 1),
            report("api", CLIENT, 1),
        ]),
    );
    let targets = answer["SamplingTargetDocuments"].as_array().expect("list");
    let names: Vec<_> = targets.iter().map(|t| &t["RuleName"]).collect();
    assert_eq!(names, ["Default", "api", "api"]);
    assert_eq!(
        answer["UnprocessedStatistics"],
        json!([{ "RuleName": "nowhere", "ErrorCode": "400", "Message": "Unknown rule" }])
    );
}

#[test]
fn an_empty_list_asks_for_the_last_modification_alone() {
    let mut plane = Plane::new();
    let answer = plane.ok(TARGETS, reports(&[]));
    assert_eq!(answer["LastRuleModification"], 0.0);
    plane.ok("/CreateSamplingRule", rule("api", json!({})));
    let made = plane.now.floor();
    plane.now += 60.0;
    let answer = plane.ok(TARGETS, reports(&[]));
    assert_eq!(answer["LastRuleModification"], made);
    plane.ok("/DeleteSamplingRule", json!({ "RuleName": "api" }));
    let answer = plane.ok(TARGETS, reports(&[]));
    assert_eq!(answer["LastRuleModification"], plane.now.floor());
}

fn boost(rule: &str, anomalies: i64, total: i64) -> Value {
    json!({
        "RuleName": rule, "ServiceName": "s", "Timestamp": 1.0,
        "AnomalyCount": anomalies, "TotalCount": total, "SampledAnomalyCount": 0,
    })
}

#[test]
fn anomalies_boost_the_rule_that_allows_it() {
    let mut plane = plane();
    let boosted = json!({ "MaxRate": 0.5, "CooldownWindowMinutes": 10 });
    let changes = json!({ "FixedRate": 0.05, "SamplingRateBoost": boosted });
    plane.ok("/CreateSamplingRule", rule("boosted", changes));
    let mut ask = |now: f64, anomalies: i64| {
        plane.now = now;
        let answer = plane.ok(
            TARGETS,
            json!({
                "SamplingStatisticsDocuments": [report("boosted", CLIENT, 1000), report("api", CLIENT, 1)],
                "SamplingBoostStatisticsDocuments": [boost("boosted", anomalies, 1000), boost("api", 900, 1000)],
            }),
        );
        assert_eq!(answer["UnprocessedBoostStatistics"], json!([]));
        let targets = &answer["SamplingTargetDocuments"];
        assert_eq!(targets[1]["SamplingBoost"], json!(null));
        assert_eq!(targets[0]["FixedRate"], 0.05);
        targets[0]["SamplingBoost"].clone()
    };
    assert_eq!(ask(1_790_159_500.5, 0), json!(null));
    let first = ask(1_790_159_510.5, 900);
    assert!((first["BoostRate"].as_f64().unwrap() - 0.100_625).abs() < 1e-9);
    assert_eq!(first["BoostRateTTL"], 1_790_159_530);
    let second = ask(1_790_159_520.5, 900);
    assert!(second["BoostRate"].as_f64() > first["BoostRate"].as_f64());
    assert_eq!(ask(1_790_159_571.5, 900), json!(null));
}

#[test]
fn anomalies_may_come_alone_and_contradict_each_other() {
    let mut plane = plane();
    let answer = plane.ok(
        TARGETS,
        json!({
            "SamplingStatisticsDocuments": [],
            "SamplingBoostStatisticsDocuments": [boost("api", 900, 1), boost("nowhere", 900, 1)],
        }),
    );
    assert_eq!(
        answer["UnprocessedBoostStatistics"],
        json!([{ "RuleName": "nowhere", "ErrorCode": "400", "Message": "Unknown rule" }])
    );
}

#[test]
fn broken_reports_are_refused() {
    let mut plane = plane();
    let bad = [
        (report("api", "short", 1), "clientID"),
        (report("api", CLIENT, -1), "requestCount"),
        (report("", CLIENT, 1), "ruleName"),
    ];
    for (report, member) in bad {
        let (status, code, text) = plane.err(TARGETS, reports(&[report]));
        assert_eq!((status, code), (400, "ValidationException"));
        let at = format!("at 'samplingStatisticsDocuments.1.member.{member}'");
        assert!(text.contains(&at), "{text}");
    }
    let many = vec![report("api", CLIENT, 1); 26];
    let (_, code, _) = plane.err(TARGETS, reports(&many));
    assert_eq!(code, "ValidationException");
    let (_, code, _) = plane.err(TARGETS, json!({}));
    assert_eq!(code, "ValidationException");
}

#[test]
fn summaries_hold_the_last_ten_seconds_of_rules_that_are_there() {
    let mut plane = plane();
    plane.now = 1_790_159_512.0;
    let none = plane.ok(SUMMARIES, json!({}));
    assert_eq!(
        none,
        json!({ "SamplingStatisticSummaries": [], "NextToken": null })
    );
    let other = "89abcdef0123456789abcdef";
    plane.ok(
        TARGETS,
        reports(&[report("api", CLIENT, 100), report("api", other, 50)]),
    );
    assert_eq!(plane.ok(SUMMARIES, json!({})), none);
    plane.now += 8.0;
    let answer = plane.ok(SUMMARIES, json!({ "NextToken": "any" }));
    assert_eq!(
        answer["SamplingStatisticSummaries"],
        json!([{
            "RuleName": "api", "Timestamp": 1_790_159_510, "RequestCount": 150,
            "SampledCount": 4, "BorrowCount": 2,
        }])
    );
    plane.ok("/DeleteSamplingRule", json!({ "RuleName": "api" }));
    assert_eq!(plane.ok(SUMMARIES, json!({})), none);
}

#[test]
fn telemetry_is_checked_and_dropped() {
    let mut plane = Plane::new();
    let put = |records: Value| json!({ "TelemetryRecords": records, "Hostname": "h" });
    let record = json!({
        "Timestamp": 1.0, "SegmentsReceivedCount": 1.7,
        "BackendConnectionErrors": { "HTTPCode4XXCount": 1 },
    });
    let path = "/TelemetryRecords";
    assert_eq!(plane.ok(path, put(json!(vec![&record; 30]))), json!({}));
    let (status, code, text) = plane.err(path, put(json!([])));
    assert_eq!((status, code), (400, "InvalidRequestException"));
    assert_eq!(text, "Telemetry records can not be empty");
    let (_, code, _) = plane.err(path, put(json!([{ "SegmentsSentCount": 1 }])));
    assert_eq!(code, "ValidationException");
    let (_, code, _) = plane.err(path, json!({}));
    assert_eq!(code, "ValidationException");
    let (_, code, _) = plane.err(path, put(json!([{ "Timestamp": "now" }])));
    assert_eq!(code, "SerializationException");
}
