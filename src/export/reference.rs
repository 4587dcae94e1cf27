//! Values that come from other resources of the same spec.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::attributes::put;
use crate::model::{Address, Attributes};
use crate::resource::Kind;

/// One output of one resource.
pub(super) struct Output {
    /// The resource.
    pub(super) of: Address,
    /// Its name in the spec.
    pub(super) name: String,
    /// Which of its outputs: `arn`.
    pub(super) which: String,
}

/// Replaces each text in `fields` that is the output of another resource by
/// that resource's name, where the type takes it as a reference to it.
pub(super) fn write(
    kind: &dyn Kind,
    address: &Address,
    fields: &mut Attributes,
    outputs: &BTreeMap<String, Vec<Output>>,
) {
    let mut texts = Vec::new();
    for (name, value) in fields.iter() {
        if !kind.facts().is_document(name) {
            collect(&format!("/{}", escaped(name)), value, &mut texts);
        }
    }
    for (pointer, text) in texts {
        for output in outputs.get(&text).into_iter().flatten() {
            if output.of == *address {
                continue;
            }
            let mut referring = fields.clone();
            put(&mut referring, &pointer, Value::from(output.name.as_str()));
            let name = address.name().unwrap_or_default();
            let is_taken = kind.prepare(name, referring.clone()).is_ok_and(|prepared| {
                prepared.references.iter().any(|reference| {
                    reference.to == output.of
                        && reference.field == pointer
                        && reference.output == output.which
                })
            });
            if is_taken {
                *fields = referring;
                break;
            }
        }
    }
}

/// Lists the texts of a tree with their JSON pointers.
fn collect(pointer: &str, value: &Value, texts: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => texts.push((pointer.to_owned(), text.clone())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(&format!("{pointer}/{index}"), item, texts);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(&format!("{pointer}/{}", escaped(name)), value, texts);
            }
        }
        _ => {}
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
