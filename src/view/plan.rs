//! A plan as people read it: field by field, documents as a diff of their
//! lines.

use std::fmt::Write;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::Styles;
use super::style::Style;
use super::summary::plan_summary;
use super::visible::visible;
use crate::model::plural::count;
use crate::plan::{Action, Change, FieldChange, Mode, Plan, Reason};

/// Lines shown around a change of a document.
const CONTEXT: usize = 3;

/// Draws a plan.
pub fn render(plan: &Plan, styles: Styles) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_plan(&mut text, plan, styles);
    text
}

fn write_plan(out: &mut String, plan: &Plan, styles: Styles) -> std::fmt::Result {
    let place = format!("account {}, {}", plan.target.account, plan.target.region);
    if !plan.has_changes() {
        return write_no_changes(out, plan, &place);
    }
    let heading = match plan.mode {
        Mode::RefreshOnly => "At AWS these differ from the spec",
        Mode::Apply | Mode::Destroy => "xrayctl will perform the following actions",
    };
    writeln!(out, "{heading} ({place}):\n")?;
    for change in plan.actual_changes() {
        write_change(out, plan.mode, change, styles)?;
    }
    if plan.is_partial {
        let along = match plan.mode {
            Mode::Destroy => "what needs that",
            Mode::Apply | Mode::RefreshOnly => "what that needs",
        };
        writeln!(out, "Only what --target names, and {along}, is shown.")?;
    }
    if plan.mode == Mode::RefreshOnly {
        let drifted = plan.actual_changes().count();
        writeln!(
            out,
            "Drift: {}. `xrayctl apply` puts them back.",
            count(drifted, "resource")
        )
    } else {
        writeln!(out, "{}", styles.bold.paint(plan_summary(plan)))
    }
}

fn write_no_changes(out: &mut String, plan: &Plan, place: &str) -> std::fmt::Result {
    match plan.mode {
        Mode::Destroy => writeln!(
            out,
            "No changes. The stack `{}` owns nothing in {place}.",
            plan.stack
        ),
        Mode::Apply | Mode::RefreshOnly => writeln!(
            out,
            "No changes. {} of the stack `{}` in {place} {} the spec.",
            count(plan.changes.len(), "resource"),
            plan.stack,
            if plan.changes.len() == 1 {
                "matches"
            } else {
                "match"
            }
        ),
    }
}

fn write_change(out: &mut String, mode: Mode, change: &Change, styles: Styles) -> std::fmt::Result {
    let (symbol, style) = symbol(change.action, styles);
    let comment = format!(
        "# {} {}{}",
        visible(&change.address.to_string()),
        verb(mode, change),
        why(change).map_or_else(String::new, |why| format!(" ({why})"))
    );
    writeln!(out, "  {}", styles.bold.paint(comment))?;
    let name = change
        .address
        .name()
        .map_or_else(String::new, |name| format!(" {}", quoted(name)));
    writeln!(
        out,
        "{} {}{name} {{",
        style.paint(symbol),
        change.address.kind()
    )?;
    let names: Vec<String> = change
        .fields
        .iter()
        .map(|field| path(&field.path))
        .collect();
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    for (field, name) in change.fields.iter().zip(&names) {
        write_field(out, field, &format!("{name:width$}"), styles)?;
    }
    if let Some(hidden) = hidden(change) {
        let note = format!("# ({} hidden)", count(hidden, "unchanged field"));
        writeln!(out, "      {}", styles.dim.paint(note))?;
    }
    writeln!(out, "    }}\n")
}

fn symbol(action: Action, styles: Styles) -> (&'static str, Style) {
    match action {
        Action::Create => ("  +", styles.add),
        Action::Update => ("  ~", styles.change),
        Action::Replace => ("-/+", styles.remove),
        Action::Delete => ("  -", styles.remove),
        Action::Release => ("  .", styles.remove),
        Action::Adopt | Action::NoOp => ("  =", styles.dim),
    }
}

/// Says what becomes of the resource.
pub(super) fn verb(mode: Mode, change: &Change) -> &'static str {
    if mode == Mode::RefreshOnly {
        return match change.action {
            Action::Create => "is not there: deleted, or not applied yet",
            _ => "has changed",
        };
    }
    match (change.action, change.reason) {
        (Action::Create, _) => "will be created",
        (Action::Update, Some(Reason::Reset)) => "will be put back to AWS's default",
        (Action::Update, Some(Reason::DeletionScheduled)) => {
            "will be brought back from its scheduled deletion"
        }
        (Action::Update, _) if change.importing => "will be imported and updated in place",
        (Action::Update, _) => "will be updated in place",
        (Action::Replace, _) => "must be replaced",
        (Action::Delete, _) => "will be destroyed",
        (Action::Release, _) => "will be released, and stays",
        (Action::Adopt, Some(Reason::Renamed)) => "will be tagged with its new name in the spec",
        (Action::Adopt, _) => "will be imported as it is",
        (Action::NoOp, _) => "stays as it is",
    }
}

/// Says why, where that is worth a word.
pub(super) fn why(change: &Change) -> Option<&'static str> {
    match change.reason? {
        Reason::Drift => Some("changed outside xrayctl since the last apply"),
        Reason::SpecAndDrift => Some("both the spec and AWS changed since the last apply"),
        Reason::RemovedFromSpec => Some("no longer in the spec"),
        Reason::NotAtAws
        | Reason::SpecChanged
        | Reason::Differs
        | Reason::Destroy
        | Reason::Reset
        | Reason::DeletionScheduled
        | Reason::Renamed
        | Reason::Unowned => None,
    }
}

fn write_field(
    out: &mut String,
    field: &FieldChange,
    name: &str,
    styles: Styles,
) -> std::fmt::Result {
    let (sign, style) = match (&field.before, &field.after, field.unknown) {
        (None, _, _) => ('+', styles.add),
        (Some(_), None, false) => ('-', styles.remove),
        _ => ('~', styles.change),
    };
    write!(out, "      {} {name} = ", style.paint(sign))?;
    if field.document && !field.unknown {
        return write_document(out, field, styles);
    }
    let after = if field.unknown {
        "(known after apply)".to_owned()
    } else {
        field
            .after
            .as_ref()
            .map_or_else(|| "null".to_owned(), literal)
    };
    match &field.before {
        None => write!(out, "{after}")?,
        Some(before) if sign == '-' => write!(out, "{}", literal(before))?,
        Some(before) => write!(out, "{} -> {after}", literal(before))?,
    }
    if field.forces_replacement {
        write!(out, " {}", styles.remove.paint("# forces replacement"))?;
    }
    writeln!(out)
}

/// Draws a document: whole where it is new or goes away, else its changed
/// lines with some around them.
fn write_document(out: &mut String, field: &FieldChange, styles: Styles) -> std::fmt::Result {
    writeln!(out, "<<JSON")?;
    for (sign, line) in document_diff(field) {
        let style = match sign {
            '+' => styles.add,
            '-' => styles.remove,
            _ => Style::default(),
        };
        writeln!(out, "        {}", style.paint(format!("{sign} {line}")))?;
    }
    writeln!(out, "        JSON")
}

/// Lists the changed lines of a document, each with its sign, and some lines
/// around them.
pub(super) fn document_diff(field: &FieldChange) -> Vec<(char, String)> {
    let (before, after) = (pretty(field.before.as_ref()), pretty(field.after.as_ref()));
    let diff = TextDiff::from_lines(&before, &after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push((' ', "…".to_owned()));
        }
        let changes = group.iter();
        for change in changes.flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Insert => '+',
                ChangeTag::Delete => '-',
                ChangeTag::Equal => ' ',
            };
            lines.push((sign, visible(change.value().trim_end_matches('\n'))));
        }
    }
    lines
}

fn pretty(document: Option<&Value>) -> String {
    document.map_or_else(String::new, |document| format!("{document:#}\n"))
}

/// Writes a value as JSON does.
pub(super) fn literal(value: &Value) -> String {
    visible(&value.to_string())
}

fn quoted(text: &str) -> String {
    literal(&Value::from(text))
}

/// Writes a path with dots; names that hold other than letters, digits, `_`
/// and `-` are quoted.
pub(super) fn path(names: &[String]) -> String {
    let is_plain = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|character| character.is_alphanumeric() || "_-:/".contains(character))
    };
    let names: Vec<String> = names
        .iter()
        .map(|name| {
            if is_plain(name) {
                name.clone()
            } else {
                quoted(name)
            }
        })
        .collect();
    names.join(".")
}

/// Counts the top-level fields that stay as they are.
pub(super) fn hidden(change: &Change) -> Option<usize> {
    if !matches!(change.action, Action::Update | Action::Replace) {
        return None;
    }
    let after = change.after.as_ref()?;
    let hidden = after
        .iter()
        .filter(|(name, value)| {
            let is_empty =
                value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
            !is_empty
                && !change
                    .fields
                    .iter()
                    .any(|field| field.path.first() == Some(*name))
        })
        .count();
    (hidden > 0).then_some(hidden)
}
