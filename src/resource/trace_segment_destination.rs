//! Where X-Ray keeps the segments and spans that it receives: its own store,
//! or CloudWatch Logs (Transaction Search), with the CloudWatch Logs resource
//! policy that lets X-Ray write there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update, policy_document, terraform,
};
use crate::aws::{Class, LOGS, Patience, XRAY, call, gone_is_done, until, until_done, xray};

/// The type.
pub(super) struct TraceSegmentDestination;

/// Where segments and spans of the account and region go. AWS keeps no tags on
/// it; `destroy` puts it back to `XRay` and removes the CloudWatch Logs policy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "trace_segment_destination")]
#[serde(deny_unknown_fields)]
pub(super) struct DestinationSpec {
    /// `XRay` for X-Ray's own store, `CloudWatchLogs` for Transaction Search.
    destination: Destination,
    /// The name of the CloudWatch Logs resource policy that is kept for
    /// X-Ray while spans go there; one under an old name is left where it is.
    /// Default: `xrayctl-transaction-search`.
    #[serde(default = "some_default_policy_name")]
    #[schemars(length(min = 1, max = 512))]
    logs_policy_name: Option<String>,
    /// The policy itself, made from account and region; not for the spec.
    #[serde(default)]
    #[schemars(skip)]
    logs_policy_document: Option<Value>,
}

/// Where segments go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "destination")]
enum Destination {
    /// X-Ray's own store.
    XRay,
    /// The log group `aws/spans`.
    CloudWatchLogs,
}

fn default_policy_name() -> String {
    "xrayctl-transaction-search".to_owned()
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "serde asks for the field's own type"
)]
fn some_default_policy_name() -> Option<String> {
    Some(default_policy_name())
}

impl DestinationSpec {
    fn policy_name(&self) -> String {
        self.logs_policy_name
            .clone()
            .unwrap_or_else(default_policy_name)
    }
}

impl Resource for TraceSegmentDestination {
    const FACTS: Facts = Facts {
        kind: "trace_segment_destination",
        table: "trace_segment_destination",
        title: "trace segment destination",
        terraform: "aws_xray_trace_segment_destination",
        docs: "https://docs.aws.amazon.com/xray/latest/api/API_UpdateTraceSegmentDestination.html",
        lifecycle: Lifecycle::Setting,
        taggable: false,
        name_field: None,
        replace_on: &[],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &["logs_policy_document"],
        unmanaged_when_absent: &["logs_policy_name"],
        refers_to: &[],
        holds_data: false,
    };

    type Spec = DestinationSpec;

    fn key(_: &str, _: &Self::Spec) -> String {
        String::new()
    }

    fn validate(_: &str, _: &Self::Spec, _: &mut Problems) {}

    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        spec.logs_policy_document = spec
            .logs_policy_document
            .as_ref()
            .map(policy_document::normalize);
        spec
    }

    fn aws_default() -> Option<Self::Spec> {
        Some(DestinationSpec {
            destination: Destination::XRay,
            // Whatever it is called: the policy goes.
            logs_policy_name: None,
            logs_policy_document: None,
        })
    }

    /// The policy names the account, which only AWS can tell.
    async fn resolve(aws: &Aws, mut spec: Self::Spec) -> Result<Self::Spec, Error> {
        spec.logs_policy_document = match spec.destination {
            Destination::XRay => None,
            Destination::CloudWatchLogs => Some(logs_policy(aws).await?),
        };
        Ok(spec)
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        let name = query
            .wanted
            .first()
            .map_or_else(default_policy_name, |wanted| wanted.spec.policy_name());
        let (status, document) = tokio::try_join!(get(aws), read_logs_policy(aws, &name))?;
        Ok(vec![Found {
            key: String::new(),
            spec: DestinationSpec {
                destination: from_aws(status.destination.as_ref()),
                logs_policy_name: Some(name),
                logs_policy_document: document,
            },
            tags: None,
            outputs: Attributes::new(),
            deletion_scheduled: false,
            status: Attributes::new(),
        }])
    }

    async fn create(_: &Aws, _: &str, _: &Self::Spec, _: &Tags) -> Result<Attributes, Error> {
        Err(Error::refused(
            "UpdateTraceSegmentDestination",
            "AWS did not tell the trace segment destination, and nobody can create it",
        ))
    }

    /// The policy comes first on the way to CloudWatch Logs, and goes last on
    /// the way back: X-Ray must never lack it while it writes there.
    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        let (before, after) = (update.before, update.after);
        let normal = |spec: &DestinationSpec| {
            let document = spec.logs_policy_document.as_ref();
            document.map(policy_document::normalize)
        };
        if let Some(document) = &after.logs_policy_document
            && normal(before) != normal(after)
        {
            put_logs_policy(aws, &after.policy_name(), document).await?;
        }
        if before.destination != after.destination {
            change_destination(aws, after.destination).await?;
        }
        if after.logs_policy_document.is_none() && before.logs_policy_document.is_some() {
            delete_logs_policy(aws, &before.policy_name()).await?;
        }
        Ok(Attributes::new())
    }

    async fn delete(_: &Aws, _: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        Err(Error::refused(
            "UpdateTraceSegmentDestination",
            "the trace segment destination cannot be deleted, only put back to `XRay`",
        ))
    }

    fn terraform(_: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let destination = json!(spec.destination);
        let mut attributes = Attributes::from_iter([("destination".to_owned(), destination)]);
        terraform::identify_by_region(&mut attributes, outputs);
        attributes
    }

    fn terraform_companions(
        _: &str,
        spec: &Self::Spec,
        _: &Attributes,
    ) -> Vec<(&'static str, Attributes)> {
        let policy = spec.logs_policy_document.iter().map(|document| {
            let name = spec.policy_name();
            let attributes = Attributes::from_iter([
                ("policy_name".to_owned(), name.as_str().into()),
                ("policy_document".to_owned(), document.to_string().into()),
                ("id".to_owned(), name.into()),
            ]);
            ("aws_cloudwatch_log_resource_policy", attributes)
        });
        policy.collect()
    }

    fn terraform_key(_: &Attributes) -> Option<String> {
        Some(String::new())
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        vec![(
            "",
            DestinationSpec {
                destination: Destination::CloudWatchLogs,
                logs_policy_name: some_default_policy_name(),
                logs_policy_document: None,
            },
        )]
    }
}

fn from_aws(destination: Option<&xray::types::TraceSegmentDestination>) -> Destination {
    match destination {
        Some(xray::types::TraceSegmentDestination::CloudWatchLogs) => Destination::CloudWatchLogs,
        _ => Destination::XRay,
    }
}

type Status = xray::operation::get_trace_segment_destination::GetTraceSegmentDestinationOutput;

async fn get(aws: &Aws) -> Result<Status, Error> {
    let request = aws.xray.get_trace_segment_destination();
    call(XRAY, "GetTraceSegmentDestination", request.send()).await
}

/// Waits until no change of the destination is under way.
async fn settle(aws: &Aws) -> Result<(), Error> {
    let settled = until(Patience::STATE_CHANGE, || async {
        let is_pending =
            get(aws).await?.status == Some(xray::types::TraceSegmentDestinationStatus::Pending);
        Ok((!is_pending).then_some(()))
    })
    .await?;
    settled.ok_or_else(|| {
        Error::refused(
            "UpdateTraceSegmentDestination",
            "the trace segment destination stayed PENDING for 15 minutes; plan again later",
        )
    })
}

/// Changes the destination and waits until it is in force. A policy that was
/// put a moment ago takes AWS some time to see.
async fn change_destination(aws: &Aws, destination: Destination) -> Result<(), Error> {
    let to_aws = match destination {
        Destination::XRay => xray::types::TraceSegmentDestination::XRay,
        Destination::CloudWatchLogs => xray::types::TraceSegmentDestination::CloudWatchLogs,
    };
    until_done(
        Patience::CONSISTENCY,
        |error| {
            let is_policy_unseen =
                error.class == Class::Denied && error.message.contains("PutLogEvents");
            // Another change, or a first attempt whose answer was lost.
            is_policy_unseen || error.message.contains("PENDING")
        },
        || async {
            settle(aws).await?;
            if from_aws(get(aws).await?.destination.as_ref()) == destination {
                return Ok(());
            }
            let request = aws
                .xray
                .update_trace_segment_destination()
                .destination(to_aws.clone());
            call(XRAY, "UpdateTraceSegmentDestination", request.send()).await?;
            Ok(())
        },
    )
    .await?;
    settle(aws).await
}

/// The policy that Transaction Search needs:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Enable-TransactionSearch.html>.
async fn logs_policy(aws: &Aws) -> Result<Value, Error> {
    let identity = aws.identity().await?;
    let (partition, account, region) = (&identity.partition, &identity.account, aws.region());
    let log_group =
        |name: &str| format!("arn:{partition}:logs:{region}:{account}:log-group:{name}:*");
    Ok(json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "TransactionSearchXRayAccess",
            "Effect": "Allow",
            "Principal": {"Service": "xray.amazonaws.com"},
            "Action": "logs:PutLogEvents",
            "Resource": [log_group("aws/spans"), log_group("/aws/application-signals/data")],
            "Condition": {
                "ArnLike": {"aws:SourceArn": format!("arn:{partition}:xray:{region}:{account}:*")},
                "StringEquals": {"aws:SourceAccount": account}
            }
        }]
    }))
}

async fn read_logs_policy(aws: &Aws, name: &str) -> Result<Option<Value>, Error> {
    let mut token = None;
    loop {
        let request = aws.logs.describe_resource_policies().set_next_token(token);
        let page = call(LOGS, "DescribeResourcePolicies", request.send()).await?;
        let policy = page
            .resource_policies
            .unwrap_or_default()
            .into_iter()
            .find(|policy| policy.policy_name.as_deref() == Some(name));
        if let Some(policy) = policy {
            let text = policy.policy_document.unwrap_or_default();
            return Ok(Some(policy_document::parse(&text)));
        }
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(None);
        }
    }
}

async fn put_logs_policy(aws: &Aws, name: &str, document: &Value) -> Result<(), Error> {
    let may_pass = |error: &Error| error.code.as_deref() == Some("OperationAbortedException");
    until_done(Patience::CONSISTENCY, may_pass, || {
        let request = aws
            .logs
            .put_resource_policy()
            .policy_name(name)
            .policy_document(document.to_string());
        call(LOGS, "PutResourcePolicy", request.send())
    })
    .await?;
    Ok(())
}

async fn delete_logs_policy(aws: &Aws, name: &str) -> Result<(), Error> {
    let request = aws.logs.delete_resource_policy().policy_name(name);
    gone_is_done(call(LOGS, "DeleteResourcePolicy", request.send()).await)
}
