//! `[vars]`: which variables there are, of which type, and what the caller
//! gives for them.

use super::Options;
use super::nearest;
use super::node::{Entry, Node, Table, Text, Value};
use super::report::{Finding, Report, Subject};

/// Where the value of a variable comes from.
pub(super) enum Start {
    /// The command line or the process environment: it is taken as it is.
    Given(Value),
    /// The spec: it may be made from other variables.
    Default(Node),
}

/// Takes `[vars]` out of `root`. A variable without a usable value is `None`,
/// and reported.
pub(super) fn read(
    root: &mut Table,
    options: &Options,
    report: &mut Report,
) -> Vec<(String, Option<Start>)> {
    let declared = take(root, report);
    report_unknown(options, &declared, report);
    declared
        .into_entries()
        .map(|(name, entry)| {
            let start = start(&name, entry, options, report);
            (name, start)
        })
        .collect()
}

/// Takes out `[vars]`.
fn take(root: &mut Table, report: &mut Report) -> Table {
    match root.remove("vars").map(|entry| entry.node) {
        None => Table::default(),
        Some(Node {
            value: Value::Table(table),
            ..
        }) => table,
        Some(node) => {
            let message = format!("`vars`: expected a table, found {}", node.type_name());
            report.add_plain(Finding::new(&node.span, message));
            Table::default()
        }
    }
}

/// Reports what `--var` gives for no variable. Variables of the process
/// environment are not held to that: one environment serves several specs.
fn report_unknown(options: &Options, declared: &Table, report: &mut Report) {
    for name in options.vars.keys() {
        if declared.get(name).is_none() {
            let hint = nearest::hint(name, declared.keys())
                .unwrap_or_else(|| format!("declare it: `{name} = \"...\"` under `[vars]`"));
            report.add_nowhere(
                format!("`--var {name}`: the spec has no such variable"),
                Some(hint),
            );
        }
    }
}

/// The type that a variable takes.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Number,
    Integer,
    Bool,
}

/// Finds the value of one variable.
fn start(name: &str, entry: Entry, options: &Options, report: &mut Report) -> Option<Start> {
    let subject = Subject::part(format!("variable `{name}`"));
    let node = entry.node;
    let kind = match type_of(&node) {
        Ok(kind) => kind?,
        Err(finding) => {
            report.add(&subject, finding);
            return None;
        }
    };
    if let Some((origin, text)) = given(name, options) {
        return match parse(text, kind) {
            Ok(value) => Some(Start::Given(value)),
            Err((message, hint)) => {
                report.add_nowhere(format!("`{origin}`: {message}"), hint);
                None
            }
        };
    }
    if node.as_table().is_some() {
        let hint = format!("give it with `--var {name}=...` or in `XRAYCTL_VAR_{name}`");
        report.add(
            &subject,
            Finding::new(&entry.key, "has no value").hint(hint),
        );
        return None;
    }
    Some(Start::Default(node))
}

/// Returns what the caller gives for a variable, and by which way.
fn given<'o>(name: &str, options: &'o Options) -> Option<(String, &'o str)> {
    let of_command_line = options
        .vars
        .get(name)
        .map(|text| (format!("--var {name}"), text));
    let of_environment = || {
        let text = options.environment_vars.get(name)?;
        Some((format!("XRAYCTL_VAR_{name}"), text))
    };
    let (origin, text) = of_command_line.or_else(of_environment)?;
    Some((origin, text))
}

/// Tells the type of a variable by its default or its declaration; `None`
/// where the default is wrong and already reported.
fn type_of(node: &Node) -> Result<Option<Type>, Finding> {
    match &node.value {
        Value::Text(_) => Ok(Some(Type::Text)),
        Value::Integer(_) => Ok(Some(Type::Integer)),
        Value::Float(_) => Ok(Some(Type::Number)),
        Value::Bool(_) => Ok(Some(Type::Bool)),
        Value::Table(table) => required_type(table, node).map(Some),
        Value::Broken => Ok(None),
        Value::Array(_) | Value::Document(_) => {
            let message =
                "expected a string, a number, a boolean or `{ type = ... }`, found an array";
            Err(Finding::new(&node.span, message))
        }
    }
}

/// Reads a declaration without a value, `{ type = "number" }`.
fn required_type(table: &Table, node: &Node) -> Result<Type, Finding> {
    const NAMES: [&str; 4] = ["string", "number", "integer", "bool"];
    if let Some((key, entry)) = table.iter().find(|(key, _)| *key != "type") {
        return Err(Finding::new(&entry.key, format!("unknown key `{key}`"))
            .hint("a variable is a value, or `{ type = \"number\" }` for one that must be given"));
    }
    let Some(entry) = table.get("type") else {
        return Err(Finding::new(&node.span, "`type` is missing")
            .hint(format!("it is {}", nearest::list(&NAMES, "or"))));
    };
    match entry.node.as_text().map(|text| text.text.as_str()) {
        Some("string") => Ok(Type::Text),
        Some("number") => Ok(Type::Number),
        Some("integer") => Ok(Type::Integer),
        Some("bool") => Ok(Type::Bool),
        found => {
            let found = found.map_or(entry.node.type_name().to_owned(), |text| {
                format!("`{text}`")
            });
            let message = format!(
                "`type` is {found}, expected {}",
                nearest::list(&NAMES, "or")
            );
            Err(Finding::new(&entry.node.span, message))
        }
    }
}

/// Reads what the caller gave. It is taken as it is: `${` means nothing in it.
fn parse(text: &str, kind: Type) -> Result<Value, (String, Option<String>)> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let value = match kind {
        Type::Text => Some(Value::Text(Text::made(text))),
        Type::Number => number.map(Value::Float),
        Type::Integer => text.parse().ok().map(Value::Integer),
        Type::Bool => text.parse().ok().map(Value::Bool),
    };
    let expected = match kind {
        Type::Text => "a string",
        Type::Number => "a number",
        Type::Integer => "an integer",
        Type::Bool => "`true` or `false`",
    };
    value.ok_or_else(|| {
        // `rate = 1` under `[vars]` makes an integer of what was meant as a rate.
        let hint = (matches!(kind, Type::Integer) && number.is_some()).then(|| {
            "write its default with a point, `1.0`, for a variable that takes fractions".to_owned()
        });
        (format!("expected {expected}, found `{text}`"), hint)
    })
}
