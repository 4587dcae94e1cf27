//! Attribute trees: the fields of one resource, as plain JSON values under
//! AWS's own field names in `snake_case`.

use std::collections::BTreeMap;

use serde_json::Value;

/// The fields of one resource, in the order in which its type declares them.
pub type Attributes = serde_json::Map<String, Value>;

/// Tags by key. Sorted, since AWS gives them in no order.
pub type Tags = BTreeMap<String, String>;

/// Sets the value at a JSON pointer whose parents exist.
pub fn put(attributes: &mut Attributes, pointer: &str, value: Value) {
    let mut names: Vec<&str> = pointer.split('/').skip(1).collect();
    let Some(last) = names.pop() else {
        return;
    };
    let mut fields = attributes;
    for name in names {
        match fields.get_mut(name).and_then(Value::as_object_mut) {
            Some(inner) => fields = inner,
            None => return,
        }
    }
    fields.insert(last.to_owned(), value);
}
