//! Resource types for tests: small, with one of everything that the spec
//! language has to deal with.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{
    Address, Attributes, Desired, Facts, Lifecycle, Live, Reference, ReplaceOrder, Tags,
};
use crate::resource::read::Scope;
use crate::resource::{Aws, Error, Kind, Lists, Prepared, Problem, Problems, Resolved};
use crate::spec::Language;

/// What share of requests is traced.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamplingRule {
    /// Order among rules, lowest first.
    #[schemars(range(min = 1, max = 9999))]
    priority: u32,
    /// Fraction after the reservoir.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0), extend("x-hint" = "write 5% as 0.05"))]
    fixed_rate: f64,
    /// Requests a second that are traced first.
    #[serde(default)]
    reservoir_size: u32,
    /// Method of the request.
    #[serde(default)]
    #[schemars(length(max = 10), regex(pattern = "^[A-Z*?]*$"))]
    http_method: String,
    /// Path of the request.
    #[serde(default)]
    #[schemars(length(max = 128))]
    url_path: String,
    /// Attributes that the request must have.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 2))]
    attributes: BTreeMap<String, String>,
    /// Raises the rate for a while when errors come.
    #[serde(default)]
    sampling_rate_boost: Option<Boost>,
}

/// Raises the rate for a while when errors come.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Boost {
    /// Highest fraction.
    #[schemars(range(min = 0.0, max = 1.0))]
    max_rate: f64,
    /// Minutes between two boosts.
    #[schemars(range(min = 1))]
    cooldown_window_minutes: u32,
}

/// A named filter over traces.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The name at AWS, where it is not the one in the spec.
    #[serde(default)]
    #[schemars(length(min = 1, max = 32))]
    #[expect(clippy::struct_field_names, reason = "it is AWS's own name")]
    group_name: Option<String>,
    /// Which traces it holds.
    filter_expression: String,
    /// Whether AWS looks for anomalies.
    #[serde(default)]
    insights_configuration: Insights,
    /// Services, for the sake of an array.
    #[serde(default)]
    #[schemars(length(max = 3), inner(length(min = 1, max = 8)))]
    services: Vec<String>,
}

/// Whether AWS looks for anomalies, and tells of them.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Insights {
    /// Whether it looks for them.
    #[serde(default)]
    insights_enabled: bool,
    /// Whether it tells of them.
    #[serde(default)]
    notifications_enabled: bool,
}

/// How traces are encrypted.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    /// With what.
    #[serde(rename = "type")]
    kind: EncryptionType,
    /// A key of the spec, or its ARN.
    #[serde(default)]
    key_id: Option<String>,
}

/// What traces are encrypted with.
#[derive(Serialize, Deserialize, JsonSchema)]
pub enum EncryptionType {
    /// A key of AWS.
    #[serde(rename = "NONE")]
    None,
    /// A KMS key.
    #[serde(rename = "KMS")]
    Kms,
}

/// A key.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KmsKey {
    /// What it is for.
    #[serde(default)]
    description: Option<String>,
    /// Who may use it.
    #[serde(default)]
    policy: Option<Map<String, Value>>,
}

/// A policy.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What it allows.
    document: Map<String, Value>,
}

const BASE: Facts = Facts {
    kind: "",
    table: "",
    title: "",
    terraform: "aws_toy",
    docs: "",
    lifecycle: Lifecycle::Collection,
    taggable: true,
    name_field: None,
    replace_on: &[],
    replace_order: ReplaceOrder::DeleteFirst,
    documents: &[],
    unmanaged_when_absent: &[],
    refers_to: &[],
    holds_data: false,
};

static SAMPLING_RULE: Facts = Facts {
    kind: "sampling_rule",
    table: "sampling_rules",
    title: "sampling rule",
    terraform: "aws_toy",
    ..BASE
};

static GROUP: Facts = Facts {
    kind: "group",
    table: "groups",
    title: "group",
    terraform: "aws_toy",
    name_field: Some("group_name"),
    ..BASE
};

static ENCRYPTION: Facts = Facts {
    kind: "encryption",
    table: "encryption",
    title: "encryption",
    terraform: "aws_toy",
    lifecycle: Lifecycle::Setting,
    taggable: false,
    ..BASE
};

static KMS_KEY: Facts = Facts {
    kind: "kms_key",
    table: "kms_keys",
    title: "KMS key",
    terraform: "aws_toy",
    documents: &["policy"],
    ..BASE
};

static POLICY: Facts = Facts {
    kind: "iam_policy",
    table: "iam.policies",
    title: "IAM policy",
    terraform: "aws_toy",
    documents: &["document"],
    ..BASE
};

/// The language of specs that hold them.
pub static LANGUAGE: LazyLock<Language> = LazyLock::new(|| Language::of(KINDS));

/// Every type of the tests.
pub static KINDS: &[&dyn Kind] = &[
    &Toy {
        facts: &SAMPLING_RULE,
        schema: |generator| generator.subschema_for::<SamplingRule>(),
        fields: fields::<SamplingRule>,
        judge: |_, _| Vec::new(),
    },
    &Toy {
        facts: &GROUP,
        schema: |generator| generator.subschema_for::<Group>(),
        fields: fields::<Group>,
        judge: judge_group,
    },
    &Toy {
        facts: &ENCRYPTION,
        schema: |generator| generator.subschema_for::<Encryption>(),
        fields: fields::<Encryption>,
        judge: |fields, _| key_reference(fields),
    },
    &Toy {
        facts: &KMS_KEY,
        schema: |generator| generator.subschema_for::<KmsKey>(),
        fields: fields::<KmsKey>,
        judge: judge_key,
    },
    &Toy {
        facts: &POLICY,
        schema: |generator| generator.subschema_for::<Policy>(),
        fields: fields::<Policy>,
        judge: |_, _| Vec::new(),
    },
];

fn judge_group(fields: &Attributes, problems: &mut Problems) -> Vec<Reference> {
    let filter = fields["filter_expression"].as_str().unwrap_or_default();
    if let Some(at) = filter.find("ANDD") {
        problems
            .report("/filter_expression", "unknown word `ANDD`")
            .within(at..at + 4)
            .hint("did you mean `AND`?");
    }
    let insights = &fields["insights_configuration"];
    if insights["notifications_enabled"] == true && insights["insights_enabled"] == false {
        problems.report(
            "/insights_configuration/notifications_enabled",
            "notifications need `insights_enabled`",
        );
    }
    Vec::new()
}

fn judge_key(fields: &Attributes, problems: &mut Problems) -> Vec<Reference> {
    let effect = fields["policy"].pointer("/Statement/0/Effect");
    if effect.is_some_and(|effect| effect == "Alow") {
        problems.report("/policy/Statement/0/Effect", "is `Alow`, expected `Allow`");
    }
    Vec::new()
}

fn key_reference(fields: &Attributes) -> Vec<Reference> {
    let name = fields["key_id"].as_str();
    let name = name.filter(|name| !name.starts_with("arn:"));
    name.map(|name| Reference {
        field: "/key_id".to_owned(),
        to: Address::new("kms_key", name),
        output: "arn".to_owned(),
    })
    .into_iter()
    .collect()
}

fn fields<T: Serialize + DeserializeOwned>(given: Attributes) -> serde_json::Result<Attributes> {
    let typed: T = serde_json::from_value(Value::Object(given))?;
    serde_json::from_value(serde_json::to_value(typed)?)
}

/// A type that never meets AWS.
struct Toy {
    facts: &'static Facts,
    schema: fn(&mut SchemaGenerator) -> Schema,
    fields: fn(Attributes) -> serde_json::Result<Attributes>,
    judge: fn(&Attributes, &mut Problems) -> Vec<Reference>,
}

#[async_trait]
impl Kind for Toy {
    fn facts(&self) -> &'static Facts {
        self.facts
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    fn same_document(&self, left: &Value, right: &Value) -> bool {
        left == right
    }

    fn prepare(&self, name: &str, fields: Attributes) -> Result<Prepared, Vec<Problem>> {
        let mut problems = Problems::new();
        let fields = match (self.fields)(fields) {
            Ok(fields) => fields,
            Err(error) => {
                problems.report("", error.to_string());
                return Err(problems.into_vec());
            }
        };
        let references = (self.judge)(&fields, &mut problems);
        let problems = problems.into_vec();
        if !problems.is_empty() {
            return Err(problems);
        }
        let own_name = self
            .facts
            .name_field
            .and_then(|field| fields[field].as_str());
        Ok(Prepared {
            key: own_name.unwrap_or(name).to_owned(),
            written: fields.clone(),
            attributes: fields,
            references,
            mentions: Vec::new(),
        })
    }

    fn comparable(&self, written: &Attributes) -> Result<Attributes, Error> {
        Ok(written.clone())
    }

    fn terraform(&self, _: &str, fields: &Attributes, _: &Attributes) -> Result<Attributes, Error> {
        Ok(fields.clone())
    }

    fn terraform_companions(
        &self,
        _: &str,
        _: &Attributes,
        _: &Attributes,
    ) -> Result<Vec<(&'static str, Attributes)>, Error> {
        Ok(Vec::new())
    }

    fn new_outputs(&self) -> &'static [&'static str] {
        &[]
    }

    fn terraform_key(&self, _: &Attributes) -> Option<String> {
        None
    }

    fn aws_default(&self) -> Option<Attributes> {
        None
    }

    async fn resolve(&self, _: &Aws, written: &Attributes) -> Result<Resolved, Error> {
        Ok(Resolved {
            written: written.clone(),
            attributes: written.clone(),
        })
    }

    async fn read(
        &self,
        _: &Aws,
        _: Scope<'_>,
        _: &Lists,
        _: &[&Desired],
    ) -> Result<Vec<Live>, Error> {
        Ok(Vec::new())
    }

    async fn create(
        &self,
        _: &Aws,
        _: &str,
        _: &Attributes,
        _: &Tags,
    ) -> Result<Attributes, Error> {
        Ok(Attributes::new())
    }

    async fn update(&self, _: &Aws, _: &Live, _: &Attributes) -> Result<Attributes, Error> {
        Ok(Attributes::new())
    }

    async fn delete(&self, _: &Aws, _: &Live) -> Result<(), Error> {
        Ok(())
    }

    async fn release(&self, _: &Aws, _: &Live) -> Result<(), Error> {
        Ok(())
    }

    async fn retag(&self, _: &Aws, _: &Attributes, _: &Tags, _: &[String]) -> Result<(), Error> {
        Ok(())
    }

    fn examples(&self) -> Vec<(&'static str, Attributes)> {
        Vec::new()
    }
}
