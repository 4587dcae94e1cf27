//! A plan as a comment on a pull request: what is planned at a glance, and each
//! change to be opened. Whatever the plan's size, it fits into one comment.
//!
//! What users and AWS wrote stands in code, where nothing in it is Markdown, a
//! mention or HTML.

use std::fmt::Write;

use super::plan::{document_diff, hidden, literal, path, verb, why};
use super::visible::visible;
use super::{plan_summary, terraform_plan};
use crate::model::plural::count;
use crate::model::{Address, Diagnostics};
use crate::plan::{Action, Change, FieldChange, Mode, Plan};

/// The most bytes of a comment. GitHub takes 65,536 characters; some are left
/// for what a workflow may add.
const LIMIT: usize = 65_000;
/// The most bytes of a value where a plan has to be shortened.
const LONGEST_VALUE: usize = 200;
/// The most bytes of a name.
const LONGEST_NAME: usize = 100;
/// The most bytes of one sentence of a warning.
const LONGEST_WARNING: usize = 300;
/// The most warnings, and the most names of what drifted.
const MOST_LISTED: usize = 20;

/// Draws a plan with what is worth knowing beside it.
pub fn render(plan: &Plan, warnings: &Diagnostics) -> String {
    let head = head(plan, warnings);
    if !plan.has_changes() {
        return head;
    }
    let shortened = "\nThe plan is too long for one comment";
    let steps = [
        (Detail::Full, String::new()),
        (
            Detail::Short,
            format!(
                "{shortened}: documents and long values are left out. `xrayctl plan` shows them.\n"
            ),
        ),
    ];
    for (detail, note) in steps {
        let mut text = head.clone();
        for change in plan.actual_changes() {
            text.push_str(&block(plan.mode, change, detail));
        }
        text.push_str(&note);
        if text.len() <= LIMIT {
            return text;
        }
    }
    let note = format!("{shortened}. `xrayctl plan` shows every field.\n");
    let room = LIMIT.saturating_sub(head.len() + note.len());
    format!("{head}{}{note}", table(plan, room))
}

/// How much of a change is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Full,
    /// Without documents, and with the beginning of long values.
    Short,
}

fn head(plan: &Plan, warnings: &Diagnostics) -> String {
    let mut text = format!(
        "### xrayctl: stack {} in account {}, {}\n\n",
        code(&plan.stack),
        code(&plan.target.account),
        code(&plan.target.region)
    );
    let changes = plan.actual_changes().count();
    // Writing to a String cannot fail.
    let _ = match (plan.mode, changes) {
        (_, 0) => writeln!(
            text,
            "**No changes.** {} seen.",
            count(plan.changes.len(), "resource")
        ),
        (Mode::RefreshOnly, _) => writeln!(
            text,
            "**Drift: {}.** `xrayctl apply` puts them back.",
            count(changes, "resource")
        ),
        _ => writeln!(text, "**{}**", plan_summary(plan)),
    };
    if plan.is_partial {
        text.push_str("\nOnly a part of the stack is planned (`--target`).\n");
    }
    if plan.mode != Mode::RefreshOnly {
        text.push_str(&drift(plan));
    }
    text.push_str(&warned(warnings));
    text.push('\n');
    text
}

fn drift(plan: &Plan) -> String {
    let drifted = plan.changes.iter();
    let drifted: Vec<&Address> = drifted
        .filter(|change| terraform_plan::is_drift(plan, change))
        .map(|change| &change.address)
        .collect();
    if drifted.is_empty() {
        return String::new();
    }
    let listed = drifted.iter().take(MOST_LISTED);
    let names: Vec<String> = listed.map(|address| code(&address.to_string())).collect();
    format!(
        "\nChanged outside xrayctl since the last apply: {}{}.\n",
        names.join(", "),
        more(drifted.len())
    )
}

fn warned(warnings: &Diagnostics) -> String {
    let total = warnings.iter().count();
    if total == 0 {
        return String::new();
    }
    let mut lines = String::new();
    for warning in warnings.iter().take(MOST_LISTED) {
        let summary = cut(&visible(&warning.summary), LONGEST_WARNING);
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "warning: {summary}");
        if let Some(hint) = &warning.hint {
            let _ = writeln!(lines, "  hint: {}", cut(&visible(hint), LONGEST_WARNING));
        }
    }
    let heading = format!("\n{}{}:\n\n", count(total, "warning"), more(total));
    format!("{heading}{}", fenced("text", &lines))
}

/// Says how many of a list are left out.
fn more(total: usize) -> String {
    match total.saturating_sub(MOST_LISTED) {
        0 => String::new(),
        left => format!(" and {left} more"),
    }
}

/// Draws one change, to be opened by a click.
fn block(mode: Mode, change: &Change, detail: Detail) -> String {
    let why = why(change).map_or_else(String::new, |why| format!(" ({why})"));
    let mut lines = String::new();
    for field in &change.fields {
        write_field(&mut lines, field, detail);
    }
    if let Some(hidden) = hidden(change) {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "  # ({} hidden)", count(hidden, "unchanged field"));
    }
    if lines.is_empty() {
        lines.push_str("  # (no field changes)\n");
    }
    format!(
        "<details><summary>{} {} {}{why}</summary>\n\n{}\n</details>\n\n",
        sign(change.action),
        code(&change.address.to_string()),
        verb(mode, change),
        fenced("diff", &lines)
    )
}

fn sign(action: Action) -> &'static str {
    match action {
        Action::Create => "➕",
        Action::Update => "✏️",
        Action::Replace => "♻️",
        Action::Delete => "❌",
        Action::Release => "👋",
        Action::Adopt | Action::NoOp => "📌",
    }
}

fn write_field(out: &mut String, field: &FieldChange, detail: Detail) {
    let name = path(&field.path);
    let name = match detail {
        Detail::Full => name,
        Detail::Short => cut(&name, LONGEST_NAME),
    };
    let forced = if field.forces_replacement {
        " # forces replacement"
    } else {
        ""
    };
    // Writing to a String cannot fail.
    if field.document && !field.unknown {
        let _ = match detail {
            Detail::Full => writeln!(out, "  {name}:{forced}"),
            Detail::Short => writeln!(out, "! {name} = (a document){forced}"),
        };
        if detail == Detail::Full {
            for (sign, line) in document_diff(field) {
                let _ = writeln!(out, "{sign}   {line}");
            }
        }
        return;
    }
    let value = |value| match detail {
        Detail::Full => literal(value),
        Detail::Short => cut(&literal(value), LONGEST_VALUE),
    };
    if let Some(before) = &field.before {
        let _ = writeln!(out, "- {name} = {}{forced}", value(before));
    }
    if field.unknown {
        let _ = writeln!(out, "+ {name} = (known after apply){forced}");
    } else if let Some(after) = &field.after {
        let _ = writeln!(out, "+ {name} = {}{forced}", value(after));
    }
}

/// Lists addresses in at most `room` bytes, what goes away before what comes.
fn table(plan: &Plan, room: usize) -> String {
    let mut text = "| | resource | |\n| --- | --- | --- |\n".to_owned();
    let mut changes: Vec<&Change> = plan.actual_changes().collect();
    changes.sort_by_key(|change| danger(change.action));
    for (index, change) in changes.iter().enumerate() {
        let row = format!(
            "| {} | {} | {} |\n",
            sign(change.action),
            code(&change.address.to_string()),
            verb(plan.mode, change)
        );
        let rest = format!("\nand {} more\n", changes.len() - index);
        if text.len() + row.len() + rest.len() > room {
            text.push_str(&rest);
            return text;
        }
        text.push_str(&row);
    }
    text
}

fn danger(action: Action) -> u8 {
    match action {
        Action::Delete => 0,
        Action::Replace => 1,
        Action::Release => 2,
        Action::Update => 3,
        Action::Create => 4,
        Action::Adopt | Action::NoOp => 5,
    }
}

/// Puts lines into a fence that nothing in them can close.
fn fenced(language: &str, lines: &str) -> String {
    let longest = lines
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{lines}{fence}\n")
}

/// Writes a name so that nothing in it is Markdown or HTML.
fn code(name: &str) -> String {
    let mut text = "<code>".to_owned();
    for character in cut(&visible(name), LONGEST_NAME).chars() {
        if character.is_alphanumeric() || " /-…".contains(character) || !character.is_ascii() {
            text.push(character);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "&#{};", u32::from(character));
        }
    }
    text.push_str("</code>");
    text
}

/// Cuts a text to at most `most` bytes and a mark.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|&end| text.is_char_boundary(end));
    format!("{}…", &text[..end.unwrap_or(0)])
}

#[cfg(test)]
mod tests;
