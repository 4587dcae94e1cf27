//! One trace as a waterfall: when each segment ran, and how it ended.

use std::fmt::{self, Write};

use console::measure_text_width;
use serde_json::Value;

use super::figures::{seconds, status_style};
use super::table::{cut, one_line, padded};
use super::{Styles, Terminal};
use crate::lookup::{Entity, Exception, Moment, Place, Status, Step, Waterfall};
use crate::model::plural;

/// Characters of a line where no terminal tells its width.
const WIDTH: usize = 100;
/// Characters of an offset or a duration.
const TIME: usize = 8;
/// Characters of `429 THROTTLE`.
const END: usize = 13;
/// The fewest characters of names, and of bars.
const NARROWEST: usize = 20;
/// The fewest characters of a bar.
const NARROWEST_BAR: usize = 10;
/// Characters that the tree draws for each level.
const INDENT: usize = 3;

/// How a trace is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    styles: Styles,
    columns: Option<usize>,
    /// With ids, annotations, all other fields, and stacks.
    pub is_verbose: bool,
    /// The deepest level that is drawn, from 0.
    pub deepest: Option<usize>,
}

impl Look {
    /// For `terminal`.
    pub fn new(terminal: &Terminal) -> Self {
        Self {
            styles: terminal.styles,
            columns: terminal.columns,
            ..Self::default()
        }
    }
}

/// Draws a trace.
pub fn render(waterfall: &Waterfall, look: Look) -> String {
    let mut drawing = Drawing::new(waterfall, look);
    // Writing to a String cannot fail.
    let _ = drawing.draw();
    drawing.out
}

struct Drawing<'a> {
    waterfall: &'a Waterfall,
    look: Look,
    /// Characters of names and of bars.
    names: usize,
    bars: usize,
    /// Whether the entity at each level, above the current one, is the last.
    guides: Vec<bool>,
    out: String,
}

impl<'a> Drawing<'a> {
    fn new(waterfall: &'a Waterfall, look: Look) -> Self {
        let width = look.columns.unwrap_or(WIDTH);
        let most = (width * 2 / 5).max(NARROWEST);
        let drawn = waterfall.steps.iter().filter(|step| is_drawn(step, look));
        let longest = drawn.map(|step| {
            let indent = (step.depth * INDENT).min(most / 2);
            indent + measure_text_width(&label(step))
        });
        let names = longest.max().unwrap_or_default().clamp(NARROWEST, most);
        let rest = width.saturating_sub(names + 2 * (TIME + 1) + 1 + END + 1);
        Self {
            waterfall,
            look,
            names,
            bars: rest.max(NARROWEST_BAR),
            guides: Vec::new(),
            out: String::new(),
        }
    }

    fn draw(&mut self) -> fmt::Result {
        self.draw_head()?;
        let waterfall = self.waterfall;
        let mut hidden = 0;
        for step in &waterfall.steps {
            self.guides.truncate(step.depth);
            self.guides.push(step.is_last);
            if is_drawn(step, self.look) {
                self.draw_step(step)?;
            } else {
                hidden += 1;
            }
        }
        if hidden > 0 {
            let hidden = plural::count(hidden, "deeper one");
            writeln!(self.out, "\n{hidden} not shown: raise --depth")?;
        }
        Ok(())
    }

    fn draw_head(&mut self) -> fmt::Result {
        let Waterfall {
            id, start, status, ..
        } = self.waterfall;
        let styles = self.look.styles;
        let entities = plural::count(self.waterfall.steps.len(), "entity");
        writeln!(self.out, "Trace {}", styles.bold.paint(one_line(id)))?;
        let status_word = status_style(*status, styles).paint(status.word());
        write!(
            self.out,
            "{status_word}, {}",
            seconds(self.waterfall.length)
        )?;
        if let Some(start) = start {
            write!(self.out, " from {}", Moment::from_seconds(*start))?;
        }
        write!(self.out, ", {entities}")?;
        if self.waterfall.is_partial {
            self.out.push_str(", partial");
        }
        if self.waterfall.limit_exceeded {
            self.out
                .push_str(", larger than X-Ray keeps: some of it is missing");
        }
        self.out.push_str("\n\n");
        let scale = seconds(self.waterfall.length);
        let titles = format!(
            "{} {:>TIME$} {:>TIME$}  0{scale:>width$}",
            padded("NAME", self.names),
            "OFFSET",
            "TOOK",
            width = self.bars.saturating_sub(1),
        );
        writeln!(self.out, "{}", styles.dim.paint(titles))
    }

    fn draw_step(&mut self, step: &Step) -> fmt::Result {
        let entity = &step.entity;
        let styles = self.look.styles;
        let label = format!("{}{}", self.branch(step.depth), label(step));
        let label = match self.look.columns {
            Some(_) => cut(&label, self.names),
            None => label,
        };
        let offset = entity.start.zip(self.waterfall.start);
        let offset = offset.map_or_else(|| "-".to_owned(), |(start, first)| seconds(start - first));
        let took = entity.took().map_or_else(|| "-".to_owned(), seconds);
        let (before, bar) = self.bar(entity);
        let style = match entity.status {
            Status::Ok if entity.inferred => styles.dim,
            status => status_style(status, styles),
        };
        let line = format!(
            "{} {offset:>TIME$} {took:>TIME$}  {}{}",
            padded(&label, self.names),
            " ".repeat(before),
            style.paint(&bar),
        );
        let behind = self.bars.saturating_sub(before + bar.chars().count());
        let end = end(entity);
        if end.is_empty() {
            writeln!(self.out, "{}", line.trim_end())?;
        } else {
            writeln!(
                self.out,
                "{line}{} {}",
                " ".repeat(behind),
                style.paint(end)
            )?;
        }
        self.draw_below(step)
    }

    /// Where the bar of an entity begins, and the bar.
    fn bar(&self, entity: &Entity) -> (usize, String) {
        let (Some(start), Some(first)) = (entity.start, self.waterfall.start) else {
            return (0, String::new());
        };
        let length = self.waterfall.length;
        let share = |seconds: f64| if length > 0.0 { seconds / length } else { 0.0 };
        let before = cells(share(start - first), self.bars).min(self.bars - 1);
        let end = entity
            .end
            .map_or(self.bars, |end| cells(share(end - first), self.bars));
        let long = end.saturating_sub(before).clamp(1, self.bars - before);
        let cell = match (entity.end, entity.inferred) {
            (None, _) => "▒",
            (_, true) => "░",
            _ => "█",
        };
        (before, cell.repeat(long))
    }

    /// The tree in front of a name. Where it would leave no room for names, the
    /// depth stands there in digits.
    fn branch(&self, depth: usize) -> String {
        if depth == 0 {
            return String::new();
        }
        if depth * INDENT > self.names / 2 {
            return format!("⋯{depth} ");
        }
        let end = if self.guides[depth] {
            "└─ "
        } else {
            "├─ "
        };
        format!("{}{end}", self.trunk(1..depth))
    }

    /// The tree in front of what stands below a name.
    fn stem(&self, step: &Step) -> String {
        if step.depth * INDENT > self.names / 2 {
            return "   ".to_owned();
        }
        let own = if step.below > 0 { "│  " } else { "   " };
        format!("{}{own}", self.trunk(1..step.depth + 1))
    }

    fn trunk(&self, levels: std::ops::Range<usize>) -> String {
        let levels = levels.map(|level| if self.guides[level] { "   " } else { "│  " });
        levels.collect()
    }

    /// Exceptions, and where asked for all else.
    fn draw_below(&mut self, step: &Step) -> fmt::Result {
        let stem = self.stem(step);
        let styles = self.look.styles;
        let entity = &step.entity;
        for thrown in &entity.exceptions {
            let text = styles.remove.paint(exception(thrown));
            writeln!(self.out, "{stem}! {text}")?;
            if self.look.is_verbose {
                for frame in &thrown.stack {
                    writeln!(
                        self.out,
                        "{stem}    at {}",
                        styles.dim.paint(one_line(frame))
                    )?;
                }
            }
        }
        if let Some(cause) = &step.caused_by {
            let text = styles.remove.paint(one_line(cause));
            writeln!(self.out, "{stem}! caused by {text}")?;
        }
        if !self.look.is_verbose {
            return Ok(());
        }
        for (name, value) in details(entity) {
            let text = format!("{name} = {value}");
            writeln!(self.out, "{stem}{}", styles.dim.paint(one_line(&text)))?;
        }
        Ok(())
    }
}

fn is_drawn(step: &Step, look: Look) -> bool {
    look.deepest.is_none_or(|deepest| step.depth <= deepest)
}

/// So many of `all` cells are a share of them.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "cells of a line are few, and the cast saturates"
)]
fn cells(share: f64, all: usize) -> usize {
    (share * all as f64).round() as usize
}

/// The name of an entity, what was asked of it, and what is odd about it.
fn label(step: &Step) -> String {
    let entity = &step.entity;
    let mut label = one_line(&entity.name);
    if label.is_empty() {
        label.push_str("(no name)");
    }
    let path = entity.request.url.as_deref().map(path);
    let asked = [entity.request.method.as_deref(), path];
    for part in asked.into_iter().flatten() {
        label.push(' ');
        label.push_str(&one_line(part));
    }
    let odd = [
        (entity.inferred, "inferred"),
        (step.place == Place::ParentMissing, "parent missing"),
        (step.place == Place::Circle, "below itself"),
    ];
    for (_, word) in odd.iter().filter(|(is_so, _)| *is_so) {
        // Writing to a String cannot fail.
        let _ = write!(label, " ({word})");
    }
    label
}

/// The path of a URL, without its query.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    path.split('?').next().unwrap_or(path)
}

/// How an entity ended.
fn end(entity: &Entity) -> String {
    let code = entity.request.status.map(|status| status.to_string());
    let word = match (entity.end, entity.status) {
        (None, _) => Some("in progress".to_owned()),
        (_, Status::Ok) => None,
        (_, status) => Some(status.word().to_owned()),
    };
    let parts: Vec<String> = code.into_iter().chain(word).collect();
    parts.join(" ")
}

fn exception(thrown: &Exception) -> String {
    let kind = thrown.kind.as_deref().unwrap_or("exception");
    let mut text = kind.to_owned();
    if let Some(message) = &thrown.message {
        text = format!("{kind}: {message}");
    }
    if thrown.remote {
        text.push_str(" (remote)");
    }
    one_line(&text)
}

/// Everything that has no place of its own in the drawing.
fn details(entity: &Entity) -> Vec<(String, String)> {
    let own = [
        ("id", Some(&entity.id)),
        ("origin", entity.origin.as_ref()),
        ("namespace", entity.namespace.as_ref()),
    ];
    let own = own
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.clone())));
    let annotations = entity.annotations.iter().map(|(key, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (format!("annotations.{key}"), value)
    });
    own.chain(annotations)
        .chain(entity.fields.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lookup::{Document, Trace};

    fn trace() -> Waterfall {
        let documents = [
            json!({
                "id": "000000000000000a", "name": "checkout", "start_time": 1_769_860_800.0,
                "end_time": 1_769_860_801.2, "fault": true, "origin": "AWS::ECS::Fargate",
                "http": {"request": {"method": "POST", "url": "https://shop.example/cart?id=1"},
                    "response": {"status": 502}},
                "annotations": {"tier": "gold", "items": 3}, "user": "ada",
                "subsegments": [
                    {"id": "000000000000000b", "name": "stock.example", "namespace": "remote",
                        "start_time": 1_769_860_800.1, "end_time": 1_769_860_801.1,
                        "throttle": true, "error": true,
                        "http": {"request": {"method": "GET", "url": "http://stock.example/"},
                            "response": {"status": 429}},
                        "cause": {"exceptions": [{"id": "e1", "type": "TooMany\x1b[2J",
                            "message": "slow\ndown", "remote": true,
                            "stack": [{"path": "cart.py", "line": 7, "label": "add"}]}]}},
                    {"id": "000000000000000d", "name": "a name that is longer than the room for it",
                        "start_time": 1_769_860_801.15, "in_progress": true},
                ]
            }),
            json!({
                "id": "000000000000000c", "name": "stock.example", "inferred": true,
                "parent_id": "000000000000000b", "start_time": 1_769_860_800.1,
                "end_time": 1_769_860_801.1, "throttle": true
            }),
            json!({
                "id": "000000000000000e", "name": "mailer", "parent_id": "00000000000000ff",
                "start_time": 1_769_860_801.19, "end_time": 1_769_860_801.2
            }),
        ];
        let documents = documents
            .iter()
            .map(|document| Document::new(String::new(), document.to_string()));
        let trace = Trace {
            documents: documents.collect(),
            ..Trace::new("1-697df1c0-000000000000000000000001")
        };
        trace.waterfall()
    }

    fn look(columns: Option<usize>) -> Look {
        Look {
            columns,
            ..Look::default()
        }
    }

    #[test]
    fn fits_eighty_columns() {
        let drawn = render(&trace(), look(Some(80)));
        assert!(
            drawn.lines().all(|line| measure_text_width(line) <= 80),
            "{drawn}"
        );
        insta::assert_snapshot!(drawn, @r"
        Trace 1-697df1c0-000000000000000000000001
        FAULT, 1.20s from 2026-01-31T12:00:00Z, 5 entities, partial

        NAME                               OFFSET     TOOK  0         1.20s
        checkout POST /cart                   0ms    1.20s  ███████████████ 502 FAULT
        ├─ stock.example GET /              100ms    1.00s   █████████████  429 THROTTLE
        │  │  ! TooMany␛[2J: slow␊down (remote)
        │  └─ stock.example (inferred)      100ms    1.00s   ░░░░░░░░░░░░░  THROTTLE
        └─ a name that is longer than t…    1.15s        -                ▒ in progress
        mailer (parent missing)             1.19s     10ms                █
        ");
    }

    #[test]
    fn cuts_no_name_where_there_is_no_terminal() {
        insta::assert_snapshot!(render(&trace(), look(None)), @r"
        Trace 1-697df1c0-000000000000000000000001
        FAULT, 1.20s from 2026-01-31T12:00:00Z, 5 entities, partial

        NAME                                       OFFSET     TOOK  0                     1.20s
        checkout POST /cart                           0ms    1.20s  ███████████████████████████ 502 FAULT
        ├─ stock.example GET /                      100ms    1.00s    ███████████████████████   429 THROTTLE
        │  │  ! TooMany␛[2J: slow␊down (remote)
        │  └─ stock.example (inferred)              100ms    1.00s    ░░░░░░░░░░░░░░░░░░░░░░░   THROTTLE
        └─ a name that is longer than the room for it    1.15s        -                            ▒ in progress
        mailer (parent missing)                     1.19s     10ms                            █
        ");
    }

    #[test]
    fn verbose_shows_every_field() {
        let look = Look {
            is_verbose: true,
            deepest: Some(0),
            ..look(Some(80))
        };
        insta::assert_snapshot!(render(&trace(), look), @r"
        Trace 1-697df1c0-000000000000000000000001
        FAULT, 1.20s from 2026-01-31T12:00:00Z, 5 entities, partial

        NAME                      OFFSET     TOOK  0                  1.20s
        checkout POST /cart          0ms    1.20s  ████████████████████████ 502 FAULT
        │  id = 000000000000000a
        │  origin = AWS::ECS::Fargate
        │  annotations.tier = gold
        │  annotations.items = 3
        │  http.request.method = POST
        │  http.request.url = https://shop.example/cart?id=1
        │  http.response.status = 502
        │  user = ada
        mailer (parent missing)    1.19s     10ms                         █
           id = 000000000000000e

        3 deeper ones not shown: raise --depth
        ");
        let all = Look {
            deepest: None,
            ..look
        };
        assert!(render(&trace(), all).contains("    at add (cart.py:7)"));
    }

    #[test]
    fn a_deep_trace_keeps_its_names() {
        let chain = (0..300).map(|n| {
            let id = json!({"id": n.to_string(), "name": format!("n{n}"), "start_time": n,
                "end_time": 300, "parent_id": (n > 0).then(|| (n - 1).to_string())});
            Document::new(String::new(), id.to_string())
        });
        let trace = Trace {
            documents: chain.collect(),
            ..Trace::new("x")
        };
        let drawn = render(&trace.waterfall(), look(Some(80)));
        assert!(drawn.contains("⋯299 n299"), "{drawn}");
        assert!(drawn.lines().all(|line| measure_text_width(line) <= 80));
    }

    #[test]
    fn nothing_to_draw_is_drawn() {
        let drawn = render(&Trace::new("x").waterfall(), look(Some(1)));
        assert!(
            drawn.starts_with("Trace x\nOK, 0ms, 0 entities\n"),
            "{drawn}"
        );
    }
}
