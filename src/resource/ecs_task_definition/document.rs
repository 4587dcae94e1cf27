//! A task definition as JSON in AWS's form: what `aws ecs
//! register-task-definition --cli-input-json` takes. Made from a base and what
//! the spec says beside it; members that we do not know stay as they are.

use serde_json::{Map, Value};

use super::shape::{self, CONTAINER, Shape, TASK};

/// A task definition in AWS's JSON.
pub(crate) type Document = Map<String, Value>;

/// The member that holds the containers.
pub(super) const CONTAINERS: &str = "containerDefinitions";

/// What `aws ecs describe-task-definition` prints and registration refuses.
const SERVER_ONLY: &[&str] = &[
    "taskDefinitionArn",
    "revision",
    "status",
    "compatibilities",
    "requiresAttributes",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// Where AWS puts a task definition within what it answers.
const WRAPPER: &str = "taskDefinition";

/// Returns what can be registered of `base`: the input of a registration, or
/// what a description answers. Its tags go by the same name in both.
pub(crate) fn registrable(base: &Document) -> Document {
    let mut document = match base.get(WRAPPER) {
        Some(Value::Object(inner)) => {
            let mut document = inner.clone();
            if let Some(tags) = base.get("tags") {
                document.insert("tags".to_owned(), tags.clone());
            }
            document
        }
        _ => base.clone(),
    };
    document.retain(|name, _| !SERVER_ONLY.contains(&name.as_str()));
    document
}

/// Tells whether `base` is what a description answers, and returns the
/// JSON pointer of the task definition in it.
pub(super) fn pointer_into(base: &Document) -> &'static str {
    match base.get(WRAPPER) {
        Some(Value::Object(_)) => "/taskDefinition",
        _ => "",
    }
}

/// Puts `fields`, in AWS's form, over a task definition. Things with names are
/// put together by name; all else takes the place of what the base says.
pub(super) fn put_over(document: &mut Document, fields: Document) {
    for (name, value) in fields {
        let merged = match (document.get_mut(&name), value) {
            (Some(Value::Array(standing)), Value::Array(items)) if name == CONTAINERS => {
                put_containers(standing, items);
                continue;
            }
            (Some(standing), value) => merged(TASK, &name, standing, value),
            (None, value) => value,
        };
        document.insert(name, merged);
    }
}

/// Puts containers over those of the same name.
fn put_containers(standing: &mut Vec<Value>, containers: Vec<Value>) {
    for container in containers {
        let name = container.get("name");
        let same = standing
            .iter_mut()
            .find(|one| name.is_some() && one.get("name") == name);
        match (same.and_then(Value::as_object_mut), container) {
            (Some(same), Value::Object(fields)) => {
                for (name, value) in fields {
                    let value = match same.get(&name) {
                        Some(standing) => merged(CONTAINER, &name, standing, value),
                        None => value,
                    };
                    same.insert(name, value);
                }
            }
            (_, container) => standing.push(container),
        }
    }
}

/// Puts `value` of the member `name` over what stands.
fn merged(fields: &[shape::Field], name: &str, standing: &Value, value: Value) -> Value {
    let named = shape::field(fields, name).map(|field| &field.shape);
    let (Some(Shape::Named(named)), Some(standing), Value::Array(items)) =
        (named, standing.as_array(), &value)
    else {
        return value;
    };
    let mut all = standing.clone();
    for item in items {
        let key = item.get(named.key);
        let same = all
            .iter_mut()
            .find(|one| key.is_some() && one.get(named.key) == key);
        match same {
            Some(same) => *same = item.clone(),
            None => all.push(item.clone()),
        }
    }
    all.into()
}

/// The containers; none where there are none.
pub(super) fn containers(document: &Document) -> impl Iterator<Item = &Document> {
    let list = document.get(CONTAINERS).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

/// The list of containers, made where it is missing; `None` where something
/// else stands in its place.
pub(super) fn containers_mut(document: &mut Document) -> Option<&mut Vec<Value>> {
    document
        .entry(CONTAINERS)
        .or_insert_with(|| Value::Array(Vec::new()))
        .as_array_mut()
}

/// The text of a member; empty where there is none.
pub(super) fn text<'d>(object: &'d Map<String, Value>, name: &str) -> &'d str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The objects of a list; none where there is no list.
pub(super) fn objects<'d>(
    object: &'d Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'d Map<String, Value>> {
    let list = object.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

/// The texts of a list; none where there is no list.
pub(super) fn texts<'d>(
    object: &'d Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'d str> {
    let list = object.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// How the containers reach the network.
pub(super) fn network_mode(document: &Document) -> &str {
    match text(document, "networkMode") {
        "" => "bridge",
        mode => mode,
    }
}

/// Tells whether the tasks are made for Fargate.
pub(super) fn is_fargate(document: &Document) -> bool {
    texts(document, "requiresCompatibilities").any(|one| one == "FARGATE")
}

/// Tells whether the containers share their ports with one another, as they do
/// where they share a network interface.
pub(super) fn shares_ports(document: &Document) -> bool {
    matches!(network_mode(document), "awsvpc" | "host")
}
