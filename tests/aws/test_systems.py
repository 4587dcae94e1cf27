"""The five systems of `specs/`, from nothing to nothing: on the embedded AWS,
and on moto with the embedded X-Ray beside it.

What others change at AWS in between comes back in the next plan as exactly
that, and the next apply repairs it.
"""

import io
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import zipfile

import boto3
import pytest

ROOT = pathlib.Path(__file__).parents[2]
XRAYCTL = ROOT / os.environ.get("XRAYCTL_BIN", "target/debug/xrayctl")
COLLECTOR = ROOT / os.environ.get("LOCAL_COLLECTOR_BIN", "target/debug/local-collector")
REGION = "us-east-1"
SYSTEMS = ["afirgen", "ananta", "atom", "order-processing", "pmp"]
LAMBDA_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ORDER_FUNCTIONS = [
    "order-handler",
    "inventory-handler",
    "payment-handler",
    "inventory-consumer",
    "payment-consumer",
    "notification-consumer",
    "dlq-processor",
]


# What moto cannot hold: it has no composite alarms and keeps no tags of
# dashboards, and the X-Ray beside it knows no keys of moto's KMS.
LACKS = {"embedded": [], "moto": ["composite_alarms", "dashboards", "encryption"]}


class Account:
    """An AWS account with nothing in it, and who works in it."""

    def __init__(self, url, folder, lacks):
        self.url = url
        self.folder = folder
        self.lacks = lacks
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": url,
        }

    def client(self, service):
        """Makes a boto3 client."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def xrayctl(self, *arguments, exits=0):
        """Runs xrayctl, sees how it ends, and gives what it printed."""
        done = subprocess.run(
            [XRAYCTL, *arguments],
            env=self.environment,
            cwd=self.environment["HOME"],
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == exits, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def spec(self, system):
        """The spec of a system without the tables that the account cannot hold."""
        text = (ROOT / "specs" / f"{system}.toml").read_text()
        for table in self.lacks:
            text = re.sub(rf"(?ms)^\[{table}[.\]].*?(?=^\[|^# ---|\Z)", "", text)
        path = self.folder / "spec.toml"
        path.write_text(text)
        return path

    def aws(self, *arguments):
        """Runs the AWS CLI and gives its answer."""
        done = subprocess.run(
            ["aws", *arguments, "--output", "json"],
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture(params=["embedded", "moto"])
def account(request, tmp_path):
    """An empty account on the embedded AWS; or on moto, which leaves X-Ray to us."""
    command = [COLLECTOR, "--state", tmp_path / "state", "--aws-listen", "127.0.0.1:0", "--aws-only"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True)]
    url = processes[0].stdout.readline().split(" on ")[1].split()[0]
    if request.param == "moto":
        port = tmp_path / "port"
        command = [sys.executable, ROOT / "tests/moto/serve.py", port, "--xray", url]
        processes.append(subprocess.Popen(command))
        while not (port.exists() and port.read_text()):
            assert processes[1].poll() is None
            time.sleep(0.05)
        url = f"http://127.0.0.1:{port.read_text()}"
    yield Account(url, tmp_path, LACKS[request.param])
    for process in processes:
        process.kill()
        process.wait()


def make_what_others_make(account, system):
    """Makes what the spec takes for granted: what SAM makes, for one system."""
    if system != "order-processing":
        return
    prefix = "order-processing-development"
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.js", "exports.handler = async () => 1;")
    layer = account.client("lambda").publish_layer_version(
        LayerName="aws-otel-nodejs", Content={"ZipFile": code.getvalue()}
    )
    account.environment["XRAYCTL_VAR_layer"] = layer["LayerVersionArn"]
    for name in ORDER_FUNCTIONS:
        role = account.client("iam").create_role(
            RoleName=f"{prefix}-{name}", AssumeRolePolicyDocument=json.dumps(LAMBDA_TRUST)
        )
        account.client("lambda").create_function(
            FunctionName=f"{prefix}-{name}",
            Runtime="nodejs22.x",
            Role=role["Role"]["Arn"],
            Handler="index.handler",
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": {"TABLE": "orders"}},
            # moto keeps the mode that a function is made with.
            TracingConfig={"Mode": "Active" if account.lacks else "PassThrough"},
        )
    gateway = account.client("apigateway")
    api = gateway.create_rest_api(name=prefix)["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    deployment = gateway.create_deployment(restApiId=api)["id"]
    gateway.create_stage(restApiId=api, stageName="development", deploymentId=deployment)


def owned(account, path):
    """What the stack owns now: the name at AWS, by address."""
    shown = json.loads(account.xrayctl("--json", "show", path))
    return {one["address"]: one["key"] for one in shown["resources"]}


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


def test_the_aws_cli_reads_everything_back(account):
    path = account.spec("ananta")
    account.xrayctl("apply", "--auto-approve", path)
    rules = account.aws("xray", "get-sampling-rules")["SamplingRuleRecords"]
    assert {one["SamplingRule"]["RuleName"] for one in rules} >= {"critical-apis", "authentication"}
    key = account.aws("kms", "describe-key", "--key-id", "alias/ananta-development-xray")
    assert key["KeyMetadata"]["Enabled"]
    arn = "arn:aws:iam::123456789012:policy/ananta-development-xray-write"
    policy = account.aws("iam", "get-policy", "--policy-arn", arn)["Policy"]
    version = account.aws(
        "iam", "get-policy-version", "--policy-arn", arn, "--version-id", policy["DefaultVersionId"]
    )
    actions = version["PolicyVersion"]["Document"]["Statement"][0]["Action"]
    assert "xray:PutTraceSegments" in actions
    attached = account.aws(
        "iam", "list-attached-role-policies", "--role-name", "ananta-development-ecs-task"
    )
    assert [one["PolicyArn"] for one in attached["AttachedPolicies"]] == [arn]
    alarms = account.aws("cloudwatch", "describe-alarms")["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in alarms} == {
        "ananta-development-high-error-rate",
        "ananta-development-high-latency",
    }
    groups = account.aws("logs", "describe-log-groups")["logGroups"]
    assert [(one["logGroupName"], one["retentionInDays"]) for one in groups] == [
        ("/ecs/ananta-development", 30)
    ]
    family = "ananta-development-tenant-management-service"
    task = account.aws("ecs", "describe-task-definition", "--task-definition", family)
    names = [one["name"] for one in task["taskDefinition"]["containerDefinitions"]]
    assert names == ["tenant-management-service", "aws-otel-collector"]
