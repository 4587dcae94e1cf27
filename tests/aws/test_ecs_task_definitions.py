"""Generated task definitions, judged by boto3's validation, moto and the AWS CLI."""

import json
import os
import pathlib
import subprocess

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator
from moto import mock_aws

ROOT = pathlib.Path(__file__).parents[2]
XRAYCTL = ROOT / os.environ.get("XRAYCTL_BIN", "target/debug/xrayctl")
COLLECTOR = ROOT / os.environ.get("LOCAL_COLLECTOR_BIN", "target/debug/local-collector")
BASE = ROOT / "tests" / "data" / "ecs_task_definition.json"
REGION = "us-east-1"
SIDECARS = {
    "adot": "aws-otel-collector",
    "cloudwatch-agent": "cloudwatch-agent",
    "xray-daemon": "xray-daemon",
}
SPEC = """
[stack]
name = "shop"
region = "us-east-1"
tags = {{ team = "traces" }}

[ecs.task_definitions.fargate]
network_mode = "awsvpc"
cpu = 512
memory = "1GB"
requires_compatibilities = ["FARGATE"]
execution_role_arn = "arn:aws:iam::123456789012:role/ecs"
container_definitions.api = {{ image = "api:1", port_mappings = [{{ container_port = 8080 }}] }}
sidecar = {{ kind = "{kind}", log_group = "/ecs/api" }}
instrument = {{ service_name = "shop" }}

[ecs.task_definitions.bridge]
container_definitions.worker = {{ image = "worker:1", memory = 128 }}
sidecar = {{ kind = "{kind}", memory = 128, environment = {{ A = "1" }} }}
instrument = {{}}
"""


def generate(folder, *arguments):
    """Runs `xrayctl generate ecs-task-definition` and gives what it printed."""
    done = subprocess.run(
        [XRAYCTL, "generate", "ecs-task-definition", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def faults(document):
    """What boto3's own model of the call says of its parameters."""
    model = botocore.session.get_session().get_service_model("ecs")
    shape = model.operation_model("RegisterTaskDefinition").input_shape
    return ParamValidator().validate(document, shape).generate_report()


def without(value, name):
    """A copy without members called `name`, and without nulls, at any depth."""
    if isinstance(value, dict):
        return {
            key: without(inner, name)
            for key, inner in value.items()
            if key != name and inner is not None
        }
    if isinstance(value, list):
        return [without(inner, name) for inner in value]
    return value


@pytest.fixture(params=SIDECARS)
def folder(request, tmp_path):
    """A folder with a spec, one for each kind of sidecar."""
    (tmp_path / "xrayctl.toml").write_text(SPEC.format(kind=request.param))
    return tmp_path, request.param


@pytest.mark.parametrize("name", ["fargate", "bridge"])
def test_boto3_and_moto_take_it(folder, name):
    path, kind = folder
    document = generate(path, name)
    assert faults(document) == ""
    with mock_aws():
        ecs = boto3.client("ecs", REGION, aws_access_key_id="a", aws_secret_access_key="b")
        ecs.register_task_definition(**document)
        found = ecs.describe_task_definition(taskDefinition=name, include=["TAGS"])
    names = [one["name"] for one in found["taskDefinition"]["containerDefinitions"]]
    assert SIDECARS[kind] in names and len(names) == 2
    assert found["tags"] == [{"key": "team", "value": "traces"}]


def test_the_aws_cli_registers_it_and_reads_it_back(folder, tmp_path):
    path, kind = folder
    process = subprocess.Popen(
        [COLLECTOR, "--state", tmp_path / "state", "--aws-listen", "127.0.0.1:0", "--aws-only"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = process.stdout.readline().split(" on ")[1].split()[0]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": url,
        }
        generated = generate(path, "fargate")
        (path / "td.json").write_text(json.dumps(generated))

        def aws(*arguments):
            done = subprocess.run(
                ["aws", "ecs", *arguments, "--output", "json"],
                cwd=path,
                env=environment,
                text=True,
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        aws("register-task-definition", "--cli-input-json", "file://td.json")
        described = aws("describe-task-definition", "--task-definition", "fargate")
        (path / "described.json").write_text(json.dumps(described))
        found = described["taskDefinition"]
        assert (found["cpu"], found["memory"], found["revision"]) == ("512", "1024", 1)
        sidecar = next(
            one for one in found["containerDefinitions"] if one["name"] == SIDECARS[kind]
        )
        assert sidecar["essential"] is False
        assert sidecar["logConfiguration"]["options"]["awslogs-group"] == "/ecs/api"
        # What was described is a base as well, and has its sidecar already.
        again = generate(path, "fargate", "--base", "described.json")
        assert faults(again) == ""
        assert [one["name"] for one in again["containerDefinitions"]] == [
            one["name"] for one in found["containerDefinitions"]
        ]
        assert again == generate_twice(path, again)
    finally:
        process.kill()
        process.wait()


def generate_twice(path, document):
    """Adds the sidecar to what has it."""
    (path / "twice.json").write_text(json.dumps(document))
    return generate(path, "fargate", "--base", "twice.json")


def test_a_real_task_definition_keeps_all_that_it_has(folder):
    path, kind = folder
    before = json.loads(BASE.read_text())
    after = generate(path, "fargate", "--base", str(BASE))
    assert after == generate_twice(path, after), "twice is once"

    added = {"containerDefinitions"}
    for name, value in before.items():
        if name not in added:
            assert after[name] == value, name
    assert set(after) == set(before)
    containers = {one["name"]: one for one in after["containerDefinitions"]}
    known = [one["name"] for one in before["containerDefinitions"]]
    assert [one["name"] for one in after["containerDefinitions"]] == [*known, SIDECARS[kind]]
    for container in before["containerDefinitions"]:
        found = containers[container["name"]]
        assert set(found) - set(container) <= {"dependsOn", "environment"}
        for name, value in container.items():
            if name in ("dependsOn", "environment"):
                # What stands comes first, as it was.
                assert found[name][: len(value)] == value
            else:
                assert found[name] == value, f"{container['name']}.{name}"
    router = containers["log_router"]
    assert router == next(one for one in before["containerDefinitions"] if one["name"] == "log_router")
    shop = {one["name"]: one["value"] for one in containers["checkout"]["environment"]}
    expected = "AWS_XRAY_TRACING_NAME" if kind == "xray-daemon" else "OTEL_SERVICE_NAME"
    assert shop[expected] == "shop"

    # All that boto3's model knows of it is right; it knows no future members.
    today = without(without(after, "futureMember"), "futureContainerMember")
    assert faults(today) == ""
