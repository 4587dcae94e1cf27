//! Lint in a spec: `[lint]` and `lint.allow`, which switch rules off, and the
//! places of what rules find.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::node::{Node, Table, Value, pointer_steps};
use super::report::{Finding, Report, Subject};
use super::resources::{Built, finding_at};
use super::shape::{Shape, ShapeError};
use super::variables::Scope;
use crate::lint;
use crate::model::{Address, Diagnostics, Severity};

/// The key, of a spec and of a resource, that switches rules off.
pub(super) const KEY: &str = "lint";
/// The list of rules in it.
const ALLOW: &str = "allow";

/// What rules need to know of a spec beside its resources.
#[derive(Clone, Debug, Default)]
pub(super) struct Linted {
    /// Rules that are switched off everywhere.
    allowed: BTreeSet<String>,
    places: BTreeMap<Address, Place>,
}

/// A resource as the file has it.
#[derive(Clone, Debug)]
struct Place {
    subject: Subject,
    node: Node,
    /// Rules that are switched off for it.
    allowed: BTreeSet<String>,
}

/// Describes what stands under the key, for the check and for editors.
pub(super) fn schema(description: &str) -> Json {
    let codes: Vec<&str> = lint::codes().collect();
    json!({
        "description": description,
        "type": "object",
        "properties": {
            ALLOW: {
                "description": "Rules that are switched off.",
                "type": "array",
                "items": { "enum": codes },
                "uniqueItems": true,
            },
        },
        "additionalProperties": false,
    })
}

/// What `[lint]` is for.
pub(super) const OF_SPEC: &str = "Which rules of lint are switched off in the whole spec.";
/// What `lint` of a resource is for.
pub(super) const OF_RESOURCE: &str = "Which rules of lint are switched off for the resource.";

/// The rules of the table.
static RULES: LazyLock<Result<Shape, ShapeError>> =
    LazyLock::new(|| Shape::of(|_| schema(OF_SPEC)));

/// Reads `[lint]` out of `root`: the rules that are switched off.
pub(super) fn read(
    root: &mut Table,
    scope: &mut Scope<'_>,
    report: &mut Report,
) -> BTreeSet<String> {
    let Some(mut entry) = root.remove(KEY) else {
        return BTreeSet::new();
    };
    let subject = Subject::part(KEY);
    scope.interpolate(&mut entry.node, &subject, report);
    match &*RULES {
        Ok(shape) => {
            for finding in shape.check(&entry.node) {
                report.add(&subject, finding);
            }
        }
        Err(error) => report.add(&subject, Finding::new(&entry.key, error.to_string())),
    }
    allowed(&entry.node)
}

/// Lists the rules that the value under the key switches off.
pub(super) fn allowed(node: &Node) -> BTreeSet<String> {
    let list = node.as_table().and_then(|table| table.get(ALLOW));
    let Some(Value::Array(items)) = list.map(|entry| &entry.node.value) else {
        return BTreeSet::new();
    };
    let texts = items.iter().filter_map(Node::as_text);
    texts.map(|text| text.text.clone()).collect()
}

impl Linted {
    /// Keeps of `built` what is needed to say where something is found.
    pub(super) fn new(allowed: BTreeSet<String>) -> Self {
        Self {
            allowed,
            places: BTreeMap::new(),
        }
    }

    /// Adds a resource; what the engine works with is left as it is.
    pub(super) fn add(&mut self, built: &mut Built) {
        let hollow = Node {
            span: built.node.span.clone(),
            value: Value::Broken,
        };
        let place = Place {
            subject: built.subject.clone(),
            node: std::mem::replace(&mut built.node, hollow),
            allowed: std::mem::take(&mut built.allowed),
        };
        self.places.insert(built.desired.address.clone(), place);
    }

    fn allows(&self, code: &str, address: &Address) -> bool {
        let of_resource = self.places.get(address).map(|place| &place.allowed);
        self.allowed.contains(code) || of_resource.is_some_and(|allowed| allowed.contains(code))
    }
}

impl super::Spec {
    /// Looks for what AWS takes, but hardly as it is meant: warnings with
    /// codes, in the order of the file. What the spec allows is left out.
    pub fn lint(&self) -> Diagnostics {
        let mut report = Report::new(&self.source);
        let allows = |code: &'static str, address: &Address| self.linted.allows(code, address);
        for (code, found) in lint::check(&self.resources, allows) {
            let Some(place) = self.linted.places.get(&found.address) else {
                continue;
            };
            let steps: Vec<String> = pointer_steps(&found.field).collect();
            let hint = format!("{} ({})", found.hint, lint::page(code));
            let finding = Finding {
                severity: Severity::Warning,
                code: Some(code),
                detail: found.detail,
                ..finding_at(&self.source, &place.node, &steps, None, found.message)
            };
            report.add(&place.subject, finding.hint(hint));
        }
        report.finish()
    }
}
