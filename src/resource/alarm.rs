//! Metric alarms: one metric, metric math, or a preset on the traces of a
//! group.

mod live;
mod metrics;
mod preset;
mod rules;
mod spec;

use serde_json::Value;

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, Reference, ReplaceOrder,
    Resource, Tags, Update, any_alarm, cloudwatch_tags, terraform,
};
use crate::model::Address;

pub(super) use spec::AlarmSpec;

/// The type.
pub(super) struct Alarm;

/// The type that a preset's groups are of, and the output that names one.
const GROUP: &str = "group";
const GROUP_NAME: &str = "group_name";
/// The group that AWS ships, which holds all traces.
pub(super) const DEFAULT_GROUP: &str = "Default";

impl Resource for Alarm {
    const FACTS: Facts = Facts {
        kind: "alarm",
        table: "alarms",
        title: "alarm",
        terraform: "aws_cloudwatch_metric_alarm",
        docs: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some("alarm_name"),
        replace_on: &["alarm_name"],
        // A composite alarm moves to the new one before the old one goes: AWS
        // deletes no alarm that a rule still names.
        replace_order: ReplaceOrder::CreateFirst,
        documents: &[],
        unmanaged_when_absent: &[],
        refers_to: &[GROUP],
        holds_data: false,
    };

    type Spec = AlarmSpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.alarm_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(_: &str, spec: &Self::Spec, problems: &mut Problems) {
        rules::check(spec, problems);
    }

    /// Fills in what AWS assumes where it is told nothing: every period of the
    /// evaluation has to breach, and missing data is missing.
    fn canonical(spec: Self::Spec) -> Self::Spec {
        let mut spec = preset::expanded(spec);
        spec.alarm_actions = any_alarm::set(spec.alarm_actions);
        spec.ok_actions = any_alarm::set(spec.ok_actions);
        spec.insufficient_data_actions = any_alarm::set(spec.insufficient_data_actions);
        spec.metrics.sort_by(|left, right| left.id.cmp(&right.id));
        spec.datapoints_to_alarm = spec.datapoints_to_alarm.or(spec.evaluation_periods);
        let missing = || "missing".to_owned();
        spec.treat_missing_data.get_or_insert_with(missing);
        if spec.has_percentile() {
            let evaluate = || "evaluate".to_owned();
            spec.evaluate_low_sample_count_percentile
                .get_or_insert_with(evaluate);
        }
        spec
    }

    fn references(spec: &Self::Spec) -> Vec<Reference> {
        let fields = [("/group", &spec.group), ("/total_group", &spec.total_group)];
        let named = fields.into_iter().filter_map(|(field, name)| {
            let name = name.as_deref()?;
            group_reference(field, name)
        });
        named.collect()
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
        live::put(aws, key, spec, Some(tags)).await?;
        Ok(cloudwatch_tags::outputs(&any_alarm::arn(aws, key).await?))
    }

    /// Sends the whole state: AWS forgets what an update does not say.
    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        live::put(aws, update.key, update.after, None).await?;
        Ok(update.outputs.clone())
    }

    async fn delete(aws: &Aws, key: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        live::delete(aws, key).await
    }

    async fn retag(
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        cloudwatch_tags::retag(aws, outputs, set, remove).await
    }

    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let mut attributes = terraform::plain(&Self::FACTS, key, spec, outputs);
        for preset in spec::PRESET_FIELDS {
            attributes.remove(*preset);
        }
        let percentile = attributes.remove("evaluate_low_sample_count_percentile");
        attributes.insert(
            "evaluate_low_sample_count_percentiles".to_owned(),
            percentile.unwrap_or_default(),
        );
        attributes.remove("metrics");
        let queries: Vec<Value> = spec.metrics.iter().map(metrics::terraform).collect();
        attributes.insert("metric_query".to_owned(), Value::from(queries));
        attributes.insert("id".to_owned(), Value::from(key));
        attributes
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        spec::examples()
    }
}

/// Reads `name` in field `field` as a reference to a group of the spec; `None`
/// for the group that AWS ships, which no spec has.
pub(super) fn group_reference(field: &str, name: &str) -> Option<Reference> {
    (name != DEFAULT_GROUP).then(|| Reference {
        field: field.to_owned(),
        to: Address::new(GROUP, name),
        output: GROUP_NAME.to_owned(),
    })
}

#[cfg(test)]
mod tests;
