//! Permissions for the purposes that tracing has.
//!
//! AWS's own policies for comparison:
//! <https://docs.aws.amazon.com/xray/latest/devguide/security_iam_id-based-policy-examples.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::resource::iam_document::Document;

/// Permissions for a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_policy_preset")]
#[serde(rename_all = "kebab-case")]
pub(super) enum Preset {
    /// Sends segments and asks for sampling rules, as the X-Ray daemon and the
    /// X-Ray SDKs do: the five actions of `AWSXRayDaemonWriteAccess`.
    XrayDaemonWrite,
    /// Reads traces, insights and groups as `AWSXrayReadOnlyAccess` lets one
    /// do, and what that one lacks: the encryption setting, the indexing
    /// rules, the trace segment destination, and the retrieval of traces from
    /// CloudWatch Logs.
    XrayRead,
    /// Runs an OpenTelemetry Collector: the five actions of the daemon,
    /// metrics, log groups and streams for logs and embedded metrics, the tags
    /// of the EC2 instance, and configuration kept in SSM parameters.
    AdotCollector,
    /// Every action of X-Ray.
    XrayFull,
}

const WRITE: &[&str] = &[
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
];

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
    // What `AWSXrayReadOnlyAccess` lacks.
    "xray:GetEncryptionConfig",
    "xray:GetIndexingRules",
    "xray:GetTraceSegmentDestination",
    "xray:StartTraceRetrieval",
    "xray:CancelTraceRetrieval",
    "xray:GetRetrievedTracesGraph",
    "xray:ListRetrievedTraces",
];

/// What the Collector does beside sending traces:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/trace-data.html>.
const COLLECTOR: &[&str] = &[
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutRetentionPolicy",
    "cloudwatch:PutMetricData",
    "ec2:DescribeTags",
    "ssm:GetParameters",
];

impl Preset {
    /// The policy document. X-Ray's write actions know no resources but `*`.
    pub(super) fn document(self) -> Document {
        let statement = |sid: &str, actions: &[&str]| json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*"});
        let statements = match self {
            Self::XrayDaemonWrite => vec![statement("XRayDaemonWrite", WRITE)],
            Self::XrayRead => vec![statement("XRayRead", READ)],
            Self::AdotCollector => vec![
                statement("XRayWrite", WRITE),
                statement("Collector", COLLECTOR),
            ],
            Self::XrayFull => vec![statement("XRayFull", &["xray:*"])],
        };
        Document::from_iter([
            ("Version".to_owned(), json!("2012-10-17")),
            ("Statement".to_owned(), json!(statements)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Problems;
    use crate::resource::iam_document::{Purpose, check};

    #[test]
    fn every_preset_is_a_sound_policy() {
        for preset in [
            Preset::XrayDaemonWrite,
            Preset::XrayRead,
            Preset::AdotCollector,
            Preset::XrayFull,
        ] {
            let mut problems = Problems::new();
            check(&preset.document(), Purpose::Permissions, "", &mut problems);
            assert_eq!(problems.into_vec(), []);
        }
    }

    fn actions(preset: Preset) -> Vec<String> {
        let document = preset.document();
        let statements = document["Statement"].as_array().unwrap();
        let actions = statements
            .iter()
            .flat_map(|statement| statement["Action"].as_array().unwrap());
        actions
            .map(|action| action.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn writers_may_do_what_the_policy_of_aws_allows() {
        let write = [
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:GetSamplingStatisticSummaries",
        ];
        assert_eq!(actions(Preset::XrayDaemonWrite), write);
        assert_eq!(actions(Preset::AdotCollector)[..5], write);
        assert_eq!(actions(Preset::XrayFull), ["xray:*"]);
    }

    #[test]
    fn readers_write_nothing() {
        let is_read = |action: &String| {
            let (_, name) = action.split_once(':').unwrap();
            [
                "Get",
                "BatchGet",
                "List",
                "StartTraceRetrieval",
                "CancelTraceRetrieval",
            ]
            .iter()
            .any(|verb| name.starts_with(verb))
        };
        let others: Vec<_> = actions(Preset::XrayRead)
            .into_iter()
            .filter(|action| !is_read(action))
            .collect();
        assert_eq!(others, [""; 0]);
    }
}
