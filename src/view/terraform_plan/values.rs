//! Values that are known only after apply, as Terraform writes them: left out
//! of the value, and `true` in a tree of the same form.

use serde_json::{Map, Value};

use crate::model::{Attributes, unknown};

/// A value without what is not known, and where that is.
pub(super) struct Split {
    /// `None` where nothing of it is known.
    pub known: Option<Value>,
    /// `None` where all of it is known.
    pub unknown: Option<Value>,
}

/// Splits the attributes of a resource.
pub(super) fn attributes(attributes: &Attributes) -> (Attributes, Attributes) {
    let (mut known, mut unknown) = (Attributes::new(), Attributes::new());
    for (name, value) in attributes {
        let split = value_of(value);
        if let Some(value) = split.known {
            known.insert(name.clone(), value);
        }
        if let Some(value) = split.unknown {
            unknown.insert(name.clone(), value);
        }
    }
    (known, unknown)
}

fn value_of(value: &Value) -> Split {
    if !unknown::is_in(value) {
        return Split {
            known: Some(value.clone()),
            unknown: None,
        };
    }
    match value {
        Value::Array(items) => list(items),
        Value::Object(fields)
            if !fields
                .keys()
                .any(|key| unknown::is_in(&key.as_str().into())) =>
        {
            let (known, unknown) = attributes(fields);
            Split {
                known: Some(known.into()),
                unknown: Some(unknown.into()),
            }
        }
        _ => Split {
            known: None,
            unknown: Some(true.into()),
        },
    }
}

/// Items are told apart by their place: null stands for one that is not known,
/// and `false`, or an empty table, for one that is.
fn list(items: &[Value]) -> Split {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for item in items {
        let split = value_of(item);
        let nothing = if item.is_object() {
            Map::new().into()
        } else {
            false.into()
        };
        known.push(split.known.unwrap_or(Value::Null));
        unknown.push(split.unknown.unwrap_or(nothing));
    }
    Split {
        known: Some(known.into()),
        unknown: Some(unknown.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Address, Reference};

    #[test]
    fn splits_what_is_known_from_what_is_not() {
        let marker = unknown::marker(&Reference {
            field: String::new(),
            to: Address::new("kms_key", "traces"),
            output: "arn".to_owned(),
        });
        let fields = json!({
            "known": {"a": [1]},
            "text": format!("{marker}:*"),
            "list": ["a", marker, "b"],
            "block": [{"key": marker, "name": "x"}, {"name": "y"}],
            "map": {"a": "x", "b": marker},
            "keys": {marker.clone(): 1},
        });
        let (known, unknown) = attributes(fields.as_object().unwrap());
        assert_eq!(
            Value::from(known),
            json!({
                "known": {"a": [1]},
                "list": ["a", null, "b"],
                "block": [{"name": "x"}, {"name": "y"}],
                "map": {"a": "x"},
            })
        );
        assert_eq!(
            Value::from(unknown),
            json!({
                "text": true,
                "list": [false, true, false],
                "block": [{"key": true}, {}],
                "map": {"b": true},
                "keys": true,
            })
        );
    }
}
