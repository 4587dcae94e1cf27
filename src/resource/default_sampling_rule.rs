//! The Default sampling rule: what X-Ray's clients trace when no other rule
//! matches. AWS ships it, and lets two of its fields be changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sampling_rule::{self, DEFAULT_RULE, RULE_VERSION};
use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update, terraform,
};
use crate::aws::xray::types::SamplingRuleUpdate;

/// It is tried after all others.
const LAST_PRIORITY: i32 = 10_000;
/// The patterns of a rule, which match anything here.
const PATTERNS: [&str; 6] = [
    "service_name",
    "service_type",
    "host",
    "http_method",
    "url_path",
    "resource_arn",
];

/// The type.
pub(super) struct DefaultSamplingRule;

/// The rule for requests that no other rule matches. AWS keeps no tags of
/// ours on it, so it belongs to whoever names it; `destroy` puts it back to
/// one request a second and 5 %.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "default_sampling_rule")]
#[serde(deny_unknown_fields)]
pub(super) struct DefaultSamplingRuleSpec {
    /// The fraction of requests that is traced beyond the reservoir, 0 to 1.
    /// Default: AWS's 0.05.
    #[serde(default = "aws_fixed_rate")]
    #[schemars(range(min = 0.0, max = 1.0), extend("x-hint" = "write 5% as 0.05"))]
    fixed_rate: f64,
    /// Requests traced each second before `fixed_rate` applies, over all
    /// clients together. Default: AWS's 1.
    #[serde(default = "aws_reservoir_size")]
    #[schemars(range(min = 0))]
    reservoir_size: i32,
}

/// As AWS ships the rule:
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html>.
fn aws_fixed_rate() -> f64 {
    0.05
}

fn aws_reservoir_size() -> i32 {
    1
}

impl Resource for DefaultSamplingRule {
    const FACTS: Facts = Facts {
        kind: "default_sampling_rule",
        table: "default_sampling_rule",
        title: "Default sampling rule",
        terraform: "aws_xray_sampling_rule",
        docs: "https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html",
        lifecycle: Lifecycle::Setting,
        taggable: false,
        name_field: None,
        replace_on: &[],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &[],
        unmanaged_when_absent: &[],
        refers_to: &[],
        holds_data: false,
    };

    type Spec = DefaultSamplingRuleSpec;

    fn key(_: &str, _: &Self::Spec) -> String {
        String::new()
    }

    fn validate(_: &str, _: &Self::Spec, _: &mut Problems) {}

    fn canonical(spec: Self::Spec) -> Self::Spec {
        spec
    }

    fn aws_default() -> Option<Self::Spec> {
        Some(DefaultSamplingRuleSpec {
            fixed_rate: aws_fixed_rate(),
            reservoir_size: aws_reservoir_size(),
        })
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        let rules = query.lists.once(Box::pin(sampling_rule::list(aws))).await?;
        Ok(rules
            .iter()
            .filter(|rule| rule.rule_name() == Some(DEFAULT_RULE))
            .map(|rule| Found {
                key: String::new(),
                spec: DefaultSamplingRuleSpec {
                    fixed_rate: rule.fixed_rate,
                    reservoir_size: rule.reservoir_size,
                },
                tags: None,
                outputs: Attributes::new(),
                deletion_scheduled: false,
                status: Attributes::new(),
            })
            .collect())
    }

    async fn create(_: &Aws, _: &str, _: &Self::Spec, _: &Tags) -> Result<Attributes, Error> {
        Err(Error::refused(
            "CreateSamplingRule",
            "AWS did not list its Default sampling rule, and nobody can create it",
        ))
    }

    /// Sends these two fields and no other: AWS answers `Invalid update
    /// request for default sampling rule` to anything else, even unchanged.
    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        let change = SamplingRuleUpdate::builder()
            .rule_name(DEFAULT_RULE)
            .fixed_rate(update.after.fixed_rate)
            .reservoir_size(update.after.reservoir_size)
            .build();
        sampling_rule::send_update(aws, change).await?;
        Ok(Attributes::new())
    }

    async fn delete(_: &Aws, _: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        Err(Error::refused(
            "DeleteSamplingRule",
            "AWS does not let its Default sampling rule be deleted",
        ))
    }

    /// What nobody can change of it is as AWS ships it:
    /// <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html>.
    fn terraform(_: &str, spec: &Self::Spec, _: &Attributes) -> Attributes {
        let mut attributes = Attributes::from_iter([
            ("rule_name".to_owned(), DEFAULT_RULE.into()),
            ("id".to_owned(), DEFAULT_RULE.into()),
            ("priority".to_owned(), LAST_PRIORITY.into()),
            ("fixed_rate".to_owned(), spec.fixed_rate.into()),
            ("reservoir_size".to_owned(), spec.reservoir_size.into()),
            ("version".to_owned(), RULE_VERSION.into()),
            ("attributes".to_owned(), json!({})),
        ]);
        for pattern in PATTERNS {
            attributes.insert(pattern.to_owned(), "*".into());
        }
        attributes
    }

    fn terraform_key(values: &Attributes) -> Option<String> {
        let name = terraform::text(values, "rule_name")?;
        (name == DEFAULT_RULE).then(String::new)
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        vec![(
            "",
            DefaultSamplingRuleSpec {
                fixed_rate: 0.1,
                reservoir_size: 2,
            },
        )]
    }
}
