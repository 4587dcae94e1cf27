//! Policy documents by their meaning. AWS stores a policy as it likes: one
//! action as a text or as a list, statements in any order, an account id as
//! the ARN of its root. [`normalize`] brings all of that into one form.
//!
//! Rules: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use serde_json::{Map, Value};

/// What AWS assumes where a policy does not say.
const DEFAULT_VERSION: &str = "2008-10-17";

/// Brings a policy document into the one form in which two are compared.
/// Anything that is no policy comes back as it was. Idempotent.
pub(super) fn normalize(document: &Value) -> Value {
    let Value::Object(policy) = document else {
        return document.clone();
    };
    let mut normal = Map::new();
    let version = policy
        .get("Version")
        .cloned()
        .unwrap_or_else(|| DEFAULT_VERSION.into());
    normal.insert("Version".to_owned(), version);
    for (key, value) in policy {
        match key.as_str() {
            "Version" => {}
            "Statement" => {
                let mut statements: Vec<Value> =
                    as_list(value).iter().map(normalize_statement).collect();
                statements.sort_by_cached_key(Value::to_string);
                statements.dedup();
                normal.insert(key.clone(), Value::Array(statements));
            }
            _ => {
                normal.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(normal)
}

/// Tells whether two normalised documents say the same: names of actions, of
/// condition operators and of condition keys are case-insensitive. They keep
/// their case in [`normalize`], since people read it.
pub(super) fn is_same(left: &Value, right: &Value) -> bool {
    left == right || fold(left) == fold(right)
}

fn fold(document: &Value) -> Value {
    let mut folded = document.clone();
    if let Some(statements) = folded.get_mut("Statement").and_then(Value::as_array_mut) {
        statements.iter_mut().for_each(fold_statement);
        statements.sort_by_cached_key(Value::to_string);
        statements.dedup();
    }
    folded
}

fn fold_statement(statement: &mut Value) {
    let Value::Object(fields) = statement else {
        return;
    };
    for (key, value) in fields {
        match key.as_str() {
            "Action" | "NotAction" => *value = set(value, str::to_ascii_lowercase),
            "Condition" => *value = condition(value, str::to_ascii_lowercase),
            _ => {}
        }
    }
}

/// Reads a document that AWS gave as text; what is not JSON stays a text.
pub(super) fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// One value or a list, as a list.
pub(super) fn as_list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        single => std::slice::from_ref(single),
    }
}

fn normalize_statement(statement: &Value) -> Value {
    let Value::Object(fields) = statement else {
        return statement.clone();
    };
    let mut normal: Vec<(String, Value)> = fields
        .iter()
        .map(|(key, value)| {
            let value = match key.as_str() {
                "Action" | "NotAction" | "Resource" | "NotResource" => set(value, str::to_owned),
                "Principal" | "NotPrincipal" => normalize_principal(value),
                "Condition" => condition(value, str::to_owned),
                _ => value.clone(),
            };
            (key.clone(), value)
        })
        .collect();
    normal.sort_by(|(left, _), (right, _)| left.cmp(right));
    Value::Object(normal.into_iter().collect())
}

/// Turns one value or a list into a sorted list without repeats. Booleans and
/// numbers count as their text, as AWS stores them.
fn set(value: &Value, form: impl Fn(&str) -> String) -> Value {
    let mut items: Vec<String> = as_list(value)
        .iter()
        .map(|item| match item {
            Value::String(text) => form(text),
            other => form(&other.to_string()),
        })
        .collect();
    items.sort();
    items.dedup();
    Value::from(items)
}

fn normalize_principal(value: &Value) -> Value {
    let everyone = || Value::Object(Map::from_iter([("AWS".to_owned(), Value::from(vec!["*"]))]));
    match value {
        Value::String(text) if text == "*" => everyone(),
        Value::Object(kinds) => sorted(kinds.iter().map(|(kind, who)| {
            let who = if kind == "AWS" {
                set(who, account_root)
            } else {
                set(who, str::to_owned)
            };
            (kind.clone(), who)
        })),
        other => other.clone(),
    }
}

/// `123456789012` and the ARN of that account's root, in whichever part of
/// AWS, are the same principal.
fn account_root(principal: &str) -> String {
    let parts: Vec<&str> = principal.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] => (*account).to_owned(),
        _ => principal.to_owned(),
    }
}

/// Brings a condition into one form; `name` says how its operators and keys
/// are written. Values keep their case.
fn condition(value: &Value, name: fn(&str) -> String) -> Value {
    let Value::Object(operators) = value else {
        return value.clone();
    };
    sorted(operators.iter().map(|(operator, keys)| {
        let keys = match keys {
            Value::Object(keys) => sorted(
                keys.iter()
                    .map(|(key, values)| (name(key), set(values, str::to_owned))),
            ),
            other => other.clone(),
        };
        (name(operator), keys)
    }))
}

fn sorted(fields: impl Iterator<Item = (String, Value)>) -> Value {
    let mut fields: Vec<_> = fields.collect();
    fields.sort_by(|(left, _), (right, _)| left.cmp(right));
    Value::Object(fields.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn sees_the_same_policy_in_two_spellings() {
        let written = json!({
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "b", "Effect": "Allow", "Principal": "*", "Action": ["xray:Put*"], "Resource": "*"},
                {"Effect": "Allow", "Principal": {"AWS": "123456789012"},
                 "Action": ["xray:GetSamplingRules", "xray:GetGroups"], "Resource": ["*"],
                 "Condition": {"Bool": {"aws:SecureTransport": true}}}
            ]
        });
        let read_back = json!({
            "Statement": [
                {"Action": ["XRAY:GetGroups", "xray:GetSamplingRules"], "Effect": "Allow",
                 "Principal": {"AWS": ["arn:aws-cn:iam::123456789012:root"]}, "Resource": "*",
                 "Condition": {"bool": {"aws:securetransport": "true"}}},
                {"Effect": "Allow", "Sid": "b", "Principal": {"AWS": "*"}, "Action": "xray:Put*", "Resource": "*"}
            ],
            "Version": "2012-10-17"
        });
        assert!(is_same(&normalize(&written), &normalize(&read_back)));
    }

    #[test]
    fn sees_a_difference_in_meaning() {
        let policy = |resource: &str, effect: &str| {
            normalize(
                &json!({"Statement": {"Effect": effect, "Action": "xray:*", "Resource": resource}}),
            )
        };
        assert_ne!(policy("*", "Allow"), policy("*", "Deny"));
        assert_ne!(policy("arn:A", "Allow"), policy("arn:a", "Allow"));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            "[a-zA-Z*:]{0,6}".prop_map(Value::from)
        ];
        let key = prop_oneof![
            Just("Statement".to_owned()),
            Just("Action".to_owned()),
            Just("Principal".to_owned()),
            Just("AWS".to_owned()),
            Just("Condition".to_owned()),
            "[A-Z][a-z]{1,3}"
        ];
        leaf.prop_recursive(5, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn is_idempotent(document in any_json()) {
            let once = normalize(&document);
            prop_assert_eq!(normalize(&once), once);
        }
    }
}
