//! Specs that several topics share.

/// One rule, and nothing else.
pub(crate) const RULE: &str = r#"[stack]
name = "shop"
region = "us-east-1"

[sampling_rules.checkout]
priority = 100
fixed_rate = 0.1
"#;

/// Something of every type, with every field set.
pub(crate) const FULL: &str = r#"[stack]
name = "shop"
region = "us-east-1"
tags = { team = "core" }

[lint]
allow = ["unhonoured-rule", "wildcard-principal"]

[sampling_rules.checkout]
priority = 100
fixed_rate = 0.1
reservoir_size = 5
service_name = "checkout"
service_type = "AWS::ECS::Container"
host = "*.example.com"
http_method = "POST"
url_path = "/orders*"
resource_arn = "arn:aws:ecs:*"
attributes = { tier = "gold" }
sampling_rate_boost = { max_rate = 0.5, cooldown_window_minutes = 10 }
tags = { owner = "ann" }

[groups.errors]
filter_expression = "error OR fault"
insights_configuration = { insights_enabled = true, notifications_enabled = true }
tags = { owner = "ann" }

[kms_keys.traces]
alias = "alias/shop-traces"
description = "traces at rest"
key_rotation_enabled = true
rotation_period_in_days = 180
pending_window_in_days = 7
policy = '''
{
  "Version": "2012-10-17",
  "Statement": [
    { "Sid": "Account", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*" }
  ]
}
'''

[encryption]
type = "KMS"
key_id = "traces"

[resource_policies.sns]
policy_document = '''
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Sns",
      "Effect": "Allow",
      "Principal": { "Service": "sns.amazonaws.com" },
      "Action": ["xray:PutTraceSegments", "xray:GetSamplingRules"],
      "Resource": "*"
    }
  ]
}
'''

[trace_segment_destination]
destination = "CloudWatchLogs"

[indexing_rule]
desired_sampling_percentage = 12.5

[default_sampling_rule]
fixed_rate = 0.02
reservoir_size = 3
"#;

/// The same with a part left out: from the table `header` to the next one.
pub(crate) fn without(spec: &str, header: &str) -> String {
    let start = spec.find(header).expect(header);
    let rest = &spec[start + header.len()..];
    let end = rest.find("\n[").map_or(rest.len(), |end| end + 1);
    format!("{}{}", &spec[..start], &rest[end..])
}
