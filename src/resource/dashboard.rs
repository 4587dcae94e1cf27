//! CloudWatch dashboards: a body as CloudWatch takes it, or one made from lists
//! of services, groups and alarms.

mod body;
mod widgets;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::alarm::group_reference;
use super::composite_alarm::alarm_reference;
use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, Reference, ReplaceOrder,
    Resource, Tags, Update, cloudwatch_tags, terraform,
};
use crate::aws::{CLOUDWATCH, call, cloudwatch, gone_is_done};
use crate::resource::read::{in_parallel, with_tags};
use widgets::Place;

/// The type.
pub(super) struct Dashboard;

/// A CloudWatch dashboard. Dashboards belong to no region: one name stands once
/// in an account.
///
/// Give either `dashboard_body`, or lists that it is made from. X-Ray publishes
/// the number of traces of each group and nothing of services, so that groups
/// become charts, and services become links to their traces.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "dashboard")]
#[serde(deny_unknown_fields)]
pub(super) struct DashboardSpec {
    /// The dashboard's name at AWS, 1 to 255 letters, digits, `_` and `-`.
    /// Default: its name in the spec. AWS cannot rename a dashboard: a change
    /// replaces it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255), regex(pattern = "^[A-Za-z0-9_-]+$"), extend("x-hint" = "use letters, digits, `_` and `-`"))]
    dashboard_name: Option<String>,
    /// The body: a table, JSON in a text, or `{ file = "dashboard.json" }`. The
    /// order of its keys makes no difference.
    #[serde(default)]
    dashboard_body: Option<Map<String, Value>>,
    /// Services, by the names in their segments: each is a row of links to its
    /// traces and to the trace map.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(min = 1)))]
    services: Vec<String>,
    /// Groups, by their names in `[groups]`: each is a chart of its traces, and
    /// of their share of all traces. `Default` is the group that AWS ships.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(min = 1)))]
    groups: Vec<String>,
    /// Groups that are not in the spec, by their names at AWS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 32)))]
    group_names: Vec<String>,
    /// Alarms whose states are shown: names in `[alarms]`,
    /// `composite_alarm.NAME`, or ARNs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(min = 1)))]
    alarms: Vec<String>,
    /// Where it stands, for links and ARNs; not for the spec.
    #[serde(default)]
    #[schemars(skip)]
    place: Option<Place>,
}

impl DashboardSpec {
    /// Tells whether the body is to be made from lists.
    fn is_made(&self) -> bool {
        [
            &self.services,
            &self.groups,
            &self.group_names,
            &self.alarms,
        ]
        .iter()
        .any(|list| !list.is_empty())
    }
}

impl Resource for Dashboard {
    const FACTS: Facts = Facts {
        kind: "dashboard",
        table: "dashboards",
        title: "dashboard",
        terraform: "aws_cloudwatch_dashboard",
        docs: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some("dashboard_name"),
        replace_on: &["dashboard_name"],
        replace_order: ReplaceOrder::CreateFirst,
        documents: &["dashboard_body"],
        unmanaged_when_absent: &[],
        refers_to: &["group", "alarm", "composite_alarm"],
        holds_data: false,
    };

    type Spec = DashboardSpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.dashboard_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if spec.dashboard_name.is_none() && !name.chars().all(is_allowed) {
            problems
                .report("", format!("`{name}` is no name that CloudWatch takes"))
                .hint("use letters, digits, `_` and `-`, or set `dashboard_name`");
        }
        match &spec.dashboard_body {
            Some(body) => {
                body::check(body, problems);
                let lists = [
                    ("services", &spec.services),
                    ("groups", &spec.groups),
                    ("group_names", &spec.group_names),
                    ("alarms", &spec.alarms),
                ];
                for (field, _) in lists.iter().filter(|(_, list)| !list.is_empty()) {
                    problems
                        .report(
                            &format!("/{field}"),
                            format!("a dashboard with a `dashboard_body` takes no `{field}`"),
                        )
                        .hint("leave out one of the two");
                }
            }
            None if !spec.is_made() => {
                problems
                    .report("", "the dashboard shows nothing")
                    .hint("name `groups`, `services` or `alarms`, or give a `dashboard_body`");
            }
            None => {}
        }
    }

    /// The body with its keys in order, made from the lists where there are
    /// any.
    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        if spec.dashboard_body.is_none()
            && spec.is_made()
            && let Some(place) = &spec.place
        {
            spec.dashboard_body = Some(widgets::body(&spec, place));
        }
        let Some(body) = spec.dashboard_body.take() else {
            return spec;
        };
        DashboardSpec {
            dashboard_name: spec.dashboard_name,
            dashboard_body: Some(body::normal(body)),
            ..DashboardSpec::default()
        }
    }

    fn same_document(left: &Value, right: &Value) -> bool {
        left == right
    }

    fn references(spec: &Self::Spec) -> Vec<Reference> {
        let groups = spec.groups.iter().enumerate();
        let groups =
            groups.filter_map(|(index, name)| group_reference(&format!("/groups/{index}"), name));
        let alarms = spec.alarms.iter().enumerate();
        let alarms =
            alarms.filter_map(|(index, name)| alarm_reference(format!("/alarms/{index}"), name));
        groups.chain(alarms).collect()
    }

    /// Links and ARNs name account and region, which only AWS can tell.
    async fn resolve(aws: &Aws, mut spec: Self::Spec) -> Result<Self::Spec, Error> {
        if spec.is_made() {
            let identity = aws.identity().await?;
            spec.place = Some(Place {
                partition: identity.partition.clone(),
                region: aws.region().to_owned(),
                account: identity.account.clone(),
            });
        }
        Ok(spec)
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        let name = |entry: &cloudwatch::types::DashboardEntry| {
            entry.dashboard_name.clone().unwrap_or_default()
        };
        let tagged = with_tags(
            list(aws).await?,
            |entry| query.names(&name(entry)),
            |entry| cloudwatch_tags::read(aws, entry.dashboard_arn.unwrap_or_default()),
        )
        .await?;
        let mine = tagged
            .into_iter()
            .filter(|(entry, tags)| query.matters(&name(entry), Some(tags)));
        let found = in_parallel(mine, |(entry, tags)| async move {
            let key = entry.dashboard_name.unwrap_or_default();
            let body = get(aws, &key).await?;
            Ok(body.map(|body| Found {
                spec: DashboardSpec {
                    dashboard_name: Some(key.clone()),
                    dashboard_body: Some(body),
                    ..DashboardSpec::default()
                },
                key,
                tags: Some(tags),
                outputs: cloudwatch_tags::outputs(&entry.dashboard_arn.unwrap_or_default()),
                deletion_scheduled: false,
                status: Attributes::new(),
            }))
        })
        .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(
        aws: &Aws,
        key: &str,
        spec: &Self::Spec,
        tags: &Tags,
    ) -> Result<Attributes, Error> {
        put(aws, key, spec, Some(tags)).await?;
        let identity = aws.identity().await?;
        Ok(cloudwatch_tags::outputs(&format!(
            "arn:{}:cloudwatch::{}:dashboard/{key}",
            identity.partition, identity.account
        )))
    }

    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        put(aws, update.key, update.after, None).await?;
        Ok(update.outputs.clone())
    }

    async fn delete(aws: &Aws, key: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        let request = aws.cloudwatch.delete_dashboards().dashboard_names(key);
        gone_is_done(call(CLOUDWATCH, "DeleteDashboards", request.send()).await)
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
        let plain = terraform::plain(&Self::FACTS, key, spec, outputs);
        let mut attributes = Attributes::new();
        for (field, name) in [
            ("dashboard_name", "dashboard_name"),
            ("dashboard_body", "dashboard_body"),
            ("arn", "dashboard_arn"),
        ] {
            if let Some(value) = plain.get(field) {
                attributes.insert(name.to_owned(), value.clone());
            }
        }
        attributes.insert("id".to_owned(), Value::from(key));
        attributes
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        let plain = DashboardSpec {
            dashboard_body: Some(body::plain_example()),
            ..DashboardSpec::default()
        };
        let made = DashboardSpec {
            services: texts(&["api", "worker"]),
            group_names: texts(&["Default"]),
            ..DashboardSpec::default()
        };
        let written = DashboardSpec {
            dashboard_name: Some("team-traces".to_owned()),
            dashboard_body: Some(body::example()),
            ..DashboardSpec::default()
        };
        vec![("notes", plain), ("tracing", made), ("written", written)]
    }
}

async fn list(aws: &Aws) -> Result<Vec<cloudwatch::types::DashboardEntry>, Error> {
    let mut entries = Vec::new();
    let mut token = None;
    loop {
        let request = aws.cloudwatch.list_dashboards().set_next_token(token);
        let page = call(CLOUDWATCH, "ListDashboards", request.send()).await?;
        entries.extend(page.dashboard_entries.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(entries);
        }
    }
}

/// Reads a body; `None` where the dashboard is gone. AWS keeps no body that is
/// not a JSON object.
async fn get(aws: &Aws, name: &str) -> Result<Option<Map<String, Value>>, Error> {
    let request = aws.cloudwatch.get_dashboard().dashboard_name(name);
    let reply = match call(CLOUDWATCH, "GetDashboard", request.send()).await {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let text = reply.dashboard_body.unwrap_or_default();
    Ok(Some(serde_json::from_str(&text).unwrap_or_default()))
}

/// Puts a dashboard in place, as a whole. AWS takes `tags` only of one that is
/// new.
async fn put(
    aws: &Aws,
    name: &str,
    spec: &DashboardSpec,
    tags: Option<&Tags>,
) -> Result<(), Error> {
    let made = Dashboard::canonical(spec.clone());
    // A body that was written keeps the order of its keys.
    let body = spec.dashboard_body.clone().or(made.dashboard_body);
    let request = aws
        .cloudwatch
        .put_dashboard()
        .dashboard_name(name)
        .dashboard_body(Value::Object(body.unwrap_or_default()).to_string())
        .set_tags(tags.map(cloudwatch_tags::to_aws));
    call(CLOUDWATCH, "PutDashboard", request.send()).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
