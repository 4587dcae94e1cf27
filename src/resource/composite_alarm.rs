//! Composite alarms: alarms on the states of other alarms.

mod live;
mod rule;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Mention, Problems, Query, Reference,
    ReplaceOrder, Resource, Tags, Update, any_alarm, cloudwatch_tags, terraform,
};
use crate::model::Address;

/// The type.
pub(super) struct CompositeAlarm;

const ALARM: &str = "alarm";
const COMPOSITE_ALARM: &str = "composite_alarm";
/// What the address of a composite alarm begins with.
const COMPOSITE_PREFIX: &str = "composite_alarm.";
/// AWS's limit for a rule, in characters.
const MOST_CHARACTERS: usize = 10_240;

/// A composite alarm: goes off by the states of other alarms.
///
/// Alarms of the spec are put in place first and deleted last.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "composite_alarm")]
#[serde(deny_unknown_fields)]
pub(super) struct CompositeAlarmSpec {
    /// The alarm's name at AWS, 1 to 255 characters. Default: its name in the
    /// spec. AWS cannot rename an alarm: a change replaces it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[^\x00-\x1f\x7f]+$"), extend("x-hint" = "leave control characters out"))]
    alarm_name: Option<String>,
    /// What it means when the alarm goes off, at most 1024 characters.
    /// Default: nothing.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    alarm_description: String,
    /// When it goes off, as AWS writes it, with names or ARNs at AWS:
    /// `ALARM("errors") AND NOT ALARM("deploying")`. At most 100 alarms. Give
    /// either this, `any_of` or `all_of`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 10240))]
    alarm_rule: Option<String>,
    /// Goes off while at least one of these does: names in `[alarms]`,
    /// `composite_alarm.NAME`, or ARNs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    any_of: Vec<String>,
    /// Goes off while all of these do; named in the same way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    all_of: Vec<String>,
    /// Whether the actions below are carried out. Default: true.
    #[serde(default = "yes")]
    actions_enabled: bool,
    /// ARNs of what is told when the alarm goes off, at most 5: SNS topics,
    /// Lambda functions, Systems Manager. Default: none.
    #[serde(default)]
    #[schemars(length(max = 5), inner(length(max = 1024), regex(pattern = "^arn:")))]
    alarm_actions: Vec<String>,
    /// The same for when all is well again. Default: none.
    #[serde(default)]
    #[schemars(length(max = 5), inner(length(max = 1024), regex(pattern = "^arn:")))]
    ok_actions: Vec<String>,
    /// The same for when there is not enough data to tell. Default: none.
    #[serde(default)]
    #[schemars(length(max = 5), inner(length(max = 1024), regex(pattern = "^arn:")))]
    insufficient_data_actions: Vec<String>,
    /// An alarm that holds the actions back while it is on: a name in
    /// `[alarms]`, `composite_alarm.NAME`, or an ARN. Default: none.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1600))]
    actions_suppressor: Option<String>,
    /// Seconds to wait for the suppressor to go on before actions are carried
    /// out. Goes with `actions_suppressor`.
    #[serde(default)]
    #[schemars(range(min = 0))]
    actions_suppressor_wait_period: Option<i32>,
    /// Seconds that actions are still held back after the suppressor is off
    /// again. Goes with `actions_suppressor`.
    #[serde(default)]
    #[schemars(range(min = 0))]
    actions_suppressor_extension_period: Option<i32>,
}

fn yes() -> bool {
    true
}

impl Resource for CompositeAlarm {
    const FACTS: Facts = Facts {
        kind: COMPOSITE_ALARM,
        table: "composite_alarms",
        title: "composite alarm",
        terraform: "aws_cloudwatch_composite_alarm",
        docs: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some("alarm_name"),
        replace_on: &["alarm_name"],
        replace_order: ReplaceOrder::CreateFirst,
        documents: &[],
        unmanaged_when_absent: &[],
        refers_to: &[ALARM],
        holds_data: false,
    };

    type Spec = CompositeAlarmSpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.alarm_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(_: &str, spec: &Self::Spec, problems: &mut Problems) {
        check_sources(spec, problems);
        if let Some(Err(error)) = spec.alarm_rule.as_deref().map(rule::parse) {
            let problem = problems.report("/alarm_rule", error.message);
            problem.within(error.span);
            problem.hint = error.hint;
        }
        check_suppressor(spec, problems);
    }

    /// Two rules are compared but for blanks and quotes.
    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        let (any_of, all_of) = (
            std::mem::take(&mut spec.any_of),
            std::mem::take(&mut spec.all_of),
        );
        let written = spec.alarm_rule.take();
        spec.alarm_rule = written
            .or_else(|| made_of(any_of, " OR "))
            .or_else(|| made_of(all_of, " AND "));
        if let Some(Ok(rule)) = spec.alarm_rule.as_deref().map(rule::parse) {
            spec.alarm_rule = Some(rule.text);
        }
        spec.alarm_actions = any_alarm::set(spec.alarm_actions);
        spec.ok_actions = any_alarm::set(spec.ok_actions);
        spec.insufficient_data_actions = any_alarm::set(spec.insufficient_data_actions);
        // A suppressor is of this account and region, so that its name is all.
        let suppressor = spec.actions_suppressor.take();
        spec.actions_suppressor = suppressor.map(|text| match any_alarm::name_in_arn(&text) {
            Some(name) => name.to_owned(),
            None => text,
        });
        spec
    }

    fn references(spec: &Self::Spec) -> Vec<Reference> {
        let lists = [("any_of", &spec.any_of), ("all_of", &spec.all_of)];
        let named = lists.into_iter().flat_map(|(field, names)| {
            let numbered = names.iter().enumerate();
            numbered.map(move |(index, name)| (format!("/{field}/{index}"), name))
        });
        let suppressor = spec.actions_suppressor.iter();
        named
            .chain(suppressor.map(|name| ("/actions_suppressor".to_owned(), name)))
            .filter_map(|(field, name)| alarm_reference(field, name))
            .collect()
    }

    /// What the rule names may be an alarm of either kind.
    fn mentions(spec: &Self::Spec) -> Vec<Mention> {
        let rule = spec.alarm_rule.as_deref().map(rule::parse);
        let children = rule.and_then(Result::ok).map(|rule| rule.children);
        let suppressor = spec.actions_suppressor.iter().cloned();
        let suppressor = suppressor.filter(|text| text.starts_with("arn:"));
        children
            .into_iter()
            .flatten()
            .chain(suppressor)
            .flat_map(|child| {
                let key = any_alarm::name_in_arn(&child).unwrap_or(&child);
                [ALARM, COMPOSITE_ALARM].map(|kind| Mention {
                    kind,
                    key: key.to_owned(),
                })
            })
            .collect()
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

    async fn delete(aws: &Aws, key: &str, _: &Attributes, spec: &Self::Spec) -> Result<(), Error> {
        live::delete(aws, key, spec).await
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
        for field in ["any_of", "all_of"] {
            attributes.remove(field);
        }
        let wait = attributes.remove("actions_suppressor_wait_period");
        let extension = attributes.remove("actions_suppressor_extension_period");
        let block = spec.actions_suppressor.iter().map(
            |alarm| json!({ "alarm": alarm, "wait_period": wait, "extension_period": extension }),
        );
        attributes.insert("actions_suppressor".to_owned(), block.collect());
        attributes.insert("id".to_owned(), Value::from(key));
        attributes
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let plain = CompositeAlarmSpec {
            alarm_name: None,
            alarm_description: String::new(),
            alarm_rule: Some("FALSE".to_owned()),
            any_of: Vec::new(),
            all_of: Vec::new(),
            actions_enabled: true,
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            actions_suppressor: None,
            actions_suppressor_wait_period: None,
            actions_suppressor_extension_period: None,
        };
        let topic = || vec!["arn:aws:sns:eu-west-1:123456789012:pages".to_owned()];
        let full = CompositeAlarmSpec {
            alarm_name: Some("api-is-down".to_owned()),
            alarm_description: "errors, and no deployment under way".to_owned(),
            alarm_rule: Some("NOT (TRUE OR FALSE)".to_owned()),
            actions_enabled: false,
            alarm_actions: topic(),
            ok_actions: topic(),
            insufficient_data_actions: topic(),
            actions_suppressor: Some(
                "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:deploying".to_owned(),
            ),
            actions_suppressor_wait_period: Some(60),
            actions_suppressor_extension_period: Some(120),
            ..plain.clone()
        };
        vec![("switched-off", plain), ("down", full)]
    }
}

/// Reads `name` in field `field` as a reference to an alarm of the spec; `None`
/// for an ARN.
pub(super) fn alarm_reference(field: String, name: &str) -> Option<Reference> {
    if name.starts_with("arn:") {
        return None;
    }
    let to = match name.strip_prefix(COMPOSITE_PREFIX) {
        Some(name) => Address::new(COMPOSITE_ALARM, name),
        None => Address::new(ALARM, name.strip_prefix("alarm.").unwrap_or(name)),
    };
    Some(Reference {
        field,
        to,
        output: "alarm_name".to_owned(),
    })
}

fn made_of(mut alarms: Vec<String>, operator: &str) -> Option<String> {
    alarms.sort();
    alarms.dedup();
    let parts: Vec<String> = alarms.iter().map(|name| rule::in_alarm(name)).collect();
    (!parts.is_empty()).then(|| parts.join(operator))
}

fn check_sources(spec: &CompositeAlarmSpec, problems: &mut Problems) {
    let given: Vec<&str> = [
        ("alarm_rule", spec.alarm_rule.is_some()),
        ("any_of", !spec.any_of.is_empty()),
        ("all_of", !spec.all_of.is_empty()),
    ]
    .into_iter()
    .filter_map(|(field, is_given)| is_given.then_some(field))
    .collect();
    match given.as_slice() {
        [] => {
            problems
                .report("", "the alarm has no rule")
                .hint("name alarms in `any_of` or `all_of`, or give an `alarm_rule`");
        }
        [_] => {}
        [first, rest @ ..] => {
            for field in rest {
                problems
                    .report(
                        &format!("/{field}"),
                        format!("the alarm has `{first}` already"),
                    )
                    .hint("write an `alarm_rule` to say more than one of these");
            }
        }
    }
    for (field, names, operator) in [
        ("any_of", &spec.any_of, " OR "),
        ("all_of", &spec.all_of, " AND "),
    ] {
        let rule = made_of(names.clone(), operator).unwrap_or_default();
        let length = rule.chars().count();
        if length > MOST_CHARACTERS {
            problems.report(
                &format!("/{field}"),
                format!("makes a rule of {length} characters, AWS takes at most {MOST_CHARACTERS}"),
            );
        }
    }
}

fn check_suppressor(spec: &CompositeAlarmSpec, problems: &mut Problems) {
    let periods = [
        (
            "actions_suppressor_wait_period",
            spec.actions_suppressor_wait_period,
        ),
        (
            "actions_suppressor_extension_period",
            spec.actions_suppressor_extension_period,
        ),
    ];
    for (field, period) in periods {
        match (&spec.actions_suppressor, period) {
            (Some(_), None) => {
                problems
                    .report(
                        "/actions_suppressor",
                        format!("a suppressor needs `{field}`"),
                    )
                    .hint(format!("add `{field} = 60`, in seconds"));
            }
            (None, Some(_)) => {
                problems.report(
                    &format!("/{field}"),
                    format!("`{field}` goes with `actions_suppressor`"),
                );
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
