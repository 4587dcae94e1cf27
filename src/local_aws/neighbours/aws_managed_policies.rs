//! The policies that AWS manages, as far as tracing has to do with them.
//!
//! AWS has more than a thousand. Those below say what they say at AWS; any
//! other can be attached under its name and allows nothing, so that a spec
//! that names one works here too.
//!
//! Source: <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>.

use std::collections::HashMap;

use serde_json::{Value, json};
use winterbaume_iam::views::{ManagedPolicyView, PolicyVersionView};

/// What the ARNs of all of them start with.
const PREFIX: &str = "arn:aws:iam::aws:policy/";
/// When they were made, as this account sees it.
const SINCE: &str = "2024-01-01T00:00:00Z";

/// The actions that write traces.
const WRITE: [&str; 5] = [
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
];

/// Tells whether `arn` is that of a policy that AWS manages.
pub fn is_one(arn: &str) -> bool {
    let name = arn.strip_prefix(PREFIX).unwrap_or_default();
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || "_+=,.@-/".contains(char);
    !name.is_empty() && !name.ends_with('/') && name.chars().all(is_allowed)
}

/// The policy with this ARN; none where it is not one of AWS's.
pub fn find(arn: &str) -> Option<ManagedPolicyView> {
    is_one(arn).then(|| {
        let full = &arn[PREFIX.len()..];
        let (path, name) = match full.rsplit_once('/') {
            Some((path, name)) => (format!("/{path}/"), name),
            None => ("/".to_owned(), full),
        };
        let (version, statements) = content(name);
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        ManagedPolicyView {
            policy_name: name.to_owned(),
            policy_id: id(name),
            arn: arn.to_owned(),
            path,
            default_version_id: version.to_owned(),
            description: String::new(),
            create_date: Some(SINCE.to_owned()),
            update_date: Some(SINCE.to_owned()),
            is_attachable: true,
            document: document.clone(),
            versions: vec![PolicyVersionView {
                version_id: version.to_owned(),
                document,
                is_default_version: true,
                create_date: Some(SINCE.to_owned()),
            }],
            tags: HashMap::new(),
            attachment_count: 0,
        }
    })
}

/// Tells whether it is known what the policy says.
pub fn is_known(arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    is_one(arn) && content(name).1 != json!([])
}

/// An id as AWS's have it, the same for the same name.
fn id(name: &str) -> String {
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    let name: String = letters
        .map(|byte| byte.to_ascii_uppercase() as char)
        .collect();
    format!("ANPA{name:X<17.17}")
}

/// The default version and the statements of a policy.
fn content(name: &str) -> (&'static str, Value) {
    let all = |actions: &[&str]| json!([{"Effect": "Allow", "Action": actions, "Resource": "*"}]);
    match name {
        "AWSXRayDaemonWriteAccess" | "AWSXrayWriteOnlyAccess" => ("v2", all(&WRITE)),
        "AWSXrayFullAccess" => ("v2", all(&["xray:*"])),
        "AWSXrayReadOnlyAccess" => ("v8", all(READ)),
        "CloudWatchAgentServerPolicy" => ("v3", agent()),
        "AmazonECSTaskExecutionRolePolicy" => ("v1", all(TASK_EXECUTION)),
        "AWSLambdaBasicExecutionRole" => ("v1", all(LAMBDA)),
        _ => ("v1", json!([])),
    }
}

const READ: &[&str] = &[
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
    "xray:BatchGetTraces",
    "xray:BatchGetTraceSummaryById",
    "xray:GetDistinctTraceGraphs",
    "xray:GetServiceGraph",
    "xray:GetTraceGraph",
    "xray:GetTraceSummaries",
    "xray:GetGroups",
    "xray:GetGroup",
    "xray:ListTagsForResource",
    "xray:ListResourcePolicies",
    "xray:GetTimeSeriesServiceStatistics",
    "xray:GetInsightSummaries",
    "xray:GetInsight",
    "xray:GetInsightEvents",
    "xray:GetInsightImpactGraph",
];

const TASK_EXECUTION: &[&str] = &[
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
];

const LAMBDA: &[&str] = &[
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
];

fn agent() -> Value {
    let mut actions = vec![
        "cloudwatch:PutMetricData",
        "ec2:DescribeVolumes",
        "ec2:DescribeTags",
        "logs:PutLogEvents",
        "logs:PutRetentionPolicy",
        "logs:DescribeLogStreams",
        "logs:DescribeLogGroups",
        "logs:CreateLogStream",
        "logs:CreateLogGroup",
    ];
    actions.extend(WRITE);
    json!([
        {"Effect": "Allow", "Action": actions, "Resource": "*"},
        {"Effect": "Allow", "Action": "ssm:GetParameter",
         "Resource": "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"}
    ])
}
