//! How a type looks in Terraform's AWS provider, where nothing but its name is
//! special.

use serde::Serialize;
use serde_json::Value;

use super::{Attributes, Facts};

/// Writes `spec` as it is: AWS's own names in `snake_case` are the provider's
/// too. Documents become text, `id` and `arn` come from the outputs.
pub(super) fn plain<S: Serialize>(
    facts: &Facts,
    key: &str,
    spec: &S,
    outputs: &Attributes,
) -> Attributes {
    let mut attributes = match serde_json::to_value(spec) {
        Ok(Value::Object(fields)) => fields,
        _ => Attributes::new(),
    };
    for field in facts.documents {
        if let Some(document) = attributes.get_mut(*field)
            && !document.is_null()
        {
            *document = Value::from(document.to_string());
        }
    }
    if let Some(arn) = outputs.get("arn") {
        attributes.insert("arn".to_owned(), arn.clone());
    }
    let id = outputs.get("arn").cloned();
    attributes.insert("id".to_owned(), id.unwrap_or_else(|| Value::from(key)));
    attributes
}

/// Gives a setting its id, which in the provider is the region.
pub(super) fn identify_by_region(attributes: &mut Attributes, outputs: &Attributes) {
    match outputs.get("region") {
        Some(region) => attributes.insert("id".to_owned(), region.clone()),
        None => attributes.remove("id"),
    };
}

/// Makes a field that holds a table what the provider knows as a block: a list
/// of one; an empty list where it is absent.
pub(super) fn make_block(attributes: &mut Attributes, field: &str) {
    if let Some(value) = attributes.get_mut(field) {
        *value = match value.take() {
            Value::Null => Value::Array(Vec::new()),
            table => Value::Array(vec![table]),
        };
    }
}

/// Returns the text that a state holds as attribute `name`.
pub(super) fn text(values: &Attributes, name: &str) -> Option<String> {
    let text = values.get(name).and_then(Value::as_str)?;
    (!text.is_empty()).then(|| text.to_owned())
}
