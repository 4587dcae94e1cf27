//! Which table of the spec is of which type.

use std::collections::{BTreeMap, BTreeSet};

use super::nearest;
use super::node::{Entry, Node, Table, Value};
use super::report::{Finding, Report, Span, Subject};
use super::schema::with_article;
use crate::model::{Address, Facts, plural};
use crate::resource::Kind;

/// How long a resource's name may be.
const MAX_NAME: usize = 128;

/// Tables that are no resources and taken out before resources are looked for.
const OTHERS: [&str; 6] = ["stack", "vars", "env", "lint", "collector", "traffic"];

/// One resource as the spec writes it.
pub(super) struct Written {
    /// Its type.
    pub(super) kind: &'static dyn Kind,
    /// Its name within its type; empty for a setting.
    pub(super) name: String,
    /// Its address.
    pub(super) address: Address,
    /// How messages name it.
    pub(super) subject: Subject,
    /// Where its key stands.
    pub(super) key: Span,
    /// Its table.
    pub(super) node: Node,
}

/// Sorts all tables of a spec by type.
pub(super) struct Tables<'a> {
    by_path: BTreeMap<&'static str, &'static dyn Kind>,
    /// `iam`, where there is `iam.policies`.
    namespaces: BTreeSet<&'static str>,
    report: &'a mut Report,
    found: Vec<Written>,
}

impl<'a> Tables<'a> {
    /// Lists the resources of `root`, from which `[stack]`, `[vars]` and
    /// `[env]` are taken out. What belongs to no type is reported.
    pub(super) fn sort(
        root: Table,
        kinds: &[&'static dyn Kind],
        report: &'a mut Report,
    ) -> Vec<Written> {
        let mut tables = Self {
            by_path: BTreeMap::new(),
            namespaces: BTreeSet::new(),
            report,
            found: Vec::new(),
        };
        for kind in kinds {
            let path = kind.facts().table;
            tables.by_path.insert(path, *kind);
            let dots = path.match_indices('.');
            tables.namespaces.extend(dots.map(|(at, _)| &path[..at]));
        }
        tables.walk("", root);
        tables.found
    }

    fn walk(&mut self, prefix: &str, table: Table) {
        for (key, entry) in table.into_entries() {
            let path = format!("{prefix}{key}");
            if let Some(kind) = self.by_path.get(path.as_str()).copied() {
                self.table(kind, entry);
            } else if self.namespaces.contains(path.as_str()) {
                match entry.node.value {
                    Value::Table(inner) => self.walk(&format!("{path}."), inner),
                    Value::Broken => {}
                    _ => {
                        let message = format!(
                            "`{path}`: expected a table, found {}",
                            entry.node.type_name()
                        );
                        self.report
                            .add_plain(Finding::new(&entry.node.span, message));
                    }
                }
            } else {
                self.unknown(&path, &entry);
            }
        }
    }

    fn unknown(&mut self, path: &str, entry: &Entry) {
        let what = if matches!(entry.node.value, Value::Table(_)) {
            "table"
        } else {
            "key"
        };
        let message = format!("unknown {what} `{path}`");
        let finding = Finding::new(&entry.key, message).maybe_hint(self.hint(path));
        self.report.add_plain(finding);
    }

    fn hint(&self, path: &str) -> Option<String> {
        if OTHERS.contains(&path) {
            // Taken out of the spec before, so that this one is in an overlay.
            return Some("an environment holds no environments of its own".to_owned());
        }
        let namespace = path.rfind('.').map_or("", |dot| &path[..=dot]);
        let others = OTHERS.into_iter().filter(|_| namespace.is_empty());
        let tables = self.by_path.keys().copied();
        let known = others.chain(tables.clone().filter(|name| name.starts_with(namespace)));
        // `[policies.x]` may want to be `[iam.policies.x]`.
        let last = path.rsplit('.').next();
        let same_end = tables.clone().find(|name| name.rsplit('.').next() == last);
        match same_end {
            Some(name) => Some(format!("did you mean `{name}`?")),
            None => nearest::hint(path, known),
        }
    }

    fn table(&mut self, kind: &'static dyn Kind, entry: Entry) {
        let facts = kind.facts();
        if !facts.is_named() {
            self.resource(kind, String::new(), entry);
            return;
        }
        let Value::Table(resources) = entry.node.value else {
            if !matches!(entry.node.value, Value::Broken) {
                let message = format!(
                    "`{}`: expected a table, found {}",
                    facts.table,
                    entry.node.type_name()
                );
                let finding = Finding::new(&entry.node.span, message);
                self.report.add_plain(finding.hint(name_hint(facts)));
            }
            return;
        };
        for (name, entry) in resources.into_entries() {
            if let Some(finding) = wrong_name(facts.title, &name, &entry.key) {
                self.report.add_plain(finding);
            }
            self.resource(kind, name, entry);
        }
    }

    fn resource(&mut self, kind: &'static dyn Kind, name: String, entry: Entry) {
        let facts = kind.facts();
        let address = facts.address(&name);
        let subject = Subject::resource(facts.title, &address);
        match &entry.node.value {
            Value::Broken => {}
            Value::Table(_) => self.found.push(Written {
                kind,
                name,
                address,
                subject,
                key: entry.key,
                node: entry.node,
            }),
            _ => {
                let message = format!("expected a table, found {}", entry.node.type_name());
                let mut finding = Finding::new(&entry.node.span, message);
                if facts.is_named() {
                    finding = finding.hint(name_hint(facts));
                }
                self.report.add(&subject, finding);
            }
        }
    }
}

fn name_hint(facts: &Facts) -> String {
    format!(
        "{} stands under its name: `[{}.NAME]`",
        with_article(facts.title),
        facts.table
    )
}

/// Tells what is wrong with the name of a resource, or of what is named like one.
pub(super) fn wrong_name(title: &str, name: &str, span: &Span) -> Option<Finding> {
    let length = name.chars().count();
    if length == 0 {
        let message = format!("the name of {} is empty", with_article(title));
        return Some(Finding::new(span, message));
    }
    if length > MAX_NAME {
        let message = format!(
            "{title} `{name}`: the name has {}, at most {MAX_NAME} allowed",
            plural::count(length, "character")
        );
        return Some(Finding::new(span, message));
    }
    let strange = name
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '-')))?;
    let message = format!(
        "{title} `{name}`: the name holds `{}`",
        strange.escape_debug()
    );
    Some(Finding::new(span, message).hint("a name takes letters, digits and `. _ / -`"))
}
