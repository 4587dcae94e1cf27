"""Tools made for Terraform read our plans: checkov, and a policy in Python."""

import json
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest

ROOT = pathlib.Path(__file__).parents[2]
XRAYCTL = ROOT / os.environ.get("XRAYCTL_BIN", "target/debug/xrayctl")
CHECKOV = ROOT / os.environ.get("CHECKOV_BIN", "target/checkov-env/bin/checkov")
POLICY = ROOT / "examples/plan_policy.py"
STACK = '[stack]\nname = "shop"\nregion = "us-east-1"\n'
RULE = "[sampling_rules.checkout]\npriority = 100\nfixed_rate = 0.1\n"
OPEN_POLICY = """'''{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "kms:*", "Resource": "*" }
  ]
}'''"""
# What is written into the spec, and what checkov has to find of it: the verdict
# by check and address. The table names the type: a type that this xrayctl does
# not have is left out.
CASES = [
    pytest.param(
        "kms_keys",
        f"""[kms_keys.good]
key_rotation_enabled = true

[kms_keys.bad]
key_rotation_enabled = false
policy = {OPEN_POLICY}
""",
        {
            ("CKV_AWS_7", "aws_kms_key.good"): "PASSED",
            ("CKV_AWS_7", "aws_kms_key.bad"): "FAILED",
            ("CKV_AWS_33", "aws_kms_key.good"): "PASSED",
            ("CKV_AWS_33", "aws_kms_key.bad"): "FAILED",
            ("CKV_AWS_227", "aws_kms_key.bad"): "PASSED",
        },
        id="kms",
    ),
    pytest.param(
        "iam.policies",
        """[iam.policies.good]
policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "xray:PutTraceSegments", "Resource": "*"}]}'

[iam.policies.bad]
policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
""",
        {
            ("CKV_AWS_62", "aws_iam_policy.good"): "PASSED",
            ("CKV_AWS_62", "aws_iam_policy.bad"): "FAILED",
        },
        id="iam-policy",
    ),
    pytest.param(
        "iam.roles",
        """[iam.roles.good]
assume_role_policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'

[iam.roles.bad]
assume_role_policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}'
""",
        {
            ("CKV_AWS_60", "aws_iam_role.good"): "PASSED",
            ("CKV_AWS_60", "aws_iam_role.bad"): "FAILED",
        },
        id="iam-role",
    ),
    pytest.param(
        "log_groups",
        """[log_groups.good]
retention_in_days = 400

[log_groups.bad]
retention_in_days = 30
""",
        {
            ("CKV_AWS_338", "aws_cloudwatch_log_group.good"): "PASSED",
            ("CKV_AWS_338", "aws_cloudwatch_log_group.bad"): "FAILED",
        },
        id="log-group",
    ),
    pytest.param(
        "ecs.task_definitions",
        """[ecs.task_definitions.worker.container_definitions.worker]
image = "public.ecr.aws/docker/library/busybox:1.37"
memory = 128
""",
        {("CKV_AWS_336", "aws_ecs_task_definition.worker"): "FAILED"},
        id="ecs-task-definition",
    ),
]


@pytest.fixture
def run(tmp_path):
    """Runs xrayctl on the embedded AWS, in a folder of its own."""

    def run(*arguments, code=0):
        offline = arguments[0] == "validate"
        ended = subprocess.run(
            [XRAYCTL, *([] if offline else ["--local"]), *arguments],
            cwd=tmp_path, env={"HOME": str(tmp_path)},
            text=True, capture_output=True, check=False,
        )
        assert ended.returncode == code, ended.stderr
        return ended.stdout

    return run


def has_table(run, table):
    """Tells whether this xrayctl knows the table of a type."""
    schema = json.loads(subprocess.check_output([XRAYCTL, "schema"]))
    for name in table.split("."):
        while "$ref" in schema:
            schema = schema["$defs"][schema["$ref"].rpartition("/")[2]]
        schema = schema.get("properties", {}).get(name)
        if schema is None:
            return False
    return True


def plan(run, tmp_path, spec, *arguments):
    """Plans `spec` and gives the plan in Terraform's form."""
    (tmp_path / "xrayctl.toml").write_text(spec)
    run("plan", "--out", "saved", *arguments)
    text = run("--json", "show", "saved")
    (tmp_path / "plan.json").write_text(text)
    return json.loads(text)


def checkov(tmp_path, name="plan.json"):
    """Gives checkov's verdicts by check and resource."""
    assert CHECKOV.exists(), f"no checkov at {CHECKOV}: tests/run.sh installs it"
    ended = subprocess.run(
        [CHECKOV, "-f", name, "--framework", "terraform_plan", "-o", "json",
         "--skip-download", "--soft-fail"],
        cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        text=True, capture_output=True, check=False,
    )
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["summary"]["parsing_errors"] == 0
    results = report["results"]
    return {
        (one["check_id"], one["resource"]): one["check_result"]["result"]
        for one in results["passed_checks"] + results["failed_checks"]
    }


@pytest.mark.parametrize(("table", "spec", "expected"), CASES)
def test_checkov_evaluates_the_resources_of_a_plan(run, tmp_path, table, spec, expected):
    if not has_table(run, table):
        pytest.skip(f"this xrayctl has no {table}")
    plan(run, tmp_path, f"{STACK}\n{spec}")
    found = checkov(tmp_path)
    assert {key: found.get(key) for key in expected} == expected


def test_the_last_event_of_a_plan_is_the_plan(run, tmp_path):
    saved = plan(run, tmp_path, f"{STACK}\n{RULE}\n[kms_keys.traces]\n")
    events = [json.loads(line) for line in run("--json", "plan").splitlines()]
    assert [event["type"] for event in events] == [
        "version", "planned_change", "planned_change", "change_summary", "plan",
    ]
    last = events[-1]
    assert all(event["@module"] == "terraform.ui" for event in events)
    assert last["resource_changes"] == saved["resource_changes"]
    (tmp_path / "last.json").write_text(json.dumps(last))
    assert ("CKV_AWS_7", "aws_kms_key.traces") in checkov(tmp_path, "last.json")


def judge(tmp_path, name="plan.json", text=None):
    """Runs the policy and gives its exit code and what it refused."""
    ended = subprocess.run(
        [sys.executable, POLICY, name], cwd=tmp_path, input=text,
        text=True, capture_output=True, check=False,
    )
    lines = ended.stdout.splitlines()
    return ended.returncode, [line for line in lines if line.startswith("FAIL")], ended


GOOD = f"""{STACK}
[kms_keys.traces]
tags = {{ protected = "true" }}

[encryption]
type = "KMS"
key_id = "traces"

{RULE}"""


def test_the_policy_lets_a_good_plan_pass(run, tmp_path):
    plan(run, tmp_path, GOOD)
    code, failures, ended = judge(tmp_path)
    assert (code, failures) == (0, []), ended
    assert ended.stdout == "plan.json: 4 resources, 0 failures\n"


def test_the_policy_refuses_the_deletion_of_a_key(run, tmp_path):
    plan(run, tmp_path, GOOD)
    run("apply", "saved")
    changes = plan(run, tmp_path, f"{STACK}\n{RULE}")["resource_changes"]
    deleted = {one["address"] for one in changes if one["change"]["actions"] == ["delete"]}
    assert "aws_kms_key.traces" in deleted
    code, failures, ended = judge(tmp_path)
    assert code == 1, ended
    assert failures == [
        "FAIL - plan.json - aws_kms_key.traces is deleted, and what only it could read or"
        " hold is lost",
        "FAIL - plan.json - aws_kms_key.traces is deleted though it is tagged as protected",
    ]


def test_the_policy_reads_events_and_refuses_what_is_costly_or_open(run, tmp_path):
    spec = f"{STACK}\n{RULE}\n[kms_keys.traces]\nkey_rotation_enabled = false\n"
    (tmp_path / "xrayctl.toml").write_text(spec.replace("0.1", "0.75"))
    code, failures, ended = judge(tmp_path, "-", run("--json", "plan"))
    assert code == 1, ended
    assert failures == [
        "FAIL - - - aws_kms_key.traces does not rotate",
        "FAIL - - - aws_xray_sampling_rule.checkout traces 75% of requests, more than 50%",
    ]


@pytest.mark.parametrize("text", ["", "no JSON", "{}", '{"format_version": "1.2"}'])
def test_the_policy_takes_nothing_else_for_a_plan(tmp_path, text):
    code, failures, ended = judge(tmp_path, "-", text)
    assert (code, failures) == (1, [])
    assert ended.stderr.startswith("error: -: ")


def test_diagnostics_as_sarif_and_junit(run, tmp_path):
    (tmp_path / "xrayctl.toml").write_text(f"{STACK}\n{RULE.replace('0.1', '1.5')}")
    document = json.loads(run("validate", "--format", "sarif", code=1))
    assert document["version"] == "2.1.0"
    driver = document["runs"][0]["tool"]["driver"]
    (result,) = document["runs"][0]["results"]
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "xrayctl.toml"
    assert place["region"]["startLine"] == 7

    suites = xml.fromstring(run("validate", "--format", "junit", code=1))
    assert suites.tag == "testsuites"
    (case,) = suites.iter("testcase")
    assert (case.get("file"), case.get("line")) == ("xrayctl.toml", "7")
    assert case.find("failure").get("message") == result["message"]["text"].splitlines()[0]
