//! One map in all its forms.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::layout::layout;
use super::text::draw;
use super::*;
use crate::lookup::{FORMAT_VERSION, Moment, Service, Window};
use crate::view::Styles;

fn graph(names: &[(&str, Option<&str>)], calls: &[(usize, usize)]) -> Graph {
    let window = Window::new(
        Moment::from_seconds(1_769_860_800.0),
        Moment::from_seconds(1_769_864_400.0),
    );
    let counted = |fault: u64, error: u64| {
        Some(Statistics {
            requests: 1200,
            ok: 1200 - fault - error,
            error,
            throttle: 0,
            fault,
            average: Some(0.12),
            p50: Some(0.1),
            p95: Some(0.34),
            p99: Some(0.5),
        })
    };
    let services = names.iter().enumerate().map(|(id, (name, kind))| Node {
        id,
        service: Service {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
            account_id: None,
        },
        state: None,
        root: id == 1,
        statistics: counted(u64::from(id == 1) * 6, 0).filter(|_| *kind != Some("client")),
    });
    let edges = calls.iter().map(|(from, to)| Edge {
        from: *from,
        to: *to,
        kind: (from == to).then(|| "link".to_owned()),
        aliases: Vec::new(),
        statistics: counted(0, u64::from(*to == 2) * 24),
    });
    Graph {
        format_version: FORMAT_VERSION,
        window: window.unwrap(),
        group: None,
        contains_old_group_versions: false,
        services: services.collect(),
        edges: edges.collect(),
    }
}

fn shop() -> Graph {
    graph(
        &[
            ("checkout", Some("client")),
            ("checkout", Some("AWS::ECS::Fargate")),
            ("orders\x1b[2J\"<b>&\\", Some("AWS::DynamoDB::Table")),
            ("stock", None),
        ],
        &[(0, 1), (1, 2), (1, 3), (3, 2), (3, 1), (3, 3)],
    )
}

#[test]
fn as_text() {
    insta::assert_snapshot!(draw(&shop(), Styles::default()), @r#"
    SERVICE                                           REQUESTS  FAULT  ERROR  THROTTLE  AVERAGE    P95
    checkout (client)                                        -      -      -         -        -      -
    └─ checkout (AWS::ECS::Fargate)                      1,200     0%     0%        0%    120ms  340ms
       ├─ orders␛[2J"<b>&\ (AWS::DynamoDB::Table)        1,200     0%   2.0%        0%    120ms  340ms
       └─ stock                                          1,200     0%     0%        0%    120ms  340ms
          ├─ orders␛[2J"<b>&\ (AWS::DynamoDB::Table)     1,200     0%   2.0%        0%    120ms  340ms
          ├─ checkout (AWS::ECS::Fargate) ↑ above        1,200     0%     0%        0%    120ms  340ms
          └─ stock [link] ↑ above                        1,200     0%     0%        0%    120ms  340ms
    "#);
}

#[test]
fn as_dot() {
    insta::assert_snapshot!(dot(&shop()), @r#"
    digraph "service map" {
      rankdir=LR;
      node [shape=box, style=rounded];
      n0 [label="checkout\nclient", color="gray50"];
      n1 [label="checkout\nAWS::ECS::Fargate\n1,200 × 120ms, 0.5% fault", color="red3"];
      n2 [label="orders␛[2J\"<b>&\\\nAWS::DynamoDB::Table\n1,200 × 120ms", color="forestgreen"];
      n3 [label="stock\n1,200 × 120ms", color="forestgreen"];
      n0 -> n1 [label="1,200 × 120ms", color="forestgreen"];
      n1 -> n2 [label="1,200 × 120ms, 2.0% error", color="darkorange"];
      n1 -> n3 [label="1,200 × 120ms", color="forestgreen"];
      n3 -> n2 [label="1,200 × 120ms, 2.0% error", color="darkorange"];
      n3 -> n1 [label="1,200 × 120ms", color="forestgreen"];
      n3 -> n3 [label="link 1,200 × 120ms", color="forestgreen"];
    }
    "#);
}

#[test]
fn as_mermaid() {
    insta::assert_snapshot!(mermaid(&shop()), @r#"
    flowchart LR
      n0["checkout<br/>client"]:::unknown
      n1["checkout<br/>AWS::ECS::Fargate<br/>1,200 × 120ms, 0.5% fault"]:::faulty
      n2["orders␛#91;2J#34;#60;b#62;#38;#92;<br/>AWS::DynamoDB::Table<br/>1,200 × 120ms"]:::good
      n3["stock<br/>1,200 × 120ms"]:::good
      n0 -->|"1,200 × 120ms"| n1
      n1 -->|"1,200 × 120ms, 2.0% error"| n2
      n1 -->|"1,200 × 120ms"| n3
      n3 -->|"1,200 × 120ms, 2.0% error"| n2
      n3 -->|"1,200 × 120ms"| n1
      n3 -->|"link 1,200 × 120ms"| n3
      classDef unknown stroke:#888888,stroke-width:2px
      classDef good stroke:#1a7f37,stroke-width:2px
      classDef erroneous stroke:#bf6a02,stroke-width:2px
      classDef faulty stroke:#cf222e,stroke-width:2px
    "#);
}

/// The texts and titles of an SVG document, which must be well-formed XML.
fn texts(svg: &str) -> Vec<String> {
    let mut reader = Reader::from_str(svg);
    let mut texts = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Text(text) => texts.push(text.unescape().unwrap().into_owned()),
            Event::Eof => return texts,
            _ => {}
        }
    }
}

#[test]
fn as_svg() {
    let drawn = svg(&shop());
    let texts = texts(&drawn);
    assert!(
        texts.iter().any(|text| text == "orders␛[2J\"<b>&\\"),
        "{drawn}"
    );
    assert!(
        texts.iter().any(|text| text == "1,200 × 120ms, 2.0% error"),
        "{drawn}"
    );
    assert_eq!(drawn.matches("<rect class=\"box\"").count(), 4);
    assert_eq!(drawn.matches("<path class=\"way\"").count(), 6);
    for part in ["NaN", "inf", "<script", "\x1b", "href"] {
        assert!(!drawn.contains(part), "{part} in {drawn}");
    }
}

#[test]
fn nothing_is_drawn_without_harm() {
    let empty = graph(&[], &[]);
    let title = "Service map from 2026-01-31T12:00:00Z to 2026-01-31T13:00:00Z";
    assert!(texts(&svg(&empty)).iter().any(|text| text == title));
    assert_eq!(draw(&empty, Styles::default()).lines().count(), 1);
}

#[test]
fn callers_stand_before_what_they_call_and_circles_do_no_harm() {
    let placed = layout(&shop());
    let layer = |node: usize| placed.nodes[node].0;
    assert_eq!([0, 1, 2, 3].map(layer), [0, 1, 3, 2]);
    assert_eq!(placed.turned, [false, false, false, false, true, false]);
    // The call over two layers goes through a place in the one between.
    assert_eq!(placed.edges[1].len(), 3);
    assert_eq!(placed.layers, [1, 1, 2, 1]);
    let ring: Vec<(usize, usize)> = (0..50).map(|n| (n, (n + 1) % 50)).collect();
    let names = vec![("n", None); 50];
    let placed = layout(&graph(&names, &ring));
    assert_eq!(placed.layers.len(), 50);
    assert_eq!(placed.turned.iter().filter(|turned| **turned).count(), 1);
}

#[test]
fn no_two_services_share_a_place() {
    // Every service calls every third one that follows, and some before it.
    let calls: Vec<(usize, usize)> = (0..60)
        .flat_map(|from| [(from, (from * 7 + 3) % 60), (from, (from + 3) % 60)])
        .collect();
    let names = vec![("n", None); 60];
    let placed = layout(&graph(&names, &calls));
    let mut slots = placed.nodes.clone();
    slots.sort_unstable();
    slots.dedup();
    assert_eq!(slots.len(), 60);
    for (through, (from, to)) in placed.edges.iter().zip(&calls) {
        assert!(through.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
        let ends = [placed.nodes[*from], placed.nodes[*to]];
        assert!(through.first().is_some_and(|slot| ends.contains(slot)));
        assert!(through.last().is_some_and(|slot| ends.contains(slot)));
    }
    let drawn = draw(&graph(&names, &calls), Styles::default());
    assert!(drawn.lines().count() > 60);
}
