//! The map for Mermaid, as Markdown on GitHub draws it.

use std::fmt::Write;

use super::{Health, edge_text, node_lines};
use crate::lookup::Graph;

/// Writes the map as a flowchart: <https://mermaid.js.org/syntax/flowchart.html>.
pub fn mermaid(graph: &Graph) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(graph, &mut text);
    text
}

fn write(graph: &Graph, out: &mut String) -> std::fmt::Result {
    writeln!(out, "flowchart LR")?;
    for node in &graph.services {
        let lines: Vec<String> = node_lines(node).iter().map(|line| escaped(line)).collect();
        let class = class(Health::of(node.statistics.as_ref()));
        writeln!(out, "  n{}[\"{}\"]:::{class}", node.id, lines.join("<br/>"))?;
    }
    for edge in &graph.edges {
        let text = escaped(&edge_text(edge));
        let text = if text.is_empty() {
            String::new()
        } else {
            format!("|\"{text}\"|")
        };
        writeln!(out, "  n{} -->{text} n{}", edge.from, edge.to)?;
    }
    for (class, color) in [
        ("unknown", "#888888"),
        ("good", "#1a7f37"),
        ("erroneous", "#bf6a02"),
        ("faulty", "#cf222e"),
    ] {
        writeln!(out, "  classDef {class} stroke:{color},stroke-width:2px")?;
    }
    Ok(())
}

/// A text in which nothing is taken for Mermaid's or HTML's: whatever of ASCII is
/// no letter or digit, or harmless, by its number.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || " .,:/_-%×".contains(c) || !c.is_ascii() {
            escaped.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "#{};", u32::from(c));
        }
    }
    escaped
}

fn class(health: Health) -> &'static str {
    match health {
        Health::Unknown => "unknown",
        Health::Good => "good",
        Health::Erroneous => "erroneous",
        Health::Faulty => "faulty",
    }
}
