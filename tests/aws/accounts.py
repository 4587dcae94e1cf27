"""AWS accounts to try the systems of `specs/` in."""

import io
import json
import os
import pathlib
import re
import subprocess
import zipfile

import boto3

ROOT = pathlib.Path(__file__).parents[2]
XRAYCTL = ROOT / os.environ.get("XRAYCTL_BIN", "target/debug/xrayctl")
COLLECTOR = ROOT / os.environ.get("LOCAL_COLLECTOR_BIN", "target/debug/local-collector")
REGION = "us-east-1"
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


SYSTEMS = ["afirgen", "ananta", "atom", "order-processing", "pmp"]

# What moto cannot hold: it has no composite alarms and keeps no tags of
# dashboards, and the X-Ray beside it knows no keys of moto's KMS.
LACKS = {"embedded": [], "moto": ["composite_alarms", "dashboards", "encryption"]}


def client_of(service, url, region):
    """Makes a boto3 client of an AWS that takes any credentials."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


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
        return client_of(service, self.url, REGION)

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
