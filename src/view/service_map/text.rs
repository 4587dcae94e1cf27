//! The map as a tree of calls, from the services that nobody calls downwards.

use super::super::figures::{count, percent, seconds_or_dash};
use super::super::table::{Cell, Column, Table, left, right};
use super::super::{Styles, Terminal};
use super::{Calls, Health, kind};
use crate::lookup::{Edge, Graph, Node, Statistics};

/// The deepest that the tree is drawn with branches; below, in digits.
const DEEPEST_BRANCH: usize = 12;

/// Draws the map for `terminal`. A service that more than one calls has its calls
/// below the first of them alone.
pub fn render(graph: &Graph, terminal: &Terminal) -> String {
    draw(graph, terminal.styles)
}

pub(super) fn draw(graph: &Graph, styles: Styles) -> String {
    let mut tree = Tree {
        graph,
        calls: Calls::of(graph),
        styles,
        is_drawn: vec![false; graph.services.len()],
        rows: Vec::new(),
    };
    tree.walk_all();
    let columns: Vec<Column> = std::iter::once(left("SERVICE"))
        .chain(["REQUESTS", "FAULT", "ERROR", "THROTTLE", "AVERAGE", "P95"].map(right))
        .collect();
    Table::new(columns, None).draw(&tree.rows, Some(styles))
}

struct Tree<'a> {
    graph: &'a Graph,
    calls: Calls<'a>,
    styles: Styles,
    is_drawn: Vec<bool>,
    rows: Vec<Vec<Cell>>,
}

/// A service that is still to be drawn, and the call that leads to it.
struct Waiting<'a> {
    node: usize,
    call: Option<&'a Edge>,
    depth: usize,
    is_last: bool,
}

impl Tree<'_> {
    /// Draws from what nobody calls; then what is left, which calls in circles.
    fn walk_all(&mut self) {
        for top in 0..self.graph.services.len() {
            if self.calls.into[top] == 0 {
                self.walk(top);
            }
        }
        for top in 0..self.graph.services.len() {
            if !self.is_drawn[top] {
                self.walk(top);
            }
        }
    }

    fn walk(&mut self, top: usize) {
        let mut guides: Vec<bool> = Vec::new();
        let mut waiting = vec![Waiting {
            node: top,
            call: None,
            depth: 0,
            is_last: true,
        }];
        while let Some(next) = waiting.pop() {
            guides.truncate(next.depth);
            guides.push(next.is_last);
            let is_known = std::mem::replace(&mut self.is_drawn[next.node], true);
            self.row(&next, &guides, is_known);
            if is_known {
                continue;
            }
            let out = &self.calls.out[next.node];
            let below = out.iter().enumerate().rev().map(|(at, edge)| Waiting {
                node: edge.to,
                call: Some(edge),
                depth: next.depth + 1,
                is_last: at + 1 == out.len(),
            });
            waiting.extend(below);
        }
    }

    fn row(&mut self, waiting: &Waiting<'_>, guides: &[bool], is_known: bool) {
        let node = &self.graph.services[waiting.node];
        let is_above = is_known && !self.calls.out[waiting.node].is_empty();
        let label = format!("{}{}", branch(guides), label(node, waiting.call, is_above));
        let statistics = match waiting.call {
            Some(call) => call.statistics.as_ref(),
            None => node.statistics.as_ref(),
        };
        let style = match Health::of(statistics) {
            Health::Faulty => self.styles.remove,
            Health::Erroneous => self.styles.change,
            Health::Good | Health::Unknown => super::super::style::Style::default(),
        };
        let mut row = vec![Cell::styled(&label, style)];
        row.extend(figures(statistics).iter().map(|text| Cell::new(text)));
        self.rows.push(row);
    }
}

/// `├─ ` and what leads to it; `guides` tells for each level whether it is the
/// last there.
fn branch(guides: &[bool]) -> String {
    let depth = guides.len() - 1;
    if depth == 0 {
        return String::new();
    }
    if depth > DEEPEST_BRANCH {
        return format!("⋯{depth} ");
    }
    let trunk = guides[1..depth].iter();
    let trunk: String = trunk
        .map(|is_last| if *is_last { "   " } else { "│  " })
        .collect();
    format!("{trunk}{}", if guides[depth] { "└─ " } else { "├─ " })
}

fn label(node: &Node, call: Option<&Edge>, is_above: bool) -> String {
    let mut label = node.service.name.clone();
    if let Some(kind) = kind(node) {
        label = format!("{label} ({kind})");
    }
    if let Some(kind) = call.and_then(|call| call.kind.as_deref()) {
        label = format!("{label} [{kind}]");
    }
    if is_above {
        label.push_str(" ↑ above");
    }
    label
}

fn figures(statistics: Option<&Statistics>) -> [String; 6] {
    let Some(counted) = statistics else {
        return std::array::from_fn(|_| "-".to_owned());
    };
    let share = |part| percent(counted.share(part));
    [
        count(counted.requests),
        share(counted.fault),
        share(counted.error),
        share(counted.throttle),
        seconds_or_dash(counted.average),
        seconds_or_dash(counted.p95),
    ]
}
