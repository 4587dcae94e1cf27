//! A service graph: as text, as Graphviz DOT, as Mermaid, as SVG.
//!
//! Names in it come from traces, which others write: each form escapes them, and
//! none hands a control character on.

mod dot;
mod layout;
mod mermaid;
mod svg;
#[cfg(test)]
mod tests;
mod text;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
pub use text::render;

use super::figures::{count, percent, seconds_or_dash};
use super::table::one_line;
use crate::lookup::{Edge, Graph, Node, Statistics};

/// How things are, in one colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    /// Nothing was counted.
    Unknown,
    /// No request failed.
    Good,
    /// Some were errors, or throttled.
    Erroneous,
    /// Some were faults.
    Faulty,
}

impl Health {
    fn of(statistics: Option<&Statistics>) -> Self {
        match statistics {
            None => Self::Unknown,
            Some(counted) if counted.requests == 0 => Self::Unknown,
            Some(counted) if counted.fault > 0 => Self::Faulty,
            Some(counted) if counted.error + counted.throttle > 0 => Self::Erroneous,
            Some(_) => Self::Good,
        }
    }
}

/// What a service is; its account where it is another.
fn kind(node: &Node) -> Option<String> {
    let service = &node.service;
    match (&service.kind, &service.account_id) {
        (Some(kind), Some(account)) => Some(one_line(&format!("{kind}, {account}"))),
        (Some(one), None) | (None, Some(one)) => Some(one_line(one)),
        (None, None) => None,
    }
}

/// The lines of text that stand at a service: its name, what it is, its figures.
fn node_lines(node: &Node) -> Vec<String> {
    let mut lines = vec![one_line(&node.service.name)];
    lines.extend(kind(node));
    lines.extend(node.statistics.as_ref().map(figures));
    lines
}

/// The text that stands at an edge.
fn edge_text(edge: &Edge) -> String {
    let figures = edge.statistics.as_ref().map(figures);
    let kind = edge.kind.as_deref().map(one_line);
    let parts: Vec<String> = kind.into_iter().chain(figures).collect();
    parts.join(" ")
}

/// `1,200 × 120ms, 1.2% failed`.
fn figures(counted: &Statistics) -> String {
    let mut text = format!(
        "{} × {}",
        count(counted.requests),
        seconds_or_dash(counted.average)
    );
    let failures = [
        ("fault", counted.fault),
        ("error", counted.error),
        ("throttle", counted.throttle),
    ];
    for (word, number) in failures.into_iter().filter(|(_, number)| *number > 0) {
        text.push_str(&format!(", {} {word}", percent(counted.share(number))));
    }
    text
}

/// The calls out of each service, and how many come in.
struct Calls<'a> {
    out: Vec<Vec<&'a Edge>>,
    into: Vec<usize>,
}

impl<'a> Calls<'a> {
    fn of(graph: &'a Graph) -> Self {
        let mut calls = Self {
            out: vec![Vec::new(); graph.services.len()],
            into: vec![0; graph.services.len()],
        };
        for edge in &graph.edges {
            calls.out[edge.from].push(edge);
            if edge.from != edge.to {
                calls.into[edge.to] += 1;
            }
        }
        calls
    }
}
