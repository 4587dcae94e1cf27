//! The members of a task definition that we know, and how each is written: in
//! AWS's JSON (`portMappings`, lists of things with names) and in the spec
//! (`port_mappings`, tables keyed by those names).
//!
//! What is not listed here passes through both ways as it is.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>.

use serde_json::{Map, Value};

/// A member that is known.
pub(super) struct Field {
    /// Its name in AWS's JSON.
    pub(super) aws: &'static str,
    /// What it holds.
    pub(super) shape: Shape,
}

/// What a member holds.
pub(super) enum Shape {
    /// A plain value, or a list whose order counts.
    Plain,
    /// A list of plain values in no order.
    Set,
    /// A map whose keys are people's own words.
    Words,
    /// An object.
    Object(&'static [Field]),
    /// A list of objects in no order.
    List(&'static [Field]),
    /// A list of objects, each of which has a name of its own.
    Named(Named),
}

/// A list of objects that have names.
pub(super) struct Named {
    /// The member that holds the name.
    pub(super) key: &'static str,
    /// The one other member, where there is only one.
    pub(super) value: Option<&'static str>,
    /// The members beside the name.
    pub(super) fields: &'static [Field],
}

const fn plain(aws: &'static str) -> Field {
    Field {
        aws,
        shape: Shape::Plain,
    }
}

const fn set(aws: &'static str) -> Field {
    Field {
        aws,
        shape: Shape::Set,
    }
}

const fn words(aws: &'static str) -> Field {
    Field {
        aws,
        shape: Shape::Words,
    }
}

const fn object(aws: &'static str, fields: &'static [Field]) -> Field {
    Field {
        aws,
        shape: Shape::Object(fields),
    }
}

const fn list(aws: &'static str, fields: &'static [Field]) -> Field {
    Field {
        aws,
        shape: Shape::List(fields),
    }
}

/// A list of pairs: name and value.
const fn pairs(
    aws: &'static str,
    key: &'static str,
    value: &'static str,
    fields: &'static [Field],
) -> Field {
    Field {
        aws,
        shape: Shape::Named(Named {
            key,
            value: Some(value),
            fields,
        }),
    }
}

const fn named(aws: &'static str, fields: &'static [Field]) -> Field {
    Field {
        aws,
        shape: Shape::Named(Named {
            key: "name",
            value: None,
            fields,
        }),
    }
}

const VALUE: &[Field] = &[plain("value")];
const SECRET: &[Field] = &[plain("valueFrom")];

/// The members of a container definition.
pub(super) static CONTAINER: &[Field] = &[
    plain("image"),
    object("repositoryCredentials", &[plain("credentialsParameter")]),
    plain("cpu"),
    plain("memory"),
    plain("memoryReservation"),
    set("links"),
    list(
        "portMappings",
        &[
            plain("containerPort"),
            plain("containerPortRange"),
            plain("hostPort"),
            plain("protocol"),
            plain("name"),
            plain("appProtocol"),
        ],
    ),
    plain("essential"),
    object(
        "restartPolicy",
        &[
            plain("enabled"),
            set("ignoredExitCodes"),
            plain("restartAttemptPeriod"),
        ],
    ),
    plain("entryPoint"),
    plain("command"),
    pairs("environment", "name", "value", VALUE),
    plain("environmentFiles"),
    list(
        "mountPoints",
        &[
            plain("sourceVolume"),
            plain("containerPath"),
            plain("readOnly"),
        ],
    ),
    list(
        "volumesFrom",
        &[plain("sourceContainer"), plain("readOnly")],
    ),
    object("linuxParameters", LINUX),
    pairs("secrets", "name", "valueFrom", SECRET),
    pairs(
        "dependsOn",
        "containerName",
        "condition",
        &[plain("condition")],
    ),
    plain("startTimeout"),
    plain("stopTimeout"),
    plain("versionConsistency"),
    plain("hostname"),
    plain("user"),
    plain("workingDirectory"),
    plain("disableNetworking"),
    plain("privileged"),
    plain("readonlyRootFilesystem"),
    plain("dnsServers"),
    plain("dnsSearchDomains"),
    pairs("extraHosts", "hostname", "ipAddress", &[plain("ipAddress")]),
    set("dockerSecurityOptions"),
    plain("interactive"),
    plain("pseudoTerminal"),
    words("dockerLabels"),
    named("ulimits", &[plain("softLimit"), plain("hardLimit")]),
    object(
        "logConfiguration",
        &[
            plain("logDriver"),
            words("options"),
            pairs("secretOptions", "name", "valueFrom", SECRET),
        ],
    ),
    object(
        "healthCheck",
        &[
            plain("command"),
            plain("interval"),
            plain("timeout"),
            plain("retries"),
            plain("startPeriod"),
        ],
    ),
    pairs("systemControls", "namespace", "value", VALUE),
    pairs("resourceRequirements", "type", "value", VALUE),
    object("firelensConfiguration", &[plain("type"), words("options")]),
    plain("credentialSpecs"),
];

const LINUX: &[Field] = &[
    object("capabilities", &[set("add"), set("drop")]),
    list(
        "devices",
        &[
            plain("hostPath"),
            plain("containerPath"),
            set("permissions"),
        ],
    ),
    plain("initProcessEnabled"),
    plain("sharedMemorySize"),
    list(
        "tmpfs",
        &[plain("containerPath"), plain("size"), set("mountOptions")],
    ),
    plain("maxSwap"),
    plain("swappiness"),
];

const VOLUME: &[Field] = &[
    object("host", &[plain("sourcePath")]),
    plain("configuredAtLaunch"),
    object(
        "dockerVolumeConfiguration",
        &[
            plain("scope"),
            plain("autoprovision"),
            plain("driver"),
            words("driverOpts"),
            words("labels"),
        ],
    ),
    object(
        "efsVolumeConfiguration",
        &[
            plain("fileSystemId"),
            plain("rootDirectory"),
            plain("transitEncryption"),
            plain("transitEncryptionPort"),
            object(
                "authorizationConfig",
                &[plain("accessPointId"), plain("iam")],
            ),
        ],
    ),
    object(
        "s3filesVolumeConfiguration",
        &[
            plain("fileSystemArn"),
            plain("rootDirectory"),
            plain("transitEncryptionPort"),
            plain("accessPointArn"),
        ],
    ),
    object(
        "fsxWindowsFileServerVolumeConfiguration",
        &[
            plain("fileSystemId"),
            plain("rootDirectory"),
            object(
                "authorizationConfig",
                &[plain("credentialsParameter"), plain("domain")],
            ),
        ],
    ),
];

/// The members of a task definition, tags left out.
pub(super) static TASK: &[Field] = &[
    plain("family"),
    plain("taskRoleArn"),
    plain("executionRoleArn"),
    plain("networkMode"),
    named("containerDefinitions", CONTAINER),
    named("volumes", VOLUME),
    list(
        "placementConstraints",
        &[plain("type"), plain("expression")],
    ),
    set("requiresCompatibilities"),
    plain("cpu"),
    plain("memory"),
    plain("pidMode"),
    plain("ipcMode"),
    object(
        "proxyConfiguration",
        &[
            plain("type"),
            plain("containerName"),
            pairs("properties", "name", "value", VALUE),
        ],
    ),
    object(
        "runtimePlatform",
        &[plain("cpuArchitecture"), plain("operatingSystemFamily")],
    ),
    object("ephemeralStorage", &[plain("sizeInGiB")]),
    pairs(
        "inferenceAccelerators",
        "deviceName",
        "deviceType",
        &[plain("deviceType")],
    ),
    plain("enableFaultInjection"),
    object(
        "trustedExecutionConfiguration",
        &[plain("isolationMode"), plain("attestationPolicy")],
    ),
];

/// Writes a name of AWS's as the spec does: `portMappings` is `port_mappings`.
pub(super) fn snake(aws: &str) -> String {
    snake_characters(aws).collect()
}

/// Tells whether `name` is what the spec writes for a name of AWS's.
pub(super) fn is_snake(name: &str, aws: &str) -> bool {
    name.chars().eq(snake_characters(aws))
}

fn snake_characters(aws: &str) -> impl Iterator<Item = char> {
    // The one name with a unit in it, which is one word.
    let words = if aws == "sizeInGiB" { "sizeInGib" } else { aws };
    words.chars().flat_map(|character| {
        let gap = character.is_ascii_uppercase().then_some('_');
        gap.into_iter().chain([character.to_ascii_lowercase()])
    })
}

/// Finds the member that AWS calls `aws`.
pub(super) fn field<'f>(fields: &'f [Field], aws: &str) -> Option<&'f Field> {
    fields.iter().find(|field| field.aws == aws)
}

/// Writes an object of AWS's as the spec does.
pub(super) fn to_spec(fields: &[Field], object: &Map<String, Value>) -> Map<String, Value> {
    let written = object
        .iter()
        .map(|(name, value)| match field(fields, name) {
            Some(field) => (snake(name), value_to_spec(&field.shape, value)),
            None => (name.clone(), value.clone()),
        });
    written.collect()
}

fn value_to_spec(shape: &Shape, value: &Value) -> Value {
    match (shape, value) {
        (Shape::Object(fields), Value::Object(object)) => to_spec(fields, object).into(),
        (Shape::List(fields), Value::Array(items)) => items_to_spec(fields, items),
        (Shape::Named(named), Value::Array(items)) => {
            named_to_spec(named, items).unwrap_or_else(|| items_to_spec(named.fields, items))
        }
        _ => value.clone(),
    }
}

fn items_to_spec(fields: &[Field], items: &[Value]) -> Value {
    let items = items.iter().map(|item| match item {
        Value::Object(object) => to_spec(fields, object).into(),
        other => other.clone(),
    });
    items.collect()
}

/// Writes a list of things with names as a table; `None` where a name is
/// missing or stands twice, so that nothing is lost.
fn named_to_spec(named: &Named, items: &[Value]) -> Option<Value> {
    let mut table = Map::new();
    for item in items {
        let mut rest = item.as_object()?.clone();
        let name = rest.shift_remove(named.key)?.as_str()?.to_owned();
        let only = named.value.filter(|_| rest.len() == 1);
        let entry = match only.and_then(|value| rest.get(value)) {
            Some(value) if !value.is_object() => value.clone(),
            _ => to_spec(named.fields, &rest).into(),
        };
        if table.insert(name, entry).is_some() {
            return None;
        }
    }
    Some(table.into())
}

/// Writes an object of the spec as AWS does.
pub(super) fn to_aws(fields: &[Field], object: &Map<String, Value>) -> Map<String, Value> {
    let written = object.iter().map(|(name, value)| {
        match fields.iter().find(|field| is_snake(name, field.aws)) {
            Some(field) => (field.aws.to_owned(), value_to_aws(&field.shape, value)),
            None => (name.clone(), value.clone()),
        }
    });
    written.collect()
}

fn value_to_aws(shape: &Shape, value: &Value) -> Value {
    match (shape, value) {
        (Shape::Object(fields), Value::Object(object)) => to_aws(fields, object).into(),
        (Shape::Named(named), Value::Object(table)) => named_to_aws(named, table),
        (Shape::List(fields) | Shape::Named(Named { fields, .. }), Value::Array(items)) => {
            let items = items.iter().map(|item| match item {
                Value::Object(object) => to_aws(fields, object).into(),
                other => other.clone(),
            });
            items.collect()
        }
        _ => value.clone(),
    }
}

fn named_to_aws(named: &Named, table: &Map<String, Value>) -> Value {
    let items = table.iter().map(|(name, entry)| {
        let mut item = Map::new();
        item.insert(named.key.to_owned(), Value::from(name.as_str()));
        match (entry, named.value) {
            (Value::Object(rest), _) => item.extend(to_aws(named.fields, rest)),
            (other, Some(value)) => {
                item.insert(value.to_owned(), other.clone());
            }
            (_, None) => {}
        }
        Value::from(item)
    });
    items.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_those_of_aws_in_snake_case() {
        for (aws, name) in [
            ("portMappings", "port_mappings"),
            ("sizeInGiB", "size_in_gib"),
            ("s3filesVolumeConfiguration", "s3files_volume_configuration"),
            ("readonlyRootFilesystem", "readonly_root_filesystem"),
        ] {
            assert_eq!(snake(aws), name);
            assert!(is_snake(name, aws));
            for other in [
                "",
                aws,
                &name[1..],
                &name[..name.len() - 1],
                &format!("{name}s"),
            ] {
                assert!(!is_snake(other, aws), "{other}");
            }
        }
    }

    #[test]
    fn both_forms_say_the_same() {
        let aws = json!({
            "family": "api",
            "futureField": {"someList": [{"a_b": 1}]},
            "volumes": [{"name": "data", "host": {}}],
            "containerDefinitions": [{
                "name": "api",
                "environment": [{"name": "A_b", "value": "1"}, {"name": "C", "value": ""}],
                "secrets": [{"name": "S", "valueFrom": "arn", "version": 2}],
                "dependsOn": [{"containerName": "x", "condition": "START"}],
                "dockerLabels": {"some-Key": "x", "portMappings": "y"},
                "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
                "resourceRequirements": [{"type": "GPU", "value": "1", "sharingStrategy": {}}],
                "newThing": true,
            }],
        });
        let aws = aws.as_object().unwrap();
        let spec = to_spec(TASK, aws);
        assert_eq!(
            Value::from(spec.clone()),
            json!({
                "family": "api",
                "futureField": {"someList": [{"a_b": 1}]},
                "volumes": {"data": {"host": {}}},
                "container_definitions": {"api": {
                    "environment": {"A_b": "1", "C": ""},
                    "secrets": {"S": {"value_from": "arn", "version": 2}},
                    "depends_on": {"x": "START"},
                    "docker_labels": {"some-Key": "x", "portMappings": "y"},
                    "ulimits": {"nofile": {"soft_limit": 1, "hard_limit": 2}},
                    "resource_requirements": {"GPU": {"value": "1", "sharingStrategy": {}}},
                    "newThing": true,
                }},
            })
        );
        assert_eq!(to_aws(TASK, &spec), *aws);
    }

    #[test]
    fn what_has_no_name_of_its_own_stays_a_list() {
        for environment in [
            json!([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
            json!([{"value": "1"}]),
            json!(["text"]),
            json!("text"),
        ] {
            let container = json!({ "environment": environment });
            let container = container.as_object().unwrap();
            let spec = to_spec(CONTAINER, container);
            assert_eq!(to_aws(CONTAINER, &spec), *container);
        }
    }
}
