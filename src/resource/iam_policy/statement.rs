//! Statements of a policy in the words of the spec.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::resource::Problems;
use crate::resource::iam_document::Document;

/// One statement: what is allowed or denied, on what, and when.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_policy_statement")]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    /// A label, letters and digits. Default: none.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9]+$"), extend("x-hint" = "a label takes letters and digits"))]
    sid: Option<String>,
    /// Whether it allows or denies. Default: `Allow`.
    #[serde(default)]
    effect: Effect,
    /// The actions, such as `xray:PutTraceSegments`; `*` stands for any
    /// characters.
    #[serde(default)]
    actions: Vec<String>,
    /// In place of `actions`: every action but these.
    #[serde(default)]
    not_actions: Vec<String>,
    /// The ARNs of what they are done on. X-Ray's write actions know none but
    /// `*`.
    #[serde(default)]
    resources: Vec<String>,
    /// In place of `resources`: everything but these.
    #[serde(default)]
    not_resources: Vec<String>,
    /// When it holds, by operator and key:
    /// `{ StringEquals = { "aws:RequestedRegion" = "eu-west-1" } }`.
    #[serde(default)]
    conditions: BTreeMap<String, BTreeMap<String, ConditionValue>>,
}

/// Whether a statement allows or denies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_policy_effect")]
enum Effect {
    /// It allows.
    #[default]
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// What a condition compares with.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_policy_condition_value")]
#[serde(untagged)]
enum ConditionValue {
    /// One value.
    One(String),
    /// For `Bool` and `Null`.
    Flag(bool),
    /// Any of several.
    Any(Vec<String>),
}

impl Statement {
    /// Reports what is missing, or said twice; `place` is where it stands.
    pub(super) fn check(&self, place: &str, problems: &mut Problems) {
        let pairs = [
            ("actions", &self.actions, "not_actions", &self.not_actions),
            (
                "resources",
                &self.resources,
                "not_resources",
                &self.not_resources,
            ),
        ];
        for (name, these, other, all_but) in pairs {
            if these.is_empty() && all_but.is_empty() {
                problems.report(place, format!("the statement has no `{name}`"));
            } else if !these.is_empty() && !all_but.is_empty() {
                problems
                    .report(
                        &format!("{place}/{other}"),
                        format!("the statement has both `{name}` and `{other}`"),
                    )
                    .hint("AWS takes one of the two");
            }
        }
        let actions = [
            ("actions", &self.actions),
            ("not_actions", &self.not_actions),
        ];
        for (field, list) in actions {
            for (index, action) in list.iter().enumerate() {
                if action != "*" && !action.contains(':') {
                    problems
                        .report(
                            &format!("{place}/{field}/{index}"),
                            format!("`{action}` names no service"),
                        )
                        .hint("an action is a service, a colon and a name: `xray:GetGroups`");
                }
            }
        }
    }

    fn to_aws(&self) -> Value {
        let mut fields = Map::new();
        if let Some(sid) = &self.sid {
            fields.insert("Sid".to_owned(), json!(sid));
        }
        fields.insert("Effect".to_owned(), json!(self.effect));
        let lists = [
            ("Action", &self.actions),
            ("NotAction", &self.not_actions),
            ("Resource", &self.resources),
            ("NotResource", &self.not_resources),
        ];
        for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            fields.insert((*name).to_owned(), json!(list));
        }
        if !self.conditions.is_empty() {
            fields.insert("Condition".to_owned(), json!(self.conditions));
        }
        Value::Object(fields)
    }
}

/// The policy document that `statements` make.
pub(super) fn document(statements: &[Statement]) -> Document {
    let statements: Vec<Value> = statements.iter().map(Statement::to_aws).collect();
    Document::from_iter([
        ("Version".to_owned(), json!("2012-10-17")),
        ("Statement".to_owned(), json!(statements)),
    ])
}

/// Valid statements, for docs and for the contract tests.
pub(super) fn examples() -> Vec<Statement> {
    let texts = |items: &[&str]| {
        items
            .iter()
            .map(|&item| item.to_owned())
            .collect::<Vec<_>>()
    };
    let region = ConditionValue::Any(texts(&["eu-west-1", "eu-central-1"]));
    let statement = Statement {
        sid: Some("Traces".to_owned()),
        effect: Effect::Allow,
        actions: texts(&["xray:PutTraceSegments", "xray:PutTelemetryRecords"]),
        not_actions: Vec::new(),
        resources: texts(&["*"]),
        not_resources: Vec::new(),
        conditions: BTreeMap::from([(
            "StringEquals".to_owned(),
            BTreeMap::from([("aws:RequestedRegion".to_owned(), region)]),
        )]),
    };
    let deny = Statement {
        sid: None,
        effect: Effect::Deny,
        actions: texts(&["logs:DeleteLogGroup"]),
        resources: Vec::new(),
        not_resources: texts(&["arn:aws:logs:*:*:log-group:/scratch/*"]),
        conditions: BTreeMap::new(),
        ..statement.clone()
    };
    vec![statement, deny]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(fields: Value) -> Statement {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn becomes_what_aws_writes() {
        let statement = statement(json!({
            "sid": "A", "effect": "Deny", "not_actions": ["xray:*"], "not_resources": ["*"],
            "conditions": {"Bool": {"aws:SecureTransport": false}}
        }));
        assert_eq!(
            statement.to_aws(),
            json!({"Sid": "A", "Effect": "Deny", "NotAction": ["xray:*"], "NotResource": ["*"],
                "Condition": {"Bool": {"aws:SecureTransport": false}}})
        );
    }

    #[test]
    fn tells_what_is_missing_or_said_twice() {
        let mut problems = Problems::new();
        statement(json!({"actions": ["PutTraceSegments"], "not_actions": ["xray:*"]}))
            .check("/statements/0", &mut problems);
        let found: Vec<_> = problems
            .into_vec()
            .into_iter()
            .map(|one| one.field)
            .collect();
        assert_eq!(
            found,
            [
                "/statements/0/not_actions",
                "/statements/0",
                "/statements/0/actions/0"
            ]
        );
    }
}
