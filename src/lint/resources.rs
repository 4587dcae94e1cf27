//! The resources of one spec, as rules ask for them.

use serde_json::Value;

use crate::model::Desired;

/// The resources of one spec.
pub(super) struct Resources<'a>(&'a [Desired]);

impl<'a> Resources<'a> {
    pub(super) fn new(resources: &'a [Desired]) -> Self {
        Self(resources)
    }

    /// Lists those of one type.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'a Desired> {
        let all = self.0.iter();
        all.filter(move |desired| desired.address.kind() == kind)
    }

    /// Lists all of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Desired> {
        self.0.iter()
    }
}

/// Returns what the spec says, or leaves to the default, at a JSON pointer.
pub(super) fn value<'a>(desired: &'a Desired, pointer: &str) -> Option<&'a Value> {
    let mut steps = pointer.split('/').skip(1);
    let first = steps.next()?;
    let mut value = desired.written.get(first)?;
    for step in steps {
        value = match value {
            Value::Object(fields) => fields.get(step)?,
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    (!value.is_null()).then_some(value)
}

/// Returns the text at a JSON pointer.
pub(super) fn text<'a>(desired: &'a Desired, pointer: &str) -> Option<&'a str> {
    value(desired, pointer).and_then(Value::as_str)
}

/// Writes a key as a step of a JSON pointer.
pub(super) fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
