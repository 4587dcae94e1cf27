//! The map as a picture that stands by itself: no script, no font, nothing from
//! elsewhere.

use std::fmt::Write;

use super::layout::{Layout, Slot, layout};
use super::{Health, edge_text, node_lines};
use crate::lookup::{Edge, Graph, Node};

/// A box, in pixels.
const WIDTH: f64 = 220.0;
const HEIGHT: f64 = 64.0;
/// Between two layers, with room for the text of calls.
const GAP: f64 = 190.0;
/// Between two boxes of a layer.
const SPACE: f64 = 36.0;
const MARGIN: f64 = 40.0;
/// Characters that fit a line of a box, and a line beside a call.
const BOX_CHARACTERS: usize = 32;
const CALL_CHARACTERS: usize = 30;

const STYLE: &str = "text{font:12px sans-serif;fill:#1f2328}\
.name{font-weight:bold}\
.call{font-size:11px;text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:4px}\
.box{fill:#fff;stroke-width:2}.way{fill:none;stroke-width:1.5}";

/// Writes the map as an SVG document.
pub fn svg(graph: &Graph) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = Drawing::new(graph).write(&mut text);
    text
}

struct Drawing<'a> {
    graph: &'a Graph,
    layout: Layout,
    height: f64,
}

type Point = (f64, f64);

impl<'a> Drawing<'a> {
    fn new(graph: &'a Graph) -> Self {
        let layout = layout(graph);
        let tallest = layout.layers.iter().copied().max().unwrap_or_default();
        let height = 2.0 * MARGIN + number(tallest) * (HEIGHT + SPACE) - SPACE;
        Self {
            graph,
            layout,
            height: height.max(2.0 * MARGIN + HEIGHT),
        }
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let layers = number(self.layout.layers.len().max(1));
        let width = 2.0 * MARGIN + layers * (WIDTH + GAP) - GAP;
        let height = self.height;
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\">"
        )?;
        let window = self.graph.window;
        let title = format!("Service map from {} to {}", window.start, window.end);
        writeln!(
            out,
            "<title>{}</title>\n<style>{STYLE}</style>",
            escaped(&title)
        )?;
        writeln!(out, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>")?;
        out.push_str(
            "<defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" \
             markerWidth=\"8\" markerHeight=\"8\" orient=\"auto-start-reverse\">\
             <path d=\"M0 0L8 4L0 8z\" fill=\"#57606a\"/></marker></defs>\n",
        );
        for (index, edge) in self.graph.edges.iter().enumerate() {
            self.write_way(index, edge, out)?;
        }
        for (node, slot) in self.graph.services.iter().zip(&self.layout.nodes) {
            self.write_box(node, *slot, out)?;
        }
        // The text of a call stands above all lines.
        for (index, edge) in self.graph.edges.iter().enumerate() {
            self.write_call(index, edge, out)?;
        }
        writeln!(out, "</svg>")
    }

    /// The middle of a place.
    fn middle(&self, (layer, slot): Slot) -> Point {
        let count = number(self.layout.layers[layer]);
        let all = count * (HEIGHT + SPACE) - SPACE;
        let top = (self.height - all) / 2.0;
        (
            MARGIN + number(layer) * (WIDTH + GAP) + WIDTH / 2.0,
            top + number(slot) * (HEIGHT + SPACE) + HEIGHT / 2.0,
        )
    }

    /// The points that a call goes through: out of one box at its right, through
    /// its places, into the other at its left.
    fn points(&self, index: usize) -> Vec<Point> {
        let through = &self.layout.edges[index];
        let last = through.len().saturating_sub(1);
        let mut points = Vec::with_capacity(through.len() * 2);
        for (at, slot) in through.iter().enumerate() {
            let (x, y) = self.middle(*slot);
            if at > 0 {
                points.push((x - WIDTH / 2.0, y));
            }
            if at < last {
                points.push((x + WIDTH / 2.0, y));
            }
        }
        points
    }

    fn write_way(&self, index: usize, edge: &Edge, out: &mut String) -> std::fmt::Result {
        let path = if edge.from == edge.to {
            self.loop_path(edge.from)
        } else {
            path(&self.points(index))
        };
        let marker = if self.layout.turned[index] {
            "start"
        } else {
            "end"
        };
        let color = color(Health::of(edge.statistics.as_ref()));
        writeln!(
            out,
            "<path class=\"way\" d=\"{path}\" stroke=\"{color}\" marker-{marker}=\"url(#end)\"/>"
        )
    }

    /// A call of a service to itself: an arc above its box.
    fn loop_path(&self, node: usize) -> String {
        let (x, y) = self.middle(self.layout.nodes[node]);
        let top = y - HEIGHT / 2.0;
        let (from, to, high) = (x + 40.0, x - 40.0, top - 34.0);
        format!("M{from} {top}C{from} {high} {to} {high} {to} {top}")
    }

    fn write_call(&self, index: usize, edge: &Edge, out: &mut String) -> std::fmt::Result {
        let text = edge_text(edge);
        if text.is_empty() {
            return Ok(());
        }
        let (x, y) = if edge.from == edge.to {
            let (x, y) = self.middle(self.layout.nodes[edge.from]);
            (x, y - HEIGHT / 2.0 - 28.0)
        } else {
            // In the first gap, where calls of one service are apart already.
            let points = self.points(index);
            let ((x0, y0), (x1, y1)) = match points.as_slice() {
                [one, other, ..] => (*one, *other),
                _ => return Ok(()),
            };
            (f64::midpoint(x0, x1), f64::midpoint(y0, y1) - 5.0)
        };
        let shown = escaped(&shortened(&text, CALL_CHARACTERS));
        writeln!(
            out,
            "<text class=\"call\" x=\"{x}\" y=\"{y}\"><title>{}</title>{shown}</text>",
            escaped(&text)
        )
    }

    fn write_box(&self, node: &Node, slot: Slot, out: &mut String) -> std::fmt::Result {
        let (x, y) = self.middle(slot);
        let (left, top) = (x - WIDTH / 2.0, y - HEIGHT / 2.0);
        let color = color(Health::of(node.statistics.as_ref()));
        let lines = node_lines(node);
        writeln!(out, "<g><title>{}</title>", escaped(&lines.join("\n")))?;
        writeln!(
            out,
            "<rect class=\"box\" x=\"{left}\" y=\"{top}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" rx=\"8\" stroke=\"{color}\"/>"
        )?;
        let first = y + 4.0 - 8.5 * (number(lines.len()) - 1.0);
        for (at, line) in lines.iter().enumerate() {
            let class = if at == 0 { " class=\"name\"" } else { "" };
            writeln!(
                out,
                "<text{class} x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                first + 17.0 * number(at),
                escaped(&shortened(line, BOX_CHARACTERS))
            )?;
        }
        writeln!(out, "</g>")
    }
}

/// A line through points with level ends, straight across the places between.
fn path(points: &[Point]) -> String {
    let mut path = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = if at == 0 {
            write!(path, "M{x} {y}")
        } else if at % 2 == 1 {
            let (x0, y0) = points[at - 1];
            let half = f64::midpoint(x0, *x);
            write!(path, "C{half} {y0} {half} {y} {x} {y}")
        } else {
            write!(path, "L{x} {y}")
        };
    }
    path
}

/// The start of a text that has no room; the whole stands in its title.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most - 1).collect();
    format!("{start}…")
}

/// A text of XML. Control characters, which XML has none of, are pictures already,
/// but for the two that are no characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[expect(clippy::cast_precision_loss, reason = "services of a map are few")]
fn number(count: usize) -> f64 {
    count as f64
}

fn color(health: Health) -> &'static str {
    match health {
        Health::Unknown => "#8c959f",
        Health::Good => "#1a7f37",
        Health::Erroneous => "#bf6a02",
        Health::Faulty => "#cf222e",
    }
}
