//! CloudWatch log groups. They hold people's logs: one that leaves the spec is
//! released, and deleted only where the user asks for that.

mod live;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, Reference, ReplaceOrder,
    Resource, Tags, Update, kms_reference, terraform,
};

/// The type.
pub(super) struct LogGroup;

/// Days that AWS offers.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>,
/// read on 2026-11-21.
const RETENTIONS: &[i32] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];
const STANDARD: &str = "STANDARD";
/// The class whose retention AWS sets itself.
const DELIVERY: &str = "DELIVERY";

/// A CloudWatch log group. Deleting one loses the logs in it: it is released
/// instead, unless `--delete-data` is given.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "log_group")]
#[serde(deny_unknown_fields)]
pub(super) struct LogGroupSpec {
    /// The log group's name at AWS, 1 to 512 letters, digits and `._-/#`.
    /// Default: its name in the spec. AWS cannot rename a log group: a change
    /// replaces it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^[.\-_/#A-Za-z0-9]+$"), extend("x-hint" = "use letters, digits and `._-/#`"))]
    log_group_name: Option<String>,
    /// Days after which AWS deletes log events: 1, 3, 5, 7, 14, 30, 60, 90,
    /// 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or
    /// 3653. Default: it keeps them for ever.
    #[serde(default)]
    retention_in_days: Option<i32>,
    /// The KMS key that new log events are encrypted with: its name in
    /// `[kms_keys]`, or a key id, alias or ARN. Its policy must let CloudWatch
    /// Logs use it. Default: AWS's own encryption.
    #[serde(default)]
    #[schemars(length(min = 1, max = 2048))]
    kms_key_id: Option<String>,
    /// `STANDARD`; `INFREQUENT_ACCESS`, cheaper and with fewer features; or
    /// `DELIVERY`, for logs that go elsewhere. AWS cannot change it: a change
    /// replaces the log group. Default: `STANDARD`.
    #[serde(default)]
    #[schemars(extend("enum" = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]))]
    log_group_class: Option<String>,
    /// Whether AWS refuses to delete it. Default: false.
    #[serde(default)]
    deletion_protection_enabled: bool,
}

impl Resource for LogGroup {
    const FACTS: Facts = Facts {
        kind: "log_group",
        table: "log_groups",
        title: "log group",
        terraform: "aws_cloudwatch_log_group",
        docs: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some("log_group_name"),
        replace_on: &["log_group_name", "log_group_class"],
        // Another class needs the same name.
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &[],
        unmanaged_when_absent: &[],
        refers_to: &["kms_key"],
        holds_data: true,
    };

    type Spec = LogGroupSpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.log_group_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        let key = Self::key(name, spec);
        if key.starts_with("aws/") {
            let field = if spec.log_group_name.is_some() {
                "/log_group_name"
            } else {
                ""
            };
            problems
                .report(field, "AWS keeps names that start with `aws/` for itself")
                .hint(format!("names such as `/{key}` are free"));
        }
        let is_delivery = spec.log_group_class.as_deref() == Some(DELIVERY);
        match spec.retention_in_days {
            Some(_) if is_delivery => {
                problems
                    .report(
                        "/retention_in_days",
                        "AWS sets the retention of a log group of class `DELIVERY` itself",
                    )
                    .hint("leave it out");
            }
            Some(days) if !RETENTIONS.contains(&days) => {
                problems
                    .report(
                        "/retention_in_days",
                        format!("AWS keeps log events for certain numbers of days, and {days} is none of them"),
                    )
                    .hint(nearest(days));
            }
            _ => {}
        }
    }

    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        let standard = || STANDARD.to_owned();
        if spec.log_group_class.get_or_insert_with(standard) == DELIVERY {
            spec.retention_in_days = None;
        }
        spec
    }

    fn references(spec: &Self::Spec) -> Vec<Reference> {
        spec.kms_key_id
            .iter()
            .filter_map(|key| kms_reference::reference("/kms_key_id", key))
            .collect()
    }

    /// AWS takes, and shows, nothing but the key's ARN.
    async fn resolve(aws: &Aws, mut spec: Self::Spec) -> Result<Self::Spec, Error> {
        if let Some(key) = &spec.kms_key_id
            && kms_reference::reference("/kms_key_id", key).is_none()
        {
            spec.kms_key_id = Some(kms_reference::to_arn(aws, key).await?);
        }
        Ok(spec)
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
        live::create(aws, key, spec, tags).await
    }

    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        live::update(aws, update.key, update.before, update.after).await?;
        Ok(update.outputs.clone())
    }

    /// Deletes it with all logs in it. Where AWS was told to protect it, it has
    /// to be told otherwise first, which is not for a deletion to do.
    async fn delete(aws: &Aws, key: &str, _: &Attributes, spec: &Self::Spec) -> Result<(), Error> {
        if spec.deletion_protection_enabled {
            return Err(Error::refused(
                "DeleteLogGroup",
                format!(
                    "AWS protects the log group `{key}` from deletion; apply \
                     `deletion_protection_enabled = false` first"
                ),
            ));
        }
        live::delete(aws, key).await
    }

    async fn retag(
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        live::retag(aws, outputs, set, remove).await
    }

    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let mut attributes = terraform::plain(&Self::FACTS, key, spec, outputs);
        attributes.remove("log_group_name");
        attributes.insert("name".to_owned(), Value::from(key));
        // The provider writes 0 for what is kept for ever.
        let days = spec.retention_in_days.unwrap_or(0);
        attributes.insert("retention_in_days".to_owned(), Value::from(days));
        attributes.insert("id".to_owned(), Value::from(key));
        attributes
    }

    fn terraform_key(values: &Attributes) -> Option<String> {
        terraform::text(values, "name")
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let plain = LogGroupSpec {
            log_group_name: None,
            retention_in_days: None,
            kms_key_id: None,
            log_group_class: None,
            deletion_protection_enabled: false,
        };
        let monthly = LogGroupSpec {
            log_group_name: Some("/ecs/xray-daemon".to_owned()),
            retention_in_days: Some(30),
            log_group_class: Some("INFREQUENT_ACCESS".to_owned()),
            ..plain.clone()
        };
        vec![("collector", plain), ("daemon", monthly)]
    }
}

/// Names the offers next to `days`.
fn nearest(days: i32) -> String {
    let below = RETENTIONS.iter().rev().find(|offer| **offer < days);
    let above = RETENTIONS.iter().find(|offer| **offer > days);
    match (below, above) {
        (Some(below), Some(above)) => {
            let nearest = if days - below <= above - days {
                below
            } else {
                above
            };
            format!("the nearest is {nearest}; around it are {below} and {above}")
        }
        (Some(only), None) | (None, Some(only)) => format!("the nearest is {only}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests;
