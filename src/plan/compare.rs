//! Comparing the fields of the two sides. Both come in comparable form, so
//! that equal values mean equal things.

use serde_json::Value;

use super::{Catalog, FieldChange};
use crate::model::{Attributes, Facts, Tags, unknown};

/// What is compared, beside the fields themselves.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Knows when two documents say the same.
    pub catalog: &'a dyn Catalog,
    /// The resource's type.
    pub facts: &'a Facts,
    /// Fields that are left to others.
    pub ignore: &'a [String],
}

impl Rules<'_> {
    /// Tells whether the spec manages `field`, given its desired value.
    pub fn manages(&self, field: &str, desired: Option<&Value>) -> bool {
        let is_absent = desired.is_none_or(Value::is_null);
        let is_left_alone = self.ignore.iter().any(|ignored| ignored == field)
            || (is_absent && self.facts.is_unmanaged_when_absent(field));
        !is_left_alone
    }

    fn is_same(&self, root: &str, before: Option<&Value>, after: Option<&Value>) -> bool {
        match (before, after) {
            (Some(before), Some(after)) if self.facts.is_document(root) => {
                self.catalog.same_document(self.facts.kind, before, after)
            }
            _ => before == after,
        }
    }
}

/// Lists the fields in which `live` is not as `desired`; every field of
/// `desired` where there is no `live`. In the order of `desired`.
pub fn fields(
    rules: Rules<'_>,
    desired: &Attributes,
    live: Option<&Attributes>,
) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    let gone = live
        .into_iter()
        .flat_map(|live| live.keys())
        .filter(|name| !desired.contains_key(*name));
    for name in desired.keys().chain(gone) {
        let after = desired.get(name);
        if rules.manages(name, after) {
            let before = live.and_then(|live| live.get(name));
            value(rules, &mut vec![name.clone()], before, after, &mut changes);
        }
    }
    changes
}

/// Lists the tags in which the two sides differ.
pub fn tags(desired: &Tags, live: Option<&Tags>) -> Vec<FieldChange> {
    let empty = Tags::new();
    let live = live.unwrap_or(&empty);
    let mut names: Vec<&String> = desired.keys().chain(live.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| desired.get(*name) != live.get(*name))
        .map(|name| FieldChange {
            path: vec!["tags".to_owned(), name.clone()],
            before: live.get(name).cloned().map(Value::from),
            after: desired.get(name).cloned().map(Value::from),
            unknown: false,
            forces_replacement: false,
            document: false,
        })
        .collect()
}

fn value(
    rules: Rules<'_>,
    path: &mut Vec<String>,
    before: Option<&Value>,
    after: Option<&Value>,
    changes: &mut Vec<FieldChange>,
) {
    let before = before.filter(|value| !value.is_null());
    let after = after.filter(|value| !value.is_null());
    let root = path[0].as_str();
    if rules.is_same(root, before, after) {
        return;
    }
    let document = rules.facts.is_document(root);
    let (before_fields, after_fields) = (
        before.and_then(Value::as_object),
        after.and_then(Value::as_object),
    );
    let is_nested = before_fields.or(after_fields).is_some()
        && (before.is_none() || before_fields.is_some())
        && (after.is_none() || after_fields.is_some());
    if is_nested && !document {
        let empty = Attributes::new();
        let before_fields = before_fields.unwrap_or(&empty);
        let after_fields = after_fields.unwrap_or(&empty);
        let gone = before_fields
            .keys()
            .filter(|name| !after_fields.contains_key(*name));
        for name in after_fields.keys().chain(gone) {
            path.push(name.clone());
            value(
                rules,
                path,
                before_fields.get(name),
                after_fields.get(name),
                changes,
            );
            path.pop();
        }
        return;
    }
    let unknown = after.is_some_and(unknown::is_in);
    changes.push(FieldChange {
        forces_replacement: rules.facts.replace_on.contains(&root),
        path: path.clone(),
        before: before.cloned(),
        after: after.filter(|_| !unknown).cloned(),
        unknown,
        document,
    });
}
