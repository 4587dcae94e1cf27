"""Clients of the X-Ray API that keep what was really answered, and sent traces."""

import json
import os
import subprocess
import time

import boto3
from botocore.config import Config

from shared import eventually, judge
from traces import ACCOUNT

REGION = "eu-west-1"
CREDENTIALS = {"aws_access_key_id": "AKIDLOCAL", "aws_secret_access_key": "secret"}
# Documents of one request, as SDKs and the daemon send them.
BATCH = 50


class Api:
    """boto3's client of one collector. Each raw answer is held against botocore's model."""

    def __init__(self, collector):
        self.url = f"http://{collector.addresses['AWS API']}"
        self.boto = boto3.client(
            "xray",
            endpoint_url=self.url,
            region_name=REGION,
            config=Config(parameter_validation=False, retries={"max_attempts": 0}),
            **CREDENTIALS,
        )
        self.boto.meta.events.register("before-parse.xray.*", judge)
        self.boto.meta.events.register("before-parse.xray.*", self._keep)
        self.raw = None

    def _keep(self, response_dict, **_):
        self.raw = json.loads(response_dict["body"])

    def ask(self, operation, **members):
        """Calls an operation by boto3; gives the raw answer."""
        getattr(self.boto, operation)(**members)
        return self.raw

    def summaries(self, begin, end, expression=None, **members):
        """The summaries of all pages."""
        if expression is not None:
            members["FilterExpression"] = expression
        found = []
        while True:
            answer = self.ask("get_trace_summaries", StartTime=begin, EndTime=end, **members)
            found += answer["TraceSummaries"]
            if not answer.get("NextToken"):
                return found
            members["NextToken"] = answer["NextToken"]

    def ids(self, begin, end, expression=None, **members):
        return {one["Id"] for one in self.summaries(begin, end, expression, **members)}

    def put(self, documents):
        """Sends documents, in their order, and waits until they are seen."""
        for at in range(0, len(documents), BATCH):
            texts = [json.dumps(document) for document in documents[at : at + BATCH]]
            answer = self.ask("put_trace_segments", TraceSegmentDocuments=texts)
            assert answer["UnprocessedTraceSegments"] == []
        last = f"1-00000000-{os.urandom(12).hex()}"
        now = time.time()
        times = {"start_time": now, "end_time": now}
        mark = {"id": "1" * 16, "name": "mark", "trace_id": last, **times}
        self.ask("put_trace_segments", TraceSegmentDocuments=[json.dumps(mark)])
        seen = lambda: self.ask("batch_get_traces", TraceIds=[last])["Traces"]
        eventually(seen, bool)

    def aws(self, operation, **members):
        """Calls an operation by the AWS CLI, which parses the answer by its model."""
        command = ["aws", "xray", operation, "--endpoint-url", self.url, "--region", REGION]
        command += ["--output", "json", "--no-paginate", "--cli-input-json", json.dumps(members)]
        return self.run(command)

    def run(self, command, **more):
        """Runs a command of the AWS CLI, and gives what it answers."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "AWS_ACCESS_KEY_ID": "AKIDLOCAL",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
        }
        ran = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, **more
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout.strip() else {}


def started(collector_type, folder, configuration="", **options):
    """A collector of the account that the reckoning takes for its own."""
    return collector_type(
        folder, configuration, arguments=["--account", ACCOUNT, "--region", REGION], **options
    )


def hours_ago(hours):
    """A whole ten minutes of the past."""
    return int(time.time() - hours * 3600) // 600 * 600
