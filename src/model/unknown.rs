//! Values that are known only after apply. A marker stands in for each, so that
//! a type can bring its fields into comparable form before they are known, and
//! a text or document that holds one is seen to be unknown itself.

use serde_json::Value;

use super::{Address, Reference};

/// Begins a marker. From Unicode's private use area: no AWS name, ARN or policy
/// holds it.
const BEGIN: char = '\u{e000}';
/// Ends a marker.
const END: char = '\u{e001}';

/// Returns what stands in for the value that `reference` will have.
pub fn marker(reference: &Reference) -> String {
    format!("{BEGIN}{}.{}{END}", reference.to, reference.output)
}

/// Lists what is named by the markers in `text`: each resource with the output
/// of it that is wanted.
pub fn named_in(text: &str) -> Vec<(Address, String)> {
    text.split(BEGIN)
        .skip(1)
        .filter_map(|rest| {
            let (marker, _) = rest.split_once(END)?;
            // An output's name has no dots; a resource's may.
            let (address, output) = marker.rsplit_once('.')?;
            Some((address.parse().ok()?, output.to_owned()))
        })
        .collect()
}

/// Tells whether `value`, or anything in it, is known only after apply.
pub fn is_in(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(BEGIN),
        Value::Array(items) => items.iter().any(is_in),
        Value::Object(fields) => {
            fields.values().any(is_in) || fields.keys().any(|key| key.contains(BEGIN))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn is_found_wherever_it_stands() {
        let marker = marker(&Reference {
            field: "/key_id".to_owned(),
            to: Address::new("kms_key", "traces"),
            output: "arn".to_owned(),
        });
        assert!(is_in(&json!({"a": [{"b": format!("key {marker}")}]})));
        assert!(!is_in(&json!({"a": [{"b": "key"}], "c": 1})));
    }

    #[test]
    fn tells_what_it_stands_for() {
        let group = Address::new("log_group", "/ecs/a.b");
        let key = Address::setting("encryption");
        let mark = |to: &Address| {
            marker(&Reference {
                field: String::new(),
                to: to.clone(),
                output: "arn".to_owned(),
            })
        };
        let text = format!("{}:* and {}", mark(&group), mark(&key));
        let arn = "arn".to_owned();
        assert_eq!(named_in(&text), [(group, arn.clone()), (key, arn)]);
        assert_eq!(named_in("arn:aws:kms"), []);
    }
}
