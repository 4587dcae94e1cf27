//! The form in which two task definitions are compared: what AWS fills in is
//! filled in, what it leaves out is left out, what comes back in no order is
//! sorted. In AWS's JSON; applying it twice changes nothing more.
//!
//! Defaults as AWS answers them:
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>.

use serde_json::{Map, Value};

use super::document::{CONTAINERS, Document, network_mode, shares_ports, text};
use super::shape::{Field, Shape, TASK, field};
use super::size;

/// Brings a task definition into comparable form.
pub(super) fn normalize(document: &mut Document) {
    prune(TASK, document);
    amount(document, "cpu", size::cpu);
    amount(document, "memory", size::memory);
    let windows = "/runtimePlatform/operatingSystemFamily";
    let is_windows = Value::Object(document.clone())
        .pointer(windows)
        .and_then(Value::as_str)
        .is_some_and(|family| family.starts_with("WINDOWS"));
    // Windows has another default, which AWS does not fill in either.
    if !is_windows && !document.contains_key("networkMode") {
        document.insert("networkMode".to_owned(), network_mode(document).into());
    }
    drop_where(document, "enableFaultInjection", &Value::Bool(false));
    let host_ports = shares_ports(document);
    for container in objects_mut(document.get_mut(CONTAINERS)) {
        fill_container(container, host_ports);
    }
    for volume in objects_mut(document.get_mut("volumes")) {
        fill_volume(volume);
    }
    if let Some(proxy) = object_mut(document, "proxyConfiguration") {
        proxy.entry("type").or_insert("APPMESH".into());
    }
    sort(TASK, document);
}

fn fill_container(container: &mut Map<String, Value>, host_ports: bool) {
    container.entry("cpu").or_insert(0.into());
    container.entry("essential").or_insert(true.into());
    for mapping in objects_mut(container.get_mut("portMappings")) {
        mapping.entry("protocol").or_insert("tcp".into());
        if let Some(port) = mapping.get("containerPort").cloned() {
            let host = if host_ports { port } else { 0.into() };
            mapping.entry("hostPort").or_insert(host);
        }
    }
    for list in ["mountPoints", "volumesFrom"] {
        for mount in objects_mut(container.get_mut(list)) {
            drop_where(mount, "readOnly", &Value::Bool(false));
        }
    }
    if let Some(check) = object_mut(container, "healthCheck") {
        check.entry("interval").or_insert(30.into());
        check.entry("timeout").or_insert(5.into());
        check.entry("retries").or_insert(3.into());
    }
    // A log router runs as root, and AWS says so.
    if container.contains_key("firelensConfiguration") {
        container.entry("user").or_insert("0".into());
    }
}

fn fill_volume(volume: &mut Map<String, Value>) {
    drop_where(volume, "configuredAtLaunch", &Value::Bool(false));
    if let Some(efs) = object_mut(volume, "efsVolumeConfiguration") {
        efs.entry("rootDirectory").or_insert("/".into());
        drop_where(efs, "transitEncryption", &"DISABLED".into());
        if let Some(authorization) = object_mut(efs, "authorizationConfig") {
            drop_where(authorization, "iam", &"DISABLED".into());
            if authorization.is_empty() {
                efs.shift_remove("authorizationConfig");
            }
        }
    }
}

/// Writes an amount without its unit; what cannot be read stays.
fn amount(document: &mut Document, name: &str, read: fn(&str) -> Option<u64>) {
    let written = match document.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return,
    };
    let plain = read(&written).map_or(written, |number| number.to_string());
    document.insert(name.to_owned(), plain.into());
}

fn drop_where(object: &mut Map<String, Value>, name: &str, value: &Value) {
    if object.get(name) == Some(value) {
        object.shift_remove(name);
    }
}

fn object_mut<'o>(
    object: &'o mut Map<String, Value>,
    name: &str,
) -> Option<&'o mut Map<String, Value>> {
    object.get_mut(name).and_then(Value::as_object_mut)
}

fn objects_mut(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let list = list.and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Drops what says nothing: nulls, and the empty lists and objects of members
/// that are known.
fn prune(fields: &[Field], object: &mut Map<String, Value>) {
    for (name, value) in object.iter_mut() {
        let Some(field) = field(fields, name) else {
            continue;
        };
        match (&field.shape, value) {
            (Shape::Object(fields), Value::Object(inner)) => prune(fields, inner),
            (Shape::List(fields), Value::Array(items)) => prune_items(fields, items),
            (Shape::Named(named), Value::Array(items)) => prune_items(named.fields, items),
            _ => {}
        }
    }
    object.retain(|name, value| {
        let is_empty = match value {
            Value::Null => return false,
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        !(is_empty && field(fields, name).is_some())
    });
}

fn prune_items(fields: &[Field], items: &mut [Value]) {
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        prune(fields, item);
    }
}

/// Sorts every list whose order says nothing.
fn sort(fields: &[Field], object: &mut Map<String, Value>) {
    for (name, value) in object.iter_mut() {
        let Some(field) = field(fields, name) else {
            continue;
        };
        match (&field.shape, value) {
            (Shape::Set, Value::Array(items)) => {
                items.sort_by_key(ToString::to_string);
                items.dedup();
            }
            (Shape::Object(fields), Value::Object(inner)) => sort(fields, inner),
            (Shape::List(fields), Value::Array(items)) => {
                sort_items(fields, items);
                items.sort_by_key(|item| in_order(fields, item));
            }
            (Shape::Named(named), Value::Array(items)) => {
                sort_items(named.fields, items);
                let name =
                    |item: &Value| item.as_object().map(|one| text(one, named.key).to_owned());
                // Of two with one name, the order may count.
                items.sort_by_key(name);
            }
            _ => {}
        }
    }
}

fn sort_items(fields: &[Field], items: &mut [Value]) {
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        sort(fields, item);
    }
}

/// What an item of a list without names is sorted by: its members in the order
/// in which they are known.
fn in_order(fields: &[Field], item: &Value) -> Vec<String> {
    let known = fields.iter().map(|field| {
        let value = item.get(field.aws);
        // Numbers by size, not by their first digit.
        let number = value.and_then(Value::as_u64);
        number.map_or_else(
            || value.map(ToString::to_string).unwrap_or_default(),
            |number| format!("{number:020}"),
        )
    });
    known.chain([item.to_string()]).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn normal(document: Value) -> Value {
        let Value::Object(mut document) = document else {
            unreachable!()
        };
        normalize(&mut document);
        let once = document.clone();
        normalize(&mut document);
        assert_eq!(once, document, "not idempotent");
        document.into()
    }

    /// What was sent, and what AWS makes of it.
    #[test]
    fn what_aws_fills_in_makes_no_difference() {
        let sent = json!({
            "family": "api",
            "cpu": "0.25 vCPU",
            "memory": "0.5GB",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE", "EC2"],
            "containerDefinitions": [
                {
                    "name": "b",
                    "image": "b",
                    "portMappings": [{"containerPort": 9000}, {"containerPort": 80, "name": "web"}],
                    "environment": [{"name": "Z", "value": "1"}, {"name": "A", "value": "2"}],
                    "healthCheck": {"command": ["CMD", "x"]},
                    "mountPoints": [{"sourceVolume": "d", "containerPath": "/d"}],
                },
                {"name": "a", "image": "a", "firelensConfiguration": {"type": "fluentbit"}},
            ],
            "volumes": [
                {"name": "d"},
                {"name": "e", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
            ],
        });
        let answered = json!({
            "containerDefinitions": [
                {
                    "name": "a", "image": "a", "cpu": 0, "essential": true, "user": "0",
                    "portMappings": [], "environment": [], "mountPoints": [],
                    "volumesFrom": [], "systemControls": [],
                    "firelensConfiguration": {"type": "fluentbit", "options": {}},
                },
                {
                    "name": "b", "image": "b", "cpu": 0, "essential": true,
                    "portMappings": [
                        {"containerPort": 80, "hostPort": 80, "protocol": "tcp", "name": "web"},
                        {"containerPort": 9000, "hostPort": 9000, "protocol": "tcp"},
                    ],
                    "environment": [{"name": "A", "value": "2"}, {"name": "Z", "value": "1"}],
                    "mountPoints": [
                        {"sourceVolume": "d", "containerPath": "/d", "readOnly": false},
                    ],
                    "healthCheck": {
                        "command": ["CMD", "x"], "interval": 30, "timeout": 5, "retries": 3,
                    },
                    "volumesFrom": [], "systemControls": [],
                },
            ],
            "family": "api",
            "networkMode": "awsvpc",
            "volumes": [
                {"name": "e", "efsVolumeConfiguration": {
                    "fileSystemId": "fs-1", "rootDirectory": "/", "transitEncryption": "DISABLED",
                    "authorizationConfig": {"iam": "DISABLED"},
                }},
                {"name": "d", "host": {}},
            ],
            "placementConstraints": [],
            "requiresCompatibilities": ["EC2", "FARGATE"],
            "cpu": "256",
            "memory": "512",
            "enableFaultInjection": false,
        });
        assert_eq!(normal(sent), normal(answered));
    }

    #[test]
    fn ports_of_the_host_follow_the_network() {
        let port = |mode: Value| {
            let mut document = json!({"containerDefinitions": [{
                "name": "a", "portMappings": [{"containerPort": 80}],
            }]});
            document["networkMode"] = mode;
            let normal = normal(document);
            normal["containerDefinitions"][0]["portMappings"][0]["hostPort"].clone()
        };
        assert_eq!(port(json!("awsvpc")), 80);
        assert_eq!(port(json!("host")), 80);
        assert_eq!(port(json!("bridge")), 0);
        assert_eq!(port(Value::Null), 0);
    }

    #[test]
    fn a_difference_stays_one() {
        let document = |command: &[&str]| {
            normal(json!({
                "containerDefinitions": [{"name": "a", "command": command, "future": []}],
            }))
        };
        assert_ne!(document(&["a", "b"]), document(&["b", "a"]));
        let future = &document(&[])["containerDefinitions"][0]["future"];
        assert_eq!(*future, json!([]), "what is not known stays");
    }
}
