//! Groups: traces that match a filter expression, with service graph, metrics
//! and insights of their own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update, terraform, xray_tags,
};
use crate::aws::{XRAY, call, gone_is_done, xray};
use crate::filter;
use crate::resource::read::with_tags;

/// The name of the group that AWS ships, which holds all traces.
const DEFAULT_GROUP: &str = "Default";

/// The type.
pub(super) struct Group;

/// A group: the traces that match a filter expression.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "group")]
#[serde(deny_unknown_fields)]
pub(super) struct GroupSpec {
    /// The group's name at AWS, 1 to 32 characters. Default: its name in the
    /// spec. AWS cannot rename a group: a change replaces it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 32))]
    group_name: Option<String>,
    /// Which traces belong to the group, as a filter expression:
    /// `service("api") AND responsetime > 2`. It counts for new traces only.
    filter_expression: String,
    /// Whether X-Ray looks for anomalies in the group. Default: it does not.
    #[serde(default)]
    insights_configuration: InsightsConfiguration,
}

/// Whether X-Ray looks for anomalies, and tells of them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "insights_configuration")]
#[serde(deny_unknown_fields)]
struct InsightsConfiguration {
    /// Records insights: anomalies in the fault rate. Billed by the trace.
    /// Default: false.
    #[serde(default)]
    insights_enabled: bool,
    /// Sends insights to EventBridge; needs `insights_enabled`. Default: false.
    #[serde(default)]
    notifications_enabled: bool,
}

impl InsightsConfiguration {
    fn to_aws(self) -> xray::types::InsightsConfiguration {
        xray::types::InsightsConfiguration::builder()
            .insights_enabled(self.insights_enabled)
            .notifications_enabled(self.notifications_enabled)
            .build()
    }

    fn from_aws(configuration: Option<&xray::types::InsightsConfiguration>) -> Self {
        let is = |flag: fn(&xray::types::InsightsConfiguration) -> Option<bool>| {
            configuration.and_then(flag).unwrap_or_default()
        };
        Self {
            insights_enabled: is(|configuration| configuration.insights_enabled),
            notifications_enabled: is(|configuration| configuration.notifications_enabled),
        }
    }
}

impl Resource for Group {
    const FACTS: Facts = Facts {
        kind: "group",
        table: "groups",
        title: "group",
        terraform: "aws_xray_group",
        docs: "https://docs.aws.amazon.com/xray/latest/api/API_Group.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some("group_name"),
        replace_on: &["group_name"],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &[],
        unmanaged_when_absent: &[],
        refers_to: &[],
        holds_data: false,
    };

    type Spec = GroupSpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.group_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        let key = Self::key(name, spec);
        let field = if spec.group_name.is_some() {
            "/group_name"
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
                .hint("shorten it, or give AWS a shorter name with `group_name`");
        }
        if key == DEFAULT_GROUP {
            problems
                .report(field, "AWS reserves the name `Default`")
                .hint("the Default group holds all traces and its filter cannot be changed");
        }
        if let Err(error) = filter::parse(&spec.filter_expression) {
            let problem = problems.report("/filter_expression", error.to_string());
            problem.within(error.span.clone());
            problem.hint.clone_from(&error.hint);
        }
        let insights = spec.insights_configuration;
        if insights.notifications_enabled && !insights.insights_enabled {
            problems
                .report(
                    "/insights_configuration/notifications_enabled",
                    "notifications need insights",
                )
                .hint("add `insights_enabled = true`");
        }
    }

    /// Two expressions are compared by what they say: AWS keeps the text as it
    /// was sent, and spaces or the case of a keyword change nothing.
    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        if let Ok(expression) = filter::parse(&spec.filter_expression) {
            spec.filter_expression = expression.to_string();
        }
        spec
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        let groups = list(aws).await?;
        let custom = groups
            .into_iter()
            .filter(|group| group.group_name() != Some(DEFAULT_GROUP))
            .collect();
        let tagged = with_tags(
            custom,
            |group| query.names(group.group_name().unwrap_or_default()),
            |group| xray_tags::read(aws, group.group_arn.unwrap_or_default()),
        )
        .await?;
        let found = tagged.into_iter().map(|(group, tags)| Found {
            key: group.group_name.clone().unwrap_or_default(),
            tags: Some(tags),
            outputs: xray_tags::outputs(group.group_arn().unwrap_or_default()),
            spec: GroupSpec {
                insights_configuration: InsightsConfiguration::from_aws(
                    group.insights_configuration(),
                ),
                group_name: group.group_name,
                filter_expression: group.filter_expression.unwrap_or_default(),
            },
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
        let request = aws
            .xray
            .create_group()
            .group_name(key)
            .filter_expression(&spec.filter_expression)
            .insights_configuration(spec.insights_configuration.to_aws())
            .set_tags(Some(xray_tags::to_aws(tags)?));
        let reply = call(XRAY, "CreateGroup", request.send()).await?;
        let arn = reply.group.and_then(|group| group.group_arn);
        Ok(xray_tags::outputs(&arn.unwrap_or_default()))
    }

    /// Sends the whole state: AWS refuses an update without the expression,
    /// even one of the insights alone.
    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        let request = aws
            .xray
            .update_group()
            .group_name(update.key)
            .filter_expression(&update.after.filter_expression)
            .insights_configuration(update.after.insights_configuration.to_aws());
        call(XRAY, "UpdateGroup", request.send()).await?;
        Ok(update.outputs.clone())
    }

    async fn delete(aws: &Aws, key: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        let request = aws.xray.delete_group().group_name(key);
        gone_is_done(call(XRAY, "DeleteGroup", request.send()).await)
    }

    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let mut attributes = terraform::plain(&Self::FACTS, key, spec, outputs);
        terraform::make_block(&mut attributes, "insights_configuration");
        attributes
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
        vec![
            (
                "errors",
                GroupSpec {
                    group_name: None,
                    filter_expression: "error OR fault".to_owned(),
                    insights_configuration: InsightsConfiguration::default(),
                },
            ),
            (
                "slow",
                GroupSpec {
                    group_name: Some("slow-requests".to_owned()),
                    filter_expression: "service(\"api\") AND responsetime > 1".to_owned(),
                    insights_configuration: InsightsConfiguration {
                        insights_enabled: true,
                        notifications_enabled: true,
                    },
                },
            ),
        ]
    }
}

/// Lists every group, the Default group among them.
async fn list(aws: &Aws) -> Result<Vec<xray::types::GroupSummary>, Error> {
    let mut groups = Vec::new();
    let mut token = None;
    loop {
        let request = aws.xray.get_groups().set_next_token(token);
        let page = call(XRAY, "GetGroups", request.send()).await?;
        groups.extend(page.groups.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(groups);
        }
    }
}
