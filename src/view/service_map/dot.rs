//! The map for Graphviz: `xrayctl map --dot | dot -Tpng`.

use std::fmt::Write;

use super::{Health, edge_text, node_lines};
use crate::lookup::Graph;

/// Writes the map in the DOT language: <https://graphviz.org/doc/info/lang.html>.
pub fn dot(graph: &Graph) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(graph, &mut text);
    text
}

fn write(graph: &Graph, out: &mut String) -> std::fmt::Result {
    writeln!(out, "digraph \"service map\" {{")?;
    writeln!(out, "  rankdir=LR;")?;
    writeln!(out, "  node [shape=box, style=rounded];")?;
    for node in &graph.services {
        let lines: Vec<String> = node_lines(node).iter().map(|line| escaped(line)).collect();
        let color = color(Health::of(node.statistics.as_ref()));
        let label = lines.join("\\n");
        writeln!(
            out,
            "  n{} [label=\"{label}\", color=\"{color}\"];",
            node.id
        )?;
    }
    for edge in &graph.edges {
        let color = color(Health::of(edge.statistics.as_ref()));
        let label = escaped(&edge_text(edge));
        let (from, to) = (edge.from, edge.to);
        writeln!(
            out,
            "  n{from} -> n{to} [label=\"{label}\", color=\"{color}\"];"
        )?;
    }
    writeln!(out, "}}")
}

/// A text for a string in double quotes; its backslashes are no escapes there.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn color(health: Health) -> &'static str {
    match health {
        Health::Unknown => "gray50",
        Health::Good => "forestgreen",
        Health::Erroneous => "darkorange",
        Health::Faulty => "red3",
    }
}
