//! Types and attributes are those of Terraform's AWS provider, version 6.46:
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs>, read
//! 2026-11-21.

use std::collections::BTreeSet;

use super::examples;
use crate::model::Attributes;
use crate::resource::REGISTRY;
use crate::view::specimens::{applied, kind};

/// What every type may have beside its own.
const COMMON: &str = "arn id region tags tags_all";

/// The attributes and blocks of each type.
const PROVIDER: &[(&str, &str)] = &[
    ("aws_xray_encryption_config", "key_id type"),
    (
        "aws_xray_group",
        "filter_expression group_name insights_configuration",
    ),
    ("aws_xray_indexing_rule", "name rule"),
    (
        "aws_xray_resource_policy",
        "bypass_policy_lockout_check last_updated_time policy_document policy_name \
         policy_revision_id",
    ),
    (
        "aws_xray_sampling_rule",
        "attributes fixed_rate host http_method priority reservoir_size resource_arn rule_name \
         service_name service_type url_path version",
    ),
    ("aws_xray_trace_segment_destination", "destination timeouts"),
    (
        "aws_kms_key",
        "bypass_policy_lockout_safety_check custom_key_store_id customer_master_key_spec \
         deletion_window_in_days description enable_key_rotation is_enabled key_id key_usage \
         multi_region policy rotation_period_in_days xks_key_id",
    ),
    (
        "aws_kms_alias",
        "name name_prefix target_key_arn target_key_id",
    ),
    (
        "aws_cloudwatch_log_resource_policy",
        "policy_document policy_name policy_scope resource_arn revision_id",
    ),
    (
        "aws_cloudwatch_log_group",
        "deletion_protection_enabled kms_key_id log_group_class name name_prefix \
         retention_in_days skip_destroy",
    ),
    (
        "aws_cloudwatch_metric_alarm",
        "actions_enabled alarm_actions alarm_description alarm_name comparison_operator \
         datapoints_to_alarm dimensions evaluate_low_sample_count_percentiles evaluation_periods \
         extended_statistic insufficient_data_actions metric_name metric_query namespace \
         ok_actions period statistic threshold threshold_metric_id treat_missing_data unit",
    ),
    (
        "aws_cloudwatch_composite_alarm",
        "actions_enabled actions_suppressor alarm_actions alarm_description alarm_name \
         alarm_rule insufficient_data_actions ok_actions",
    ),
    (
        "aws_cloudwatch_dashboard",
        "dashboard_arn dashboard_body dashboard_name",
    ),
    (
        "aws_iam_policy",
        "attachment_count delay_after_policy_creation_in_ms description name name_prefix path \
         policy policy_id",
    ),
    (
        "aws_iam_role",
        "assume_role_policy create_date description force_detach_policies inline_policy \
         managed_policy_arns max_session_duration name name_prefix path permissions_boundary \
         unique_id",
    ),
    ("aws_iam_role_policy", "name name_prefix policy role"),
    ("aws_iam_role_policy_attachment", "policy_arn role"),
    (
        "aws_ecs_task_definition",
        "arn_without_revision container_definitions cpu enable_fault_injection \
         ephemeral_storage execution_role_arn family ipc_mode memory network_mode pid_mode \
         placement_constraints proxy_configuration requires_compatibilities revision \
         runtime_platform skip_destroy task_role_arn track_latest volume",
    ),
    (
        "aws_lambda_function",
        "architectures capacity_provider_config code_sha256 code_signing_config_arn \
         dead_letter_config description durable_config environment ephemeral_storage \
         file_system_config filename function_name handler image_config image_uri invoke_arn \
         kms_key_arn last_modified layers logging_config memory_size package_type publish \
         publish_to qualified_arn qualified_invoke_arn replace_security_groups_on_destroy \
         replacement_security_group_ids reserved_concurrent_executions response_streaming_invoke_arn \
         role runtime s3_bucket s3_key s3_object_version signing_job_arn \
         signing_profile_version_arn skip_destroy snap_start source_code_hash source_code_size \
         source_kms_key_arn tenancy_config timeout timeouts tracing_config version vpc_config",
    ),
    (
        "aws_api_gateway_stage",
        "access_log_settings cache_cluster_enabled cache_cluster_size canary_settings \
         client_certificate_id deployment_id description documentation_version execution_arn \
         invoke_url rest_api_id stage_name variables web_acl_arn xray_tracing_enabled",
    ),
];

/// What AWS has and the provider has not: it stands under AWS's own name.
const ONLY_AT_AWS: &[(&str, &str)] = &[("aws_xray_sampling_rule", "sampling_rate_boost")];

fn judge(r#type: &str, written: &Attributes, faults: &mut BTreeSet<String>) {
    let Some((_, own)) = PROVIDER.iter().find(|(known, _)| *known == r#type) else {
        faults.insert(format!("no type {type}"));
        return;
    };
    let known: BTreeSet<&str> = own.split_whitespace().chain(COMMON.split(' ')).collect();
    for name in written.keys() {
        let is_extra = ONLY_AT_AWS.contains(&(r#type, name));
        if !known.contains(name.as_str()) && !is_extra {
            faults.insert(format!("no attribute {type}.{name}"));
        }
    }
}

#[test]
fn every_name_is_one_of_the_provider() {
    let mut faults = BTreeSet::new();
    for facts in REGISTRY.iter().map(|kind| kind.facts()) {
        judge(facts.terraform, &Attributes::new(), &mut faults);
    }
    for desired in examples() {
        let kind = kind(desired.address.kind());
        let (key, fields) = (&desired.key, &desired.attributes);
        let outputs = applied(&desired).outputs;
        let main = kind.terraform(key, fields, &outputs).unwrap();
        judge(kind.facts().terraform, &main, &mut faults);
        for (r#type, values) in kind.terraform_companions(key, fields, &outputs).unwrap() {
            judge(r#type, &values, &mut faults);
        }
    }
    assert_eq!(faults, BTreeSet::new());
}
