//! `${...}`: what it stands for, and how it is put into texts.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Options;
use super::declarations::{self, Start};
use super::document::inside;
use super::nearest;
use super::node::{Node, Table, Text, Value};
use super::report::{Finding, Report, Span, Subject};
use super::template::{Part, parts};

/// How many variables may stand in one another.
const MAX_CHAIN: usize = 32;

/// Fields of `[stack]` that can be referred to.
const STACK_FIELDS: [&str; 3] = ["name", "region", "account"];

/// Everything that `${...}` can stand for.
pub(super) struct Scope<'s> {
    env: Option<&'s str>,
    environments: &'s [String],
    /// By the name between the braces: `var.rate`, `stack.name`.
    cells: BTreeMap<String, Cell>,
    depth: usize,
}

/// What is known of one name.
enum Cell {
    /// Its value.
    Known(Value),
    /// Its text in the spec, not looked at yet.
    Written(Node),
    /// Being worked out: to meet it again is a cycle.
    Open,
    /// Wrong, and already reported.
    Failed,
    /// The spec does not give it.
    Absent,
}

/// Why a `${...}` has no value.
pub(super) struct Fault {
    /// Its bytes in the text.
    pub(super) at: Range<usize>,
    message: String,
    hint: Option<String>,
}

impl Fault {
    /// Words the fault for the place `span`.
    pub(super) fn finding(self, span: &Span) -> Finding {
        Finding::new(span, self.message).maybe_hint(self.hint)
    }
}

/// Why a name has no value, where that is not reported yet.
type Trouble = Option<(String, Option<String>)>;

impl<'s> Scope<'s> {
    /// Takes `[vars]` out of `root` and gives every variable its value:
    /// `--var` before the environment before `[vars]`.
    pub(super) fn new(
        root: &mut Table,
        options: &'s Options,
        environments: &'s [String],
        report: &mut Report,
    ) -> Self {
        let mut scope = Self {
            env: options.env.as_deref(),
            environments,
            cells: BTreeMap::new(),
            depth: 0,
        };
        for (name, value) in declarations::read(root, options, report) {
            let cell = match value {
                Some(Start::Given(value)) => Cell::Known(value),
                Some(Start::Default(node)) => Cell::Written(node),
                None => Cell::Failed,
            };
            scope.cells.insert(format!("var.{name}"), cell);
        }
        let stack = root.get("stack").and_then(|entry| entry.node.as_table());
        for field in STACK_FIELDS {
            let cell = stack
                .and_then(|stack| stack.get(field))
                .map_or(Cell::Absent, |entry| Cell::Written(entry.node.clone()));
            scope.cells.insert(format!("stack.{field}"), cell);
        }
        scope.resolve_all(report);
        scope
    }

    /// Lists the variables that the spec declares.
    pub(super) fn variables(&self) -> Vec<String> {
        let names = self.cells.keys();
        names
            .filter_map(|name| name.strip_prefix("var."))
            .map(str::to_owned)
            .collect()
    }

    /// Works out every name once, so that a fault in a variable that nothing
    /// uses is reported as well.
    fn resolve_all(&mut self, report: &mut Report) {
        let names: Vec<String> = self.cells.keys().cloned().collect();
        for name in names {
            // What is wrong with it is reported at its own place.
            let _ = self.value(&name, report);
        }
    }

    /// Returns the value of a field of `[stack]`, variables put in.
    pub(super) fn stack_field(&self, name: &str) -> Option<Value> {
        match self.cells.get(&format!("stack.{name}"))? {
            Cell::Known(value) => Some(value.clone()),
            Cell::Failed => Some(Value::Broken),
            Cell::Written(_) | Cell::Open | Cell::Absent => None,
        }
    }

    /// Puts values into all strings of `node`.
    pub(super) fn interpolate(&mut self, node: &mut Node, subject: &Subject, report: &mut Report) {
        match &mut node.value {
            Value::Text(text) => {
                if !text.text.contains("${") {
                    return;
                }
                let (made, faults) = self.expand(&text.text, report);
                for fault in faults {
                    let place = inside(report.source(), text, &node.span, &fault.at);
                    report.add(subject, fault.finding(&place));
                }
                node.value = made.unwrap_or(Value::Broken);
            }
            Value::Array(items) => {
                for item in items {
                    self.interpolate(item, subject, report);
                }
            }
            Value::Table(table) => {
                for (_, entry) in table.iter_mut() {
                    self.interpolate(&mut entry.node, subject, report);
                }
            }
            _ => {}
        }
    }

    /// Puts values into one text. A text that is one `${...}` and nothing else
    /// takes the type of what it names. `None` where something has no value;
    /// the list tells what, but for what is reported already.
    pub(super) fn expand(
        &mut self,
        text: &str,
        report: &mut Report,
    ) -> (Option<Value>, Vec<Fault>) {
        let parts = parts(text);
        if let [Part::Reference { name, at }] = parts.as_slice() {
            return match self.value(name, report) {
                Ok(value) => (Some(value), Vec::new()),
                Err(trouble) => (None, fault(trouble, at).into_iter().collect()),
            };
        }
        let mut made = String::with_capacity(text.len());
        let mut faults = Vec::new();
        let mut whole = true;
        for part in parts {
            match part {
                Part::Plain(plain) => made.push_str(plain),
                Part::Reference { name, at } => match self.value(name, report) {
                    Ok(value) => made.push_str(&in_text(&value)),
                    Err(trouble) => {
                        whole = false;
                        faults.extend(fault(trouble, &at));
                    }
                },
                Part::Unclosed { at } => {
                    whole = false;
                    let hint = "close it with `}`, or write `$${` for a plain `${`";
                    faults.extend(fault(trouble("`${` is not closed", Some(hint)), &at));
                }
            }
        }
        (whole.then(|| Value::Text(Text::made(made))), faults)
    }

    /// Works out what `name` stands for.
    fn value(&mut self, name: &str, report: &mut Report) -> Result<Value, Trouble> {
        if name == "env" {
            return self.environment();
        }
        let Some(cell) = self.cells.get_mut(name) else {
            return Err(self.unknown(name));
        };
        match std::mem::replace(cell, Cell::Open) {
            Cell::Known(value) => {
                *cell = Cell::Known(value.clone());
                Ok(value)
            }
            Cell::Written(node) => self.work_out(name, node, report),
            Cell::Open => Err(trouble(
                &format!("`${{{name}}}` is made from itself"),
                Some("give one of the variables on the way a value of its own"),
            )),
            Cell::Failed => {
                *cell = Cell::Failed;
                Err(None)
            }
            Cell::Absent => {
                *cell = Cell::Absent;
                Err(absent(name))
            }
        }
    }

    fn work_out(
        &mut self,
        name: &str,
        mut node: Node,
        report: &mut Report,
    ) -> Result<Value, Trouble> {
        let subject = Subject::part(match name.split_once('.') {
            Some(("var", name)) => format!("variable `{name}`"),
            _ => "stack".to_owned(),
        });
        self.depth += 1;
        if self.depth > MAX_CHAIN {
            let message = format!("more than {MAX_CHAIN} variables stand in one another");
            report.add(&subject, Finding::new(&node.span, message));
            node.value = Value::Broken;
        }
        self.interpolate(&mut node, &subject, report);
        self.depth -= 1;
        let (cell, result) = match node.value {
            Value::Broken => (Cell::Failed, Err(None)),
            value => (Cell::Known(value.clone()), Ok(value)),
        };
        self.cells.insert(name.to_owned(), cell);
        result
    }

    fn environment(&self) -> Result<Value, Trouble> {
        if let Some(env) = self.env {
            Ok(Value::Text(Text::made(env)))
        } else {
            let hint = match self.environments {
                [] => {
                    "add an environment, `[env.NAME]`, and choose it with `--env NAME`".to_owned()
                }
                names => format!("choose {} with `--env`", nearest::list(names, "or")),
            };
            Err(trouble(
                "`${env}` has no value: no environment is chosen",
                Some(&hint),
            ))
        }
    }

    fn unknown(&self, name: &str) -> Trouble {
        let known = self.cells.keys().map(String::as_str).chain(["env"]);
        let bare = format!("var.{name}");
        let hint = if self.cells.contains_key(&bare) {
            Some(format!("write `${{{bare}}}`"))
        } else {
            nearest(name, known)
                .map(|near| format!("did you mean `${{{near}}}`?"))
                .or_else(|| {
                    Some("declare it in `[vars]`, or write `$${` for a plain `${`".to_owned())
                })
        };
        trouble(&format!("`${{{name}}}` is unknown"), hint.as_deref())
    }
}

/// Words a trouble that is still to be reported.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is one of two kinds of trouble"
)]
fn trouble(message: &str, hint: Option<&str>) -> Trouble {
    Some((message.to_owned(), hint.map(str::to_owned)))
}

fn fault(trouble: Trouble, at: &Range<usize>) -> Option<Fault> {
    let (message, hint) = trouble?;
    Some(Fault {
        at: at.clone(),
        message,
        hint,
    })
}

/// Tells that the spec does not give a field of `[stack]`. Only `account` may
/// be left out; that another is missing is reported where it is missing.
fn absent(name: &str) -> Trouble {
    (name == "stack.account").then(|| {
        (
            "`${stack.account}` has no value: the stack names no account".to_owned(),
            Some("add `account = \"123456789012\"` to `[stack]`".to_owned()),
        )
    })
}

/// Writes a value into the middle of a text.
fn in_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => String::new(),
    }
}
