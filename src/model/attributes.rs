//! Attribute trees: the fields of one resource, as plain JSON values under
//! AWS's own field names in `snake_case`.

use std::collections::BTreeMap;

use serde_json::Value;

/// The fields of one resource, in the order in which its type declares them.
pub type Attributes = serde_json::Map<String, Value>;

/// Tags by key. Sorted, since AWS gives them in no order.
pub type Tags = BTreeMap<String, String>;

/// Sets the value at a JSON pointer (RFC 6901) whose parents exist; in a list,
/// only an item that exists.
pub fn put(attributes: &mut Attributes, pointer: &str, value: Value) {
    let mut names = pointer.split('/').skip(1).map(unescaped);
    let Some(first) = names.next() else {
        return;
    };
    let mut rest = names.peekable();
    if rest.peek().is_none() {
        attributes.insert(first, value);
        return;
    }
    let Some(mut place) = attributes.get_mut(&first) else {
        return;
    };
    while let Some(name) = rest.next() {
        let is_last = rest.peek().is_none();
        let next = match place {
            Value::Object(fields) if is_last => {
                fields.insert(name, value);
                return;
            }
            Value::Object(fields) => fields.get_mut(&name),
            Value::Array(items) => name
                .parse()
                .ok()
                .and_then(|index: usize| items.get_mut(index)),
            _ => None,
        };
        match next {
            Some(next) => place = next,
            None => return,
        }
    }
    *place = value;
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn puts_a_value_where_the_pointer_leads() {
        let mut fields = Attributes::new();
        put(&mut fields, "/a", json!({"list": [1, {"b/c": 2}]}));
        put(&mut fields, "/a/list/0", json!("x"));
        put(&mut fields, "/a/list/1/b~1c", json!("y"));
        put(&mut fields, "/a/new", json!("z"));
        put(&mut fields, "/a/list/7", json!("nowhere"));
        put(&mut fields, "/none/at/all", json!("nowhere"));
        assert_eq!(
            Value::from(fields),
            json!({"a": {"list": ["x", {"b/c": "y"}], "new": "z"}})
        );
    }
}
