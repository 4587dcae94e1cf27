//! The same changes in segment documents.

use serde_json::{Map, Value};

use super::Made;
use crate::collector_config::processors::{AttributeAction, Scalar};

/// Where attributes of a resource stand in a segment that is made of its spans.
/// All of these fields are texts.
const FIELDS: [(&str, &[&str]); 16] = [
    ("service.name", &["name"]),
    ("service.version", &["service", "version"]),
    ("aws.xray.resource_arn", &["resource_arn"]),
    ("cloud.account.id", &["aws", "account_id"]),
    (
        "cloud.availability_zone",
        &["aws", "ec2", "availability_zone"],
    ),
    ("host.id", &["aws", "ec2", "instance_id"]),
    ("host.type", &["aws", "ec2", "instance_size"]),
    ("host.image.id", &["aws", "ec2", "ami_id"]),
    ("container.name", &["aws", "ecs", "container"]),
    ("aws.ecs.container.arn", &["aws", "ecs", "container_arn"]),
    ("aws.ecs.task.arn", &["aws", "ecs", "task_arn"]),
    ("aws.ecs.task.family", &["aws", "ecs", "task_family"]),
    ("aws.ecs.cluster.arn", &["aws", "ecs", "cluster_arn"]),
    ("aws.ecs.launchtype", &["aws", "ecs", "launch_type"]),
    ("k8s.pod.name", &["aws", "eks", "pod"]),
    ("k8s.cluster.name", &["aws", "eks", "cluster_name"]),
];

/// The document with the changes made; `None` where nothing changes.
pub(super) fn change(document: &[u8], changes: &[Made]) -> Option<Vec<u8>> {
    // Documents were checked when they came in.
    let mut root: Value = serde_json::from_slice(document).ok()?;
    let root_map = root.as_object_mut()?;
    // A subsegment that comes on its own says nothing of its service.
    if root_map.get("type").and_then(Value::as_str) == Some("subsegment") {
        return None;
    }
    let mut is_changed = false;
    for change in changes {
        is_changed |= make(root_map, change);
    }
    is_changed.then(|| root.to_string().into_bytes())
}

fn make(root: &mut Map<String, Value>, change: &Made) -> bool {
    let field = FIELDS.iter().find(|one| one.0 == change.key);
    if let Some((_, path)) = field {
        // No segment is without a name.
        let is_bare = matches!(&change.value, Some(Scalar::Text(text)) if text.is_empty());
        if *path == ["name"] && (change.action == AttributeAction::Delete || is_bare) {
            return false;
        }
        let value = change
            .value
            .as_ref()
            .map(|value| Value::String(text(value)));
        return set(root, path, change.action, value);
    }
    let key = format!("otel.resource.{}", change.key);
    let value = change.value.as_ref().map(json);
    set(root, &["metadata", "default", &key], change.action, value)
}

/// Changes what stands at `path`; objects on the way are made where they are
/// missing. Where something else stands on the way, all stays as it is.
fn set(
    map: &mut Map<String, Value>,
    path: &[&str],
    action: AttributeAction,
    value: Option<Value>,
) -> bool {
    let adds = matches!(action, AttributeAction::Insert | AttributeAction::Upsert);
    match path {
        [] => false,
        [key] => match (map.get_mut(*key), action, value) {
            (None, _, Some(value)) if adds => {
                map.insert((*key).to_owned(), value);
                true
            }
            (Some(_), AttributeAction::Delete, _) => map.shift_remove(*key).is_some(),
            (Some(old), AttributeAction::Update | AttributeAction::Upsert, Some(value)) => {
                let is_changed = *old != value;
                *old = value;
                is_changed
            }
            _ => false,
        },
        [key, rest @ ..] => {
            if !adds && !map.contains_key(*key) {
                return false;
            }
            let inner = map.entry(*key).or_insert_with(|| Value::Object(Map::new()));
            let inner = inner.as_object_mut();
            inner.is_some_and(|inner| set(inner, rest, action, value))
        }
    }
}

fn text(value: &Scalar) -> String {
    match value {
        Scalar::Text(text) => text.clone(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Double(value) => value.to_string(),
    }
}

fn json(value: &Scalar) -> Value {
    match value {
        Scalar::Text(text) => Value::from(text.as_str()),
        Scalar::Bool(value) => Value::from(*value),
        Scalar::Int(value) => Value::from(*value),
        Scalar::Double(value) => Value::from(*value),
    }
}
