//! Customer managed IAM policies: what a task, function or collector may do.

mod change;
mod live;
mod preset;
mod statement;
mod users;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::iam_document::{self, Document, Purpose};
use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update, iam_write, terraform,
};
use crate::aws::{IAM, call};
pub(super) use live::tags_of;
use preset::Preset;
use statement::Statement;

const ARN: &str = "arn";
const DEFAULT_VERSION: &str = "default_version_id";

/// The most characters of a managed policy, white space not counted.
const MOST_CHARACTERS: usize = 6144;
/// The most characters of its name.
const LONGEST_NAME: usize = 128;

/// The type.
pub(super) struct IamPolicy;

/// A customer managed IAM policy. What it says is given in one of three ways:
/// as `policy`, as `statements` or as a `preset`.
///
/// AWS keeps five versions of a policy: each change makes a new one the
/// default, and where there are five, the oldest goes. A policy that is in use
/// outside the stack is not deleted. The document is limited to 6144
/// characters, white space not counted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_policy")]
#[serde(deny_unknown_fields)]
pub(super) struct IamPolicySpec {
    /// The policy's name at AWS, 1 to 128 of letters, digits and `_+=,.@-`.
    /// Default: its name in the spec. AWS cannot rename a policy: a change
    /// replaces it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_+=,.@-]+$"), extend("x-hint" = "a policy's name takes letters, digits and `_+=,.@-`"))]
    policy_name: Option<String>,
    /// The policy's path, which becomes a part of its ARN. AWS cannot change
    /// it: a change replaces the policy. Default: `/`.
    #[serde(default = "root")]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^(/|/[!-~]+/)$"), extend("x-hint" = "a path begins and ends with `/`"))]
    path: String,
    /// What the policy is for, at most 1000 characters. AWS cannot change it:
    /// a change replaces the policy. Left out, it is left as it is.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    description: Option<String>,
    /// The policy document: a table, JSON in a text, or
    /// `{ file = "policy.json" }`.
    #[serde(default)]
    policy: Option<Document>,
    /// What is allowed and denied, statement by statement, in the words of the
    /// spec. In place of `policy`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    statements: Option<Vec<Statement>>,
    /// Permissions for a purpose, in place of `policy`.
    #[serde(default)]
    preset: Option<Preset>,
}

fn root() -> String {
    "/".to_owned()
}

impl IamPolicySpec {
    /// What the policy says, in whichever way the spec says it.
    fn document(&self) -> Option<Document> {
        let statements = self.statements.as_deref();
        self.policy
            .clone()
            .or_else(|| statements.map(statement::document))
            .or_else(|| self.preset.map(Preset::document))
    }
}

impl Resource for IamPolicy {
    const FACTS: Facts = Facts {
        kind: "iam_policy",
        table: "iam.policies",
        title: "IAM policy",
        terraform: "aws_iam_policy",
        docs: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some("policy_name"),
        replace_on: &["policy_name", "path", "description"],
        // A name is taken once in an account, whatever the path.
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &["policy"],
        unmanaged_when_absent: &["description"],
        refers_to: &[],
        holds_data: false,
    };

    type Spec = IamPolicySpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.policy_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
        let fits = name.len() <= LONGEST_NAME && name.chars().all(is_allowed);
        if spec.policy_name.is_none() && !fits {
            problems
                .report("", format!("AWS takes no policy named `{name}`"))
                .hint("use letters, digits and `_+=,.@-`, or set `policy_name`");
        }
        let given = [
            ("/policy", spec.policy.is_some()),
            ("/statements", spec.statements.is_some()),
            ("/preset", spec.preset.is_some()),
        ];
        let given: Vec<&str> = given.iter().filter(|one| one.1).map(|one| one.0).collect();
        match given.as_slice() {
            [] => {
                problems
                    .report("", "it is not said what the policy allows")
                    .hint("give `policy`, `statements` or `preset`");
                return;
            }
            [_] => {}
            [_, second, ..] => {
                problems
                    .report(second, "what the policy allows is said twice")
                    .hint("give one of `policy`, `statements` and `preset`");
                return;
            }
        }
        for (index, statement) in spec.statements.iter().flatten().enumerate() {
            statement.check(&format!("/statements/{index}"), problems);
        }
        if let Some(document) = &spec.policy {
            iam_document::check(document, Purpose::Permissions, "/policy", problems);
        }
        if let Some(document) = spec.document() {
            let size = iam_document::size(&document);
            iam_document::check_size(size, MOST_CHARACTERS, given[0], problems);
        }
    }

    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        spec.policy = spec.document().map(iam_document::canonical);
        spec.statements = None;
        spec.preset = None;
        spec
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        live::read(aws, query).await
    }

    async fn create(
        aws: &Aws,
        key: &str,
        spec: &Self::Spec,
        tags: &Tags,
    ) -> Result<Attributes, Error> {
        change::create(aws, key, spec, tags).await
    }

    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        change::update(aws, update).await
    }

    async fn delete(
        aws: &Aws,
        key: &str,
        outputs: &Attributes,
        _: &Self::Spec,
    ) -> Result<(), Error> {
        change::delete(aws, key, text(outputs, ARN)).await
    }

    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let mut attributes = terraform::plain(&Self::FACTS, key, spec, outputs);
        for field in ["policy_name", "statements", "preset"] {
            attributes.remove(field);
        }
        attributes.insert("name".to_owned(), Value::from(key));
        if spec.description.is_none() {
            attributes.insert("description".to_owned(), Value::from(""));
        }
        attributes
    }

    fn terraform_key(values: &Attributes) -> Option<String> {
        terraform::text(values, "name")
    }

    async fn retag(
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        let arn = text(outputs, ARN);
        if !remove.is_empty() {
            let request = aws.iam.untag_policy().policy_arn(arn);
            let request = request.set_tag_keys(Some(remove.to_vec()));
            call(IAM, "UntagPolicy", request.send()).await?;
        }
        if !set.is_empty() {
            let request = aws.iam.tag_policy().policy_arn(arn);
            let request = request.set_tags(Some(iam_write::tags_to_aws(set)?));
            call(IAM, "TagPolicy", request.send()).await?;
        }
        Ok(())
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let empty = IamPolicySpec {
            policy_name: None,
            path: root(),
            description: None,
            policy: None,
            statements: None,
            preset: None,
        };
        let document = |actions: &[&str]| {
            let document = json!({
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
            });
            document.as_object().cloned()
        };
        let named = IamPolicySpec {
            policy: document(&["xray:PutTraceSegments", "xray:PutTelemetryRecords"]),
            ..empty.clone()
        };
        let preset = IamPolicySpec {
            preset: Some(Preset::XrayDaemonWrite),
            ..empty.clone()
        };
        let statements = IamPolicySpec {
            statements: Some(statement::examples()),
            ..empty.clone()
        };
        let full = IamPolicySpec {
            policy_name: Some("team-xray-read".to_owned()),
            path: "/team/".to_owned(),
            description: Some("reads traces".to_owned()),
            policy: document(&["xray:BatchGetTraces", "xray:GetTraceSummaries"]),
            ..empty
        };
        vec![
            ("xray-segments", named),
            ("xray-write", preset),
            ("logs-and-traces", statements),
            ("xray-read", full),
        ]
    }
}

fn text<'a>(outputs: &'a Attributes, name: &str) -> &'a str {
    outputs
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn outputs(arn: &str, version: &str) -> Attributes {
    Attributes::from_iter([
        (ARN.to_owned(), Value::from(arn)),
        (DEFAULT_VERSION.to_owned(), Value::from(version)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(fields: Value) -> IamPolicySpec {
        serde_json::from_value(fields).unwrap()
    }

    fn problems(fields: Value) -> Vec<(String, String)> {
        let mut problems = Problems::new();
        IamPolicy::validate("task", &spec(fields), &mut problems);
        let problems = problems.into_vec().into_iter();
        problems.map(|one| (one.field, one.message)).collect()
    }

    #[test]
    fn all_three_ways_say_the_same() {
        let actions = [
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:GetSamplingStatisticSummaries",
        ];
        let ways = [
            json!({"preset": "xray-daemon-write"}),
            json!({"statements": [
                {"sid": "XRayDaemonWrite", "actions": actions, "resources": ["*"]}
            ]}),
            json!({"policy": {"Version": "2012-10-17", "Statement": {
                "Sid": "XRayDaemonWrite", "Effect": "Allow", "Action": actions, "Resource": "*"
            }}}),
        ];
        let canonical = ways.map(|way| {
            let canonical = IamPolicy::canonical(spec(way));
            serde_json::to_value(canonical).unwrap()
        });
        assert_eq!(canonical[0], canonical[1]);
        assert_eq!(canonical[1], canonical[2]);
        assert_eq!(canonical[0]["preset"], Value::Null);
    }

    #[test]
    fn wants_one_way() {
        let nothing = ("", "it is not said what the policy allows");
        let twice = ("/preset", "what the policy allows is said twice");
        for (fields, (field, message)) in [
            (json!({}), nothing),
            (json!({"preset": "xray-full", "policy": {}}), twice),
        ] {
            assert_eq!(problems(fields), [(field.to_owned(), message.to_owned())]);
        }
    }

    #[test]
    fn counts_characters_without_white_space() {
        let resource = |length: usize| {
            json!({"statements": [
                {"actions": ["xray:*"], "resources": ["x".repeat(length), " ".repeat(9000)]}
            ]})
        };
        let rest = iam_document::size(&spec(resource(0)).document().unwrap());
        assert_eq!(problems(resource(MOST_CHARACTERS - rest)), []);
        let found = problems(resource(MOST_CHARACTERS - rest + 1));
        let message = "the policy has 6145 characters without white space, AWS takes at most 6144";
        assert_eq!(found, [("/statements".to_owned(), message.to_owned())]);
    }

    #[test]
    fn looks_as_in_terraform() {
        let policy = spec(json!({"path": "/team/", "policy": {"Statement": []}}));
        let arn = "arn:aws:iam::123456789012:policy/team/xray";
        assert_eq!(
            Value::Object(IamPolicy::terraform("xray", &policy, &outputs(arn, "v1"))),
            json!({
                "arn": arn, "id": arn, "name": "xray", "path": "/team/", "description": "",
                "policy": "{\"Statement\":[]}"
            })
        );
        let state = json!({"name": "xray", "id": arn});
        let key = IamPolicy::terraform_key(state.as_object().unwrap());
        assert_eq!(key.as_deref(), Some("xray"));
    }
}
