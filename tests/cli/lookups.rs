//! `traces`, `trace`, `map` and `stats` against an X-Ray API.

use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{PAUSE, Running, Scenario};
use crate::http::Message;
use crate::xray_answers::{Asked, XRay};

const WINDOW: &str = "--start 2026-01-31T12:00:00Z --end 2026-01-31T13:00:00Z";

/// A summary as AWS writes it. `start` is seconds after noon.
fn summary(id: u32, start: u32, more: &str) -> String {
    format!(
        r#"{{"Id":"1-697df1c0-{id:024x}","StartTime":1.76986{:04}E9,"Duration":0.25,
        "ResponseTime":2.5E-1,"HasFault":false,"HasError":false,"HasThrottle":false,
        "IsPartial":false,"Http":null,"Annotations":{{}},"Users":[],"ResourceARNs":[],
        "ServiceIds":[{{"Name":"checkout","Names":["checkout"],"AccountId":null,"Type":"client"}},
        {{"Name":"checkout","Names":["checkout"],"AccountId":null,"Type":null}}],
        "EntryPoint":{{"Name":"checkout","Names":["checkout"],"AccountId":null,"Type":null}},
        "FaultRootCauses":[],"ErrorRootCauses":null,"Revision":1{more}}}"#,
        800 + start
    )
}

fn page(summaries: &[String], next: Option<&str>) -> (u16, String) {
    let list = summaries.join(",");
    let next = json!(next);
    let body = format!(
        r#"{{"TraceSummaries":[{list}],"ApproximateTime":1.7698644E9,"TracesProcessedCount":7,"NextToken":{next}}}"#
    );
    (200, body)
}

const FAULTY: &str = r#","HasFault":true,"Http":{"HttpURL":"https://shop.example/pay\u001b[31m",
    "HttpStatus":502,"HttpMethod":"POST","UserAgent":null,"ClientIp":null},
    "Annotations":{"tier":[{"AnnotationValue":{"StringValue":"gold","NumberValue":null,
    "BooleanValue":null},"ServiceIds":null}],"items":[{"AnnotationValue":{"NumberValue":3.0}}]}"#;

/// Two pages; the later ones of the second key count in JSON with one key twice.
fn two_pages(asked: &Asked, _: usize) -> (u16, String) {
    if asked.body["NextToken"].is_null() {
        let faulty = summary(2, 20, "").replace("\"HasFault\":false,", "");
        let faulty = faulty
            .replace("\"Http\":null,\"Annotations\":{},", "")
            .replace("\"Revision\":1", &format!("\"Revision\":1{FAULTY}"));
        page(&[summary(1, 10, ""), faulty], Some("more"))
    } else {
        page(&[summary(1, 10, ""), summary(3, 30, "")], None)
    }
}

#[test]
fn traces_of_all_pages_the_newest_first() {
    let xray = XRay::answering(two_pages);
    let output = xray
        .scenario()
        .run(&format!("traces fault {WINDOW}"))
        .succeeds();
    assert_snapshot!(output.snapshot(), @r"
    $ xrayctl traces fault --start 2026-01-31T12:00:00Z --end 2026-01-31T13:00:00Z
    TIME (UTC)      ID                                   DURATION  RESPONSE  STATUS  CODE  REQUEST
    01-31 12:00:30  1-697df1c0-000000000000000000000003     250ms     250ms  OK         -  checkout
    01-31 12:00:20  1-697df1c0-000000000000000000000002     250ms     250ms  FAULT    502  POST https://shop.example/pay␛[31m
    01-31 12:00:10  1-697df1c0-000000000000000000000001     250ms     250ms  OK         -  checkout
    --- exit 0
    ");
    let asked = xray.asked("/TraceSummaries");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].body["NextToken"], "more");
    assert_eq!(asked[0].body["FilterExpression"], "fault");
    assert_eq!(asked[0].body["StartTime"], json!(1_769_860_800));
    assert!(asked[0].authorization.contains("/us-east-1/xray/"));
}

#[test]
fn traces_in_wide_lines_and_as_json() {
    let xray = XRay::answering(two_pages);
    let wide = xray
        .scenario()
        .run(&format!("traces --wide {WINDOW}"))
        .succeeds();
    let wide = wide.prints("items=3, tier=gold").prints("pay␛[31m");
    assert!(!wide.stdout.contains('\x1b'), "{wide}");
    let json = xray
        .scenario()
        .run(&format!("--json traces {WINDOW}"))
        .succeeds();
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["format_version"], "1.0");
    assert_eq!(document["truncated"], false);
    let traces = document["traces"].as_array().unwrap();
    assert_eq!(traces.len(), 3);
    assert_eq!(traces[1]["status"], "fault");
    assert_eq!(traces[1]["http"]["url"], "https://shop.example/pay\x1b[31m");
    assert_eq!(
        traces[1]["annotations"],
        json!({"items": [3.0], "tier": ["gold"]})
    );
    assert_eq!(traces[0]["start_time"], "2026-01-31T12:00:30Z");
}

#[test]
fn an_expression_is_checked_before_any_call() {
    let xray = XRay::answering(|_, _| (500, String::new()));
    let words = [
        "traces",
        "--endpoint-url",
        xray.url(),
        "service(\"a\") AND responsetime => 5",
    ];
    let output = xray.scenario().run_words(&words).ends_with(1);
    assert_snapshot!(output.snapshot(), @r#"
    $ xrayctl traces --endpoint-url [url] service("a") AND responsetime => 5
    --- stderr
    error: unknown operator `=>`
     --> filter expression:1:31
      |
    1 | service("a") AND responsetime => 5
      |                               ^^
      |
      = hint: did you mean `>=`?
    --- exit 1
    "#);
    assert!(xray.asked("/TraceSummaries").is_empty());
}

#[test]
fn long_windows_are_asked_for_day_by_day_until_there_are_enough() {
    let xray = XRay::answering(|_, before| {
        let id = u32::try_from(before).unwrap();
        page(&[summary(id, 3599 - id, "")], None)
    });
    let line = "traces --start 2026-01-29 --end 2026-01-31T13:00:00Z --group slow --limit";
    xray.scenario().run(&format!("{line} 100")).succeeds();
    let asked = xray.asked("/TraceSummaries");
    let times: Vec<(i64, i64)> = asked
        .iter()
        .map(|one| {
            (
                one.body["StartTime"].as_i64().unwrap(),
                one.body["EndTime"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(times.len(), 3);
    assert_eq!(times[0], (1_769_864_400 - 86_400, 1_769_864_400));
    assert!(times.windows(2).all(|pair| pair[0].0 == pair[1].1));
    assert_eq!(times[2].0, 1_769_644_800);
    assert_eq!(asked[0].body["FilterExpression"], "group.name = \"slow\"");
    let cut = xray.scenario().run(&format!("{line} 2")).succeeds();
    assert_eq!(xray.asked("/TraceSummaries").len(), 5);
    cut.says("Shown are 2 traces; there may be more");
}

#[test]
fn nothing_found_is_said() {
    let xray = XRay::answering(|_, _| page(&[], None));
    let output = xray.scenario().run(&format!("traces {WINDOW}")).succeeds();
    assert_snapshot!(output.snapshot(), @r"
    $ xrayctl traces --start 2026-01-31T12:00:00Z --end 2026-01-31T13:00:00Z
    --- stderr
    No traces from 2026-01-31T12:00:00Z to 2026-01-31T13:00:00Z (7 looked at).
    --- exit 0
    ");
}

#[test]
fn windows_that_cannot_be() {
    let scenario = Scenario::at("http://127.0.0.1:1", "").with("AWS_REGION", "us-east-1");
    let backwards = "traces --start 2026-01-31 --end 2026-01-30";
    assert_snapshot!(scenario.run(backwards).ends_with(1).snapshot(), @r"
    $ xrayctl traces --start 2026-01-31 --end 2026-01-30
    --- stderr
    error: the end, 2026-01-30T00:00:00Z, is not after the start, 2026-01-31T00:00:00Z
      hint: choose another window with --since, --start, --end
    --- exit 1
    ");
    scenario
        .run("map --since 1y")
        .ends_with(1)
        .says("expected a length of time");
    scenario
        .run("stats --since 52w")
        .ends_with(1)
        .says("longer than 31 days");
    scenario
        .run("traces --start noon")
        .ends_with(1)
        .says("expected a time");
    scenario
        .run("traces --limit 0")
        .ends_with(1)
        .says("1..=100000");
    scenario
        .run("stats --period 61")
        .ends_with(1)
        .says("60 and of 300");
    scenario
        .run("trace 1-2-3")
        .ends_with(1)
        .says("32 hex digits");
    scenario
        .run("--env prod map")
        .ends_with(1)
        .says("makes no use of --env");
    let silent = scenario
        .with("AWS_MAX_ATTEMPTS", "1")
        .run("map")
        .ends_with(1);
    silent.says("GetServiceGraph got no answer");
}

#[test]
fn a_call_that_is_denied_names_its_action() {
    let xray = XRay::answering(|_, _| {
        let body = r#"{"__type":"AccessDeniedException","Message":"no"}"#;
        (403, body.to_owned())
    });
    let output = xray.scenario().run("map").ends_with(1);
    output.says("the credentials need the IAM action xray:GetServiceGraph");
}

#[test]
fn followed_traces_come_once_and_ctrl_c_ends_with_0() {
    let xray = XRay::answering(|asked, before| match before {
        0 => {
            assert!(asked.body["TimeRangeType"].is_null());
            page(&[summary(1, 10, "")], None)
        }
        1 => (503, String::new()),
        2 => page(
            &[summary(1, 10, ""), summary(2, 20, ",\"IsPartial\":true")],
            None,
        ),
        _ => page(&[summary(1, 10, ""), summary(2, 20, "")], None),
    });
    let scenario = xray.scenario();
    let running = scenario.start("traces --follow --json");
    while xray.asked("/TraceSummaries").len() < 5 {
        thread::sleep(PAUSE);
    }
    running.interrupt();
    let output = running.finish().ends_with(0);
    let ids: Vec<Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone())
        .collect();
    let id = |n: u32| json!(format!("1-697df1c0-{n:024x}"));
    assert_eq!(ids, [id(1), id(2)], "{output}");
    assert_eq!(output.stderr.matches("warning").count(), 1, "{output}");
    let output = output.says("Answers come again.");
    assert_eq!(
        xray.asked("/TraceSummaries")[1].body["TimeRangeType"],
        "Event",
        "{output}"
    );
}

fn document() -> String {
    json!({
        "id": "000000000000000a", "name": "checkout", "start_time": 1.769_860_8e9,
        "end_time": 1_769_860_801.2, "trace_id": "1-697df1c0-000000000000000000000001",
        "fault": true,
        "http": {"request": {"method": "POST", "url": "https://shop.example/pay"},
            "response": {"status": 502}},
        "subsegments": [{"id": "000000000000000b", "name": "bank", "namespace": "remote",
            "start_time": 1_769_860_800.1, "end_time": 1_769_860_801.0, "cause": {"exceptions": [
                {"id": "00000000000000e1", "type": "Timeout", "message": "late\u{9b}2J"}]}}]
    })
    .to_string()
}

/// A trace, one of its documents unreadable; or none of that id.
fn traces(asked: &Asked, _: usize) -> (u16, String) {
    let id = &asked.body["TraceIds"][0];
    if id != "1-697df1c0-000000000000000000000001" {
        let body = json!({"Traces": [], "UnprocessedTraceIds": [id], "NextToken": null});
        return (200, body.to_string());
    }
    let segments = json!([
        {"Id": "000000000000000a", "Document": document()},
        {"Id": "000000000000000c", "Document": "{"},
    ]);
    let trace = json!({"Id": id, "Duration": 1.2, "LimitExceeded": false, "Segments": segments});
    let body = json!({"Traces": [trace], "UnprocessedTraceIds": [], "NextToken": null});
    (200, body.to_string())
}

#[test]
fn a_trace_as_waterfall() {
    let xray = XRay::answering(traces);
    let output = xray
        .scenario()
        .run("trace 697df1c0000000000000000000000001")
        .succeeds();
    assert_snapshot!(output.snapshot(), @r"
    $ xrayctl trace 697df1c0000000000000000000000001
    Trace 1-697df1c0-000000000000000000000001
    FAULT, 1.20s from 2026-01-31T12:00:00Z, 2 entities

    NAME                   OFFSET     TOOK  0                                         1.20s
    checkout POST /pay        0ms    1.20s  ███████████████████████████████████████████████ 502 FAULT
    └─ bank                 100ms    900ms      ███████████████████████████████████
          ! Timeout: late�2J
    --- stderr
    warning: segment `000000000000000c` is not shown: EOF while parsing an object at line 1 column 1
      hint: --json prints its document as it came
    --- exit 0
    ");
}

#[test]
fn a_trace_as_its_documents() {
    let xray = XRay::answering(traces);
    let line = "--json trace 1-697df1c0-000000000000000000000001";
    let output = xray.scenario().run(line).succeeds();
    assert!(!output.stdout.contains('\u{9b}'), "{output}");
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let documents = &document["documents"];
    assert_eq!(documents[0]["document"]["subsegments"][0]["name"], "bank");
    assert_eq!(documents[1]["document"], "{");
    assert!(documents[1]["unreadable"].is_string());
}

#[test]
fn a_trace_that_is_not_there() {
    let xray = XRay::answering(traces);
    let output = xray
        .scenario()
        .run("trace ffffffffffffffffffffffffffffffff");
    assert_snapshot!(output.ends_with(1).snapshot(), @r"
    $ xrayctl trace ffffffffffffffffffffffffffffffff
    --- stderr
    error: there is no trace 1-ffffffff-ffffffffffffffffffffffff in us-east-1
      hint: traces are kept for 30 days, and take some seconds to be seen; --region chooses another region
    --- exit 1
    ");
}

/// A graph as AWS writes it; its parts are the same at every call.
fn graph(asked: &Asked, _: usize) -> (u16, String) {
    let body = match asked.path.as_str() {
        "/ServiceGraph" => r#"{"StartTime":1.7698608E9,"EndTime":1.7698644E9,"Services":[
            {"ReferenceId":0,"Name":"checkout","Names":["checkout"],"Root":null,"AccountId":null,
            "Type":"client","State":"unknown","StartTime":1.7698608E9,"EndTime":1.7698644E9,
            "Edges":[{"ReferenceId":1,"StartTime":1.7698608E9,"EndTime":1.7698644E9,
            "SummaryStatistics":{"OkCount":8,"ErrorStatistics":{"ThrottleCount":1,"OtherCount":0,
            "TotalCount":1},"FaultStatistics":{"OtherCount":1,"TotalCount":1},"TotalCount":10,
            "TotalResponseTime":1.2},"ResponseTimeHistogram":[{"Value":0.1,"Count":9},
            {"Value":3.0E-1,"Count":1}],"Aliases":[],"EdgeType":null}],
            "SummaryStatistics":null,"DurationHistogram":null,"ResponseTimeHistogram":null},
            {"ReferenceId":1,"Name":"checkout","Names":["checkout"],"Root":true,"AccountId":null,
            "Type":"AWS::ECS::Fargate","State":"active","StartTime":1.7698608E9,
            "EndTime":1.7698644E9,"Edges":[{"ReferenceId":2,"SummaryStatistics":{"OkCount":10,
            "ErrorStatistics":{"ThrottleCount":0,"OtherCount":0,"TotalCount":0},
            "FaultStatistics":{"OtherCount":0,"TotalCount":0},"TotalCount":10,
            "TotalResponseTime":5.0E-2},"ResponseTimeHistogram":[{"Value":0.005,"Count":10}],
            "Aliases":[]}],"SummaryStatistics":{"OkCount":8,"ErrorStatistics":{"ThrottleCount":1,
            "OtherCount":0,"TotalCount":1},"FaultStatistics":{"OtherCount":1,"TotalCount":1},
            "TotalCount":10,"TotalResponseTime":1.2},"DurationHistogram":[],
            "ResponseTimeHistogram":[{"Value":0.1,"Count":9},{"Value":3.0E-1,"Count":1}]},
            {"ReferenceId":2,"Name":"orders\u001b]0;x\u0007","Names":[],"Root":null,"AccountId":null,
            "Type":"AWS::DynamoDB::Table","State":"unknown","Edges":[],"SummaryStatistics":{
            "OkCount":10,"ErrorStatistics":{"ThrottleCount":0,"OtherCount":0,"TotalCount":0},
            "FaultStatistics":{"OtherCount":0,"TotalCount":0},"TotalCount":10,
            "TotalResponseTime":5.0E-2},"ResponseTimeHistogram":[{"Value":0.005,"Count":10}]}],
            "ContainsOldGroupVersions":false,"NextToken":null}"#
            .to_owned(),
        _ => r#"{"TimeSeriesServiceStatistics":[{"Timestamp":1.76986086E9,
            "EdgeSummaryStatistics":null,"ServiceSummaryStatistics":{"OkCount":10,
            "ErrorStatistics":{"ThrottleCount":0,"OtherCount":0,"TotalCount":0},
            "FaultStatistics":{"OtherCount":0,"TotalCount":0},"TotalCount":10,
            "TotalResponseTime":1.0},"ServiceForecastStatistics":null,
            "ResponseTimeHistogram":[{"Value":0.1,"Count":10}]}],
            "ContainsOldGroupVersions":false,"NextToken":null}"#
            .to_owned(),
    };
    (200, body)
}

#[test]
fn a_map_in_every_form() {
    let xray = XRay::answering(graph);
    let scenario = xray.scenario();
    let text = scenario
        .run(&format!("map --group slow {WINDOW}"))
        .succeeds();
    assert_snapshot!(text.snapshot(), @r"
    $ xrayctl map --group slow --start 2026-01-31T12:00:00Z --end 2026-01-31T13:00:00Z
    SERVICE                                    REQUESTS  FAULT  ERROR  THROTTLE  AVERAGE    P95
    checkout (client)                                 -      -      -         -        -      -
    └─ checkout (AWS::ECS::Fargate)                  10    10%     0%       10%    120ms  300ms
       └─ orders␛]0;x␇ (AWS::DynamoDB::Table)        10     0%     0%        0%      5ms    5ms
    --- exit 0
    ");
    assert_eq!(xray.asked("/ServiceGraph")[0].body["GroupName"], "slow");
    scenario
        .run(&format!("map --dot {WINDOW}"))
        .succeeds()
        .prints("n1 -> n0");
    scenario
        .run(&format!("map --mermaid {WINDOW}"))
        .succeeds()
        .prints("flowchart LR");
    let svg = scenario.run(&format!("map --svg {WINDOW}")).succeeds();
    assert!(
        svg.stdout.starts_with("<svg ") && !svg.stdout.contains('\x1b'),
        "{svg}"
    );
    let json = scenario.run(&format!("--json map {WINDOW}")).succeeds();
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["services"][0]["statistics"]["p95"], 0.3);
    assert_eq!(document["edges"][1]["statistics"]["throttle"], 1);
    scenario
        .run("--json map --svg")
        .ends_with(1)
        .prints("a form of its own");
    scenario.run("map --dot --svg").ends_with(1);
}

#[test]
fn a_day_of_a_map_is_the_sum_of_its_parts() {
    let xray = XRay::answering(graph);
    let line = "--json map --start 2026-01-30T13:00:00Z --end 2026-01-31T13:00:00Z";
    let output = xray.scenario().run(line).succeeds();
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(xray.asked("/ServiceGraph").len(), 4);
    assert_eq!(document["services"].as_array().unwrap().len(), 3);
    assert_eq!(document["services"][0]["statistics"]["requests"], 40);
}

#[test]
fn statistics_of_services_calls_and_periods() {
    let xray = XRay::answering(graph);
    let scenario = xray.scenario();
    let output = scenario
        .run(&format!("stats --edges --period 300 {WINDOW}"))
        .succeeds();
    assert_snapshot!(output.snapshot(), @r"
    $ xrayctl stats --edges --period 300 --start 2026-01-31T12:00:00Z --end 2026-01-31T13:00:00Z
    SERVICE                              REQUESTS     RATE    P50    P95    P99  AVERAGE    OK  FAULT  ERROR  THROTTLE
    checkout (AWS::ECS::Fargate)               10  0.003/s  100ms  300ms  300ms    120ms   80%    10%     0%       10%
    orders␛]0;x␇ (AWS::DynamoDB::Table)        10  0.003/s    5ms    5ms    5ms      5ms  100%     0%     0%        0%

    CALL                                                                REQUESTS     RATE    P50    P95    P99  AVERAGE    OK  FAULT  ERROR  THROTTLE
    checkout (AWS::ECS::Fargate) → orders␛]0;x␇ (AWS::DynamoDB::Table)        10  0.003/s    5ms    5ms    5ms      5ms  100%     0%     0%        0%
    checkout (client) → checkout (AWS::ECS::Fargate)                          10  0.003/s  100ms  300ms  300ms    120ms   80%    10%     0%       10%

    Each bar is 5m00s.
    SERVICE                              FIGURE     MOST  CURVE
    checkout (AWS::ECS::Fargate)         requests     10  █
                                         faults        0
                                         P95       100ms  █
    orders␛]0;x␇ (AWS::DynamoDB::Table)  requests     10  █
                                         faults        0
                                         P95       100ms  █

    Each bar is 5m00s.
    CALL                                                                FIGURE     MOST  CURVE
    checkout (AWS::ECS::Fargate) → orders␛]0;x␇ (AWS::DynamoDB::Table)  requests     10  █
                                                                        faults        0
                                                                        P95       100ms  █
    checkout (client) → checkout (AWS::ECS::Fargate)                    requests     10  █
                                                                        faults        0
                                                                        P95       100ms  █
    --- exit 0
    ");
    let asked = xray.asked("/TimeSeriesServiceStatistics");
    let mut selectors: Vec<&str> = asked
        .iter()
        .map(|one| one.body["EntitySelectorExpression"].as_str().unwrap())
        .collect();
    selectors.sort_unstable();
    let fargate = r#"id(name: "checkout", type: "AWS::ECS::Fargate")"#;
    assert_eq!(selectors.len(), 4);
    assert!(selectors.contains(&fargate));
    assert!(selectors[0].starts_with("edge("));
    let json = scenario
        .run(&format!("--json stats --sort name {WINDOW}"))
        .succeeds();
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["services"][0]["name"], "checkout");
    assert_eq!(document["services"][0]["p99"], 0.3);
    assert_eq!(document["edges"], Value::Null);
    let slow = scenario
        .run(&format!("stats --sort p95 {WINDOW}"))
        .succeeds();
    assert!(
        slow.stdout.lines().nth(1).unwrap().starts_with("checkout"),
        "{slow}"
    );
}

#[test]
fn a_spec_says_the_region() {
    let xray = XRay::answering(|_, _| page(&[], None));
    let scenario = xray.scenario();
    scenario.write(
        "shop.toml",
        "[stack]\nname = \"shop\"\nregion = \"eu-west-1\"\n",
    );
    scenario.run("traces --spec shop.toml").succeeds();
    let asked = xray.asked("/TraceSummaries");
    assert!(asked[0].authorization.contains("/eu-west-1/xray/"));
    let other = scenario.run("--region us-west-2 traces --spec shop.toml");
    other.ends_with(1).says("for region eu-west-1");
}

#[test]
fn a_folder_that_nobody_serves() {
    let scenario = Scenario::local("");
    let output = scenario.run("traces").ends_with(1);
    assert_snapshot!(output.snapshot(), @r"
    $ xrayctl traces
    --- stderr
    error: no local-collector serves the traces in `.xrayctl/local`
      hint: start `local-collector` or `xrayctl dev` there, or name its folder with --state
    --- exit 1
    ");
    assert!(!scenario.path(".xrayctl").exists());
}

/// A desk whose every port is a free one.
pub(crate) const DESK: &str = r#"[stack]
name = "shop"
region = "eu-west-1"

[groups.failed]
filter_expression = "error OR fault"

[collector.receivers]
otlp_grpc = "off"
otlp_http = "off"
xray_udp = "off"
xray_tcp = "127.0.0.1:0"
jaeger_grpc = "off"
jaeger_http = "off"
jaeger_compact = "off"
jaeger_binary = "off"
zipkin = "off"

[collector.operations]
health = "off"
zpages = "off"
"#;

/// Starts a desk, and tells where it takes segments.
pub(crate) fn start_desk(scenario: &Scenario) -> (Running, String) {
    let mut desk = scenario.start("dev --aws-listen 127.0.0.1:0");
    while !desk.stdout().contains("Following xrayctl.toml: ") {
        assert!(!desk.has_ended(), "{}", desk.stderr());
        thread::sleep(PAUSE);
    }
    let told = desk.stdout();
    let address = told
        .lines()
        .find_map(|line| line.strip_prefix("X-Ray over TCP listening on "));
    (desk, address.unwrap().to_owned())
}

/// Sends segments to a desk, which must take them.
pub(crate) fn send(address: &str, documents: &[String]) {
    let request = Message {
        start: "POST /TraceSegments HTTP/1.1".to_owned(),
        headers: vec![("host".to_owned(), address.to_owned())],
        body: json!({"TraceSegmentDocuments": documents})
            .to_string()
            .into_bytes(),
    };
    let answer = request.exchange(address).unwrap();
    assert_eq!(answer.second_word(), "200", "{answer:?}");
    assert_eq!(answer.body, br#"{"UnprocessedTraceSegments":[]}"#);
}

/// Sends two traces to the desk, the first with a fault, and returns its id.
fn send_two(address: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let start = now.as_secs_f64() - 5.0;
    let id = |n: u32| format!("1-{:08x}-{n:024x}", now.as_secs() - 5);
    let documents = [(1, 502), (2, 200)].map(|(n, status)| {
        json!({
            "id": format!("{n:016x}"), "trace_id": id(n), "name": "checkout",
            "start_time": start, "end_time": start + 0.5,
            "http": {"request": {"method": "POST", "url": "https://shop.example/pay"},
                "response": {"status": status}},
            "subsegments": [{"id": format!("{:016x}", n + 16), "name": "bank",
                "namespace": "remote", "start_time": start, "end_time": start + 0.25}]
        })
        .to_string()
    });
    send(address, &documents);
    id(1)
}

#[test]
fn a_desk_answers_as_aws_does() {
    let scenario = Scenario::local(DESK);
    let (desk, address) = start_desk(&scenario);
    let id = send_two(&address);
    let place = "--region eu-west-1";
    let traces = |line: &str| {
        let output = scenario.run(&format!("--json {place} traces {line}"));
        let output = output.succeeds();
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        document["traces"].as_array().unwrap().clone()
    };
    // What was taken is found a moment later.
    while traces("").len() < 2 {
        thread::sleep(PAUSE);
    }
    let failed = traces("--group failed service(\"bank\")");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["id"], json!(id));
    assert_eq!(failed[0]["status"], "fault");
    let trace = scenario.run(&format!("{place} trace {id}")).succeeds();
    trace.prints("502 FAULT").prints("bank (inferred)");
    let map = scenario
        .run(&format!("{place} map --spec xrayctl.toml"))
        .succeeds();
    map.prints("└─ checkout").prints("   └─ bank (remote)");
    let stats = scenario.run(&format!("--json {place} stats --period 60 --edges"));
    let document: Value = serde_json::from_str(&stats.succeeds().stdout).unwrap();
    let services = document["services"].as_array().unwrap();
    let checkout = services
        .iter()
        .find(|row| row["name"] == "checkout")
        .unwrap();
    assert_eq!(
        (&checkout["requests"], &checkout["fault"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        (&checkout["p50"], &checkout["p99"]),
        (&json!(0.5), &json!(0.5))
    );
    let points = checkout["series"].as_array().unwrap();
    let counted: i64 = points
        .iter()
        .filter_map(|point| point["requests"].as_i64())
        .sum();
    assert_eq!(counted, 2);
    assert_eq!(document["edges"].as_array().unwrap().len(), 2);
    desk.interrupt();
    desk.finish().ends_with(0);
}
