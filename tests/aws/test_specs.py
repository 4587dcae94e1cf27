"""What an apply leaves is what the spec says, as AWS CLI and boto3 see it."""

import json
import os
import pathlib
import subprocess
import tomllib

import boto3
import pytest

ROOT = pathlib.Path(__file__).parents[2]
XRAYCTL = ROOT / os.environ.get("XRAYCTL_BIN", "target/debug/xrayctl")
COLLECTOR = ROOT / os.environ.get("LOCAL_COLLECTOR_BIN", "target/debug/local-collector")
REGION = "us-east-1"
AS_SHIPPED = {"FixedRate": 0.05, "ReservoirSize": 1}


@pytest.fixture
def served(tmp_path):
    """Serves an embedded AWS and gives its URL and an environment for clients."""
    process = subprocess.Popen(
        [COLLECTOR, "--state", tmp_path / "state", "--aws-listen", "127.0.0.1:0", "--aws-only"],
        stdout=subprocess.PIPE,
        text=True,
    )
    url = process.stdout.readline().split(" on ")[1].split()[0]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": url,
    }
    yield url, environment
    process.kill()
    process.wait()


def xrayctl(environment, *arguments):
    """Runs xrayctl and gives how it ended."""
    return subprocess.run(
        [XRAYCTL, *arguments], env=environment, text=True, capture_output=True, check=False
    )


def client(url, service):
    """Makes a boto3 client of the embedded AWS."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def rules(xray):
    """Lists sampling rules by name."""
    records = xray.get_sampling_rules()["SamplingRuleRecords"]
    return {record["SamplingRule"]["RuleName"]: record["SamplingRule"] for record in records}


def tags(xray, arn):
    """Reads the tags of a rule or group as a dictionary."""
    return {
        tag["Key"]: tag["Value"] for tag in xray.list_tags_for_resource(ResourceARN=arn)["Tags"]
    }


@pytest.mark.parametrize("name", ["ananta", "pmp"])
def test_apply_leaves_what_the_spec_says_and_destroy_nothing(served, name):
    url, environment = served
    path = str(ROOT / "specs" / f"{name}.toml")
    spec = tomllib.loads(pathlib.Path(path).read_text())
    stack = f"{name}-development"
    assert xrayctl(environment, "plan", "--detailed-exitcode", path).returncode == 2
    applied = xrayctl(environment, "apply", "--auto-approve", path)
    assert applied.returncode == 0, applied.stderr
    again = xrayctl(environment, "plan", "--detailed-exitcode", path)
    assert again.returncode == 0 and "No changes." in again.stdout

    xray = client(url, "xray")
    standing = rules(xray)
    assert set(standing) == {"Default", *spec["sampling_rules"]}
    for rule_name, wanted in spec["sampling_rules"].items():
        rule = standing[rule_name]
        assert rule["Priority"] == wanted["priority"]
        assert rule["ReservoirSize"] == wanted["reservoir_size"]
        # What is a variable is 1.0 at a desk.
        rate = wanted["fixed_rate"]
        assert rule["FixedRate"] == (1.0 if isinstance(rate, str) else rate)
        assert rule["URLPath"] == wanted.get("url_path", "*")
        assert rule["ServiceName"] == wanted.get("service_name", "*")
        assert rule["HTTPMethod"] == wanted.get("http_method", "*")
        assert tags(xray, rule["RuleARN"])["xrayctl:stack"] == stack
    groups = {group["GroupName"]: group for group in xray.get_groups()["Groups"]}
    specified = {
        wanted.get("group_name", key).replace("${var.environment}", "development"): wanted
        for key, wanted in spec["groups"].items()
    }
    assert set(groups) == {"Default", *specified}
    for group_name, wanted in specified.items():
        insights = groups[group_name]["InsightsConfiguration"]
        flags = wanted.get("insights_configuration", {})
        assert insights["InsightsEnabled"] == flags.get("insights_enabled", False)
        assert insights["NotificationsEnabled"] == flags.get("notifications_enabled", False)
        assert tags(xray, groups[group_name]["GroupARN"])["project"] == name

    destroyed = xrayctl(environment, "destroy", "--auto-approve", path)
    assert destroyed.returncode == 0, destroyed.stderr
    left = rules(xray)
    assert set(left) == {"Default"}
    assert {key: left["Default"][key] for key in AS_SHIPPED} == AS_SHIPPED
    assert [group["GroupName"] for group in xray.get_groups()["Groups"]] == ["Default"]
    assert xray.get_encryption_config()["EncryptionConfig"]["Type"] == "NONE"
    assert xray.get_trace_segment_destination()["Destination"] == "XRay"


def test_encryption_is_by_the_key_of_the_spec(served):
    url, environment = served
    path = str(ROOT / "specs" / "ananta.toml")
    assert xrayctl(environment, "apply", "--auto-approve", path).returncode == 0
    configuration = client(url, "xray").get_encryption_config()["EncryptionConfig"]
    kms = client(url, "kms")
    key = kms.describe_key(KeyId="alias/ananta-development-xray")["KeyMetadata"]
    assert configuration == {"KeyId": key["Arn"], "Status": "ACTIVE", "Type": "KMS"}
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]

    assert xrayctl(environment, "destroy", "--auto-approve", path).returncode == 0
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_the_aws_cli_lists_what_was_applied(served):
    _, environment = served
    path = str(ROOT / "specs" / "pmp.toml")
    assert xrayctl(environment, "--env", "production", "apply", "--auto-approve", path).returncode == 0
    query = "SamplingRuleRecords[].SamplingRule.[RuleName, FixedRate, Priority]"
    listed = subprocess.run(
        ["aws", "xray", "get-sampling-rules", "--query", query, "--output", "json"],
        env=environment,
        text=True,
        capture_output=True,
        check=True,
    )
    assert json.loads(listed.stdout) == [
        ["pmp-api-critical", 1.0, 2],
        ["pmp-api-production", 0.1, 1],
        ["Default", 0.05, 10000],
    ]


def test_a_change_made_with_boto3_comes_back_as_exactly_that_field(served):
    url, environment = served
    path = str(ROOT / "specs" / "pmp.toml")
    assert xrayctl(environment, "apply", "--auto-approve", path).returncode == 0
    client(url, "xray").update_sampling_rule(
        SamplingRuleUpdate={"RuleName": "pmp-api-critical", "ReservoirSize": 7}
    )
    plan = xrayctl(environment, "plan", path)
    changed = [line.strip() for line in plan.stdout.splitlines() if " -> " in line]
    assert changed == ["~ reservoir_size = 7 -> 100"]
    assert "changed outside xrayctl" in plan.stdout
