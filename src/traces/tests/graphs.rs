use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::made::{Documents, fill, id};
use super::texts;
use crate::traces::Window;
use crate::traces::graph::{Graph, MOST_SERVICES, State};

/// One line a service and one an edge.
fn lines(graph: &Graph) -> String {
    let services = graph.services();
    let mut lines = Vec::new();
    for (service, at) in services.iter().zip(0..) {
        assert_eq!(service.reference_id, at);
        let json = serde_json::to_value(service).unwrap();
        let text = |name: &str| json[name].to_string().replace('"', "");
        let statistics = |it: &Json| {
            format!(
                "{}/{}/{}/{} {}",
                it["OkCount"],
                it["ErrorStatistics"]["OtherCount"],
                it["ErrorStatistics"]["ThrottleCount"],
                it["FaultStatistics"]["TotalCount"],
                it["TotalResponseTime"]
            )
        };
        lines.push(format!(
            "{} {} ({}, {}) {} root {} [{}, {}]",
            text("ReferenceId"),
            text("Name"),
            text("Type"),
            text("AccountId"),
            text("State"),
            text("Root"),
            text("StartTime"),
            text("EndTime")
        ));
        if json["SummaryStatistics"].is_object() {
            lines.push(format!("  {}", statistics(&json["SummaryStatistics"])));
        }
        for edge in json["Edges"].as_array().unwrap() {
            lines.push(format!(
                "  -> {} [{}, {}]: {}",
                edge["ReferenceId"],
                edge["StartTime"],
                edge["EndTime"],
                statistics(&edge["SummaryStatistics"])
            ));
        }
    }
    lines.join("\n")
}

fn shop() -> Documents {
    texts(&[
        json!({
            "id": "0000000000000001", "name": "shop", "origin": "AWS::ECS::Container",
            "start_time": 10.25, "end_time": 12.0, "http": {"response": {"status": 500}},
            "subsegments": [
                {"id": "000000000000000a", "name": "pay", "namespace": "remote",
                 "start_time": 10.5, "end_time": 11.25, "fault": true},
                {"id": "000000000000000b", "name": "DynamoDB", "namespace": "aws",
                 "start_time": 11.5, "end_time": 11.625,
                 "aws": {"operation": "GetItem", "table_name": "orders"}},
                {"id": "000000000000000c", "name": "mail", "namespace": "remote",
                 "start_time": 11.75, "in_progress": true},
            ],
        }),
        json!({
            "id": "0000000000000002", "parent_id": "000000000000000a", "name": "pay",
            "start_time": 10.625, "end_time": 11.0, "fault": true,
            "aws": {"account_id": "210987654321"},
        }),
        json!({
            "id": "0000000000000003", "parent_id": "0000000000000002", "name": "ledger",
            "start_time": 10.75, "end_time": 14.0, "http": {"response": {"status": 429}},
        }),
    ])
}

#[test]
fn a_trace_has_its_services_and_edges() {
    let graph = fill(Graph::new(None), &[shop()]);
    insta::assert_snapshot!(lines(&graph), @r"
    0 ledger (null, null) active root null [null, null]
      0/0/1/0 3.25
    1 mail (remote, null) passive root null [null, null]
      0/0/0/0 0.0
    2 orders (AWS::DynamoDB::Table, null) unknown root null [null, null]
      1/0/0/0 0.125
    3 pay (null, 210987654321) active root null [null, null]
      0/0/0/1 0.375
      -> 0 [null, null]: 0/0/1/0 3.25
    4 shop (AWS::ECS::Container, null) active root true [null, null]
      0/0/0/1 1.75
      -> 1 [null, null]: 0/0/0/0 0.0
      -> 2 [null, null]: 1/0/0/0 0.125
      -> 3 [null, null]: 0/0/0/1 0.75
    5 shop (client, null) unknown root null [null, null]
      -> 4 [null, null]: 0/0/0/1 1.75
    ");
}

#[test]
fn a_service_is_written_as_aws_does() {
    let graph = fill(Graph::new(None), &[shop()]);
    let services = serde_json::to_value(graph.services()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&services[3]).unwrap(), @r#"
    {
      "ReferenceId": 3,
      "Name": "pay",
      "Names": [
        "pay"
      ],
      "Root": null,
      "AccountId": "210987654321",
      "Type": null,
      "State": "active",
      "StartTime": null,
      "EndTime": null,
      "Edges": [
        {
          "ReferenceId": 0,
          "StartTime": null,
          "EndTime": null,
          "SummaryStatistics": {
            "OkCount": 0,
            "ErrorStatistics": {
              "ThrottleCount": 1,
              "OtherCount": 0,
              "TotalCount": 1
            },
            "FaultStatistics": {
              "OtherCount": 0,
              "TotalCount": 0
            },
            "TotalCount": 1,
            "TotalResponseTime": 3.25
          },
          "ResponseTimeHistogram": [
            {
              "Value": 3.25,
              "Count": 1
            }
          ],
          "Aliases": [],
          "EdgeType": null,
          "ReceivedEventAgeHistogram": null
        }
      ],
      "SummaryStatistics": {
        "OkCount": 0,
        "ErrorStatistics": {
          "ThrottleCount": 0,
          "OtherCount": 0,
          "TotalCount": 0
        },
        "FaultStatistics": {
          "OtherCount": 1,
          "TotalCount": 1
        },
        "TotalCount": 1,
        "TotalResponseTime": 0.375
      },
      "DurationHistogram": [
        {
          "Value": 3.375,
          "Count": 1
        }
      ],
      "ResponseTimeHistogram": [
        {
          "Value": 0.375,
          "Count": 1
        }
      ]
    }
    "#);
}

#[test]
fn a_client_has_its_edge_alone() {
    let graph = fill(Graph::new(None), &[shop()]);
    let client = &serde_json::to_value(graph.services()).unwrap()[5];
    assert_eq!(client["State"], "unknown");
    for member in [
        "Root",
        "SummaryStatistics",
        "DurationHistogram",
        "ResponseTimeHistogram",
    ] {
        assert_eq!(client.get(member), Some(&Json::Null), "{member}");
    }
    assert_eq!(client["Edges"][0]["SummaryStatistics"]["TotalCount"], 1);
}

#[test]
fn a_window_takes_what_begins_in_it() {
    let window = |start, end| Some(Window { start, end });
    let first = fill(Graph::new(window(0.0, 10.625)), &[shop()]);
    insta::assert_snapshot!(lines(&first), @r"
    0 pay (null, 210987654321) active root null [10.0, 11.0]
      0/0/0/0 0.0
    1 shop (AWS::ECS::Container, null) active root true [10.0, 11.0]
      0/0/0/1 1.75
      -> 0 [10.0, 11.0]: 0/0/0/1 0.75
    2 shop (client, null) unknown root null [10.0, 11.0]
      -> 1 [10.0, 11.0]: 0/0/0/1 1.75
    ");
    let second = fill(Graph::new(window(10.625, 1e9)), &[shop()]);
    insta::assert_snapshot!(lines(&second), @r"
    0 ledger (null, null) active root null [10.0, 11.0]
      0/0/1/0 3.25
    1 mail (remote, null) passive root null [11.0, 12.0]
      0/0/0/0 0.0
    2 orders (AWS::DynamoDB::Table, null) unknown root null [11.0, 12.0]
      1/0/0/0 0.125
    3 pay (null, 210987654321) active root null [10.0, 11.0]
      0/0/0/1 0.375
      -> 0 [10.0, 11.0]: 0/0/1/0 3.25
    4 shop (AWS::ECS::Container, null) active root true [11.0, 12.0]
      0/0/0/0 0.0
      -> 1 [11.0, 12.0]: 0/0/0/0 0.0
      -> 2 [11.0, 12.0]: 1/0/0/0 0.125
    ");
    let neither = fill(Graph::new(window(100.0, 1e9)), &[shop()]);
    assert!(neither.services().is_empty());
}

#[test]
fn services_of_many_traces_are_told_by_name_type_and_account() {
    let segment = |name: &str, origin: Option<&str>, account: Option<&str>| {
        let mut it = json!({"id": "0000000000000001", "name": name, "start_time": 1.0,
            "end_time": 2.0});
        if let Some(origin) = origin {
            it["origin"] = origin.into();
        }
        if let Some(account) = account {
            it["aws"] = json!({"account_id": account});
        }
        texts(&[it])
    };
    let traces = [
        segment("b", None, None),
        segment("b", Some("AWS::Lambda"), Some(super::ACCOUNT)),
        segment("b", Some("AWS::Lambda"), Some("210987654321")),
        segment("b", Some("AWS::Lambda"), None),
        segment("a", None, None),
    ];
    let graph = fill(Graph::new(None), &traces);
    insta::assert_snapshot!(lines(&graph), @r"
    0 a (null, null) active root true [null, null]
      1/0/0/0 1.0
    1 a (client, null) unknown root null [null, null]
      -> 0 [null, null]: 1/0/0/0 1.0
    2 b (null, null) active root true [null, null]
      1/0/0/0 1.0
    3 b (AWS::Lambda, null) active root true [null, null]
      2/0/0/0 2.0
    4 b (AWS::Lambda, 210987654321) active root true [null, null]
      1/0/0/0 1.0
    5 b (client, null) unknown root null [null, null]
      -> 2 [null, null]: 1/0/0/0 1.0
      -> 3 [null, null]: 2/0/0/0 2.0
      -> 4 [null, null]: 1/0/0/0 1.0
    ");
}

#[test]
fn circles_and_orphans_are_counted() {
    let around = |id: u64, parent: u64, name: &str| {
        json!({"id": format!("{id:016x}"), "parent_id": format!("{parent:016x}"), "name": name,
            "start_time": 1.0, "end_time": 2.0})
    };
    let circle = texts(&[around(1, 3, "a"), around(2, 1, "b"), around(3, 2, "c")]);
    let orphans = texts(&[
        around(1, 9, "d"),
        json!({"id": "0000000000000002", "parent_id": "00000000000000ff", "name": "call",
            "type": "subsegment", "namespace": "remote", "start_time": 1.0, "end_time": 2.0}),
    ]);
    let graph = fill(Graph::new(None), &[circle, orphans]);
    insta::assert_snapshot!(lines(&graph), @r"
    0 a (null, null) active root true [null, null]
      1/0/0/0 1.0
      -> 2 [null, null]: 1/0/0/0 1.0
    1 a (client, null) unknown root null [null, null]
      -> 0 [null, null]: 1/0/0/0 1.0
    2 b (null, null) active root null [null, null]
      1/0/0/0 1.0
      -> 3 [null, null]: 1/0/0/0 1.0
    3 c (null, null) active root null [null, null]
      1/0/0/0 1.0
    4 call (remote, null) passive root null [null, null]
      1/0/0/0 1.0
    5 d (null, null) active root true [null, null]
      1/0/0/0 1.0
    6 d (client, null) unknown root null [null, null]
      -> 5 [null, null]: 1/0/0/0 1.0
    ");
}

#[test]
fn a_long_chain_is_one_walk() {
    let segment = |at: u64| {
        let mut it = json!({"id": format!("{at:016x}"), "name": "a", "start_time": 1.0,
            "end_time": 2.0 + f64::from(u32::try_from(at).unwrap())});
        if at > 1 {
            it["parent_id"] = format!("{:016x}", at - 1).into();
        }
        it
    };
    let chain: Vec<Json> = (1..=20_000).map(segment).collect();
    let graph = fill(Graph::new(None), &[texts(&chain)]);
    let services = serde_json::to_value(graph.services()).unwrap();
    assert_eq!(
        services[0]["DurationHistogram"],
        json!([{"Value": 20_001.0, "Count": 20_000}])
    );
}

#[test]
fn too_many_services_are_left_out() {
    let names: Vec<Json> = (0..MOST_SERVICES + 10)
        .map(|at| {
            json!({"id": format!("{:016x}", at + 1), "name": format!("name {at}"),
                "start_time": 1.0, "end_time": 2.0})
        })
        .collect();
    let graph = fill(Graph::new(None), &[texts(&names)]);
    assert_eq!(graph.services().len(), MOST_SERVICES);
    assert!(graph.is_full());
    assert!(!fill(Graph::new(None), &[shop()]).is_full());
}

#[test]
fn retrieved_services_have_the_links_of_their_segments() {
    let linked = texts(&[json!({
        "id": "0000000000000001", "name": "worker", "start_time": 1.0, "end_time": 2.0,
        "links": [{"trace_id": id(9).to_string(), "id": "00000000000000aa"}],
        "subsegments": [{"id": "0000000000000002", "name": "part", "start_time": 1.0,
            "end_time": 2.0, "links": [{"trace_id": id(8).to_string()},
            {"trace_id": id(9).to_string()}]}],
    })]);
    let graph = fill(Graph::new(None), std::slice::from_ref(&linked));
    let services = serde_json::to_value(graph.retrieved_services()).unwrap();
    let links = json!([{
        "ReferenceType": "parent",
        "SourceTraceId": id(1).to_string(),
        "DestinationTraceIds": [id(8).to_string(), id(9).to_string()],
    }]);
    assert_eq!(services[0]["Service"]["Name"], "worker");
    assert_eq!(services[0]["Links"], links);
    assert_eq!(services[1]["Links"], json!([]));
    assert_eq!(graph.services().len(), 2);
    let mut merged = Graph::new(None);
    merged.merge(&graph);
    assert_eq!(merged.retrieved_services(), graph.retrieved_services());
}

proptest! {
    /// Any documents give a graph whose edges lead to services.
    #[test]
    fn edges_lead_to_services(
        parents in prop::collection::vec(prop::option::of(0..12_u64), 1..12),
    ) {
        let documents: Vec<Json> = parents.iter().zip(0_u64..).map(|(parent, id)| {
            let mut it = json!({"id": format!("{id:016x}"), "name": format!("{}", id % 5),
                "start_time": 1.0, "end_time": 0.5});
            if let Some(parent) = parent {
                it["parent_id"] = format!("{parent:016x}").into();
            }
            it
        }).collect();
        let services = fill(Graph::new(None), &[texts(&documents)]).services();
        let count = services.iter().filter(|it| it.state != State::Unknown)
            .map(|it| it.summary_statistics.unwrap().total()).sum::<u64>();
        prop_assert_eq!(count, u64::try_from(parents.len()).unwrap());
        for edge in services.iter().flat_map(|it| &it.edges) {
            prop_assert!(edge.reference_id < services.len());
        }
    }
}
