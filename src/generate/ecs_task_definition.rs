//! ECS task definitions as `aws ecs register-task-definition --cli-input-json`
//! takes them.

use serde_json::{Value, json};

use crate::model::{Attributes, Tags, live};
use crate::resource::ecs_task_definition::{self as resource, Document, KIND, registrable};
use crate::resource::{Problem, Problems, REGISTRY};

/// Fields that a base takes from the spec: the sidecar and who sends it traces.
const TRACING: [&str; 2] = ["sidecar", "instrument"];
/// Fields that a base takes from the spec where it has none of its own: what
/// the sidecar does, it does by these roles.
const ROLES: [(&str, &str); 2] = [
    ("task_role_arn", "taskRoleArn"),
    ("execution_role_arn", "executionRoleArn"),
];

/// Writes the task definition that the spec describes by `fields`, whose
/// references are known, with the user's tags.
///
/// # Errors
/// Where the fields are none of a task definition.
pub(crate) fn of_spec(
    fields: &Attributes,
    tags: &Tags,
    region: &str,
) -> Result<Document, Vec<Problem>> {
    let mut document = written(fields, region)?;
    let tags: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect();
    if !tags.is_empty() {
        document.insert("tags".to_owned(), tags.into());
    }
    Ok(document)
}

/// Adds the sidecar of `fields`, which the spec calls `name`, and what goes
/// with it to the task definition `base`. All else of it stays, its tags among
/// that; a second time adds nothing.
///
/// # Errors
/// What ECS would refuse of the result. Problems of the base are told below
/// `/base`.
pub(crate) fn onto(
    base: &Document,
    name: &str,
    fields: &Attributes,
    region: &str,
) -> Result<Document, Vec<Problem>> {
    let standing = registrable(base);
    let mut added = Attributes::from_iter([("base".to_owned(), Value::Object(base.clone()))]);
    for field in TRACING {
        if let Some(value) = fields.get(field) {
            added.insert(field.to_owned(), value.clone());
        }
    }
    for (field, member) in ROLES {
        if !standing.contains_key(member)
            && let Some(value) = fields.get(field)
        {
            added.insert(field.to_owned(), value.clone());
        }
    }
    if !standing.contains_key("family") {
        let family = fields.get("family").cloned().unwrap_or_else(|| name.into());
        added.insert("family".to_owned(), family);
    }
    let kind = REGISTRY.iter().find(|kind| kind.facts().kind == KIND);
    if let Some(kind) = kind {
        kind.prepare(name, added.clone())?;
    }
    let mut document = written(&added, region)?;
    let tags = standing.get("tags").and_then(Value::as_array);
    let tags: Vec<Value> = tags
        .into_iter()
        .flatten()
        .filter(|tag| is_own(tag))
        .cloned()
        .collect();
    if !tags.is_empty() {
        document.insert("tags".to_owned(), tags.into());
    }
    Ok(document)
}

/// Tells whether a tag is the user's: AWS refuses its own, and ours say of a
/// registration that an apply made it.
fn is_own(tag: &Value) -> bool {
    let key = tag.get("key").and_then(Value::as_str).unwrap_or_default();
    !key.starts_with("aws:") && !key.starts_with(live::TAG_PREFIX)
}

fn written(fields: &Attributes, region: &str) -> Result<Document, Vec<Problem>> {
    match resource::of_fields(fields) {
        Ok(spec) => Ok(spec.document(Some(region))),
        Err(error) => {
            let mut problems = Problems::new();
            problems.report("", error.to_string());
            Err(problems.into_vec())
        }
    }
}
