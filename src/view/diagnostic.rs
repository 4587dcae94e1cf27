//! Diagnostics for people and for programs.
//!
//! For people they look as rustc's do: what is wrong, the place with its line,
//! what to do. For programs they have Terraform's form. Nothing from a file
//! reaches the terminal as a control character.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value as Json, json};

use super::visible::{push_visible, visible};
use crate::model::{Diagnostic, Diagnostics, Severity, SourceFile, SourceRange, plural};

/// The narrowest room that a source line gets, in characters.
const NARROWEST: usize = 40;

/// Draws diagnostics for people, each followed by an empty line. `width` is
/// that of the terminal in characters; longer source lines are cut around the
/// fault.
pub fn render(diagnostics: &Diagnostics, color: bool, width: usize) -> String {
    let mut files = Files::default();
    let mut drawn = String::new();
    for diagnostic in diagnostics {
        let excerpt = diagnostic
            .source
            .as_ref()
            .map(|place| files.lines(&place.file).excerpt(place, width));
        drawn.push_str(&draw(diagnostic, excerpt.as_ref(), color));
        drawn.push_str("\n\n");
    }
    drawn
}

/// Writes the line that ends a list of diagnostics: `Found 3 errors and 1
/// warning.`
pub fn summary_line(diagnostics: &Diagnostics) -> String {
    let errors = diagnostics.count(Severity::Error);
    let warnings = diagnostics.count(Severity::Warning);
    let parts: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| plural::count(number, noun))
        .collect();
    match parts.as_slice() {
        [] => "Found no errors.".to_owned(),
        parts => format!("Found {}.", parts.join(" and ")),
    }
}

/// Writes diagnostics in the form of `terraform validate -json`.
pub fn document(diagnostics: &Diagnostics) -> Json {
    let list: Vec<Json> = diagnostics.iter().map(to_json).collect();
    json!({
        "format_version": "1.0",
        "valid": !diagnostics.has_errors(),
        "error_count": diagnostics.count(Severity::Error),
        "warning_count": diagnostics.count(Severity::Warning),
        "diagnostics": list,
    })
}

/// Writes a diagnostic as Terraform does in `validate -json`, with the hint in
/// a field of its own.
pub fn to_json(diagnostic: &Diagnostic) -> Json {
    let mut object = json!({
        "severity": diagnostic.severity,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail.as_deref().unwrap_or_default(),
    });
    if let Some(code) = diagnostic.code {
        object["code"] = json!(code);
    }
    if let Some(address) = &diagnostic.address {
        object["address"] = json!(address);
    }
    if let Some(place) = &diagnostic.source {
        object["range"] = json!({
            "filename": place.file.name,
            "start": place.start(),
            "end": place.end(),
        });
        object["snippet"] = snippet(place);
    }
    if let Some(hint) = &diagnostic.hint {
        object["hint"] = json!(hint);
    }
    object
}

/// Writes the first line of a place as it stands, with the place in it.
fn snippet(place: &SourceRange) -> Json {
    let lines = Lines::new(&place.file);
    let (number, line) = lines.at(place.bytes.start);
    let code = place.file.text.get(line.clone()).unwrap_or_default();
    let within = |byte: usize| byte.clamp(line.start, line.end) - line.start;
    json!({
        "context": Json::Null,
        "code": code,
        "start_line": number,
        "highlight_start_offset": within(place.bytes.start),
        "highlight_end_offset": within(place.bytes.end),
        "values": [],
    })
}

fn draw(diagnostic: &Diagnostic, excerpt: Option<&Excerpt>, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut title = level.primary_title(visible(&diagnostic.summary));
    if let Some(code) = diagnostic.code {
        title = title.id(code);
    }
    let group = Group::with_title(title);
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let Some(excerpt) = excerpt else {
        return draw_placeless(diagnostic, &renderer.render(&[group]));
    };
    let mut group = group.element(
        Snippet::source(excerpt.code.as_str())
            .path(visible(&excerpt.name))
            .line_start(excerpt.line)
            .annotation(AnnotationKind::Primary.span(excerpt.marked.clone())),
    );
    if let Some(detail) = &diagnostic.detail {
        let lines: Vec<String> = detail.lines().map(visible).collect();
        group = group.element(Level::NOTE.no_name().message(lines.join("\n")));
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.with_name("hint").message(visible(hint)));
    }
    let renderer = renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(excerpt.room);
    renderer.render(&[group])
}

/// Draws what points nowhere, without the margin of a snippet.
fn draw_placeless(diagnostic: &Diagnostic, title: &str) -> String {
    let detail = diagnostic.detail.iter().flat_map(|detail| detail.lines());
    let mut lines = vec![title.to_owned()];
    lines.extend(detail.map(|line| format!("  {}", visible(line))));
    if let Some(hint) = &diagnostic.hint {
        lines.push(format!("  hint: {}", visible(hint)));
    }
    lines.join("\n")
}

/// The lines of the files that diagnostics point into, found once a file:
/// a thousand errors in a large file do not read it a thousand times.
#[derive(Default)]
struct Files(BTreeMap<*const SourceFile, Lines>);

impl Files {
    fn lines(&mut self, file: &Arc<SourceFile>) -> &Lines {
        // Two files at one address cannot be: the diagnostics keep them alive.
        self.0
            .entry(Arc::as_ptr(file))
            .or_insert_with(|| Lines::new(file))
    }
}

/// Where the lines of a file start.
struct Lines {
    file: Arc<SourceFile>,
    starts: Vec<usize>,
}

/// A place, made ready to be drawn.
struct Excerpt {
    name: String,
    line: usize,
    /// The line up to a little behind the fault.
    code: String,
    /// Bytes of `code`.
    marked: Range<usize>,
    /// Characters that the line may take.
    room: usize,
}

impl Lines {
    fn new(file: &Arc<SourceFile>) -> Self {
        let ends = file.text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file: Arc::clone(file),
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// Returns the number of the line that holds `byte`, counted from 1, and
    /// its bytes without the line break.
    fn at(&self, byte: usize) -> (usize, Range<usize>) {
        let number = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.starts[number - 1];
        let end = self
            .starts
            .get(number)
            .map_or(self.file.text.len(), |next| next - 1);
        let line = self.file.text.get(start..end).unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        (number, start..start + line.len())
    }

    fn excerpt(&self, place: &SourceRange, width: usize) -> Excerpt {
        let text = &self.file.text;
        let mut byte = place.bytes.start.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let (number, line) = self.at(byte);
        let from = byte.min(line.end) - line.start;
        let to = place.bytes.end.clamp(byte.min(line.end), line.end) - line.start;
        let gutter = number.to_string().len() + 3;
        let room = width.saturating_sub(gutter).max(NARROWEST);
        let (code, marked) = cut(&text[line], from..to, room);
        Excerpt {
            name: self.file.name.clone(),
            line: number,
            code,
            marked,
            room,
        }
    }
}

/// Makes the control characters of a line visible and marks no more than fits
/// `room` characters. What comes before the fault is kept whole, since the
/// column is counted from it; the renderer shows only what fits.
fn cut(line: &str, marked: Range<usize>, room: usize) -> (String, Range<usize>) {
    // Room for the dots that the renderer puts where it cuts, on both sides.
    let most_marked = room.saturating_sub(16).max(1);
    let mut code = String::new();
    let mut start = None;
    let mut end = None;
    let mut behind = 0;
    for (at, c) in line.char_indices() {
        if at >= marked.start {
            start.get_or_insert(code.len());
            behind += 1;
        }
        if end.is_none() && (at >= marked.end || behind > most_marked) {
            end = Some(code.len());
        }
        if behind > most_marked + room {
            break;
        }
        push_visible(&mut code, c);
    }
    let start = start.unwrap_or(code.len());
    let end = end.unwrap_or(code.len());
    (code, start..end.max(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;

    fn file() -> Arc<SourceFile> {
        SourceFile::new(
            "xrayctl.toml",
            "[sampling_rules.checkout]\npriority = 1\nfixed_rate = 1.5\n",
        )
    }

    fn at(file: &Arc<SourceFile>, text: &str) -> SourceRange {
        let start = file.text.find(text).unwrap();
        SourceRange::new(file, start..start + text.len())
    }

    fn rate(file: &Arc<SourceFile>) -> Diagnostic {
        Diagnostic::error("sampling rule `checkout`: `fixed_rate` 1.5 is outside 0–1")
            .at(Address::new("sampling_rule", "checkout"))
            .with_source(at(file, "1.5"))
            .with_hint("write 5% as 0.05")
    }

    #[test]
    fn draws_the_place_and_the_hint() {
        insta::assert_snapshot!(render(&rate(&file()).into(), false, 80), @r"
        error: sampling rule `checkout`: `fixed_rate` 1.5 is outside 0–1
         --> xrayctl.toml:3:14
          |
        3 | fixed_rate = 1.5
          |              ^^^
          |
          = hint: write 5% as 0.05
        ");
    }

    #[test]
    fn draws_details_and_what_has_no_place() {
        let diagnostics: Diagnostics = [
            Diagnostic::error("the spec has no environment `prod`")
                .with_hint("did you mean `production`?"),
            Diagnostic::warning("priority 2 is never reached")
                .with_detail("rule `a` matches everything that `b` does\nand comes first"),
            rate(&file()).with_detail("first line\nsecond line"),
        ]
        .into_iter()
        .collect();
        insta::assert_snapshot!(render(&diagnostics, false, 80), @r"
        error: the spec has no environment `prod`
          hint: did you mean `production`?

        warning: priority 2 is never reached
          rule `a` matches everything that `b` does
          and comes first

        error: sampling rule `checkout`: `fixed_rate` 1.5 is outside 0–1
         --> xrayctl.toml:3:14
          |
        3 | fixed_rate = 1.5
          |              ^^^
          |
          = first line
            second line
          = hint: write 5% as 0.05
        ");
    }

    #[test]
    fn cuts_long_lines_around_the_fault() {
        let text = format!("key = \"{}WRONG{}\"\n", "a".repeat(500), "b".repeat(500));
        let file = SourceFile::new("x.toml", text);
        let diagnostic = Diagnostic::error("wrong").with_source(at(&file, "WRONG"));
        insta::assert_snapshot!(render(&diagnostic.into(), false, 60), @r"
        error: wrong
         --> x.toml:1:508
          |
        1 | ...aaaaaaaaaaaaaaaaaaaaWRONGbbbbbbbbbbbbbbbbbbbbb...
          |                        ^^^^^
        ");
        let diagnostic = Diagnostic::error("long").with_source(SourceRange::new(&file, 6..1013));
        insta::assert_snapshot!(render(&diagnostic.into(), false, 60), @r#"
        error: long
         --> x.toml:1:7
          |
        1 | key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...
          |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#);
    }

    #[test]
    fn shows_control_characters() {
        let file = SourceFile::new(
            "x\u{1b}[31m.toml",
            "a = \u{1b}[31m\u{9b}\t\u{202e}x é\r\nb = 1",
        );
        let diagnostic = Diagnostic::error("bad \u{1b}[0m")
            .with_source(at(&file, "x é"))
            .with_hint("no \u{7}")
            .with_detail("line\u{8}");
        let drawn = render(&diagnostic.into(), false, 80);
        assert!(
            drawn.chars().all(|c| c == '\n' || !c.is_control()),
            "{drawn:?}"
        );
        insta::assert_snapshot!(drawn, @r"
        error: bad ␛[0m
         --> x␛[31m.toml:1:13
          |
        1 | a = ␛[31m�    �x é
          |                ^^^
          |
          = line␈
          = hint: no ␇
        ");
    }

    #[test]
    fn marks_places_at_the_edges() {
        let file = SourceFile::new("x.toml", "a = [\n1,\n]");
        let many = SourceRange::new(&file, 4..10);
        let end = SourceRange::new(&file, 10..10);
        let beyond = SourceRange::new(&file, 99..120);
        let line_break = SourceRange::new(&file, 5..6);
        let diagnostics: Diagnostics = [many, end, beyond, line_break]
            .into_iter()
            .map(|place| Diagnostic::error("here").with_source(place))
            .collect();
        insta::assert_snapshot!(render(&diagnostics, false, 80), @r"
        error: here
         --> x.toml:1:5
          |
        1 | a = [
          |     ^

        error: here
         --> x.toml:3:2
          |
        3 | ]
          |  ^

        error: here
         --> x.toml:3:2
          |
        3 | ]
          |  ^

        error: here
         --> x.toml:1:6
          |
        1 | a = [
          |      ^
        ");
        let empty = SourceFile::new("empty.toml", "");
        let diagnostic =
            Diagnostic::error("the spec is empty").with_source(SourceRange::new(&empty, 0..0));
        insta::assert_snapshot!(render(&diagnostic.into(), false, 80), @r"
        error: the spec is empty
         --> empty.toml:1:1
          |
        1 |
          | ^
        ");
    }

    #[test]
    fn colours_on_demand() {
        assert!(render(&rate(&file()).into(), true, 80).contains("\u{1b}["));
    }

    #[test]
    fn counts() {
        let error = Diagnostic::error("a");
        let warning = Diagnostic::warning("b");
        let line = |list: Vec<&Diagnostic>| summary_line(&list.into_iter().cloned().collect());
        assert_eq!(
            line(vec![&error, &error, &error, &warning]),
            "Found 3 errors and 1 warning."
        );
        assert_eq!(line(vec![&warning, &warning]), "Found 2 warnings.");
        assert_eq!(line(vec![]), "Found no errors.");
    }

    #[test]
    fn writes_terraforms_json() {
        let json = serde_json::to_string_pretty(&to_json(&rate(&file()))).unwrap();
        insta::assert_snapshot!(json, @r#"
        {
          "severity": "error",
          "summary": "sampling rule `checkout`: `fixed_rate` 1.5 is outside 0–1",
          "detail": "",
          "address": "sampling_rule.checkout",
          "range": {
            "filename": "xrayctl.toml",
            "start": {
              "line": 3,
              "column": 14,
              "byte": 52
            },
            "end": {
              "line": 3,
              "column": 17,
              "byte": 55
            }
          },
          "snippet": {
            "context": null,
            "code": "fixed_rate = 1.5",
            "start_line": 3,
            "highlight_start_offset": 13,
            "highlight_end_offset": 16,
            "values": []
          },
          "hint": "write 5% as 0.05"
        }
        "#);
    }
}
