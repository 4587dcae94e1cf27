"""The five systems of `specs/`, from nothing to nothing: on the embedded AWS,
and on moto with the embedded X-Ray beside it.

What others change at AWS in between comes back in the next plan as exactly
that, and the next apply repairs it.
"""

import json
import time

import pytest

from accounts import SYSTEMS, make_what_others_make, owned


def change_sampling_rule(account, name):
    update = {"RuleName": name, "ReservoirSize": 99}
    rules = account.client("xray").get_sampling_rules()["SamplingRuleRecords"]
    rule = next(one["SamplingRule"] for one in rules if one["SamplingRule"]["RuleName"] == name)
    if "SamplingRateBoost" in rule:
        update["SamplingRateBoost"] = rule["SamplingRateBoost"]
    account.client("xray").update_sampling_rule(SamplingRuleUpdate=update)
    return ["reservoir_size"]


def change_group(account, name):
    account.client("xray").update_group(GroupName=name, FilterExpression="throttle")
    return ["filter_expression"]


def change_kms_key(account, name):
    kms = account.client("kms")
    kms.update_key_description(
        KeyId=kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"], Description="mine"
    )
    return ["description"]


def change_iam_policy(account, name):
    iam = account.client("iam")
    arn = f"arn:aws:iam::123456789012:policy/{name}"
    nothing = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=json.dumps(nothing), SetAsDefault=True
    )
    return ["policy"]


def change_iam_role(account, name):
    account.client("iam").update_role(RoleName=name, MaxSessionDuration=7200)
    return ["max_session_duration"]


def change_alarm(account, name):
    cloudwatch = account.client("cloudwatch")
    alarm = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    taken = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    alarm = {key: value for key, value in alarm.items() if key in taken}
    alarm["Threshold"] = 77.0
    cloudwatch.put_metric_alarm(**alarm)
    return ["threshold"]


def change_composite_alarm(account, name):
    cloudwatch = account.client("cloudwatch")
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    alarm = found["CompositeAlarms"][0]
    cloudwatch.put_composite_alarm(
        AlarmName=name, AlarmRule=alarm["AlarmRule"], AlarmDescription="mine"
    )
    return ["alarm_description"]


def change_dashboard(account, name):
    body = {"widgets": [{"type": "text", "properties": {"markdown": "mine"}}]}
    account.client("cloudwatch").put_dashboard(
        DashboardName=name, DashboardBody=json.dumps(body)
    )
    return ["dashboard_body"]


def change_log_group(account, name):
    account.client("logs").put_retention_policy(logGroupName=name, retentionInDays=3653)
    return ["retention_in_days"]


def change_ecs_task_definition(account, family):
    ecs = account.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=family, include=["TAGS"])
    definition = found["taskDefinition"]
    taken = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
    definition = {key: value for key, value in definition.items() if key in taken}
    definition["containerDefinitions"][0]["image"] = "mine:1"
    ecs.register_task_definition(**definition, tags=found["tags"])
    return ["image"]


def change_lambda_function(account, name):
    client = account.client("lambda")
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"TABLE": "orders"}}
    )
    while client.get_function_configuration(FunctionName=name).get("LastUpdateStatus") == "InProgress":
        time.sleep(0.05)
    return ["OTEL_SERVICE_NAME", "AWS_LAMBDA_EXEC_WRAPPER"]


def change_api_gateway_stage(account, name):
    gateway = account.client("apigateway")
    api = gateway.get_rest_apis()["items"][0]["id"]
    gateway.update_stage(
        restApiId=api,
        stageName=name.split("/")[1],
        patchOperations=[{"op": "replace", "path": "/tracingEnabled", "value": "false"}],
    )
    return ["tracing_enabled"]


CHANGES = {
    "alarm": change_alarm,
    "api_gateway_stage": change_api_gateway_stage,
    "composite_alarm": change_composite_alarm,
    "dashboard": change_dashboard,
    "ecs_task_definition": change_ecs_task_definition,
    "group": change_group,
    "iam_policy": change_iam_policy,
    "iam_role": change_iam_role,
    "kms_key": change_kms_key,
    "lambda_function": change_lambda_function,
    "log_group": change_log_group,
    "sampling_rule": change_sampling_rule,
}
# Settings and attachments have no owner at AWS that a change could be made for.
UNCHANGED = {"encryption", "iam_role_policy_attachment"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_from_nothing_to_nothing(account, system):
    path = account.spec(system)
    make_what_others_make(account, system)
    account.xrayctl("plan", "--detailed-exitcode", path, exits=2)
    account.xrayctl("apply", "--auto-approve", path)
    assert "No changes." in account.xrayctl("plan", "--detailed-exitcode", path)

    # What others change of one resource of each type comes back, and is repaired.
    one_of_each = {address.split(".")[0]: (address, key) for address, key in owned(account, path).items()}
    for kind in set(one_of_each) - UNCHANGED:
        address, key = one_of_each[kind]
        fields = CHANGES[kind](account, key)
        plan = account.xrayctl("plan", "--detailed-exitcode", path, exits=2)
        assert "Plan: 0 to add, 1 to change, 0 to destroy." in plan, plan
        assert f"  # {address} will be updated in place" in plan, plan
        assert all(field in plan for field in fields), plan
        account.xrayctl("apply", "--auto-approve", path)
        assert "No changes." in account.xrayctl("plan", "--detailed-exitcode", path), address

    account.xrayctl("destroy", "--auto-approve", "--delete-data", path)
    # A setting belongs to whoever names it.
    assert set(owned(account, path)) <= {"encryption"}
