//! Specs of any size, with resources of every type in the shares of a real
//! account: the four settings, and of the rest two fifths sampling rules, three
//! tenths groups, a fifth KMS keys, a tenth resource policies.

use std::fmt::Write;

/// The environment that changes every tenth sampling rule.
pub(crate) const ENVIRONMENT: &str = "production";

/// What belongs to every spec: stack, variables, the environment, the settings.
const FRAME: &str = r#"
[stack]
name = "bench-${var.environment}"
region = "us-east-1"
tags = { project = "bench", environment = "${var.environment}", team = "traces" }

[vars]
environment = "development"
rate = 0.05

[env.production.vars]
environment = "production"

[default_sampling_rule]
fixed_rate = 0.02
reservoir_size = 2

[encryption]
type = "KMS"
key_id = "key-0000"

[trace_segment_destination]
destination = "CloudWatchLogs"

[indexing_rule]
desired_sampling_percentage = 5
"#;
/// Settings in [`FRAME`].
const SETTINGS: usize = 4;

/// How many resources, and the most of each type that AWS limits. What is over
/// a limit is made up for by KMS keys.
#[derive(Clone, Copy)]
pub(crate) struct Mix {
    pub(crate) total: usize,
    pub(crate) most_rules: usize,
    pub(crate) most_groups: usize,
    pub(crate) most_policies: usize,
}

/// Writes a spec.
pub(crate) fn text(mix: Mix) -> String {
    let named = mix.total.saturating_sub(SETTINGS);
    let policies = (named / 10).max(1).min(mix.most_policies);
    let groups = (named * 3 / 10).min(mix.most_groups);
    let rules = (named * 2 / 5).min(mix.most_rules);
    let mut out = FRAME.to_owned();
    (0..rules).for_each(|index| rule(&mut out, index));
    (0..groups).for_each(|index| group(&mut out, index));
    (0..policies).for_each(|index| policy(&mut out, index));
    (0..named - rules - groups - policies).for_each(|index| key(&mut out, index));
    out
}

fn rule(out: &mut String, index: usize) {
    let priority = index % 9000 + 1;
    write!(
        out,
        r#"
# Requests to the API of service {index}.
[sampling_rules.rule-{index:04}]
priority = {priority}
fixed_rate = "${{var.rate}}"
reservoir_size = 5
service_name = "service-{index}"
http_method = "POST"
url_path = "/api/{index}/*"
attributes = {{ tier = "gold", tenant = "t-{index}" }}
tags = {{ service = "service-{index}" }}
"#
    )
    .unwrap();
    if index.is_multiple_of(10) {
        write!(
            out,
            "\n[env.production.sampling_rules.rule-{index:04}]\nfixed_rate = 0.5\n"
        )
        .unwrap();
    }
}

fn group(out: &mut String, index: usize) {
    write!(
        out,
        r#"
[groups.group-{index:04}]
filter_expression = 'service("service-{index}") AND (responsetime > 2 OR http.status >= 500) AND annotation.tenant = "t-{index}"'
insights_configuration = {{ insights_enabled = true, notifications_enabled = true }}
tags = {{ service = "service-{index}" }}
"#
    )
    .unwrap();
}

fn policy(out: &mut String, index: usize) {
    write!(
        out,
        r#"
[resource_policies.policy-{index:04}]
policy_document = '''
{{
  "Version": "2012-10-17",
  "Statement": [{{
    "Sid": "Sender{index}",
    "Effect": "Allow",
    "Principal": {{ "Service": "sns.amazonaws.com" }},
    "Action": ["xray:PutTraceSegments", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
    "Resource": "*",
    "Condition": {{
      "StringEquals": {{ "aws:SourceAccount": "123456789012" }},
      "StringLike": {{ "aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:topic-{index}" }}
    }}
  }}]
}}
'''
"#
    )
    .unwrap();
}

/// Every other key has a policy of its own; all but the first wait for it.
fn key(out: &mut String, index: usize) {
    write!(
        out,
        r#"
[kms_keys.key-{index:04}]
alias = "alias/${{var.environment}}/key-{index:04}"
description = "traces of service {index} at rest"
rotation_period_in_days = 180
pending_window_in_days = 7
"#
    )
    .unwrap();
    if index % 2 == 1 {
        out.push_str(
            r#"depends_on = ["kms_key.key-0000"]
policy = { Version = "2012-10-17", Statement = [
    { Sid = "Administration", Effect = "Allow", Principal = { AWS = "*" }, Action = "kms:*", Resource = "*" },
] }
"#,
        );
    }
}
