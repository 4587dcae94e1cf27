"""The services next to X-Ray answer boto3, and keep what they acknowledged."""

import json
import subprocess

import pytest

from accounts import COLLECTOR, client_of

REGION = "eu-west-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Embedded:
    """An embedded AWS over one state folder, started and killed at will."""

    def __init__(self, state):
        self.state = state
        self.start()

    def start(self):
        command = [COLLECTOR, "--state", self.state, "--aws-listen", "127.0.0.1:0", "--aws-only"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split(" on ")[1].split()[0]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def client(self, service):
        return client_of(service, self.url, REGION)


@pytest.fixture
def embedded(tmp_path):
    served = Embedded(tmp_path / "state")
    yield served
    served.kill()


def test_what_was_acknowledged_outlives_the_process(embedded):
    embedded.client("iam").create_role(
        RoleName="task", AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    embedded.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        Namespace="AWS/X-Ray",
        MetricName="ApproximateTraceCount",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    container = {"name": "app", "image": "app:1", "memory": 128}
    embedded.client("ecs").register_task_definition(
        family="api", containerDefinitions=[container]
    )
    embedded.client("apigateway").create_rest_api(name="orders")
    embedded.client("logs").create_log_group(logGroupName="/ecs/api")

    embedded.kill()
    embedded.start()

    assert embedded.client("iam").get_role(RoleName="task")["Role"]["RoleName"] == "task"
    alarms = embedded.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in alarms] == ["errors"]
    task = embedded.client("ecs").describe_task_definition(taskDefinition="api")
    assert task["taskDefinition"]["revision"] == 1
    apis = embedded.client("apigateway").get_rest_apis()["items"]
    assert [api["name"] for api in apis] == ["orders"]
    groups = embedded.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/ecs/api"]
    assert embedded.client("lambda").list_functions()["Functions"] == []
    assert embedded.client("sts").get_caller_identity()["Account"] == "123456789012"
