//! The statements of all policy documents of a spec, whichever resource they
//! stand in.

use serde_json::{Map, Value};

use super::resources::{Resources, step, value};
use crate::model::Desired;

/// The type of IAM policies.
pub(super) const IAM_POLICY: &str = "iam_policy";
/// The type of IAM roles.
pub(super) const IAM_ROLE: &str = "iam_role";

/// Fields that hold a policy which names principals, by type.
const WITH_PRINCIPALS: &[(&str, &str)] = &[
    ("resource_policy", "/policy_document"),
    ("kms_key", "/policy"),
    (IAM_ROLE, "/assume_role_policy"),
];

/// One statement of a policy.
pub(super) struct Statement<'a> {
    /// Where the policy stands.
    pub(super) desired: &'a Desired,
    /// JSON pointer of the statement.
    pub(super) place: String,
    /// The statement in AWS's words.
    pub(super) fields: Map<String, Value>,
}

impl Statement<'_> {
    /// Tells whether it allows.
    pub(super) fn allows(&self) -> bool {
        self.fields
            .get("Effect")
            .is_none_or(|effect| effect == "Allow")
    }

    /// Lists the texts of a member that holds one or a list.
    pub(super) fn texts(&self, member: &str) -> Vec<&str> {
        self.fields.get(member).map(texts).unwrap_or_default()
    }

    /// Points at a member, in the words in which the policy has it.
    pub(super) fn pointer(&self, member: &str) -> String {
        let own = self.place.starts_with("/statements/");
        let name = WORDS.iter().find(|(_, name)| own && *name == member);
        format!("{}/{}", self.place, name.map_or(member, |(own, _)| own))
    }
}

/// The spec's own words for members of a statement, and AWS's.
const WORDS: &[(&str, &str)] = &[
    ("sid", "Sid"),
    ("effect", "Effect"),
    ("actions", "Action"),
    ("not_actions", "NotAction"),
    ("resources", "Resource"),
    ("not_resources", "NotResource"),
    ("conditions", "Condition"),
];

/// Lists the texts of one value, or of a list of them.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        single => single.as_str().into_iter().collect(),
    }
}

/// Lists the statements of policies that say who may do something.
pub(super) fn with_principals<'a>(resources: &Resources<'a>) -> Vec<Statement<'a>> {
    let mut all = Vec::new();
    for (kind, pointer) in WITH_PRINCIPALS {
        for desired in resources.of_kind(kind) {
            if let Some(document) = value(desired, pointer) {
                all.extend(statements(desired, pointer, document));
            }
        }
    }
    all
}

/// Lists the statements of IAM policies that say what their holder may do.
pub(super) fn of_permissions<'a>(resources: &Resources<'a>) -> Vec<Statement<'a>> {
    let mut all = Vec::new();
    for desired in resources.of_kind(IAM_POLICY) {
        if let Some(document) = value(desired, "/policy") {
            all.extend(statements(desired, "/policy", document));
        }
        let own = value(desired, "/statements").and_then(Value::as_array);
        for (index, statement) in own.into_iter().flatten().enumerate() {
            let place = format!("/statements/{index}");
            all.extend(in_aws_words(statement).map(|fields| Statement {
                desired,
                place,
                fields,
            }));
        }
    }
    for desired in resources.of_kind(IAM_ROLE) {
        let inline = value(desired, "/inline_policies").and_then(Value::as_object);
        for (name, policy) in inline.into_iter().flatten() {
            let pointer = format!("/inline_policies/{}", step(name));
            all.extend(of_inline_policy(desired, &pointer, policy));
        }
    }
    all
}

/// Takes a policy apart that is a table, or JSON in a text; in a text no place
/// is looked for.
fn of_inline_policy<'a>(desired: &'a Desired, pointer: &str, policy: &Value) -> Vec<Statement<'a>> {
    let Value::String(text) = policy else {
        return statements(desired, pointer, policy);
    };
    let document = serde_json::from_str(text).unwrap_or_default();
    let mut found = statements(desired, pointer, &document);
    for statement in &mut found {
        pointer.clone_into(&mut statement.place);
    }
    found
}

/// Takes a policy document apart.
fn statements<'a>(desired: &'a Desired, pointer: &str, document: &Value) -> Vec<Statement<'a>> {
    let place = format!("{pointer}/Statement");
    let statement = |place: String, fields: &Value| {
        Some(Statement {
            desired,
            place,
            fields: fields.as_object()?.clone(),
        })
    };
    match document.get("Statement") {
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .filter_map(|(index, fields)| statement(format!("{place}/{index}"), fields))
            .collect(),
        Some(single) => statement(place, single).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Writes a statement in the spec's words in those of AWS.
fn in_aws_words(statement: &Value) -> Option<Map<String, Value>> {
    let fields = statement.as_object()?.iter();
    let fields = fields.filter(|(_, value)| value.as_array().is_none_or(|list| !list.is_empty()));
    let in_aws_words = fields.map(|(name, value)| {
        let word = WORDS.iter().find(|(own, _)| own == name);
        let name = word.map_or(name.as_str(), |(_, word)| word);
        (name.to_owned(), value.clone())
    });
    Some(in_aws_words.collect())
}
