//! What ECS refuses of a task definition, and what it fills in.
//!
//! Sources:
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size>.

use serde_json::{Map, Value, json};

use super::json_call::JsonFault;

/// The most containers of a task definition.
const MOST_CONTAINERS: usize = 10;
/// Sizes of Fargate tasks: CPU units, the least and most MiB, and the step
/// between.
const FARGATE: &[(u64, u64, u64, u64)] = &[
    (256, 512, 1024, 512),
    (256, 2048, 2048, 1024),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// Whether ECS would take the request.
///
/// # Errors
/// The error that AWS answers where it would not.
pub fn check(members: &Map<String, Value>) -> Result<(), JsonFault> {
    let containers = objects(members, "containerDefinitions").count();
    if containers == 0 {
        return Err(refused("Container list cannot be empty."));
    }
    if containers > MOST_CONTAINERS {
        return Err(refused(format!(
            "Too many containers: {containers}, at most {MOST_CONTAINERS}."
        )));
    }
    let mut names: Vec<&str> = objects(members, "containerDefinitions")
        .map(|one| text(one, "name"))
        .collect();
    names.sort_unstable();
    if names.first() == Some(&"") || names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(refused("Container names must be given and unique."));
    }
    let cpu = amount(members, "cpu", "vcpu")?;
    let memory = amount(members, "memory", "gb")?;
    let kinds = members.get("requiresCompatibilities");
    let kinds = kinds.and_then(Value::as_array);
    if kinds.is_some_and(|kinds| kinds.contains(&"FARGATE".into())) {
        fargate(members, cpu, memory)?;
    }
    Ok(())
}

fn fargate(
    members: &Map<String, Value>,
    cpu: Option<u64>,
    memory: Option<u64>,
) -> Result<(), JsonFault> {
    if text(members, "networkMode") != "awsvpc" {
        return Err(refused(
            "Fargate only supports network mode \u{2018}awsvpc\u{2019}.",
        ));
    }
    let (Some(cpu), Some(memory)) = (cpu, memory) else {
        return Err(refused(
            "Fargate requires that 'cpu' and 'memory' be defined at the task level.",
        ));
    };
    let is_size = |(units, least, most, step): &(u64, u64, u64, u64)| {
        *units == cpu && (*least..=*most).contains(&memory) && (memory - least) % step == 0
    };
    if FARGATE.iter().any(is_size) {
        return Ok(());
    }
    Err(refused(format!(
        "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the \
         Amazon ECS documentation for the valid values."
    )))
}

/// Reads an amount of the task: a number as text, or one with a unit of 1024.
fn amount(members: &Map<String, Value>, name: &str, unit: &str) -> Result<Option<u64>, JsonFault> {
    let written = match members.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(written) => written.as_str().unwrap_or_default().trim(),
    };
    let invalid = || {
        JsonFault::new(
            "InvalidParameterException",
            format!("Invalid '{name}' setting for task."),
        )
    };
    let lower = written.to_ascii_lowercase();
    let Some(number) = lower.strip_suffix(unit) else {
        return lower.parse().map(Some).map_err(|_| invalid());
    };
    let number: f64 = number.trim().parse().map_err(|_| invalid())?;
    let scaled = format!("{:.0}", number * 1024.0);
    scaled.parse().map(Some).map_err(|_| invalid())
}

/// Fills in what AWS fills in.
pub fn fill(members: &mut Map<String, Value>) {
    for (name, unit) in [("cpu", "vcpu"), ("memory", "gb")] {
        if let Ok(Some(number)) = amount(members, name, unit) {
            members.insert(name.to_owned(), number.to_string().into());
        }
    }
    let mode = text(members, "networkMode");
    let follows_container = matches!(mode, "awsvpc" | "host");
    for list in ["volumes", "placementConstraints"] {
        members.entry(list).or_insert(json!([]));
    }
    let containers = members.get_mut("containerDefinitions");
    for container in objects_mut(containers) {
        container.entry("cpu").or_insert(0.into());
        container.entry("essential").or_insert(true.into());
        for list in [
            "portMappings",
            "environment",
            "mountPoints",
            "volumesFrom",
            "systemControls",
        ] {
            container.entry(list).or_insert(json!([]));
        }
        for mapping in objects_mut(container.get_mut("portMappings")) {
            mapping.entry("protocol").or_insert("tcp".into());
            if let Some(port) = mapping.get("containerPort").cloned() {
                let outside = if follows_container { port } else { 0.into() };
                mapping.entry("hostPort").or_insert(outside);
            }
        }
        if let Some(check) = container
            .get_mut("healthCheck")
            .and_then(Value::as_object_mut)
        {
            for (name, value) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
                check.entry(name).or_insert(value.into());
            }
        }
        // AWS keeps these in an order of its own.
        for list in ["environment", "secrets"] {
            if let Some(Value::Array(items)) = container.get_mut(list) {
                items.reverse();
            }
        }
    }
}

fn refused(message: impl Into<String>) -> JsonFault {
    JsonFault::new("ClientException", message)
}

fn text<'m>(members: &'m Map<String, Value>, name: &str) -> &'m str {
    members
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn objects<'m>(
    members: &'m Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'m Map<String, Value>> {
    let list = members.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

fn objects_mut(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let list = list.and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}
