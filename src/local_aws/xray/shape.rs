//! Shapes of the X-Ray API model and the checks made before any operation runs.
//!
//! AWS checks a request in two passes that this module repeats: JSON types
//! first (one `SerializationException`), then every modelled constraint (one
//! `ValidationException` that lists them all). Rules of the service come after
//! both and live with each operation.

use serde_json::{Map, Value};

use super::fault::Fault;

/// A shape of the API model with its constraints.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A structure; unknown members are ignored, as AWS does.
    Structure(&'static [Member]),
    /// A string.
    Text(Text),
    /// A 32-bit integer with inclusive bounds.
    Integer(Option<i64>, Option<i64>),
    /// A double with inclusive bounds.
    Double(Option<f64>, Option<f64>),
    /// A boolean.
    Boolean,
    /// A list with the most members it may hold.
    List(&'static Shape, usize),
    /// A map of strings with the most entries it may hold.
    Map {
        /// Constraints of each key.
        key: Text,
        /// Constraints of each value.
        value: Text,
        /// Most entries.
        max: usize,
    },
}

/// A named member of a structure.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Name on the wire.
    pub name: &'static str,
    /// Whether AWS refuses a request without it.
    pub required: bool,
    /// Shape of its value.
    pub shape: Shape,
}

/// Constraints of a string.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// Fewest characters.
    pub min: usize,
    /// Most characters.
    pub max: Option<usize>,
    /// The only values allowed.
    pub one_of: Option<&'static [&'static str]>,
    /// A pattern that the whole text must match.
    pub pattern: Option<Pattern>,
}

/// A pattern of the model: its text, as error messages show it, and its meaning.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    /// The regular expression as the model writes it.
    pub text: &'static str,
    /// Whether a text matches as a whole.
    pub matches: fn(&str) -> bool,
}

impl Text {
    /// A string of any length.
    pub const ANY: Self = Self {
        min: 0,
        max: None,
        one_of: None,
        pattern: None,
    };

    /// A string of `min` to `max` characters.
    pub const fn sized(min: usize, max: usize) -> Self {
        Self {
            min,
            max: Some(max),
            ..Self::ANY
        }
    }

    fn broken(&self, text: &str) -> Vec<String> {
        let length = text.chars().count();
        let mut broken = Vec::new();
        if let Some(max) = self.max.filter(|max| length > *max) {
            broken.push(format!(
                "Member must have length less than or equal to {max}"
            ));
        }
        if length < self.min {
            let min = self.min;
            broken.push(format!(
                "Member must have length greater than or equal to {min}"
            ));
        }
        if let Some(values) = self.one_of.filter(|values| !values.contains(&text)) {
            broken.push(format!(
                "Member must satisfy enum value set: [{}]",
                values.join(", ")
            ));
        }
        if let Some(pattern) = self.pattern.filter(|pattern| !(pattern.matches)(text)) {
            let text = pattern.text;
            broken.push(format!(
                "Member must satisfy regular expression pattern: {text}"
            ));
        }
        broken
    }

    fn all(&self) -> String {
        let mut rules = Vec::new();
        if let Some(max) = self.max {
            rules.push(format!(
                "Member must have length less than or equal to {max}"
            ));
        }
        let min = self.min;
        rules.push(format!(
            "Member must have length greater than or equal to {min}"
        ));
        rules.join(", ")
    }
}

/// Reads a request body as the structure `members`: an object whose values have
/// the modelled JSON types, nulls dropped, doubles written as doubles.
///
/// # Errors
/// `SerializationException` for a body that is not JSON or a member of another
/// type; `ValidationException` that lists every broken constraint.
pub fn read(body: &[u8], members: &'static [Member]) -> Result<Value, Fault> {
    let mut input = if body.iter().all(u8::is_ascii_whitespace) {
        Value::Object(Map::new())
    } else {
        serde_json::from_slice(body).map_err(|e| Fault::serialization(e.to_string()))?
    };
    if !input.is_object() {
        return Err(Fault::serialization(unexpected(&input, "a structure")));
    }
    let shape = Shape::Structure(members);
    conform(&mut input, shape)?;
    let mut violations = Vec::new();
    check(&input, shape, "", &mut violations);
    if violations.is_empty() {
        Ok(input)
    } else {
        Err(Fault::validation(&violations))
    }
}

fn conform(value: &mut Value, shape: Shape) -> Result<(), Fault> {
    if value.is_null() {
        return Ok(());
    }
    match (shape, &mut *value) {
        (Shape::Structure(members), Value::Object(object)) => {
            object.retain(|_, member| !member.is_null());
            for member in members {
                if let Some(inner) = object.get_mut(member.name) {
                    conform(inner, member.shape)?;
                }
            }
            Ok(())
        }
        (Shape::List(member, _), Value::Array(items)) => {
            items.iter_mut().try_for_each(|item| conform(item, *member))
        }
        (Shape::Map { value: text, .. }, Value::Object(object)) => object
            .values_mut()
            .try_for_each(|item| conform(item, Shape::Text(text))),
        (Shape::Text(_), Value::String(_)) | (Shape::Boolean, Value::Bool(_)) => Ok(()),
        (Shape::Double(..), Value::Number(number)) => {
            *value = Value::from(number.as_f64());
            Ok(())
        }
        (Shape::Integer(..), Value::Number(number)) if is_integer(number) => Ok(()),
        (_, found) => Err(Fault::serialization(unexpected(found, wanted(shape)))),
    }
}

fn is_integer(number: &serde_json::Number) -> bool {
    number
        .as_i64()
        .is_some_and(|integer| i32::try_from(integer).is_ok())
}

fn wanted(shape: Shape) -> &'static str {
    match shape {
        Shape::Structure(_) | Shape::Map { .. } => "a structure",
        Shape::Text(_) => "a String",
        Shape::Integer(..) => "an Integer",
        Shape::Double(..) => "a Double",
        Shape::Boolean => "a Boolean",
        Shape::List(..) => "a list",
    }
}

fn unexpected(found: &Value, wanted: &str) -> String {
    let token = match found {
        Value::Object(_) => {
            return "Start of structure or map found where not expected.".to_owned();
        }
        Value::Array(_) => return "Start of list found where not expected".to_owned(),
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
    };
    format!("{token} can not be converted to {wanted}")
}

fn check(value: &Value, shape: Shape, path: &str, out: &mut Vec<String>) {
    let mut fail = |rule: &str| {
        out.push(format!(
            "Value '{}' at '{path}' failed to satisfy constraint: {rule}",
            show(value)
        ));
    };
    match (shape, value) {
        (Shape::Structure(members), Value::Object(object)) => {
            for member in members {
                check_member(object, member, path, out);
            }
        }
        (Shape::Text(text), Value::String(found)) => {
            text.broken(found).iter().for_each(|rule| fail(rule));
        }
        (Shape::Integer(min, max), Value::Number(number)) => {
            let found = number.as_i64().unwrap_or_default();
            if let Some(rule) = out_of_bounds(found, min, max) {
                fail(&rule);
            }
        }
        (Shape::Double(min, max), Value::Number(number)) => {
            let found = number.as_f64().unwrap_or_default();
            if let Some(rule) = out_of_bounds(found, min, max) {
                fail(&rule);
            }
        }
        (Shape::List(member, max), Value::Array(items)) => {
            if items.len() > max {
                fail(&format!(
                    "Member must have length less than or equal to {max}"
                ));
            }
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}.{}.member", index + 1);
                if item.is_null() {
                    out.push(missing(&path));
                } else {
                    check(item, *member, &path, out);
                }
            }
        }
        (
            Shape::Map {
                key,
                value: text,
                max,
            },
            Value::Object(entries),
        ) => {
            check_map(entries, key, text, max, &mut fail);
        }
        _ => {}
    }
}

/// The rule that a number breaks; at most one, since bounds do not cross.
fn out_of_bounds<T: Copy + PartialOrd + std::fmt::Display>(
    found: T,
    min: Option<T>,
    max: Option<T>,
) -> Option<String> {
    if let Some(max) = max.filter(|max| found > *max) {
        return Some(format!(
            "Member must have value less than or equal to {max}"
        ));
    }
    min.filter(|min| found < *min)
        .map(|min| format!("Member must have value greater than or equal to {min}"))
}

fn check_member(object: &Map<String, Value>, member: &Member, path: &str, out: &mut Vec<String>) {
    let name = camel_case(member.name);
    let path = if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    };
    match object.get(member.name) {
        Some(value) => check(value, member.shape, &path, out),
        None if member.required => out.push(missing(&path)),
        None => {}
    }
}

fn check_map(
    entries: &Map<String, Value>,
    key: Text,
    value: Text,
    max: usize,
    fail: &mut dyn FnMut(&str),
) {
    if entries.len() > max {
        fail(&format!(
            "Member must have length less than or equal to {max}"
        ));
    }
    if entries.keys().any(|found| !key.broken(found).is_empty()) {
        fail(&format!(
            "Map keys must satisfy constraint: [{}]",
            key.all()
        ));
    }
    let broken = |found: &Value| match found.as_str() {
        Some(text) => !value.broken(text).is_empty(),
        None => true,
    };
    if entries.values().any(broken) {
        fail(&format!(
            "Map value must satisfy constraint: [{}]",
            value.all()
        ));
    }
}

fn missing(path: &str) -> String {
    format!("Value null at '{path}' failed to satisfy constraint: Member must not be null")
}

/// The name as AWS writes it in a path: its first letter in lower case.
fn camel_case(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}

/// A value as AWS prints it inside a message.
fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(show).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("{name}={}", show(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}
