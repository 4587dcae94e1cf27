//! The indexing rule: which share of the spans in CloudWatch Logs X-Ray
//! indexes as trace summaries, with Transaction Search.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update, terraform,
};
use crate::aws::{XRAY, call, xray};

/// The one rule that AWS has.
const DEFAULT_RULE: &str = "Default";

/// The type.
pub(super) struct IndexingRule;

/// Which share of spans becomes searchable as trace summaries, where spans go
/// to CloudWatch Logs. AWS keeps no tags on it; `destroy` puts it back to 1 %.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "indexing_rule")]
#[serde(deny_unknown_fields)]
pub(super) struct IndexingRuleSpec {
    /// Percent of traces that are indexed, 0 to 100. AWS's default, which is
    /// free of charge: 1.
    #[schemars(range(min = 0.0, max = 100.0), extend("x-hint" = "this one is a percentage: write 5% as 5"))]
    desired_sampling_percentage: f64,
}

impl Resource for IndexingRule {
    const FACTS: Facts = Facts {
        kind: "indexing_rule",
        table: "indexing_rule",
        title: "indexing rule",
        terraform: "aws_xray_indexing_rule",
        docs: "https://docs.aws.amazon.com/xray/latest/api/API_UpdateIndexingRule.html",
        lifecycle: Lifecycle::Setting,
        taggable: false,
        name_field: None,
        replace_on: &[],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &[],
        unmanaged_when_absent: &[],
        refers_to: &["trace_segment_destination"],
        holds_data: false,
    };

    type Spec = IndexingRuleSpec;

    fn key(_: &str, _: &Self::Spec) -> String {
        String::new()
    }

    fn validate(_: &str, _: &Self::Spec, _: &mut Problems) {}

    fn canonical(spec: Self::Spec) -> Self::Spec {
        spec
    }

    fn aws_default() -> Option<Self::Spec> {
        Some(IndexingRuleSpec {
            desired_sampling_percentage: 1.0,
        })
    }

    async fn read(aws: &Aws, _: Query<'_, Self::Spec>) -> Result<Vec<Found<Self::Spec>>, Error> {
        let request = aws.xray.get_indexing_rules();
        let reply = call(XRAY, "GetIndexingRules", request.send()).await?;
        Ok(reply
            .indexing_rules
            .unwrap_or_default()
            .into_iter()
            .filter(|rule| rule.name.as_deref() == Some(DEFAULT_RULE))
            .filter_map(|rule| match rule.rule {
                Some(xray::types::IndexingRuleValue::Probabilistic(rule)) => Some(Found {
                    key: String::new(),
                    spec: IndexingRuleSpec {
                        desired_sampling_percentage: rule.desired_sampling_percentage,
                    },
                    tags: None,
                    outputs: Attributes::new(),
                    deletion_scheduled: false,
                    status: Attributes::new(),
                }),
                _ => None,
            })
            .collect())
    }

    async fn create(aws: &Aws, _: &str, spec: &Self::Spec, _: &Tags) -> Result<Attributes, Error> {
        put(aws, spec).await
    }

    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        put(aws, update.after).await
    }

    async fn delete(_: &Aws, _: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        Err(Error::refused(
            "UpdateIndexingRule",
            "the indexing rule cannot be deleted, only put back to 1 %",
        ))
    }

    fn terraform(_: &str, spec: &Self::Spec, _: &Attributes) -> Attributes {
        let percentage = spec.desired_sampling_percentage;
        let probabilistic = json!([{ "desired_sampling_percentage": percentage }]);
        Attributes::from_iter([
            ("name".to_owned(), DEFAULT_RULE.into()),
            (
                "rule".to_owned(),
                json!([{ "probabilistic": probabilistic }]),
            ),
        ])
    }

    fn terraform_key(values: &Attributes) -> Option<String> {
        let name = terraform::text(values, "name")?;
        (name == DEFAULT_RULE).then(String::new)
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        vec![(
            "",
            IndexingRuleSpec {
                desired_sampling_percentage: 12.5,
            },
        )]
    }
}

async fn put(aws: &Aws, spec: &IndexingRuleSpec) -> Result<Attributes, Error> {
    let rule = xray::types::ProbabilisticRuleValueUpdate::builder()
        .desired_sampling_percentage(spec.desired_sampling_percentage)
        .build()
        .map_err(|error| Error::internal("indexing_rule", error.to_string()))?;
    let request = aws
        .xray
        .update_indexing_rule()
        .name(DEFAULT_RULE)
        .rule(xray::types::IndexingRuleValueUpdate::Probabilistic(rule));
    call(XRAY, "UpdateIndexingRule", request.send()).await?;
    Ok(Attributes::new())
}
