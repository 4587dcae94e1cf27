//! Sampling rules: which requests X-Ray's clients trace.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update, terraform, xray_tags,
};
use crate::aws::{XRAY, call, gone_is_done, xray};
use crate::resource::read::with_tags;

/// The name of the rule that AWS ships and nobody can create or delete.
pub(super) const DEFAULT_RULE: &str = "Default";

/// The one version of the form of a rule that there is.
pub(super) const RULE_VERSION: i32 = 1;

/// The type.
pub(super) struct SamplingRule;

/// A sampling rule: requests that match every pattern are traced, the first
/// `reservoir_size` of each second, and `fixed_rate` of those beyond.
///
/// In patterns `*` stands for any characters and `?` for exactly one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "sampling_rule")]
#[serde(deny_unknown_fields)]
pub(super) struct SamplingRuleSpec {
    /// The rule's name at AWS, 1 to 32 characters. Default: its name in the
    /// spec. AWS cannot rename a rule: a change replaces it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 32))]
    rule_name: Option<String>,
    /// Rules are tried in ascending order of priority; the first that matches
    /// decides. 1 to 9999.
    #[schemars(range(min = 1, max = 9999))]
    priority: i32,
    /// The fraction of matching requests that is traced beyond the reservoir,
    /// 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-hint" = "write 5% as 0.05"))]
    fixed_rate: f64,
    /// Matching requests traced each second before `fixed_rate` applies, over
    /// all clients together. Default: 1.
    #[serde(default = "one")]
    #[schemars(range(min = 0))]
    reservoir_size: i32,
    /// Pattern for the service's name, as it stands in its segments.
    /// Default: `*`.
    #[serde(default = "anything")]
    #[schemars(length(max = 64))]
    service_name: String,
    /// Pattern for the service's origin, such as `AWS::ECS::Container`.
    /// Default: `*`.
    #[serde(default = "anything")]
    #[schemars(length(max = 64))]
    service_type: String,
    /// Pattern for the host name of the request. Default: `*`.
    #[serde(default = "anything")]
    #[schemars(length(max = 64))]
    host: String,
    /// Pattern for the HTTP method. Default: `*`.
    #[serde(default = "anything")]
    #[schemars(length(max = 10))]
    http_method: String,
    /// Pattern for the path of the request's URL. Default: `*`.
    #[serde(default = "anything")]
    #[schemars(length(max = 128))]
    url_path: String,
    /// Pattern for the ARN of the AWS resource that runs the service. Only
    /// API Gateway and OpenTelemetry's samplers honour it. Default: `*`.
    #[serde(default = "anything")]
    #[schemars(length(max = 500))]
    resource_arn: String,
    /// Attributes that the request's segment must carry, at most 5; keys and
    /// patterns of 1 to 32 characters. Default: none.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 5))]
    attributes: BTreeMap<String, String>,
    /// Lets X-Ray raise the rate for a short time when errors appear.
    /// Default: no boost.
    #[serde(default)]
    sampling_rate_boost: Option<SamplingRateBoost>,
}

/// How far, and how often, X-Ray may raise the rate of a rule by itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "sampling_rate_boost")]
#[serde(deny_unknown_fields)]
struct SamplingRateBoost {
    /// The highest rate, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-hint" = "write 50% as 0.5"))]
    max_rate: f64,
    /// Minutes in which at most one boost is begun; at least 1.
    #[schemars(range(min = 1))]
    cooldown_window_minutes: i32,
}

fn one() -> i32 {
    1
}

fn anything() -> String {
    "*".to_owned()
}

impl Resource for SamplingRule {
    const FACTS: Facts = Facts {
        kind: "sampling_rule",
        table: "sampling_rules",
        title: "sampling rule",
        terraform: "aws_xray_sampling_rule",
        docs: "https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some("rule_name"),
        replace_on: &["rule_name"],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &[],
        unmanaged_when_absent: &[],
        refers_to: &[],
        holds_data: false,
    };

    type Spec = SamplingRuleSpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.rule_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        let key = Self::key(name, spec);
        let field = if spec.rule_name.is_some() {
            "/rule_name"
        } else {
            ""
        };
        let length = key.chars().count();
        if length > 32 {
            problems
                .report(
                    field,
                    format!("the name has {length} characters, AWS takes at most 32"),
                )
                .hint("shorten it, or give AWS a shorter name with `rule_name`");
        }
        if key == DEFAULT_RULE {
            problems
                .report(field, "AWS reserves the name `Default`")
                .hint("AWS's own Default rule is the table `[default_sampling_rule]`");
        }
        for (name, pattern) in &spec.attributes {
            for (what, text) in [("name", name), ("pattern", pattern)] {
                let length = text.chars().count();
                if !(1..=32).contains(&length) {
                    problems.report(
                        &format!("/attributes/{name}"),
                        format!(
                            "the attribute's {what} has {length} characters, AWS takes 1 to 32"
                        ),
                    );
                }
            }
        }
    }

    fn canonical(spec: Self::Spec) -> Self::Spec {
        spec
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        // The Default rule, which is a type of its own, stands in the same list.
        let rules = query.lists.once(Box::pin(list(aws))).await?;
        let custom = rules
            .iter()
            .filter(|rule| rule.rule_name() != Some(DEFAULT_RULE))
            .cloned()
            .collect();
        let tagged = with_tags(
            custom,
            |rule| query.names(rule.rule_name().unwrap_or_default()),
            |rule| xray_tags::read(aws, rule.rule_arn.unwrap_or_default()),
        )
        .await?;
        let found = tagged.into_iter().map(|(rule, tags)| Found {
            key: rule.rule_name.clone().unwrap_or_default(),
            outputs: xray_tags::outputs(rule.rule_arn().unwrap_or_default()),
            spec: from_aws(rule),
            tags: Some(tags),
            deletion_scheduled: false,
            status: Attributes::new(),
        });
        Ok(found.collect())
    }

    async fn create(
        aws: &Aws,
        key: &str,
        spec: &Self::Spec,
        tags: &Tags,
    ) -> Result<Attributes, Error> {
        let rule = xray::types::SamplingRule::builder()
            .rule_name(key)
            .resource_arn(&spec.resource_arn)
            .priority(spec.priority)
            .fixed_rate(spec.fixed_rate)
            .reservoir_size(spec.reservoir_size)
            .service_name(&spec.service_name)
            .service_type(&spec.service_type)
            .host(&spec.host)
            .http_method(&spec.http_method)
            .url_path(&spec.url_path)
            .version(RULE_VERSION)
            .set_attributes(Some(spec.attributes.clone().into_iter().collect()))
            .set_sampling_rate_boost(boost_to_aws(spec))
            .build()
            .map_err(|error| Error::internal("sampling_rule", error.to_string()))?;
        let request = aws
            .xray
            .create_sampling_rule()
            .sampling_rule(rule)
            .set_tags(Some(xray_tags::to_aws(tags)?));
        let reply = call(XRAY, "CreateSamplingRule", request.send()).await?;
        let arn = reply
            .sampling_rule_record
            .and_then(|record| record.sampling_rule)
            .and_then(|rule| rule.rule_arn);
        Ok(xray_tags::outputs(&arn.unwrap_or_default()))
    }

    /// Sends the whole state: AWS drops a boost that an update leaves out.
    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        let spec = update.after;
        let change = xray::types::SamplingRuleUpdate::builder()
            .rule_name(update.key)
            .resource_arn(&spec.resource_arn)
            .priority(spec.priority)
            .fixed_rate(spec.fixed_rate)
            .reservoir_size(spec.reservoir_size)
            .service_name(&spec.service_name)
            .service_type(&spec.service_type)
            .host(&spec.host)
            .http_method(&spec.http_method)
            .url_path(&spec.url_path)
            .set_attributes(Some(spec.attributes.clone().into_iter().collect()))
            .set_sampling_rate_boost(boost_to_aws(spec))
            .build();
        send_update(aws, change).await?;
        Ok(update.outputs.clone())
    }

    async fn delete(aws: &Aws, key: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        let request = aws.xray.delete_sampling_rule().rule_name(key);
        gone_is_done(call(XRAY, "DeleteSamplingRule", request.send()).await)
    }

    /// The provider has no boost: it stands as a block under AWS's name.
    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let mut attributes = terraform::plain(&Self::FACTS, key, spec, outputs);
        terraform::make_block(&mut attributes, "sampling_rate_boost");
        attributes.insert("version".to_owned(), RULE_VERSION.into());
        attributes.insert("id".to_owned(), key.into());
        attributes
    }

    fn terraform_key(values: &Attributes) -> Option<String> {
        terraform::text(values, "rule_name").filter(|name| name != DEFAULT_RULE)
    }

    async fn retag(
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        xray_tags::retag(aws, outputs, set, remove).await
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let plain = SamplingRuleSpec {
            rule_name: None,
            priority: 100,
            fixed_rate: 0.05,
            reservoir_size: 1,
            service_name: anything(),
            service_type: anything(),
            host: anything(),
            http_method: anything(),
            url_path: "/health*".to_owned(),
            resource_arn: anything(),
            attributes: BTreeMap::new(),
            sampling_rate_boost: None,
        };
        let full = SamplingRuleSpec {
            rule_name: Some("checkout-gold".to_owned()),
            priority: 10,
            fixed_rate: 0.25,
            reservoir_size: 5,
            service_name: "checkout".to_owned(),
            service_type: "AWS::ECS::Container".to_owned(),
            host: "*.example.com".to_owned(),
            http_method: "POST".to_owned(),
            url_path: "/api/orders*".to_owned(),
            resource_arn: "arn:aws:ecs:*".to_owned(),
            attributes: BTreeMap::from([("tier".to_owned(), "gold".to_owned())]),
            sampling_rate_boost: Some(SamplingRateBoost {
                max_rate: 0.5,
                cooldown_window_minutes: 10,
            }),
        };
        vec![("health-checks", plain), ("checkout", full)]
    }
}

/// Lists every rule that stands at AWS, the Default rule among them, with its
/// fields as a spec has them. Takes the permission `xray:GetSamplingRules` alone.
///
/// # Errors
/// Where AWS does not answer.
pub async fn standing(aws: &Aws) -> Result<Vec<Attributes>, Error> {
    let fields = |rule| match serde_json::to_value(from_aws(rule)) {
        Ok(serde_json::Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Error::internal("sampling_rule", "a rule is no table")),
        Err(error) => Err(Error::internal("sampling_rule", error.to_string())),
    };
    list(aws).await?.into_iter().map(fields).collect()
}

/// Lists every rule, the Default rule among them.
pub(super) async fn list(aws: &Aws) -> Result<Vec<xray::types::SamplingRule>, Error> {
    let mut rules = Vec::new();
    let mut token = None;
    loop {
        let request = aws.xray.get_sampling_rules().set_next_token(token);
        let page = call(XRAY, "GetSamplingRules", request.send()).await?;
        rules.extend(
            page.sampling_rule_records
                .unwrap_or_default()
                .into_iter()
                .filter_map(|record| record.sampling_rule),
        );
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(rules);
        }
    }
}

/// Sends one update of a rule.
pub(super) async fn send_update(
    aws: &Aws,
    change: xray::types::SamplingRuleUpdate,
) -> Result<(), Error> {
    let request = aws.xray.update_sampling_rule().sampling_rule_update(change);
    call(XRAY, "UpdateSamplingRule", request.send()).await?;
    Ok(())
}

fn boost_to_aws(spec: &SamplingRuleSpec) -> Option<xray::types::SamplingRateBoost> {
    spec.sampling_rate_boost.as_ref().map(|boost| {
        xray::types::SamplingRateBoost::builder()
            .max_rate(boost.max_rate)
            .cooldown_window_minutes(boost.cooldown_window_minutes)
            .build()
    })
}

fn from_aws(rule: xray::types::SamplingRule) -> SamplingRuleSpec {
    SamplingRuleSpec {
        rule_name: rule.rule_name,
        priority: rule.priority,
        fixed_rate: rule.fixed_rate,
        reservoir_size: rule.reservoir_size,
        service_name: rule.service_name,
        service_type: rule.service_type,
        host: rule.host,
        http_method: rule.http_method,
        url_path: rule.url_path,
        resource_arn: rule.resource_arn,
        attributes: rule.attributes.unwrap_or_default().into_iter().collect(),
        sampling_rate_boost: rule.sampling_rate_boost.map(|boost| SamplingRateBoost {
            max_rate: boost.max_rate,
            cooldown_window_minutes: boost.cooldown_window_minutes,
        }),
    }
}
