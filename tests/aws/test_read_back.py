"""The AWS CLI reads back what an apply of each system has left, on the embedded
AWS and on moto, and it is what the plan said, in the words of Terraform's
provider.
"""

import concurrent.futures
import functools
import json

import pytest

from accounts import SYSTEMS, make_what_others_make


def listed(value):
    """A policy with every value that may be one text as a list of texts."""
    if isinstance(value, dict):
        return {key: listed(inner) for key, inner in value.items()}
    if isinstance(value, list) and all(isinstance(inner, str) for inner in value):
        return sorted(value)
    if isinstance(value, list):
        return [listed(inner) for inner in value]
    return [value] if isinstance(value, str) else value


def same_policy(found, planned):
    """Compares policies by what they say, whatever form each is in."""
    found = json.loads(found) if isinstance(found, str) else found
    statements = [listed(one["Statement"]) for one in [found, json.loads(planned)]]
    found, wanted = (sorted(one, key=lambda one: json.dumps(one, sort_keys=True)) for one in statements)
    assert found == wanted


def read_sampling_rule(aws, planned):
    records = aws("xray", "get-sampling-rules")["SamplingRuleRecords"]
    rules = {one["SamplingRule"]["RuleName"]: one["SamplingRule"] for one in records}
    rule = rules[planned["rule_name"]]
    for ours, theirs in [
        ("FixedRate", "fixed_rate"),
        ("ReservoirSize", "reservoir_size"),
        ("Priority", "priority"),
        ("ServiceName", "service_name"),
        ("Host", "host"),
        ("HTTPMethod", "http_method"),
        ("URLPath", "url_path"),
    ]:
        assert rule[ours] == planned[theirs], rule


def read_group(aws, planned):
    group = aws("xray", "get-group", "--group-name", planned["group_name"])["Group"]
    # The plan has the short form of what is sent as it was written.
    found, wanted = group["FilterExpression"], planned["filter_expression"]
    assert found.strip().replace(" = true", "") == wanted.strip().replace(" = true", "")
    insights = planned["insights_configuration"][0]["insights_enabled"]
    assert group["InsightsConfiguration"]["InsightsEnabled"] == insights


def read_encryption(aws, planned):
    config = aws("xray", "get-encryption-config")["EncryptionConfig"]
    assert (config["Type"], config["Status"]) == (planned["type"], "ACTIVE")


def read_kms_alias(aws, planned):
    assert aws("kms", "describe-key", "--key-id", planned["name"])["KeyMetadata"]["Enabled"]


def read_kms_key(aws, planned):
    ids = [one["KeyId"] for one in aws("kms", "list-keys")["Keys"]]
    keys = [aws("kms", "describe-key", "--key-id", one)["KeyMetadata"] for one in ids]
    key = next(one for one in keys if one["Description"] == planned["description"])
    rotation = aws("kms", "get-key-rotation-status", "--key-id", key["KeyId"])
    assert rotation["KeyRotationEnabled"] == planned["enable_key_rotation"]


def read_iam_policy(aws, planned):
    policies = aws("iam", "list-policies", "--scope", "Local")["Policies"]
    policy = next(one for one in policies if one["PolicyName"] == planned["name"])
    arguments = ["--policy-arn", policy["Arn"], "--version-id", policy["DefaultVersionId"]]
    version = aws("iam", "get-policy-version", *arguments)["PolicyVersion"]
    same_policy(version["Document"], planned["policy"])


def read_iam_role(aws, planned):
    role = aws("iam", "get-role", "--role-name", planned["name"])["Role"]
    assert role["MaxSessionDuration"] == planned["max_session_duration"]
    same_policy(role["AssumeRolePolicyDocument"], planned["assume_role_policy"])
    attached = aws("iam", "list-attached-role-policies", "--role-name", planned["name"])
    found = {one["PolicyArn"] for one in attached["AttachedPolicies"]}
    assert len(found) == len(planned["managed_policy_arns"])
    # The ARN of a policy that the plan makes is known after apply.
    assert found >= {arn for arn in planned["managed_policy_arns"] if arn}


def read_attachment(aws, planned):
    attached = aws("iam", "list-attached-role-policies", "--role-name", planned["role"])
    found = [one["PolicyArn"] for one in attached["AttachedPolicies"]]
    # The ARN of a policy that the plan makes is known after apply.
    assert found if planned.get("policy_arn") is None else planned["policy_arn"] in found


def read_alarm(aws, planned):
    name = planned["alarm_name"]
    alarm = aws("cloudwatch", "describe-alarms", "--alarm-names", name)["MetricAlarms"][0]
    for ours, theirs in [
        ("Threshold", "threshold"),
        ("ComparisonOperator", "comparison_operator"),
        ("EvaluationPeriods", "evaluation_periods"),
        ("TreatMissingData", "treat_missing_data"),
        ("AlarmDescription", "alarm_description"),
    ]:
        assert alarm[ours] == planned[theirs], alarm
    queries = [one["id"] for one in planned["metric_query"]]
    assert sorted(one["Id"] for one in alarm.get("Metrics", [])) == sorted(queries)


def read_composite_alarm(aws, planned):
    arguments = ["--alarm-names", planned["alarm_name"], "--alarm-types", "CompositeAlarm"]
    found = aws("cloudwatch", "describe-alarms", *arguments)["CompositeAlarms"]
    assert [one["AlarmRule"] for one in found] == [planned["alarm_rule"]]


def read_dashboard(aws, planned):
    name = planned["dashboard_name"]
    found = aws("cloudwatch", "get-dashboard", "--dashboard-name", name)
    assert json.loads(found["DashboardBody"]) == json.loads(planned["dashboard_body"])


def read_log_group(aws, planned):
    found = aws("logs", "describe-log-groups", "--log-group-name-prefix", planned["name"])
    retention = {one["logGroupName"]: one.get("retentionInDays") for one in found["logGroups"]}
    assert retention[planned["name"]] == planned["retention_in_days"]


def read_ecs_task_definition(aws, planned):
    found = aws("ecs", "describe-task-definition", "--task-definition", planned["family"])
    definition = found["taskDefinition"]
    for size in ["cpu", "memory"]:
        assert definition.get(size) == planned[size]
    containers = json.loads(planned["container_definitions"])
    assert {one["name"]: one["image"] for one in definition["containerDefinitions"]} == {
        one["name"]: one["image"] for one in containers
    }
    environment = {
        one["name"]: {pair["name"]: pair["value"] for pair in one.get("environment", [])}
        for one in definition["containerDefinitions"]
    }
    for container in containers:
        for pair in container.get("environment", []):
            assert environment[container["name"]][pair["name"]] == pair["value"]


def read_lambda_function(aws, planned):
    name = planned["function_name"]
    found = aws("lambda", "get-function-configuration", "--function-name", name)
    assert found["TracingConfig"]["Mode"] == planned["tracing_config"][0]["mode"]
    assert {layer["Arn"] for layer in found.get("Layers", [])} >= set(planned["layers"])
    variables = planned["environment"][0]["variables"]
    assert variables.items() <= found["Environment"]["Variables"].items()


def read_api_gateway_stage(aws, planned):
    api = aws("apigateway", "get-rest-apis")["items"][0]["id"]
    arguments = ["--rest-api-id", api, "--stage-name", planned["stage_name"]]
    found = aws("apigateway", "get-stage", *arguments)
    assert found["tracingEnabled"] == planned["xray_tracing_enabled"]


READERS = {
    "aws_api_gateway_stage": read_api_gateway_stage,
    "aws_cloudwatch_composite_alarm": read_composite_alarm,
    "aws_cloudwatch_dashboard": read_dashboard,
    "aws_cloudwatch_log_group": read_log_group,
    "aws_cloudwatch_metric_alarm": read_alarm,
    "aws_ecs_task_definition": read_ecs_task_definition,
    "aws_iam_policy": read_iam_policy,
    "aws_iam_role": read_iam_role,
    "aws_iam_role_policy_attachment": read_attachment,
    "aws_kms_alias": read_kms_alias,
    "aws_kms_key": read_kms_key,
    "aws_lambda_function": read_lambda_function,
    "aws_xray_encryption_config": read_encryption,
    "aws_xray_group": read_group,
    "aws_xray_sampling_rule": read_sampling_rule,
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_aws_cli_reads_everything_back(account, system):
    path = account.spec(system)
    make_what_others_make(account, system)
    plan = json.loads(account.xrayctl("plan", "--format", "terraform", path))
    account.xrayctl("apply", "--auto-approve", path)
    changes = plan["resource_changes"]
    assert changes
    # A list is asked for once, however many are read from it.
    aws = functools.cache(account.aws)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        reads = [
            pool.submit(READERS[change["type"]], aws, change["change"]["after"])
            for change in changes
        ]
        for read in reads:
            read.result()
