//! TOML text to the tree of the spec.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::node::{Entry, Node, Table, Text, Value};
use super::report::{Finding, Report, Span};

/// How deep tables and arrays may lie in one another. No document of AWS comes
/// near, and everything behind this module may walk the tree by recursion.
const MAX_DEPTH: usize = 64;

/// How many syntax errors are reported. One slip can make many of them.
const MAX_SYNTAX_ERRORS: usize = 50;

/// Reads the text of the report's source. `None` where it is no TOML; values
/// that are TOML but cannot stand in a spec are reported and marked as broken.
pub(super) fn parse(report: &mut Report) -> Option<Table> {
    let source = std::sync::Arc::clone(report.source());
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    let tree = errors.is_empty().then(|| table(root.get_ref(), 0, report));
    dismantle(root.into_inner());
    report_syntax(&errors, source.text.len(), report);
    tree
}

/// Tells whether the text of the report's source is TOML, and reports what
/// keeps it from that.
pub(super) fn check(report: &mut Report) -> bool {
    let source = std::sync::Arc::clone(report.source());
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    dismantle(root.into_inner());
    report_syntax(&errors, source.text.len(), report);
    errors.is_empty()
}

/// Drops a parsed tree level by level. The parser bounds brackets and dots
/// apart; together they nest deep enough to exhaust the stack of a recursive
/// drop.
fn dismantle(root: DeTable<'_>) {
    let mut open = vec![DeValue::Table(root)];
    while let Some(value) = open.pop() {
        match value {
            DeValue::Table(table) => {
                open.extend(table.into_iter().map(|(_, value)| value.into_inner()));
            }
            DeValue::Array(array) => open.extend(array.into_iter().map(Spanned::into_inner)),
            _ => {}
        }
    }
}

/// Reports what the parser found, in the order of the text.
fn report_syntax(errors: &[toml::de::Error], end: usize, report: &mut Report) {
    let mut faults: Vec<(Range<usize>, String)> = errors
        .iter()
        .map(|error| (error.span().unwrap_or(end..end), message(error)))
        .collect();
    faults.sort_by_key(|(span, _)| span.start);
    // Where one fault sets off others at the same place, the first says it best.
    faults.dedup_by_key(|(span, _)| span.start);
    let too_deep = faults
        .iter()
        .position(|(_, message)| message.contains("nested"));
    if let Some(first) = too_deep {
        // All brackets behind it are left open, which is no news.
        faults.truncate(first + 1);
    }
    let left_out = faults.len().saturating_sub(MAX_SYNTAX_ERRORS);
    for (span, message) in faults.into_iter().take(MAX_SYNTAX_ERRORS) {
        report.add_plain(Finding::new(&span, message));
    }
    if left_out > 0 {
        report.add_nowhere(
            format!(
                "{} not shown",
                crate::model::plural::count(left_out, "more syntax error")
            ),
            None,
        );
    }
}

/// Words the parser's message as ours.
fn message(error: &toml::de::Error) -> String {
    let text = error.message();
    if text.contains("recurs") {
        return "arrays and tables are nested too deeply".to_owned();
    }
    let text = text
        .strip_suffix(", expected nothing")
        .unwrap_or(text)
        .replace("string values must be quoted, expected literal string", {
            "expected a value; strings stand in quotes"
        });
    format!("syntax error: {text}")
}

fn table(source: &DeTable<'_>, depth: usize, report: &mut Report) -> Table {
    let mut entries = Table::default();
    for (key, value) in source {
        let entry = Entry {
            key: key.span(),
            node: node(value, depth + 1, report),
        };
        entries.insert(key.get_ref().to_string(), entry);
    }
    entries
}

fn node(source: &Spanned<DeValue<'_>>, depth: usize, report: &mut Report) -> Node {
    let span = source.span();
    let value = if depth > MAX_DEPTH {
        broken(
            &span,
            "arrays and tables are nested too deeply",
            None,
            report,
        )
    } else {
        match source.get_ref() {
            DeValue::String(text) => Value::Text(Text {
                text: text.to_string(),
                verbatim: true,
            }),
            DeValue::Integer(number) => integer(number, &span, report),
            DeValue::Float(number) => float(number, &span, report),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Datetime(_) => broken(
                &span,
                "a date cannot stand in a spec",
                Some("put it in quotes"),
                report,
            ),
            DeValue::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| node(item, depth + 1, report))
                    .collect(),
            ),
            DeValue::Table(entries) => Value::Table(table(entries, depth, report)),
        }
    };
    Node { span, value }
}

fn integer(number: &DeInteger<'_>, span: &Span, report: &mut Report) -> Value {
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) => Value::Integer(number),
        Err(_) => broken(span, "this integer is beyond 64 bits", None, report),
    }
}

fn float(number: &DeFloat<'_>, span: &Span, report: &mut Report) -> Value {
    match number.as_str().parse::<f64>() {
        Ok(number) if number.is_finite() => Value::Float(number),
        _ => broken(
            span,
            "infinity and `nan` cannot stand in a spec",
            Some("write a finite number"),
            report,
        ),
    }
}

fn broken(span: &Span, message: &str, hint: Option<&str>, report: &mut Report) -> Value {
    report.add_plain(Finding::new(span, message).maybe_hint(hint.map(str::to_owned)));
    Value::Broken
}
