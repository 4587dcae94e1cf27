//! Policies that are written into a role.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::resource::iam_document::{self, Document, Purpose};
use crate::resource::{Problems, policy_document};

/// The most characters of all inline policies of a role together, white space
/// not counted.
const MOST_CHARACTERS: usize = 10240;

/// A policy that is written into the role: a table, or JSON in a text.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_role_inline_policy")]
#[serde(untagged)]
pub(super) enum InlinePolicy {
    /// Written out.
    Table(Document),
    /// As JSON.
    Text(String),
}

impl InlinePolicy {
    /// The document; `None` where the text is no JSON object.
    fn document(&self) -> Option<Document> {
        match self {
            Self::Table(document) => Some(document.clone()),
            Self::Text(text) => match policy_document::parse(text) {
                Value::Object(document) => Some(document),
                _ => None,
            },
        }
    }

    /// Brings it into the form in which two are compared.
    pub(super) fn canonical(self) -> Self {
        match self.document() {
            Some(document) => Self::Table(iam_document::canonical(document)),
            None => self,
        }
    }

    /// Writes it as it is sent.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Table(document) => iam_document::text(document),
            Self::Text(text) => text.clone(),
        }
    }

    /// Tells whether two say the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self.document(), other.document()) {
            (Some(left), Some(right)) => iam_document::is_same(&left, &right),
            _ => false,
        }
    }
}

/// Reports what IAM refuses of the inline policies of one role.
pub(super) fn check(policies: &BTreeMap<String, InlinePolicy>, problems: &mut Problems) {
    let mut size = 0;
    for (name, policy) in policies {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        let field = format!("/inline_policies/{escaped}");
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
        if name.is_empty() || name.len() > 128 || !name.chars().all(is_allowed) {
            problems
                .report(&field, format!("AWS takes no inline policy named `{name}`"))
                .hint("use 1 to 128 letters, digits and `_+=,.@-`");
        }
        let Some(document) = policy.document() else {
            problems
                .report(&field, "the text is not a JSON object")
                .hint("write the policy as a table, or as JSON in a text");
            continue;
        };
        size += iam_document::size(&document);
        iam_document::check(&document, Purpose::Permissions, &field, problems);
    }
    iam_document::check_size(size, MOST_CHARACTERS, "/inline_policies", problems);
}

/// Valid inline policies, for docs and for the contract tests.
pub(super) fn examples(actions: &[&str]) -> BTreeMap<String, InlinePolicy> {
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
    });
    let policy = InlinePolicy::Table(document.as_object().cloned().unwrap_or_default());
    BTreeMap::from([("logs".to_owned(), policy)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_table_are_one() {
        let text = r#"{"Statement": {"Effect": "Allow", "Action": "LOGS:x", "Resource": "*"}}"#;
        let text = InlinePolicy::Text(text.to_owned());
        let table = json!({"Statement": [
            {"Effect": "Allow", "Action": ["logs:x"], "Resource": ["*"]}
        ]});
        let table = InlinePolicy::Table(table.as_object().cloned().unwrap());
        assert!(text.is_same(&table));
        let canonical = serde_json::to_value(text.canonical()).unwrap();
        assert_eq!(canonical["Statement"][0]["Resource"], json!(["*"]));
    }

    #[test]
    fn tells_what_iam_refuses() {
        let policy = |text: &str| InlinePolicy::Text(text.to_owned());
        let policies = BTreeMap::from([
            ("a/b".to_owned(), policy("{}")),
            (
                "big".to_owned(),
                policy(&json!({"Statement": [], "x": "y".repeat(10240)}).to_string()),
            ),
            ("text".to_owned(), policy("x")),
        ]);
        let mut problems = Problems::new();
        check(&policies, &mut problems);
        let found: Vec<_> = problems
            .into_vec()
            .into_iter()
            .map(|one| one.field)
            .collect();
        assert_eq!(
            found,
            [
                "/inline_policies/a~1b",
                "/inline_policies/a~1b",
                "/inline_policies/text",
                "/inline_policies"
            ]
        );
    }
}
