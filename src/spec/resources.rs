//! One resource of the spec, from its table to what the engine works with.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::Files;
use super::document::{Reader, inside};
use super::fingerprint::Fingerprint;
use super::language::Language;
use super::lint;
use super::nearest;
use super::node::{Node, Table, Value, pointer_steps};
use super::references::Targets;
use super::report::{Finding, Report, Span, Subject};
use super::schema::{COMMON, with_article};
use super::tables::Written;
use super::tags;
use super::variables::Scope;
use crate::model::{Address, Attributes, Desired, SourceFile, SourceRange, Tags};
use crate::resource::{Kind, Mention, Prepared, Problem};

/// A resource that is sound by itself; its references are still to be checked.
pub(super) struct Built {
    /// What the engine works with.
    pub(super) desired: Desired,
    /// How messages name it.
    pub(super) subject: Subject,
    /// Where its key stands.
    pub(super) key: Span,
    /// Its table, for places of its fields.
    pub(super) node: Node,
    /// Where each entry of `depends_on` stands; those that are mentions stand
    /// where the resource does.
    pub(super) depends_on: Vec<Span>,
    /// What it names by AWS's name.
    pub(super) mentions: Vec<Mention>,
    /// Rules of lint that are switched off for it.
    pub(super) allowed: BTreeSet<String>,
    /// The hash of what the spec says of it.
    pub(super) hash: String,
}

/// Builds the resources of one spec.
pub(super) struct Builder<'a, 's> {
    /// What `${...}` stands for.
    pub(super) scope: &'a mut Scope<'s>,
    /// Reads the files that the spec names.
    pub(super) files: &'a dyn Files,
    /// The stack's tags.
    pub(super) stack_tags: &'a Tags,
    /// What is found wrong.
    pub(super) report: &'a mut Report,
    /// What can be referred to.
    pub(super) targets: &'a Targets<'a>,
    /// The rules of each type.
    pub(super) language: &'a Language,
}

/// The fields that every resource has.
#[derive(Default)]
struct Common {
    protect: bool,
    ignore: Vec<(String, Span)>,
    depends_on: Vec<(String, Span)>,
    tags: Option<Node>,
    allowed: BTreeSet<String>,
}

impl Builder<'_, '_> {
    /// Builds one resource; `None` where it has errors, all reported.
    pub(super) fn build(&mut self, written: Written) -> Option<Built> {
        let before = self.report.len();
        let Written {
            kind,
            name,
            address,
            subject,
            key,
            mut node,
        } = written;
        self.put_in(kind, &mut node, &subject);
        self.check(kind, &node, &key, &subject);
        let common = take_common(&mut node);
        // What is wrong with the fields that every resource has does not keep
        // its type from judging the others.
        let is_sound = self.report.len() == before && !node.is_broken();
        let tags = self.tags(kind, &common, &node.span, &subject);
        self.check_ignore(kind, &common, &subject);
        let depends_on = self.addresses(&common, &subject);
        if !is_sound {
            return None;
        }
        let fields = node.as_table().map(Table::to_json).unwrap_or_default();
        let ignore: Vec<String> = common.ignore.into_iter().map(|(field, _)| field).collect();
        let (depends_on, places): (Vec<Address>, _) = depends_on.into_iter().unzip();
        let hash = hash(&fields, &json!([tags, common.protect, ignore, depends_on]));
        let prepared = self.prepare(kind, &name, fields, &node, &subject)?;
        Some(Built {
            desired: Desired {
                address,
                key: prepared.key,
                written: prepared.written,
                attributes: prepared.attributes,
                tags,
                references: prepared.references,
                depends_on,
                protect: common.protect,
                ignore,
                source: Some(SourceRange::new(self.report.source(), node.span.clone())),
            },
            subject,
            key,
            node,
            depends_on: places,
            mentions: prepared.mentions,
            allowed: common.allowed,
            hash,
        })
    }

    /// Lets the type judge its resource.
    fn prepare(
        &mut self,
        kind: &dyn Kind,
        name: &str,
        fields: Attributes,
        node: &Node,
        subject: &Subject,
    ) -> Option<Prepared> {
        match kind.prepare(name, fields) {
            Ok(prepared) => Some(prepared),
            Err(problems) => {
                for problem in problems {
                    self.problem(problem, node, subject);
                }
                None
            }
        }
    }

    /// Reads documents and puts variables into everything else.
    fn put_in(&mut self, kind: &dyn Kind, node: &mut Node, subject: &Subject) {
        let Value::Table(table) = &mut node.value else {
            return;
        };
        for (field, entry) in table.iter_mut() {
            if kind.facts().is_document(field) {
                let mut reader = Reader {
                    files: self.files,
                    scope: self.scope,
                    subject,
                    report: self.report,
                };
                reader.read(field, &mut entry.node);
            } else {
                self.scope
                    .interpolate(&mut entry.node, subject, self.report);
            }
        }
    }

    /// Checks the table against the rules of its type.
    fn check(&mut self, kind: &'static dyn Kind, node: &Node, key: &Span, subject: &Subject) {
        match self.language.shape(kind) {
            None => {}
            Some(Ok(shape)) => {
                for finding in shape.check(node) {
                    self.report.add(subject, finding);
                }
            }
            Some(Err(error)) => {
                let message = format!("its type has a broken schema: {error}");
                let finding = Finding::new(key, message);
                self.report.add(
                    subject,
                    finding.hint("this is a fault of xrayctl, please report it"),
                );
            }
        }
    }

    /// Merges tags; `None` where AWS keeps none.
    fn tags(
        &mut self,
        kind: &dyn Kind,
        common: &Common,
        place: &Span,
        subject: &Subject,
    ) -> Option<Tags> {
        if !kind.facts().taggable {
            return None;
        }
        let mut findings = Vec::new();
        let own = common
            .tags
            .as_ref()
            .map(|node| tags::read(node, &mut findings));
        let own = own.unwrap_or_default();
        let place = common.tags.as_ref().map_or(place, |node| &node.span);
        let merged = match tags::merge(self.stack_tags, &own, place) {
            Ok(tags) => tags,
            Err(finding) => {
                findings.push(finding);
                own
            }
        };
        for finding in findings {
            self.report.add(subject, finding);
        }
        Some(merged)
    }

    /// Checks that `ignore` names fields of the type.
    fn check_ignore(&mut self, kind: &'static dyn Kind, common: &Common, subject: &Subject) {
        if common.ignore.is_empty() {
            return;
        }
        let mut findings = Vec::new();
        let title = kind.facts().title;
        let taggable = kind.facts().taggable;
        if let Some(Ok(shape)) = self.language.shape(kind) {
            let own = |field: &&str| !COMMON.contains(field) || (taggable && *field == "tags");
            let fields: Vec<&str> = shape.fields().filter(own).collect();
            for (field, span) in &common.ignore {
                if !fields.contains(&field.as_str()) {
                    let message =
                        format!("`ignore`: {} has no field `{field}`", with_article(title));
                    let hint = nearest::hint(field, fields.iter().copied());
                    findings.push(Finding::new(span, message).maybe_hint(hint));
                }
            }
        }
        for finding in findings {
            self.report.add(subject, finding);
        }
    }

    /// Reads `depends_on`.
    fn addresses(&mut self, common: &Common, subject: &Subject) -> Vec<(Address, Span)> {
        let mut addresses = Vec::new();
        for (text, span) in &common.depends_on {
            match text.parse() {
                Ok(address) => {
                    if let Some(finding) = self.targets.check("depends_on", &address, span) {
                        self.report.add(subject, finding);
                    }
                    addresses.push((address, span.clone()));
                }
                Err(error) => {
                    let finding = Finding::new(span, format!("`depends_on`: {error}"));
                    self.report.add(subject, finding);
                }
            }
        }
        addresses
    }

    /// Reports what a type found, at the place of the field.
    fn problem(&mut self, problem: Problem, node: &Node, subject: &Subject) {
        let steps: Vec<String> = pointer_steps(&problem.field).collect();
        let name = steps.join(".");
        let message = if name.is_empty() || problem.message.contains(&format!("`{name}`")) {
            problem.message
        } else {
            format!("`{name}`: {}", problem.message)
        };
        let within = problem.within.as_ref();
        let finding = finding_at(self.report.source(), node, &steps, within, message);
        let finding = finding.maybe_hint(problem.hint);
        self.report.add(subject, finding);
    }
}

/// Takes the fields that every resource has out of its table.
fn take_common(node: &mut Node) -> Common {
    let Value::Table(table) = &mut node.value else {
        return Common::default();
    };
    Common {
        protect: matches!(
            table.remove("protect").map(|entry| entry.node.value),
            Some(Value::Bool(true))
        ),
        ignore: take_texts(table, "ignore"),
        depends_on: take_texts(table, "depends_on"),
        tags: table.remove("tags").map(|entry| entry.node),
        allowed: table
            .remove(lint::KEY)
            .map(|entry| lint::allowed(&entry.node))
            .unwrap_or_default(),
    }
}

fn take_texts(table: &mut Table, key: &str) -> Vec<(String, Span)> {
    let Some(Value::Array(items)) = table.remove(key).map(|entry| entry.node.value) else {
        return Vec::new();
    };
    items
        .into_iter()
        .filter_map(|item| Some((item.as_text()?.text.clone(), item.span)))
        .collect()
}

/// Finds the value that `steps` lead to, or the innermost on the way that the
/// spec holds, and how many steps lead there.
pub(super) fn locate<'n>(node: &'n Node, steps: &[String]) -> (&'n Node, usize) {
    let mut place = node;
    for (passed, step) in steps.iter().enumerate() {
        let next = match &place.value {
            Value::Table(table) => table.get(step).map(|entry| &entry.node),
            Value::Array(items) => step.parse().ok().and_then(|index: usize| items.get(index)),
            _ => None,
        };
        match next {
            Some(next) => place = next,
            None => return (place, passed),
        }
    }
    (place, steps.len())
}

/// Puts a finding at the value that `steps` lead to, or as near to it as the
/// spec goes; `within` are the bytes at fault of a text.
pub(super) fn finding_at(
    spec: &SourceFile,
    node: &Node,
    steps: &[String],
    within: Option<&Span>,
    message: String,
) -> Finding {
    let (place, passed) = locate(node, steps);
    let finding = Finding::new(&place.span, message);
    match (&place.value, within) {
        (Value::Text(text), Some(within)) => Finding {
            span: inside(spec, text, &place.span, within),
            ..finding
        },
        (Value::Document(document), _) => {
            document.place(spec, &place.span, &steps[passed..], finding)
        }
        _ => finding,
    }
}

/// Hashes what the spec says of one resource.
fn hash(fields: &Attributes, common: &Json) -> String {
    let mut fingerprint = Fingerprint::default();
    fingerprint.add_object(fields);
    fingerprint.add(common);
    fingerprint.finish()
}
