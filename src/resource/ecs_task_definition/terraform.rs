//! A task definition as Terraform's AWS provider writes it:
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_task_definition>.

use serde_json::{Map, Value};

use super::document::{CONTAINERS, objects, text};
use super::shape::{self, TASK, snake};
use super::{EcsTaskDefinitionSpec, ROLES};
use crate::resource::Attributes;

/// Blocks, which the provider writes as lists of one object.
const BLOCKS: &[&str] = &[
    "ephemeral_storage",
    "runtime_platform",
    "docker_volume_configuration",
    "efs_volume_configuration",
    "s3files_volume_configuration",
    "fsx_windows_file_server_volume_configuration",
    "authorization_config",
];

/// Writes `spec` under the provider's names.
pub(super) fn attributes(
    key: &str,
    spec: &EcsTaskDefinitionSpec,
    outputs: &Attributes,
) -> Attributes {
    let document = spec.document(None);
    let mut attributes = Attributes::new();
    let arn = outputs.get("arn").cloned().unwrap_or_default();
    if let Some(text) = arn.as_str() {
        let without = text.rsplit_once(':').map_or(text, |(rest, _)| rest);
        attributes.insert("arn_without_revision".to_owned(), without.into());
    }
    attributes.insert("arn".to_owned(), arn);
    attributes.insert("id".to_owned(), key.into());
    attributes.insert("family".to_owned(), key.into());
    if let Some(revision) = outputs.get("revision") {
        attributes.insert("revision".to_owned(), revision.clone());
    }
    let containers = document.get(CONTAINERS).map(Value::to_string);
    attributes.insert(
        "container_definitions".to_owned(),
        containers.unwrap_or_else(|| "[]".to_owned()).into(),
    );
    for (field, member) in ROLES {
        attributes.insert(
            field.to_owned(),
            document.get(member).cloned().unwrap_or_default(),
        );
    }
    for member in [
        "networkMode",
        "cpu",
        "memory",
        "pidMode",
        "ipcMode",
        "requiresCompatibilities",
        "enableFaultInjection",
    ] {
        let value = document.get(member).cloned().unwrap_or_default();
        attributes.insert(snake(member), value);
    }
    for member in ["ephemeralStorage", "runtimePlatform"] {
        let block = document.get(member).and_then(Value::as_object);
        let shape = shape::field(TASK, member);
        let block = block.zip(shape).map(|_| {
            let one = Map::from_iter([(member.to_owned(), document[member].clone())]);
            blocks(shape::to_spec(TASK, &one))
        });
        attributes.extend(block.unwrap_or_default());
    }
    let constraints: Vec<Value> = objects(&document, "placementConstraints")
        .map(|one| Value::Object(one.clone()))
        .collect();
    attributes.insert("placement_constraints".to_owned(), constraints.into());
    attributes.insert("volume".to_owned(), volumes(&document));
    attributes.insert("proxy_configuration".to_owned(), proxy(&document));
    attributes
}

fn volumes(document: &Map<String, Value>) -> Value {
    let list = Map::from_iter([(
        "volumes".to_owned(),
        document.get("volumes").cloned().unwrap_or_default(),
    )]);
    let by_name = shape::to_spec(TASK, &list);
    let by_name = by_name.get("volumes").and_then(Value::as_object);
    let volumes = by_name.into_iter().flatten().map(|(name, fields)| {
        let mut volume = Map::from_iter([("name".to_owned(), Value::from(name.as_str()))]);
        let mut fields = fields.as_object().cloned().unwrap_or_default();
        let host = fields.shift_remove("host");
        let path = host.and_then(|host| host.get("source_path").cloned());
        volume.insert(
            "host_path".to_owned(),
            path.unwrap_or_else(|| String::new().into()),
        );
        volume.extend(blocks(fields));
        Value::Object(volume)
    });
    volumes.collect()
}

fn proxy(document: &Map<String, Value>) -> Value {
    let proxy = document
        .get("proxyConfiguration")
        .and_then(Value::as_object);
    let blocks = proxy.map(|proxy| {
        let properties: Map<String, Value> = objects(proxy, "properties")
            .map(|one| (text(one, "name").to_owned(), text(one, "value").into()))
            .collect();
        serde_json::json!({
            "container_name": proxy.get("containerName"),
            "properties": properties,
            "type": proxy.get("type"),
        })
    });
    blocks.into_iter().collect()
}

/// Writes objects that are blocks as lists of one, all the way down.
fn blocks(fields: Map<String, Value>) -> Map<String, Value> {
    let written = fields.into_iter().map(|(name, value)| {
        let value = match value {
            Value::Object(inner) if BLOCKS.contains(&name.as_str()) => {
                Value::from(vec![Value::Object(blocks(inner))])
            }
            other => other,
        };
        (name, value)
    });
    written.collect()
}
