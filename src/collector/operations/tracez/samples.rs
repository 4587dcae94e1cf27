//! Samples of spans, with all that is known of them.

use std::fmt::Write;

use super::html;
use super::select::Select;
use super::window::{BOUNDS, Class, Seen, nanos};
use crate::otlp::hex;
use crate::otlp::view::{AnyValue, Attributes, Event, Span};

/// Samples that are shown.
const SAMPLES: usize = 20;
/// Attributes that are shown, of a span or of an event.
const ATTRIBUTES: usize = 64;
/// Events that are shown of a span.
const EVENTS: usize = 32;
/// Bytes of a value that are shown.
const VALUE: usize = 1024;
/// Values within one another that are shown.
const DEPTH: usize = 4;
/// Bytes of the page after which no further sample is shown.
const PAGE: usize = 2 << 20;

/// The samples that were asked for.
pub(super) struct Samples<'a> {
    select: &'a Select,
    found: u64,
    shown: usize,
    drawn: String,
}

impl<'a> Samples<'a> {
    /// Takes samples of what `select` says.
    pub(super) fn new(select: &'a Select) -> Self {
        Self {
            select,
            found: 0,
            shown: 0,
            drawn: String::new(),
        }
    }

    /// Takes a span where it is asked for, and there is room.
    pub(super) fn add(&mut self, seen: Seen<'_>) {
        if !self.select.is_for(&seen) {
            return;
        }
        self.found += 1;
        if self.shown < SAMPLES && self.drawn.len() < PAGE {
            self.shown += 1;
            sample(&mut self.drawn, &seen);
        }
    }

    /// Writes them.
    pub(super) fn write(&self, out: &mut String) {
        let select = self.select;
        out.push_str("<h2 id=samples>");
        if let Some(service) = &select.service {
            html::escape(out, service);
            out.push_str(": ");
        }
        html::escape(out, &select.operation);
        let class = match select.class {
            Class::Running => "running".to_owned(),
            Class::Failed => "errors".to_owned(),
            Class::Took(bucket) => {
                let from = BOUNDS.get(bucket).copied().unwrap_or_default();
                match BOUNDS.get(bucket + 1) {
                    Some(to) => format!("{} to {}", html::bound(from), html::bound(*to)),
                    None => format!("{} and more", html::bound(from)),
                }
            }
        };
        let (shown, found) = (self.shown, self.found);
        html::push(out, &[", ", &class, "</h2>"]);
        let _ = write!(
            out,
            "<p>{shown} of {found} that were counted, those that came last.</p>"
        );
        out.push_str(&self.drawn);
    }
}

fn sample(out: &mut String, seen: &Seen<'_>) {
    let span = &seen.span;
    let start = html::time(span.start_time_unix_nano);
    let took = match seen.class {
        Class::Running => "running".to_owned(),
        Class::Took(_) | Class::Failed => html::duration(nanos(span)),
    };
    html::push(out, &["<article><h3>", &start, " · ", &took]);
    if seen.class == Class::Failed {
        out.push_str(" · error");
    }
    out.push_str("</h3><table>");
    let kind = format!("{:?}", span.kind).to_lowercase();
    // Nobody has checked how long this id is.
    let parent = span.parent().map_or_else(
        || "none".to_owned(),
        |parent| hex(parent.get(..16).unwrap_or(parent)),
    );
    let rows = [
        ("trace", hex(span.trace_id)),
        ("span", hex(span.span_id)),
        ("parent", parent),
        ("service", seen.service.to_owned()),
        ("kind", kind),
        ("status", cut(span.status.message)),
    ];
    for (name, value) in rows {
        if !value.is_empty() {
            html::push(out, &["<tr><th>", name, "<td>"]);
            html::escape(out, &value);
        }
    }
    attributes(out, span.attributes());
    out.push_str("</table>");
    events(out, span);
    out.push_str("</article>");
}

fn attributes(out: &mut String, attributes: Attributes<'_>) {
    let mut all = attributes.iter();
    for (key, value) in all.by_ref().take(ATTRIBUTES) {
        out.push_str("<tr><td>");
        html::escape(out, &cut(key));
        out.push_str("<td>");
        let mut text = String::new();
        write_value(&mut text, value, 0);
        html::escape(out, &cut(&text));
    }
    more(out, all.count(), "attributes");
}

fn events(out: &mut String, span: &Span<'_>) {
    let mut all = span.events();
    for event in all.by_ref().take(EVENTS) {
        heading(out, &event, span.start_time_unix_nano);
        out.push_str("<table>");
        attributes(out, event.attributes());
        out.push_str("</table>");
    }
    out.push_str("<table>");
    more(out, all.count(), "events");
    out.push_str("</table>");
}

fn heading(out: &mut String, event: &Event<'_>, start: u64) {
    let at = event.time_unix_nano;
    let (sign, after) = match at.checked_sub(start) {
        Some(after) => ("+", after),
        None => ("−", start.saturating_sub(at)),
    };
    html::push(out, &["<h4>", sign, &html::duration(after), " "]);
    html::escape(out, &cut(event.name));
    out.push_str("</h4>");
}

/// Says how many are not shown.
fn more(out: &mut String, count: usize, what: &str) {
    if count > 0 {
        let _ = write!(out, "<tr><td colspan=2><i>and {count} more {what}</i>");
    }
}

/// Writes a value until it is longer than what is shown.
fn write_value(out: &mut String, value: AnyValue<'_>, depth: usize) {
    if out.len() > VALUE || depth > DEPTH {
        out.push('…');
        return;
    }
    // Writing into a text does not fail.
    let _ = match value {
        AnyValue::Text(text) => write!(out, "{}", cut(text)),
        AnyValue::Bool(value) => write!(out, "{value}"),
        AnyValue::Int(value) => write!(out, "{value}"),
        AnyValue::Double(value) => write!(out, "{value}"),
        AnyValue::Empty => write!(out, "none"),
        AnyValue::Bytes(bytes) => write!(out, "{} bytes", bytes.len()),
        AnyValue::Array(array) => {
            out.push('[');
            for (index, value) in array.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write_value(out, value, depth + 1);
                if out.len() > VALUE {
                    break;
                }
            }
            write!(out, "]")
        }
        AnyValue::Map(map) => {
            out.push('{');
            for (index, (key, value)) in map.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                let _ = write!(out, "{}: ", cut(key));
                write_value(out, value, depth + 1);
                if out.len() > VALUE {
                    break;
                }
            }
            write!(out, "}}")
        }
    };
}

/// The beginning of a text that is too long to be shown.
fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(VALUE);
    let rest = if end < text.len() { "…" } else { "" };
    format!("{}{rest}", &text[..end])
}
