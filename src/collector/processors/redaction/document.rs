//! Segment documents without what is secret in them.

use serde_json::{Map, Value};

use super::rules::Rules;
use crate::collector_config::processors::Redact;
use crate::segment::{SegmentId, TraceId};

/// Fields that say what an entity is: no key makes them secret.
const IDENTITY: [&str; 14] = [
    "name",
    "id",
    "trace_id",
    "parent_id",
    "type",
    "namespace",
    "start_time",
    "end_time",
    "in_progress",
    "precursor_ids",
    "links",
    "links.trace_id",
    "links.id",
    "cause.exceptions.id",
];

/// Names that fields have as attributes of a span, where those are no others.
const ATTRIBUTES: [(&str, &str); 9] = [
    ("user", "enduser.id"),
    ("resource_arn", "aws.xray.resource_arn"),
    ("http.request.url", "http.url"),
    ("http.request.method", "http.method"),
    ("http.request.client_ip", "http.client_ip"),
    ("http.request.user_agent", "http.user_agent"),
    ("sql.url", "db.connection_string"),
    ("sql.sanitized_query", "db.statement"),
    ("sql.user", "db.user"),
];

/// Where a value stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// It is a segment or subsegment.
    Entity,
    /// It is the metadata: namespaces by name.
    Namespaces,
    /// It is a field of an entity, at this path.
    Field(&'a str),
    /// The application put it there: its keys are names of attributes.
    Own,
}

/// What became of a value.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Same,
    Changed,
    Gone,
}

impl Step {
    fn of(is_changed: bool) -> Self {
        if is_changed {
            Self::Changed
        } else {
            Self::Same
        }
    }
}

/// The document without what is secret in it; `None` where nothing is, and
/// nothing of a document that cannot be read.
pub(super) fn redact(document: &[u8], rules: &Rules) -> Option<Vec<u8>> {
    let Ok(Value::Object(mut root)) = serde_json::from_slice(document) else {
        return Some(Vec::new());
    };
    let is_changed = object(&mut root, Place::Entity, rules);
    is_changed.then(|| Value::Object(root).to_string().into_bytes())
}

fn object(map: &mut Map<String, Value>, place: Place<'_>, rules: &Rules) -> bool {
    let mut is_changed = false;
    map.retain(|key, value| {
        let step = member(key, value, place, rules);
        is_changed |= step != Step::Same;
        step != Step::Gone
    });
    is_changed
}

fn member(key: &str, value: &mut Value, place: Place<'_>, rules: &Rules) -> Step {
    let within = match place {
        Place::Namespaces => Place::Own,
        Place::Own => match rules.key(key) {
            Some(action) => return whole(value, action, rules),
            None => Place::Own,
        },
        Place::Entity => match key {
            "annotations" => Place::Own,
            "metadata" => Place::Namespaces,
            "subsegments" => Place::Entity,
            _ => return field(key, value, rules),
        },
        Place::Field("links") if key == "attributes" => Place::Own,
        Place::Field(parent) => return field(&format!("{parent}.{key}"), value, rules),
    };
    Step::of(content(value, within, rules))
}

/// A field of an entity, at `path`.
fn field(path: &str, value: &mut Value, rules: &Rules) -> Step {
    if !IDENTITY.contains(&path) && !value.is_object() {
        let attribute = ATTRIBUTES.iter().find(|one| one.0 == path);
        let action = rules.key(path);
        let action = action.or_else(|| attribute.and_then(|one| rules.key(one.1)));
        if let Some(action) = action {
            return whole(value, action, rules);
        }
    }
    Step::of(content(value, Place::Field(path), rules))
}

/// A value whose key makes it secret as a whole.
fn whole(value: &mut Value, action: Redact, rules: &Rules) -> Step {
    let content = match &*value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let Some(instead) = rules.whole(action, content.as_bytes()) else {
        return Step::Gone;
    };
    let instead = Value::String(instead);
    let is_changed = *value != instead;
    *value = instead;
    Step::of(is_changed)
}

fn content(value: &mut Value, place: Place<'_>, rules: &Rules) -> bool {
    match value {
        Value::Object(map) => object(map, place, rules),
        Value::Array(list) => {
            let all = list.iter_mut();
            all.fold(false, |any, value| content(value, place, rules) | any)
        }
        Value::String(text) if is_identity(text, place) => false,
        Value::String(text) => match rules.text(text) {
            Some(changed) => {
                *text = changed;
                true
            }
            None => false,
        },
        Value::Number(number) => match number.as_i64().and_then(|number| rules.number(number)) {
            Some(changed) => {
                *value = Value::String(changed);
                true
            }
            None => false,
        },
        Value::Null | Value::Bool(_) => false,
    }
}

/// Tells whether a text is an id, or a word that X-Ray knows, at its place.
fn is_identity(text: &str, place: Place<'_>) -> bool {
    let Place::Field(path) = place else {
        return false;
    };
    match path {
        "trace_id" | "links.trace_id" => TraceId::parse(text).is_some(),
        "id"
        | "parent_id"
        | "precursor_ids"
        | "links.id"
        | "cause"
        | "cause.exceptions.id"
        | "cause.exceptions.cause" => SegmentId::parse(text).is_some(),
        "type" => matches!(text, "segment" | "subsegment"),
        "namespace" => matches!(text, "aws" | "remote"),
        _ => false,
    }
}
