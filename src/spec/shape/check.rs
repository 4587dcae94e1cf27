//! The check of a table against its rules. Every fault is found, not the first
//! alone.

use std::fmt::Display;

use serde_json::Value as Json;

use super::{Count, Extra, Range, Rule, Shape, Type};
use crate::model::plural;
use crate::spec::nearest;
use crate::spec::node::{Node, Table, Value};
use crate::spec::report::{Finding, Span};

impl Shape {
    /// Lists everything wrong with `node`.
    pub(in crate::spec) fn check(&self, node: &Node) -> Vec<Finding> {
        let mut check = Check {
            shape: self,
            path: Vec::new(),
            is_trial: false,
            faults: 0,
            found: Vec::new(),
        };
        check.node(&self.root, node, None);
        check.found
    }
}

/// A walk through one table.
struct Check<'a, 'n> {
    shape: &'a Shape,
    /// The way from the table to where the walk is.
    path: Vec<Step<'n>>,
    /// Whether a branch is tried of which nobody knows that it is the one meant:
    /// its faults are counted and not worded.
    is_trial: bool,
    /// How many faults were met.
    faults: usize,
    /// Those that were worded.
    found: Vec<Finding>,
}

/// One step into a table or an array.
enum Step<'n> {
    Key(&'n str),
    Index(usize),
}

impl<'a: 'n, 'n> Check<'a, 'n> {
    /// Checks `node` against `rule`; `hint` is that of the rule that led here.
    fn node(&mut self, rule: &'a Rule, node: &'n Node, hint: Option<&'a str>) {
        if matches!(node.value, Value::Broken) {
            return;
        }
        let hint = hint.or(rule.hint.as_deref());
        if let Some(rule) = self.referenced(rule) {
            self.node(rule, node, hint);
        }
        if !self.is_type(&rule.types, node) {
            return;
        }
        if !self.is_word(rule, node, hint) {
            return;
        }
        match &node.value {
            Value::Text(text) => self.text(rule, &text.text, node, hint),
            Value::Integer(number) => {
                self.number(&rule.range, as_float(*number), number, node, hint);
            }
            Value::Float(number) => self.number(&rule.range, *number, number, node, hint),
            Value::Array(items) => self.array(rule, items, node, hint),
            Value::Table(table) => self.table(rule, table, node),
            Value::Bool(_) | Value::Document(_) | Value::Broken => {}
        }
        if !rule.any_of.is_empty() {
            self.any_of(rule, node, hint);
        }
    }

    fn referenced(&self, rule: &Rule) -> Option<&'a Rule> {
        self.shape.definitions.get(rule.reference.as_ref()?)
    }

    /// Writes a message about the value at hand: its name, then `rest`.
    fn message(&self, rest: &str) -> String {
        if self.path.is_empty() {
            return rest.to_owned();
        }
        let mut name = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) if name.is_empty() => name.push_str(key),
                Step::Key(key) => name.extend([".", key]),
                Step::Index(index) => name.extend(["[", &index.to_string(), "]"]),
            }
        }
        // `name` is ..., but: `name`: expected ...
        let is_apart = rest.starts_with("expected") || rest.starts_with("the ");
        let colon = if is_apart { ":" } else { "" };
        format!("`{name}`{colon} {rest}")
    }

    /// Notes a fault at `span`; `words` are its message and hint.
    fn fault(&mut self, span: &Span, words: impl FnOnce(&Self) -> (String, Option<String>)) {
        self.faults += 1;
        if !self.is_trial {
            let (message, hint) = words(self);
            self.found
                .push(Finding::new(span, message).maybe_hint(hint));
        }
    }

    /// Notes a fault of the value at hand; `rest` is what comes behind its name.
    fn report(&mut self, node: &Node, hint: Option<&str>, rest: impl FnOnce() -> String) {
        self.fault(&node.span, |check| {
            (check.message(&rest()), hint.map(str::to_owned))
        });
    }

    fn is_type(&mut self, types: &[Type], node: &Node) -> bool {
        if types.is_empty() || types.iter().any(|wanted| wanted.accepts(node)) {
            return true;
        }
        self.fault(&node.span, |check| {
            let expected = one_of_types(types);
            let rest = format!("expected {expected}, found {}", node.type_name());
            (check.message(&rest), conversion(types, node))
        });
        false
    }

    fn is_word(&mut self, rule: &Rule, node: &Node, hint: Option<&str>) -> bool {
        let Some(words) = &rule.words else {
            return true;
        };
        let value = node.to_json();
        if words.contains(&value) {
            return true;
        }
        self.fault(&node.span, |check| {
            let words: Vec<String> = words.iter().map(plain).collect();
            let value = plain(&value);
            let near = nearest(&value, words.iter().map(String::as_str))
                .map(|word| format!("did you mean `{word}`?"));
            let rest = format!("is `{value}`, expected {}", nearest::list(&words, "or"));
            (check.message(&rest), near.or(hint.map(str::to_owned)))
        });
        false
    }

    fn text(&mut self, rule: &Rule, text: &str, node: &Node, hint: Option<&str>) {
        let length = text.chars().count() as u64;
        if !rule.length.holds(length) {
            self.report(node, hint, || match (length, rule.length.least) {
                (0, Some(_)) => "is empty".to_owned(),
                _ => outside(length, "character", rule.length),
            });
        } else if let Some(pattern) = rule.pattern.as_ref().filter(|p| !p.is_match(text)) {
            self.report(node, hint, || match hint {
                Some(_) => format!("is `{text}`, which is not accepted"),
                None => format!("is `{text}`, which does not match `{pattern}`"),
            });
        }
    }

    fn number(
        &mut self,
        range: &Range,
        number: f64,
        written: &dyn Display,
        node: &Node,
        hint: Option<&str>,
    ) {
        let Range {
            minimum,
            maximum,
            above,
            below,
            ..
        } = *range;
        let holds = minimum.is_none_or(|bound| number >= bound)
            && maximum.is_none_or(|bound| number <= bound)
            && above.is_none_or(|bound| number > bound)
            && below.is_none_or(|bound| number < bound);
        if holds {
            return;
        }
        self.report(node, hint, || match (minimum, maximum, above, below) {
            (Some(least), Some(most), None, None) if !range.is_natural => {
                format!("{written} is outside {least}–{most}")
            }
            (Some(least), _, _, _) if number < least => format!("{written} is less than {least}"),
            (_, Some(most), _, _) if number > most => format!("{written} is more than {most}"),
            (_, _, Some(bound), _) if number <= bound => {
                format!("{written} is not more than {bound}")
            }
            (_, _, _, Some(bound)) => format!("{written} is not less than {bound}"),
            _ => format!("{written} is out of range"),
        });
    }

    fn array(&mut self, rule: &'a Rule, items: &'n [Node], node: &Node, hint: Option<&str>) {
        let length = items.len() as u64;
        if !rule.items_count.holds(length) {
            self.report(node, hint, || outside(length, "entry", rule.items_count));
        }
        if rule.unique {
            let mut seen = std::collections::BTreeSet::new();
            for item in items {
                if !seen.insert(item.to_json().to_string()) {
                    self.report(item, hint, || {
                        format!("holds `{}` twice", plain(&item.to_json()))
                    });
                }
            }
        }
        if let Some(rule) = &rule.items {
            for (index, item) in items.iter().enumerate() {
                self.path.push(Step::Index(index));
                self.node(rule, item, None);
                self.path.pop();
            }
        }
    }

    fn table(&mut self, rule: &'a Rule, table: &'n Table, node: &Node) {
        for name in &rule.required {
            if table.get(name).is_none() {
                self.path.push(Step::Key(name));
                self.report(node, None, || "is missing".to_owned());
                self.path.pop();
            }
        }
        let length = table.len() as u64;
        if !rule.entries_count.holds(length) {
            self.report(node, rule.hint.as_deref(), || {
                outside(length, "entry", rule.entries_count)
            });
        }
        for (key, entry) in table.iter() {
            if let Some(names) = &rule.names {
                self.key(names, key, &entry.key);
            }
            let known = rule.properties.get(key);
            let rule = match (known, &rule.extra) {
                (Some(rule), _) | (None, Extra::Rule(rule)) => rule,
                (None, Extra::Free) => continue,
                (None, Extra::Refused) => {
                    self.unknown(rule, key, &entry.key);
                    continue;
                }
            };
            self.path.push(Step::Key(key));
            self.node(rule, &entry.node, None);
            self.path.pop();
        }
    }

    /// Checks the key of a table that is a map.
    fn key(&mut self, rule: &Rule, key: &str, span: &Span) {
        let length = key.chars().count() as u64;
        let fits = rule
            .pattern
            .as_ref()
            .is_none_or(|pattern| pattern.is_match(key));
        let is_of_length = rule.length.holds(length);
        if fits && is_of_length {
            return;
        }
        self.fault(span, |check| {
            let rest = match length {
                0 if !is_of_length => "the key is empty".to_owned(),
                _ if !is_of_length => {
                    let outside = outside(length, "character", rule.length);
                    format!("the key `{key}` {outside}")
                }
                _ => format!("the key `{key}` is not accepted"),
            };
            (check.message(&rest), rule.hint.clone())
        });
    }

    fn unknown(&mut self, rule: &Rule, key: &'n str, span: &Span) {
        self.path.push(Step::Key(key));
        self.fault(span, |check| {
            let hint = rule
                .refused
                .get(key)
                .cloned()
                .or_else(|| nearest::hint(key, rule.properties.keys().map(String::as_str)));
            let name = check.message("");
            (format!("unknown key {}", name.trim_end()), hint)
        });
        self.path.pop();
    }

    /// Checks a choice. Of the branches that take this type of value, the one
    /// with the fewest faults is taken for the one that was meant.
    fn any_of(&mut self, rule: &'a Rule, node: &'n Node, hint: Option<&'a str>) {
        let fitting: Vec<&'a Rule> = rule
            .any_of
            .iter()
            .filter(|branch| {
                let types = self.types(branch);
                types.is_empty() || types.iter().any(|wanted| wanted.accepts(node))
            })
            .collect();
        let [first, others @ ..] = fitting.as_slice() else {
            let types = rule.any_of.iter().flat_map(|branch| self.types(branch));
            let types: Vec<Type> = types.copied().collect();
            self.is_type(&types, node);
            return;
        };
        if others.is_empty() {
            self.node(first, node, hint);
            return;
        }
        let mut meant = (*first, self.faults_of(first, node));
        for branch in others {
            if meant.1 == 0 {
                break;
            }
            let faults = self.faults_of(branch, node);
            if faults < meant.1 {
                meant = (branch, faults);
            }
        }
        match meant {
            (_, 0) => {}
            (_, faults) if self.is_trial => self.faults += faults,
            (branch, _) => self.node(branch, node, hint),
        }
    }

    /// Counts what is wrong with `node` by the rule of a branch.
    fn faults_of(&mut self, branch: &'a Rule, node: &'n Node) -> usize {
        let (before, was_trial) = (self.faults, self.is_trial);
        self.is_trial = true;
        self.node(branch, node, None);
        let faults = self.faults - before;
        (self.faults, self.is_trial) = (before, was_trial);
        faults
    }

    /// Returns the types that a rule accepts, its definition's where it has
    /// none of its own.
    fn types(&self, rule: &'a Rule) -> &'a [Type] {
        match self.referenced(rule) {
            Some(referenced) if rule.types.is_empty() => self.types(referenced),
            _ => &rule.types,
        }
    }
}

/// Turns an integer into what bounds are kept as.
#[expect(
    clippy::cast_precision_loss,
    reason = "all bounds in use lie where integers are exact"
)]
fn as_float(number: i64) -> f64 {
    number as f64
}

/// Writes how many there are and how many there may be.
fn outside(number: u64, noun: &str, count: Count) -> String {
    let has = plural::count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    match (count.least, count.most) {
        (Some(least), Some(most)) if least == most => format!("has {has}, exactly {most} needed"),
        (_, Some(most)) if number > most => format!("has {has}, at most {most} allowed"),
        (Some(least), _) => format!("has {has}, at least {least} needed"),
        _ => format!("has {has}"),
    }
}

/// Joins the names of types, each once: `a string or an array`.
fn one_of_types(types: &[Type]) -> String {
    let mut types = types.to_vec();
    types.sort_unstable();
    types.dedup();
    let names: Vec<&str> = types.into_iter().map(Type::name).collect();
    match names.as_slice() {
        [start @ .., last] if !start.is_empty() => format!("{} or {last}", start.join(", ")),
        _ => names.concat(),
    }
}

/// Says how a value of the wrong type is written in the right one.
fn conversion(types: &[Type], node: &Node) -> Option<String> {
    let [wanted] = types else {
        return None;
    };
    match (wanted, &node.value) {
        (Type::Number | Type::Integer | Type::Bool, Value::Text(text)) => {
            let fits = match wanted {
                Type::Bool => text.text.parse::<bool>().is_ok(),
                Type::Integer => text.text.parse::<i64>().is_ok(),
                _ => text.text.parse::<f64>().is_ok_and(f64::is_finite),
            };
            fits.then(|| format!("write {} without quotes", text.text))
        }
        (Type::Text, Value::Integer(_) | Value::Float(_) | Value::Bool(_)) => {
            Some("put it in quotes".to_owned())
        }
        (Type::Integer, Value::Float(number)) if number.fract() == 0.0 => {
            Some(format!("write {number}"))
        }
        (Type::Array, Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Table(_)) => {
            Some("put it in square brackets".to_owned())
        }
        _ => None,
    }
}

/// Writes a value without the quotes of a string.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
