//! Specs of any size, with resources of every type: what stands once, and of the
//! rest a fifth sampling rules, a tenth groups, a tenth KMS keys, a twentieth
//! resource policies, and for the other half services, each with its log group,
//! policy, role, alarms, task definition, function and dashboard.

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

[iam.role_policy_attachments.legacy]
role = "legacy-task"
policy = "aws:AWSXRayDaemonWriteAccess"

[api_gateway.stages.api]
rest_api_name = "bench"
stage_name = "prod"
"#;
/// Resources in [`FRAME`].
const IN_FRAME: usize = 6;
/// Resources of one service.
const IN_SERVICE: usize = 10;

/// How many resources, and the most of each type that AWS limits. What is over
/// a limit is made up for by services.
#[derive(Clone, Copy)]
pub(crate) struct Mix {
    pub(crate) total: usize,
    pub(crate) most_rules: usize,
    pub(crate) most_groups: usize,
    pub(crate) most_policies: usize,
}

/// Writes a spec.
pub(crate) fn text(mix: Mix) -> String {
    let named = mix.total.saturating_sub(IN_FRAME);
    let policies = (named / 20).max(1).min(mix.most_policies);
    let groups = (named / 10).min(mix.most_groups);
    let rules = (named / 5).min(mix.most_rules);
    let keys = (named / 10).max(1);
    let mut out = FRAME.to_owned();
    (0..rules).for_each(|index| rule(&mut out, index));
    (0..groups).for_each(|index| group(&mut out, index));
    (0..policies).for_each(|index| policy(&mut out, index));
    (0..keys).for_each(|index| key(&mut out, index));
    let rest = named.saturating_sub(rules + groups + policies + keys);
    (0..rest).for_each(|index| of_service(&mut out, index));
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

/// The resource that has number `index` among those of the services.
fn of_service(out: &mut String, index: usize) {
    let (service, part) = (index / IN_SERVICE, index % IN_SERVICE);
    let text = match part {
        0 => format!("[log_groups.\"/ecs/service-{service:04}\"]\nretention_in_days = 30\n"),
        1 => format!(
            "[iam.policies.service-{service:04}]\npreset = \"xray-daemon-write\"\n\
             tags = {{ service = \"service-{service}\" }}\n"
        ),
        2 => format!(
            "[iam.roles.service-{service:04}]\ndescription = \"runs service {service}\"\n\
             trust = {{ preset = \"ecs-tasks\" }}\nmanaged_policies = [\"service-{service:04}\"]\n"
        ),
        3 => alarm(service, "faults", "fault-rate"),
        4 => task_definition(service),
        5 => format!(
            "[lambda.functions.service-{service:04}]\n\
             environment = {{ OTEL_SERVICE_NAME = \"service-{service}\" }}\n"
        ),
        6 => format!("[log_groups.\"/aws/lambda/service-{service:04}\"]\nretention_in_days = 7\n"),
        7 => alarm(service, "errors", "error-rate"),
        8 => format!(
            "[dashboards.service-{service:04}]\nservices = [\"service-{service}\"]\n\
             alarms = [\"service-{service:04}-faults\"]\n"
        ),
        _ => format!(
            "[composite_alarms.service-{service:04}]\n\
             any_of = [\"service-{service:04}-faults\", \"service-{service:04}-errors\"]\n"
        ),
    };
    write!(out, "\n{text}").unwrap();
}

fn alarm(service: usize, what: &str, preset: &str) -> String {
    format!(
        "[alarms.service-{service:04}-{what}]\npreset = \"{preset}\"\n\
         group_name = \"service-{service}-{what}\"\nthreshold = 5\n"
    )
}

fn task_definition(service: usize) -> String {
    format!(
        r#"[ecs.task_definitions.service-{service:04}]
requires_compatibilities = ["FARGATE"]
network_mode = "awsvpc"
cpu = 512
memory = 1024
task_role_arn = "service-{service:04}"
execution_role_arn = "service-{service:04}"
sidecar = {{ kind = "adot", log_group = "/ecs/service-{service:04}" }}
instrument = {{ service_version = "1.0.0" }}

[ecs.task_definitions.service-{service:04}.container_definitions.service]
image = "registry.example.com/service-{service}:1.0.0"
port_mappings = [{{ container_port = 8080 }}]
"#
    )
}
