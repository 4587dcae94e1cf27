//! A configuration in the making.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{Component, Document, Section};
use crate::collector_config::Fault;

/// What is made so far, and what was found on the way.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// What is made.
    pub(super) document: Document,
    /// What the Collector cannot do at all.
    pub(super) errors: Vec<Fault>,
    /// What the spec says and the Collector does otherwise.
    pub(super) warnings: Vec<Fault>,
    /// What is different in any case: for the head of the file.
    notes: BTreeSet<String>,
}

/// The way to a field: `at(&["exporters", name])`.
pub(super) fn at(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|&step| step.to_owned()).collect()
}

impl Draft {
    /// Describes a component, and says what pipelines call it. `name` tells it
    /// from others of its type.
    pub(super) fn add(
        &mut self,
        section: Section,
        kind: &'static str,
        name: &str,
        steps: Vec<String>,
        settings: Value,
    ) -> String {
        let base = match tidy(name) {
            name if name.is_empty() => kind.to_owned(),
            name => format!("{kind}/{name}"),
        };
        let mut id = base.clone();
        let mut count = 2;
        while (self.document.section(section)).any(|component| component.id == id) {
            id = format!("{base}-{count}");
            count += 1;
        }
        self.document.components.push(Component {
            section,
            kind,
            id: id.clone(),
            steps,
            settings,
        });
        id
    }

    /// The Collector cannot do it.
    pub(super) fn error(&mut self, steps: Vec<String>, message: String, hint: &str) {
        self.errors.push(fault(steps, message, hint));
    }

    /// The Collector does it otherwise.
    pub(super) fn warn(&mut self, steps: Vec<String>, message: String, hint: &str) {
        self.warnings.push(fault(steps, message, hint));
    }

    /// What is different in any case, once.
    pub(super) fn note(&mut self, text: &str) {
        self.notes.insert(text.to_owned());
    }

    /// What is different in any case, sorted.
    pub(super) fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }
}

fn fault(steps: Vec<String>, message: String, hint: &str) -> Fault {
    let message = if steps.is_empty() {
        message
    } else {
        format!("`{}`: {message}", path(&steps))
    };
    Fault {
        steps,
        message,
        hint: hint.to_owned(),
    }
}

/// Steps as they are written: `processors.secrets.values[1].pattern`.
fn path(steps: &[String]) -> String {
    let mut path = String::new();
    for step in steps {
        let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        let part = match step {
            step if path.is_empty() => step.clone(),
            step if is_index => format!("[{step}]"),
            step => format!(".{step}"),
        };
        path.push_str(&part);
    }
    path
}

/// A name that the Collector takes: it knows no blanks, signs and slashes in
/// them.
fn tidy(name: &str) -> String {
    let takes = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let letters = name.chars().take(200);
    letters
        .map(|letter| if takes(letter) { letter } else { '_' })
        .collect()
}
