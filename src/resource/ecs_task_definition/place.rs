//! Where in the spec a member of a task definition was said: beside the base,
//! in the base, or by the sidecar.

use serde_json::{Map, Value};

use super::EcsTaskDefinitionSpec;
use super::document::{CONTAINERS, containers, pointer_into, registrable, text};
use super::shape::{is_snake, snake};

/// The places of one task definition.
pub(super) struct Places<'s> {
    spec: &'s EcsTaskDefinitionSpec,
    base: Map<String, Value>,
    /// JSON pointer of the task definition within the base.
    base_pointer: String,
}

impl<'s> Places<'s> {
    pub(super) fn new(spec: &'s EcsTaskDefinitionSpec) -> Self {
        let base = spec.base.as_ref();
        Self {
            spec,
            base_pointer: format!("/base{}", base.map_or("", pointer_into)),
            base: base.map(registrable).unwrap_or_default(),
        }
    }

    /// JSON pointer of the task's member `name`.
    pub(super) fn task(&self, name: &str) -> String {
        let field = snake(name);
        let said = serde_json::to_value(self.spec).unwrap_or_default();
        if said.get(&field).is_some_and(|value| !value.is_null()) {
            return format!("/{field}");
        }
        if self.base.contains_key(name) {
            return format!("{}/{name}", self.base_pointer);
        }
        String::new()
    }

    /// JSON pointer of a member of the container `container`; of the container
    /// itself where the member is empty or nowhere said.
    pub(super) fn container(&self, container: &str, member: &str) -> String {
        let inline = self.inline(container);
        let in_base = self.in_base(container);
        if let Some((pointer, fields)) = &inline
            && (member.is_empty() || fields.contains_key(&snake(member)))
        {
            return deeper(pointer, &snake(member));
        }
        if let Some((pointer, fields)) = &in_base
            && fields.contains_key(member)
        {
            return deeper(pointer, member);
        }
        let sidecar = self.spec.sidecar.as_ref();
        if let Some(sidecar) = sidecar.filter(|one| one.name() == container) {
            let said = serde_json::to_value(sidecar).unwrap_or_default();
            let field = snake(member);
            let is_said = said.get(&field).is_some_and(|value| !value.is_null());
            return if is_said {
                format!("/sidecar/{field}")
            } else {
                "/sidecar".to_owned()
            };
        }
        if let Some((pointer, _)) = inline.or(in_base) {
            return pointer;
        }
        self.task(CONTAINERS)
    }

    /// The container as the spec writes it beside the base.
    fn inline(&self, name: &str) -> Option<(String, Map<String, Value>)> {
        let place = "/container_definitions";
        match self.spec.container_definitions.as_ref()? {
            Value::Object(table) => {
                let fields = table.get(name)?.as_object()?;
                Some((format!("{place}/{name}"), fields.clone()))
            }
            Value::Array(items) => {
                let named = |item: &&Value| item.get("name").and_then(Value::as_str) == Some(name);
                let index = items.iter().position(|item| named(&item))?;
                let fields = items[index].as_object()?;
                Some((format!("{place}/{index}"), fields.clone()))
            }
            _ => None,
        }
    }

    /// The container as the base has it.
    fn in_base(&self, name: &str) -> Option<(String, Map<String, Value>)> {
        let mut all = containers(&self.base).enumerate();
        let (index, fields) = all.find(|(_, container)| text(container, "name") == name)?;
        let pointer = format!("{}/{CONTAINERS}/{index}", self.base_pointer);
        Some((pointer, fields.clone()))
    }

    /// Names that stand twice, with the place of the second.
    pub(super) fn twice(&self) -> Vec<(String, String)> {
        let inline = match &self.spec.container_definitions {
            Some(Value::Array(items)) => items.as_slice(),
            _ => &[],
        };
        let base = self.base.get(CONTAINERS).and_then(Value::as_array);
        let base = base.map_or(&[][..], Vec::as_slice);
        let in_base = format!("{}/{CONTAINERS}", self.base_pointer);
        let mut found = repeated(inline, "/container_definitions");
        found.extend(repeated(base, &in_base));
        found
    }

    /// Members of the base that are written as the spec writes them, with the
    /// name that AWS has for each.
    pub(super) fn in_snake_case(&self) -> Vec<(String, &'static str)> {
        let wrong = self.base.keys().filter_map(|name| {
            let known = super::shape::TASK
                .iter()
                .find(|field| field.aws != name && is_snake(name, field.aws))?;
            Some((format!("{}/{name}", self.base_pointer), known.aws))
        });
        wrong.collect()
    }
}

fn deeper(pointer: &str, member: &str) -> String {
    if member.is_empty() {
        pointer.to_owned()
    } else {
        format!("{pointer}/{member}")
    }
}

fn repeated(items: &[Value], place: &str) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(name) = item.get("name").and_then(Value::as_str) else {
            continue;
        };
        if seen.contains(&name) {
            found.push((name.to_owned(), format!("{place}/{index}/name")));
        }
        seen.push(name);
    }
    found
}
