use serde_json::json;

use super::made::{Documents, id};
use super::{ACCOUNT, texts};
use crate::traces::insights::{
    Found, Group, ImpactGraph, InsightState, Insights, LOOKBACK, started,
};
use crate::traces::{Nodes, ServiceId, Trace, Window};

const GROUP: Group<'_> = Group {
    name: "all",
    arn: "arn:aws:xray:eu-west-1:123456789012:group/all/ABC",
};

/// The first second of the tests: a minute's, and not one of a quarter of a day.
const BEGIN: i32 = 90_000_000 + 4200;

/// Requests of a client to `shop`, which calls `pay`, which calls a queue: in a
/// minute since [`BEGIN`], so many, the first of them faults of `pay`.
fn minute(minute: i32, requests: i32, faults: i32) -> Vec<Documents> {
    let request = |at: i32| {
        let start = f64::from(BEGIN + minute * 60) + f64::from(at) / 10.0;
        let is_fault = at < faults;
        texts(&[
            json!({"id": "0000000000000001", "name": "shop", "origin": "AWS::ECS::Container",
                "start_time": start, "end_time": start + 1.0, "fault": is_fault,
                "subsegments": [
                    {"id": "0000000000000002", "name": "pay", "namespace": "remote",
                     "start_time": start, "end_time": start + 0.5, "fault": is_fault}]}),
            json!({"id": "0000000000000003", "parent_id": "0000000000000002", "name": "pay",
                "start_time": start, "end_time": start + 0.5, "fault": is_fault,
                "subsegments": [
                    {"id": "0000000000000004", "name": "SQS", "namespace": "aws",
                     "start_time": start, "end_time": start + 0.25}]}),
        ])
    };
    (0..requests).map(request).collect()
}

/// Two hours of 20 requests a minute, of which in some minutes 12 are faults.
fn load(is_burst: impl Fn(i32) -> bool) -> Vec<Documents> {
    let faults = |at: i32| if is_burst(at) { 12 } else { at % 2 };
    (0..120).flat_map(|at| minute(at, 20, faults(at))).collect()
}

fn of_minute(minute: i32) -> f64 {
    f64::from(BEGIN + minute * 60)
}

fn window() -> Window {
    Window {
        start: of_minute(0),
        end: of_minute(120),
    }
}

fn with_each(traces: &[Documents], mut visit: impl FnMut(&Trace<'_>, &Nodes<'_>)) {
    for documents in traces {
        let trace = Trace::of(id(1), documents.iter().map(Vec::as_slice));
        let nodes = Nodes::of(&trace, ACCOUNT);
        visit(&trace, &nodes);
    }
}

fn found(traces: &[Documents], now: f64) -> Vec<Found> {
    let mut insights = Insights::new(window());
    with_each(traces, |trace, nodes| insights.add(trace, nodes));
    assert!(!insights.is_full());
    insights.found(GROUP, now)
}

#[test]
fn a_burst_is_an_insight_with_its_root_cause() {
    let traces = load(|minute| (80..90).contains(&minute));
    let all = found(&traces, of_minute(120));
    assert_eq!(all.len(), 1);
    insta::assert_snapshot!(serde_json::to_string_pretty(&all[0].summary).unwrap(), @r#"
    {
      "InsightId": "0016e3f6-b4ac-5ef1-89e3-d32f6386cc8d",
      "GroupARN": "arn:aws:xray:eu-west-1:123456789012:group/all/ABC",
      "GroupName": "all",
      "RootCauseServiceId": {
        "AccountId": null,
        "Name": "pay",
        "Names": [
          "pay"
        ],
        "Type": null
      },
      "Categories": [
        "FAULT"
      ],
      "State": "CLOSED",
      "StartTime": 90009000.0,
      "EndTime": 90009600.0,
      "Summary": "pay faulted in 120 of 200 requests (60%). Clients saw faults in 120 of 200 requests (60%).",
      "ClientRequestImpactStatistics": {
        "FaultCount": 120,
        "OkCount": 80,
        "TotalCount": 200
      },
      "RootCauseServiceRequestImpactStatistics": {
        "FaultCount": 120,
        "OkCount": 80,
        "TotalCount": 200
      },
      "TopAnomalousServices": [
        {
          "ServiceId": {
            "AccountId": null,
            "Name": "pay",
            "Names": [
              "pay"
            ],
            "Type": null
          }
        },
        {
          "ServiceId": {
            "AccountId": null,
            "Name": "shop",
            "Names": [
              "shop"
            ],
            "Type": "AWS::ECS::Container"
          }
        }
      ],
      "LastUpdateTime": 90010200.0
    }
    "#);
    assert_eq!(
        started(&all[0].summary.insight.insight_id),
        Some(of_minute(80))
    );
    let events = all[0].events.iter();
    let events = events.map(|it| {
        let after = it.event_time - f64::from(BEGIN);
        format!("minute {}: {}", after / 60.0, it.summary)
    });
    insta::assert_snapshot!(events.collect::<Vec<_>>().join("\n"), @r"
    minute 82: pay faulted in 24 of 40 requests (60%). Clients saw faults in 24 of 40 requests (60%).
    minute 87: pay faulted in 84 of 140 requests (60%). Clients saw faults in 84 of 140 requests (60%).
    minute 92: pay faulted in 120 of 200 requests (60%). Clients saw faults in 120 of 200 requests (60%).
    minute 97: pay faulted in 120 of 200 requests (60%). Clients saw faults in 120 of 200 requests (60%).
    minute 100: pay faulted in 120 of 200 requests (60%). Clients saw faults in 120 of 200 requests (60%).
    ");
}

#[test]
fn an_event_is_written_as_aws_does() {
    let traces = load(|minute| minute >= 80);
    let all = found(&traces, of_minute(82));
    insta::assert_snapshot!(serde_json::to_string_pretty(&all[0].events[0]).unwrap(), @r#"
    {
      "Summary": "pay faulted in 24 of 40 requests (60%). Clients saw faults in 24 of 40 requests (60%).",
      "EventTime": 90009120.0,
      "ClientRequestImpactStatistics": {
        "FaultCount": 24,
        "OkCount": 16,
        "TotalCount": 40
      },
      "RootCauseServiceRequestImpactStatistics": {
        "FaultCount": 24,
        "OkCount": 16,
        "TotalCount": 40
      },
      "TopAnomalousServices": [
        {
          "ServiceId": {
            "AccountId": null,
            "Name": "pay",
            "Names": [
              "pay"
            ],
            "Type": null
          }
        },
        {
          "ServiceId": {
            "AccountId": null,
            "Name": "shop",
            "Names": [
              "shop"
            ],
            "Type": "AWS::ECS::Container"
          }
        }
      ]
    }
    "#);
}

#[test]
fn it_is_active_until_enough_minutes_are_quiet() {
    let traces = load(|minute| (80..90).contains(&minute));
    let state = |minute: i32| {
        let all = found(&traces, of_minute(minute));
        all.first().map(|it| {
            let insight = &it.summary.insight;
            (insight.state, insight.end_time, it.summary.last_update_time)
        })
    };
    assert_eq!(state(81), None);
    let active = |minute| Some((InsightState::Active, None, of_minute(minute)));
    assert_eq!(state(82), active(82));
    assert_eq!(state(99), active(99));
    let closed = Some((InsightState::Closed, Some(of_minute(90)), of_minute(100)));
    assert_eq!(state(100), closed);
    assert_eq!(state(120), closed);
}

#[test]
fn quiet_minutes_in_between_do_not_part_it() {
    let parted =
        |quiet: i32| load(move |it| (70..73).contains(&it) || it >= 73 + quiet && it < 85 + quiet);
    assert_eq!(found(&parted(9), of_minute(120)).len(), 1);
    assert_eq!(found(&parted(10), of_minute(120)).len(), 2);
}

#[test]
fn one_minute_is_no_insight() {
    assert!(found(&load(|minute| minute == 80), of_minute(120)).is_empty());
    let parted = load(|minute| minute == 80 || minute == 82);
    assert!(found(&parted, of_minute(120)).is_empty());
}

#[test]
fn without_requests_before_there_is_no_insight() {
    assert!(found(&load(|minute| minute < 60), of_minute(60)).is_empty());
}

#[test]
fn the_order_of_traces_does_not_show() {
    let mut traces = load(|minute| (80..90).contains(&minute));
    let forwards = found(&traces, of_minute(120));
    traces.reverse();
    assert_eq!(found(&traces, of_minute(120)), forwards);
}

#[test]
fn sums_of_parts_are_those_of_the_whole() {
    let traces = load(|minute| (80..90).contains(&minute));
    let sums = |traces: &[Documents]| {
        let mut insights = Insights::new(window());
        with_each(traces, |trace, nodes| insights.add(trace, nodes));
        insights
    };
    let (one, other) = traces.split_at(1650);
    let mut merged = sums(other);
    merged.merge(&sums(one));
    let whole = sums(&traces);
    let now = of_minute(120);
    assert_eq!(merged.found(GROUP, now), whole.found(GROUP, now));
}

#[test]
fn windows_that_overlap_find_the_same() {
    let traces = load(|minute| (80..90).contains(&minute));
    let whole = found(&traces, of_minute(120));
    let find = |start: i32, end: i32| {
        let mut insights = Insights::new(Window {
            start: of_minute(start),
            end: of_minute(end),
        });
        let reads = insights.reads();
        assert!(reads.start <= of_minute(start) - f64::from(i32::try_from(LOOKBACK).unwrap()));
        with_each(&traces, |trace, nodes| insights.add(trace, nodes));
        insights.found(GROUP, of_minute(end))
    };
    assert_eq!(find(85, 120), whole);
    assert_eq!(find(89, 120), whole);
    assert!(find(90, 120).is_empty());
    assert!(find(0, 80).is_empty());
}

#[test]
fn the_impact_graph_has_what_faults_went_through() {
    let traces = load(|minute| (80..90).contains(&minute));
    let pay = found(&traces, of_minute(120)).remove(0);
    let pay = pay.summary.insight.root_cause_service_id;
    let graph = |window: Window, root_cause: ServiceId| {
        let mut graph = ImpactGraph::new(window, root_cause);
        with_each(&traces, |trace, nodes| graph.add(trace, nodes));
        serde_json::to_value(graph.services()).unwrap()
    };
    let shown = json!([
        {"ReferenceId": 0, "Type": null, "Name": "pay", "Names": ["pay"], "AccountId": null,
         "Edges": []},
        {"ReferenceId": 1, "Type": "AWS::ECS::Container", "Name": "shop", "Names": ["shop"],
         "AccountId": null, "Edges": [{"ReferenceId": 0}]},
    ]);
    assert_eq!(graph(window(), pay.clone()), shown);
    let nobody = ServiceId {
        name: "nobody".to_owned(),
        ..pay.clone()
    };
    assert_eq!(graph(window(), nobody), json!([]));
    let before = Window {
        start: 0.0,
        end: of_minute(0),
    };
    assert_eq!(graph(before, pay), json!([]));
}
