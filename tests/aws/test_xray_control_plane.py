"""The control plane of X-Ray in local-collector, judged by boto3 and the AWS CLI.

boto3 calls every control-plane operation, valid and invalid. Its own model of
the service judges the shape of each answer, raw members included, so that a
member that botocore would silently drop fails the test. Codes and messages are
those of AWS.

Run with the binary named: LOCAL_COLLECTOR_BIN=target/debug/local-collector pytest
"""

import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
REGION = "eu-west-1"
RULE_ARN = f"arn:aws:xray:{REGION}:{ACCOUNT}:sampling-rule"


# --- The server and its clients ---------------------------------------------


class Collector:
    """A local-collector process with a state folder."""

    def __init__(self, state, *arguments):
        binary = os.environ.get("LOCAL_COLLECTOR_BIN")
        if not binary:
            pytest.exit("LOCAL_COLLECTOR_BIN does not name the local-collector binary", 1)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.process = subprocess.Popen(
            [binary, "--state", str(state), "--aws-listen", "127.0.0.1:0", "--aws-only", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )
        self.line = self.process.stdout.readline().strip()
        found = re.search(r"http://\S+", self.line)
        if not found:
            self.process.wait(timeout=10)
            raise AssertionError(self.process.stderr.read())
        self.url = found.group()

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(timeout=10)
        self.process.stdout.close()
        self.process.stderr.close()
        return status

    def client(self, service, region=REGION, **config):
        client = boto3.client(
            service, region_name=region, endpoint_url=self.url,
            aws_access_key_id="AKIDLOCAL", aws_secret_access_key="secret",
            config=Config(
                parameter_validation=False, retries={"max_attempts": 0},
                max_pool_connections=40, **config,
            ),
        )
        if service == "xray":
            client.meta.events.register("before-parse.xray.*", judge)
        return client


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def collector(state):
    collector = Collector(state)
    yield collector
    assert collector.stop() == 0


@pytest.fixture
def xray(collector):
    return collector.client("xray")


@pytest.fixture
def kms(collector):
    return collector.client("kms")


@pytest.fixture
def logs(collector):
    return collector.client("logs")


def judge(operation_model, response_dict, **_):
    """Holds every raw answer against botocore's model of the operation."""
    headers = response_dict["headers"]
    assert headers["x-amzn-requestid"], "every answer has a request id"
    assert headers["content-type"] == "application/json"
    body = json.loads(response_dict["body"])
    if response_dict["status_code"] < 300:
        assert "x-amzn-errortype" not in headers
        judge_shape(operation_model.output_shape, body, operation_model.name)
    else:
        assert headers["x-amzn-errortype"], body
        assert "__type" not in body


def judge_shape(shape, value, at):
    if value is None:
        return
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), at
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{at}: {unknown} not in the model"
        for name in getattr(shape, "required_members", []):
            assert value.get(name) is not None, f"{at}.{name} is missing"
        for name, inner in value.items():
            judge_shape(shape.members[name], inner, f"{at}.{name}")
    elif kind == "list":
        assert isinstance(value, list), at
        for inner in value:
            judge_shape(shape.member, inner, f"{at}[]")
    elif kind == "map":
        assert isinstance(value, dict), at
        for inner in value.values():
            judge_shape(shape.value, inner, f"{at}{{}}")
    elif kind == "string":
        assert isinstance(value, str), at
        if shape.enum:
            assert value in shape.enum, at
    elif kind == "boolean":
        assert isinstance(value, bool), at
    elif kind == "integer":
        assert isinstance(value, int) and not isinstance(value, bool), at
    else:
        assert kind in ("double", "float", "timestamp", "long"), kind
        assert isinstance(value, (int, float)) and not isinstance(value, bool), at


def error_of(call, **arguments):
    """(status, code, message) of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status, answer["Error"]["Code"], answer["Error"].get("Message")


def refused(call, message, **arguments):
    assert error_of(call, **arguments) == (400, "InvalidRequestException", message)


def invalid(call, *violations, **arguments):
    noun = "error" if len(violations) == 1 else "errors"
    message = f"{len(violations)} validation {noun} detected: " + "; ".join(violations)
    assert error_of(call, **arguments) == (400, "ValidationException", message)


def violation(at, value, constraint):
    value = "null" if value is None else f"'{value}'"
    return f"Value {value} at '{at}' failed to satisfy constraint: {constraint}"


def at_most(limit):
    return f"Member must have length less than or equal to {limit}"


def at_least(limit):
    return f"Member must have length greater than or equal to {limit}"


def rule(name="api", **changes):
    members = {
        "RuleName": name, "ResourceARN": "*", "Priority": 100, "FixedRate": 0.1,
        "ReservoirSize": 5, "ServiceName": "*", "ServiceType": "*", "Host": "*",
        "HTTPMethod": "*", "URLPath": "*", "Version": 1, **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def settled(read, is_settled):
    """What `read` answers once it has settled; it must settle soon."""
    for _ in range(100):
        answer = read()
        if is_settled(answer):
            return answer
        time.sleep(0.02)
    raise AssertionError(answer)


# --- The model itself ---------------------------------------------------------


def test_every_operation_of_the_model_is_answered(collector):
    client = collector.client("xray")
    unsigned = collector.client("xray", signature_version=UNSIGNED)
    for name in client.meta.service_model.operation_names:
        for xray in (client, unsigned):
            try:
                getattr(xray, boto3_name(xray, name))()
            except ClientError as error:
                assert error.response["Error"]["Code"] in (
                    "ValidationException", "InvalidRequestException"), name


def boto3_name(client, operation):
    mapping = client.meta.method_to_api_mapping
    return next(method for method, name in mapping.items() if name == operation)


def post(url, body, path="/GetSamplingRules", **headers):
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url + path, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.loads(error.read())


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"NextToken": 5}'])
def test_bodies_that_do_not_deserialize(collector, body):
    status, headers, _ = post(collector.url, body)
    assert status == 400
    assert headers["x-amzn-errortype"] == "SerializationException"


def test_unknown_paths(collector):
    status, headers, _ = post(collector.url, b"{}", "/NoSuchThing")
    assert (status, headers["x-amzn-errortype"]) == (404, "UnknownOperationException")


def test_browsers_are_kept_out(collector):
    assert post(collector.url, b"{}", Host="example.com")[0] == 403
    assert post(collector.url, b"{}", Origin="https://example.com")[0] == 403
    assert post(collector.url, b"{}", Origin="http://localhost:3000")[0] == 200


# --- Sampling rules -----------------------------------------------------------


def test_default_rule(xray):
    [record] = xray.get_sampling_rules()["SamplingRuleRecords"]
    assert record["SamplingRule"] == {
        "RuleName": "Default", "RuleARN": f"{RULE_ARN}/Default", "ResourceARN": "*",
        "Priority": 10000, "FixedRate": 0.05, "ReservoirSize": 1, "ServiceName": "*",
        "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
        "Attributes": {},
    }
    epoch = datetime.fromtimestamp(0, timezone.utc)
    assert record["CreatedAt"] == record["ModifiedAt"] == epoch


def test_default_rule_takes_rate_and_reservoir_alone(xray):
    update = lambda **members: xray.update_sampling_rule(
        SamplingRuleUpdate={"RuleName": "Default", **members})
    record = update(FixedRate=0.2, ReservoirSize=3)["SamplingRuleRecord"]
    assert (record["SamplingRule"]["FixedRate"], record["SamplingRule"]["ReservoirSize"]) == (0.2, 3)
    text = "Invalid update request for default sampling rule"
    for members in (
        {"Priority": 10000}, {"Host": "*"}, {"Attributes": {}}, {"FixedRate": 2.0},
        {"SamplingRateBoost": {"MaxRate": 0.5, "CooldownWindowMinutes": 1}},
    ):
        refused(update, text, **members)
    assert error_of(xray.delete_sampling_rule, RuleName="Default")[:2] == (
        400, "InvalidRequestException")
    refused(xray.create_sampling_rule, "Sampling rule already exists", SamplingRule=rule("Default"))


def test_create_rule(xray):
    boost = {"MaxRate": 0.5, "CooldownWindowMinutes": 10}
    given = rule(FixedRate=0, ReservoirSize=0, Attributes={"a": "b"}, SamplingRateBoost=boost)
    before = datetime.now(timezone.utc)
    record = xray.create_sampling_rule(SamplingRule=given)["SamplingRuleRecord"]
    assert record["SamplingRule"] == {**given, "RuleARN": f"{RULE_ARN}/api", "FixedRate": 0.0}
    assert abs((record["CreatedAt"] - before).total_seconds()) < 5
    assert record["CreatedAt"].microsecond == 0
    assert xray.get_sampling_rules()["SamplingRuleRecords"][0] == record
    plain = xray.create_sampling_rule(SamplingRule=rule("plain"))["SamplingRuleRecord"]
    assert plain["SamplingRule"]["Attributes"] == {}
    assert "SamplingRateBoost" not in plain["SamplingRule"]


def test_create_rule_by_arn(xray):
    given = rule(None, RuleARN=f"{RULE_ARN}/named")
    record = xray.create_sampling_rule(SamplingRule=given)["SamplingRuleRecord"]
    assert record["SamplingRule"]["RuleName"] == "named"


def test_rules_are_listed_by_name_and_priorities_may_clash(xray):
    for name in ("b", "a", "z"):
        xray.create_sampling_rule(SamplingRule=rule(name, Priority=7000))
    pages = xray.get_paginator("get_sampling_rules").paginate()
    names = [r["SamplingRule"]["RuleName"] for page in pages for r in page["SamplingRuleRecords"]]
    assert names == ["a", "b", "z", "Default"]
    assert len(xray.get_sampling_rules(NextToken="anything")["SamplingRuleRecords"]) == 4


BOTH = "Request cannot contain both sampling rule name and sampling rule ARN"
NEITHER = "Request must contain either sampling rule name or sampling rule ARN"


def test_create_rule_refusals(xray):
    create = xray.create_sampling_rule
    create(SamplingRule=rule())
    refused(create, "Sampling rule already exists", SamplingRule=rule())
    refused(create, "Sampling rule version must be 1", SamplingRule=rule("v", Version=2))
    refused(create, BOTH, SamplingRule=rule("x", RuleARN=f"{RULE_ARN}/x"))
    refused(create, NEITHER, SamplingRule=rule(None))


@pytest.mark.parametrize("member, value, constraint", [
    ("Priority", 10000, "Member must have value less than or equal to 9999"),
    ("Priority", 0, "Member must have value greater than or equal to 1"),
    ("FixedRate", 1.5, "Member must have value less than or equal to 1"),
    ("FixedRate", -0.5, "Member must have value greater than or equal to 0"),
    ("ReservoirSize", -1, "Member must have value greater than or equal to 0"),
    ("Version", 0, "Member must have value greater than or equal to 1"),
    ("RuleName", "x" * 33, at_most(32)),
    ("RuleName", "", at_least(1)),
    ("ResourceARN", "x" * 501, at_most(500)),
    ("ServiceName", "x" * 65, at_most(64)),
    ("ServiceType", "x" * 65, at_most(64)),
    ("Host", "x" * 65, at_most(64)),
    ("HTTPMethod", "x" * 11, at_most(10)),
    ("URLPath", "x" * 129, at_most(128)),
    *[(member, None, "Member must not be null") for member in (
        "ResourceARN", "Priority", "FixedRate", "ReservoirSize", "ServiceName", "ServiceType",
        "Host", "HTTPMethod", "URLPath", "Version")],
])
def test_create_rule_constraints(xray, member, value, constraint):
    at = f"samplingRule.{member[0].lower()}{member[1:]}"
    given = rule(**{member: value})
    invalid(xray.create_sampling_rule, violation(at, value, constraint), SamplingRule=given)


def test_create_rule_lists_every_violation(xray):
    invalid(
        xray.create_sampling_rule,
        violation("samplingRule.priority", 0, "Member must have value greater than or equal to 1"),
        violation("samplingRule.fixedRate", "2.0", "Member must have value less than or equal to 1"),
        violation("samplingRule.host", None, "Member must not be null"),
        violation("tags.2.member.key", "", at_least(1)),
        SamplingRule=rule(Priority=0, FixedRate=2, Host=None),
        Tags=[{"Key": "a", "Value": "b"}, {"Key": "", "Value": "b"}],
    )
    invalid(xray.create_sampling_rule, violation("samplingRule", None, "Member must not be null"))


def test_attributes_are_bounded(xray):
    create = lambda attributes: xray.create_sampling_rule(SamplingRule=rule(Attributes=attributes))
    for attributes in ({"k": ""}, {"": "v"}, {"k" * 33: "v"}, {"k": "v" * 33},
                       {str(n): "v" for n in range(6)}):
        assert error_of(create, attributes=attributes)[1] == "ValidationException"
    create({str(n): "v" for n in range(5)})


def test_twenty_sixth_rule(xray):
    for number in range(25):
        xray.create_sampling_rule(SamplingRule=rule(f"r{number}"))
    status, code, _ = error_of(xray.create_sampling_rule, SamplingRule=rule("r25"))
    assert (status, code) == (400, "RuleLimitExceededException")
    with pytest.raises(xray.exceptions.RuleLimitExceededException):
        xray.create_sampling_rule(SamplingRule=rule("r25"))


def test_update_rule_is_a_patch_but_for_the_boost(xray):
    boost = {"MaxRate": 0.5, "CooldownWindowMinutes": 10}
    given = rule(Attributes={"a": "b"}, SamplingRateBoost=boost)
    created = xray.create_sampling_rule(SamplingRule=given)["SamplingRuleRecord"]
    update = lambda **members: xray.update_sampling_rule(
        SamplingRuleUpdate=members)["SamplingRuleRecord"]["SamplingRule"]
    updated = update(RuleName="api", Priority=7, SamplingRateBoost=boost)
    assert updated == {**created["SamplingRule"], "Priority": 7}
    updated = update(RuleARN=f"{RULE_ARN}/api", Attributes={})
    assert updated["Attributes"] == {}
    assert "SamplingRateBoost" not in updated
    low = {"MaxRate": 0.0, "CooldownWindowMinutes": 1}
    assert update(RuleName="api", SamplingRateBoost=low)["SamplingRateBoost"] == low


def test_an_empty_update_is_a_modification(xray):
    created = xray.create_sampling_rule(SamplingRule=rule())["SamplingRuleRecord"]
    time.sleep(1.1)
    updated = xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "api"})
    assert updated["SamplingRuleRecord"]["ModifiedAt"] > created["ModifiedAt"]
    assert updated["SamplingRuleRecord"]["CreatedAt"] == created["CreatedAt"]


def test_update_rule_refusals(xray):
    xray.create_sampling_rule(SamplingRule=rule())
    update = lambda **members: xray.update_sampling_rule(SamplingRuleUpdate=members)
    refused(update, "Sampling rule does not exist", RuleName="nope")
    refused(update, BOTH, RuleName="api", RuleARN=f"{RULE_ARN}/api")
    refused(update, NEITHER, Priority=5)
    for members in ({"Priority": 10000}, {"Priority": 0}, {"FixedRate": 1.1}, {"ReservoirSize": -1}):
        refused(update, "Invalid update request for sampling rule", RuleName="api", Host="h", **members)
    [record, _] = xray.get_sampling_rules()["SamplingRuleRecords"]
    assert record["SamplingRule"]["Host"] == "*"
    for boost in ({}, {"MaxRate": 0.5, "CooldownWindowMinutes": 0}):
        status, code, _ = error_of(update, RuleName="api", SamplingRateBoost=boost)
        assert (status, code) == (500, "InternalFailure")


def test_delete_rule(xray):
    created = xray.create_sampling_rule(SamplingRule=rule())["SamplingRuleRecord"]
    assert xray.delete_sampling_rule(RuleName="api")["SamplingRuleRecord"] == created
    refused(xray.delete_sampling_rule, "Sampling rule does not exist", RuleName="api")
    refused(xray.delete_sampling_rule, NEITHER)


# --- Groups ---------------------------------------------------------------------

NO_INSIGHTS = {"InsightsEnabled": False, "NotificationsEnabled": False}


def test_groups(xray):
    [default] = xray.get_groups()["Groups"]
    assert default == {
        "GroupName": "Default", "GroupARN": f"arn:aws:xray:{REGION}:{ACCOUNT}:group/Default",
        "InsightsConfiguration": NO_INSIGHTS,
    }
    expression = '  service("api")  AND fault = true '
    group = xray.create_group(GroupName="g-1", FilterExpression=expression)["Group"]
    arn = rf"arn:aws:xray:{REGION}:{ACCOUNT}:group/g-1/[A-Z2-7]{{52}}"
    assert re.fullmatch(arn, group["GroupARN"])
    assert group["FilterExpression"] == expression
    assert group["InsightsConfiguration"] == NO_INSIGHTS
    assert xray.get_group(GroupName="g-1")["Group"] == group
    assert xray.get_group(GroupARN=group["GroupARN"])["Group"] == group
    assert xray.get_groups()["Groups"] == [default, group]
    assert "Group" not in xray.delete_group(GroupName="g-1")
    again = xray.create_group(GroupName="g-1", FilterExpression=expression)["Group"]
    assert again["GroupARN"] != group["GroupARN"]


def test_group_refusals(xray):
    create = xray.create_group
    create(GroupName="g", FilterExpression="fault = true")
    refused(create, "g already exists", GroupName="g", FilterExpression="fault = true")
    refused(create, "Default already exists", GroupName="Default", FilterExpression="fault = true")
    refused(create, "Filter Expression is empty", GroupName="h")
    refused(create, "Filter Expression is empty", GroupName="h", FilterExpression="  ")
    status, code, message = error_of(create, GroupName="h", FilterExpression='service("x')
    assert (status, code) == (400, "InvalidRequestException")
    assert message.startswith("Invalid filter expression: ")
    long = "x" * 33
    invalid(create, violation("groupName", long, at_most(32)), GroupName=long)
    refused(xray.get_groups, "Next Token not supported", NextToken="x")
    invalid(xray.get_groups, violation("nextToken", "", at_least(1)), NextToken="")
    arn = xray.get_group(GroupName="g")["Group"]["GroupARN"]
    for call in (xray.get_group, xray.delete_group, xray.update_group):
        refused(call, "Group not found", GroupName="G")
        refused(call, "Group not found", GroupARN=f"arn:aws:xray:{REGION}:{ACCOUNT}:group/g")
        for selector in ({"GroupName": "g", "GroupARN": arn}, {}):
            assert error_of(call, **selector)[:2] == (400, "InvalidRequestException")


def test_update_group(xray):
    xray.create_group(GroupName="g", FilterExpression="fault = true")
    insights = {"InsightsEnabled": True, "NotificationsEnabled": True}
    refused(xray.update_group, "Filter Expression is empty",
            GroupName="g", InsightsConfiguration=insights)
    group = xray.update_group(
        GroupName="g", FilterExpression="error = true", InsightsConfiguration=insights)["Group"]
    assert (group["FilterExpression"], group["InsightsConfiguration"]) == ("error = true", insights)
    only = {"InsightsEnabled": False, "NotificationsEnabled": True}
    assert error_of(xray.update_group, GroupName="g", FilterExpression="error = true",
                    InsightsConfiguration=only)[1] == "InvalidRequestException"


def test_default_group(xray):
    assert error_of(xray.delete_group, GroupName="Default")[1] == "InvalidRequestException"
    assert error_of(xray.update_group, GroupName="Default", FilterExpression="fault = true"
                    )[1] == "InvalidRequestException"


def test_twenty_sixth_group(xray):
    for number in range(25):
        xray.create_group(GroupName=f"g{number}", FilterExpression="fault = true")
    status, code, _ = error_of(
        xray.create_group, GroupName="g25", FilterExpression="fault = true")
    assert (status, code) == (400, "InvalidRequestException")


# --- Tags ------------------------------------------------------------------------


def tags_of(xray, arn):
    return {t["Key"]: t["Value"] for t in xray.list_tags_for_resource(ResourceARN=arn)["Tags"]}


def test_tags(xray):
    arn = f"{RULE_ARN}/api"
    xray.create_sampling_rule(SamplingRule=rule(), Tags=[{"Key": "a", "Value": "1"}])
    xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}])
    xray.tag_resource(ResourceARN=arn, Tags=[])
    assert tags_of(xray, arn) == {"a": "", "b": "2"}
    xray.untag_resource(ResourceARN=arn, TagKeys=["a", "never"])
    assert tags_of(xray, arn) == {"b": "2"}
    group = xray.create_group(
        GroupName="g", FilterExpression="fault = true", Tags=[{"Key": "g", "Value": "1"}])["Group"]
    assert tags_of(xray, group["GroupARN"]) == {"g": "1"}
    xray.delete_sampling_rule(RuleName="api")
    xray.create_sampling_rule(SamplingRule=rule())
    assert tags_of(xray, arn) == {}


def test_tag_refusals(xray):
    arn = f"{RULE_ARN}/api"
    xray.create_sampling_rule(SamplingRule=rule())
    tag = lambda *pairs: xray.tag_resource(
        ResourceARN=arn, Tags=[{"Key": key, "Value": value} for key, value in pairs])
    with pytest.raises(ClientError, match="not allowed to mutate system tags"):
        tag(("aws:x", "1"))
    fifty_one = [(f"k{n}", "v") for n in range(51)]
    with pytest.raises(ClientError, match="must not have more than 50 user tags") as caught:
        tag(*fifty_one)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
    tag(*fifty_one[:50])
    with pytest.raises(ClientError) as caught:
        tag(("x", "1"), ("x", "2"))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert caught.value.response["Error"]["Code"] == "InternalFailure"
    invalid(xray.tag_resource, violation("tags.1.member.key", "k" * 129, at_most(128)),
            ResourceARN=arn, Tags=[{"Key": "k" * 129, "Value": "v"}])
    invalid(xray.tag_resource, violation("tags", None, "Member must not be null"), ResourceARN=arn)
    invalid(xray.untag_resource, violation("tagKeys.1.member", "", at_least(1)),
            ResourceARN=arn, TagKeys=[""])


def test_tags_of_nothing(xray):
    arn = f"{RULE_ARN}/nope"
    expected = (404, "ResourceNotFoundException", f"Resource {arn} not found")
    assert error_of(xray.tag_resource, ResourceARN=arn, Tags=[]) == expected
    assert error_of(xray.untag_resource, ResourceARN=arn, TagKeys=["a"]) == expected
    with pytest.raises(xray.exceptions.ResourceNotFoundException) as caught:
        xray.list_tags_for_resource(ResourceARN=arn)
    assert caught.value.response["ResourceName"] == arn


# --- Encryption -------------------------------------------------------------------


def test_encryption(xray, kms):
    get = lambda: xray.get_encryption_config()["EncryptionConfig"]
    put = lambda **members: xray.put_encryption_config(**members)["EncryptionConfig"]
    assert get() == {"Status": "ACTIVE", "Type": "NONE"}
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/traces", TargetKeyId=key["KeyId"])
    alias_arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/traces"
    for reference in ("alias/traces", alias_arn, key["KeyId"], key["Arn"]):
        config = put(Type="KMS", KeyId=reference)
        assert config == {"KeyId": key["Arn"], "Status": "UPDATING", "Type": "KMS"}
    config = settled(get, lambda config: config["Status"] == "ACTIVE")
    assert config == {"KeyId": key["Arn"], "Status": "ACTIVE", "Type": "KMS"}
    assert put(Type="NONE") == {"Status": "UPDATING", "Type": "NONE"}
    settled(get, lambda config: config == {"Status": "ACTIVE", "Type": "NONE"})
    managed = put(Type="KMS", KeyId="alias/aws/xray")["KeyId"]
    assert kms.describe_key(KeyId=managed)["KeyMetadata"]["KeyManager"] == "AWS"


def test_encryption_refusals(xray, kms):
    put = xray.put_encryption_config
    enum = "Member must satisfy enum value set: [NONE, KMS]"
    invalid(put, violation("type", "AES", enum), Type="AES")
    invalid(put, violation("type", None, "Member must not be null"))
    disabled = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=disabled)
    pending = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=pending, PendingWindowInDays=7)
    rsa = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    for reference in (disabled, pending, rsa, "alias/none", "nonsense"):
        status, code, _ = error_of(put, Type="KMS", KeyId=reference)
        assert (status, code) == (400, "InvalidRequestException")
    assert error_of(put, Type="KMS")[1] == "InvalidRequestException"


# --- Resource policies --------------------------------------------------------------


def policy(action="xray:PutTraceSegments", principal=None, effect="Allow"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": effect, "Principal": principal or {"Service": "sns.amazonaws.com"},
        "Action": action, "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }]}, indent=2)


def test_resource_policies(xray):
    put = lambda **members: xray.put_resource_policy(PolicyName="sns", **members)["ResourcePolicy"]
    first = put(PolicyDocument=policy(["xray:PutTraceSegments"]), PolicyRevisionId="0")
    assert first["PolicyRevisionId"] == "1"
    assert json.loads(first["PolicyDocument"]) == json.loads(policy())
    assert put(PolicyDocument=policy())["PolicyRevisionId"] == "2"
    assert put(PolicyDocument=policy(), PolicyRevisionId="2")["PolicyRevisionId"] == "3"
    text = "Another concurrent request has modified the resource policy sns"
    stale = (400, "InvalidPolicyRevisionIdException", text)
    for revision in ("0", "2", "x"):
        assert error_of(put, PolicyDocument=policy(), PolicyRevisionId=revision) == stale
    [listed] = xray.list_resource_policies()["ResourcePolicies"]
    assert (listed["PolicyName"], listed["PolicyRevisionId"]) == ("sns", "3")
    delete = xray.delete_resource_policy
    assert error_of(delete, PolicyName="sns", PolicyRevisionId="1") == stale
    delete(PolicyName="sns", PolicyRevisionId="3")
    refused(delete, "Resource policy does not exist: sns", PolicyName="sns")
    assert error_of(delete, PolicyName="sns", PolicyRevisionId="3") == stale


def test_resource_policy_refusals(xray):
    put = xray.put_resource_policy
    for document in ("", "{", "[]", "{}", '{"Statement": []}'):
        status, code, _ = error_of(put, PolicyName="p", PolicyDocument=document)
        assert (status, code) == (400, "MalformedPolicyDocumentException")
    pattern = r"Member must satisfy regular expression pattern: [\w+=,.@-]+"
    invalid(put, violation("policyName", "a b", pattern), PolicyName="a b", PolicyDocument=policy())
    code = error_of(put, PolicyName="p", PolicyDocument=policy() + " " * 5120)[1]
    assert code == "PolicySizeLimitExceededException"
    for number in range(5):
        put(PolicyName=f"p{number}", PolicyDocument=policy())
    code = error_of(put, PolicyName="p5", PolicyDocument=policy())[1]
    assert code == "PolicyCountLimitExceededException"
    refused(xray.list_resource_policies, "NextToken is currently not supported", NextToken="x")


def test_resource_policy_lockout(xray):
    document = json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Principal": "*", "Action": "xray:*", "Resource": "*"}})
    code = error_of(xray.put_resource_policy, PolicyName="p", PolicyDocument=document)[1]
    assert code == "LockoutPreventionException"
    xray.put_resource_policy(
        PolicyName="p", PolicyDocument=document, BypassPolicyLockoutCheck=True)


# --- Destination and indexing ---------------------------------------------------------


def spans_policy(**changes):
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group"
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": "TransactionSearch", "Effect": "Allow",
        "Principal": {"Service": "xray.amazonaws.com"}, "Action": "logs:PutLogEvents",
        "Resource": [f"{arn}:aws/spans:*", f"{arn}:/aws/application-signals/data:*"],
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:aws:xray:{REGION}:{ACCOUNT}:*"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        }, **changes,
    }]})


def test_destination(xray, logs):
    get = lambda: {k: v for k, v in xray.get_trace_segment_destination().items()
                   if k != "ResponseMetadata"}
    update = lambda destination: xray.update_trace_segment_destination(Destination=destination)
    assert get() == {"Destination": "XRay", "Status": "ACTIVE"}
    denied = (403, "AccessDeniedException",
              "XRay does not have permission to call PutLogEvents on the aws/spans Log Group. "
              "Please verify that your CloudWatch Logs Resource Policies are configured correctly")
    assert error_of(update, destination="CloudWatchLogs") == denied
    condition = {"StringEquals": {"aws:SourceAccount": "210987654321"}}
    logs.put_resource_policy(
        policyName="spans", policyDocument=spans_policy(Condition=condition))
    assert error_of(update, destination="CloudWatchLogs") == denied
    logs.put_resource_policy(policyName="spans", policyDocument=spans_policy())
    assert update("CloudWatchLogs")["Status"] == "PENDING"
    settled(get, lambda now: now == {"Destination": "CloudWatchLogs", "Status": "ACTIVE"})
    assert update("XRay")["Destination"] == "XRay"
    settled(get, lambda now: now == {"Destination": "XRay", "Status": "ACTIVE"})
    enum = "Member must satisfy enum value set: [XRay, CloudWatchLogs]"
    invalid(update, violation("destination", "S3", enum), destination="S3")


def test_destination_changes_once_at_a_time(xray, logs):
    logs.put_resource_policy(policyName="spans", policyDocument=spans_policy())
    text = "Updates are not allowed while the current status is PENDING"
    for _ in range(20):  # A busy machine may be too late for the pending state.
        for destination in ("CloudWatchLogs", "XRay"):
            try:
                xray.update_trace_segment_destination(Destination=destination)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "InvalidRequestException"
                assert error.response["Error"]["Message"] == text
                return
        time.sleep(0.3)
    raise AssertionError("no update was refused")


def test_indexing(xray):
    [default] = xray.get_indexing_rules()["IndexingRules"]
    assert default["Name"] == "Default"
    assert default["Rule"]["Probabilistic"]["DesiredSamplingPercentage"] == 1.0
    update = lambda name, percentage: xray.update_indexing_rule(
        Name=name, Rule={"Probabilistic": {"DesiredSamplingPercentage": percentage}})
    updated = update("Default", 12.5)["IndexingRule"]
    assert updated["Rule"]["Probabilistic"]["DesiredSamplingPercentage"] == 12.5
    assert xray.get_indexing_rules()["IndexingRules"] == [updated]
    for percentage in (-1.0, 100.5):
        code = error_of(update, name="Default", percentage=percentage)[1]
        assert code == "InvalidRequestException"
    status, code, _ = error_of(update, name="mine", percentage=1.0)
    assert (status, code) == (404, "ResourceNotFoundException")


# --- Regions, neighbours, durability ------------------------------------------------------


def test_regions_are_apart(collector, xray):
    other = collector.client("xray", region="us-west-2")
    xray.create_sampling_rule(SamplingRule=rule())
    assert len(other.get_sampling_rules()["SamplingRuleRecords"]) == 1
    unsigned = collector.client("xray", signature_version=UNSIGNED)
    [default] = unsigned.get_sampling_rules()["SamplingRuleRecords"]
    assert ":us-east-1:" in default["SamplingRule"]["RuleARN"]


def test_neighbours(collector, kms):
    caller = collector.client("sts").get_caller_identity()
    assert caller["Account"] == ACCOUNT
    assert caller["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/local"
    key = kms.create_key(Tags=[{"TagKey": "k", "TagValue": "v"}])["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "k", "TagValue": "v"}]
    code = error_of(collector.client("dynamodb").list_tables)[1]
    assert code == "NotImplemented"


def test_what_was_acknowledged_survives_kill(state):
    first = Collector(state)
    xray, kms = first.client("xray"), first.client("kms")
    acknowledged = []

    def create(number):
        try:
            key = kms.create_key(Description=str(number))["KeyMetadata"]["KeyId"]
            xray.create_group(GroupName=f"g{number}", FilterExpression="fault = true")
            acknowledged.append((f"g{number}", key))
        except Exception:
            pass  # The server is killed in the middle of it.

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for number in range(25):
            pool.submit(create, number)
        deadline = time.monotonic() + 20
        while len(acknowledged) < 5 and time.monotonic() < deadline:
            time.sleep(0.005)
        first.stop(signal.SIGKILL)
    assert len(acknowledged) >= 5
    second = Collector(state)
    groups = {group["GroupName"] for group in second.client("xray").get_groups()["Groups"]}
    pages = second.client("kms").get_paginator("list_keys").paginate()
    keys = {key["KeyId"] for page in pages for key in page["Keys"]}
    assert {name for name, _ in acknowledged} <= groups
    assert {key for _, key in acknowledged} <= keys
    assert second.stop() == 0
    assert not (state / "endpoint").exists()


def test_two_collectors_on_one_folder(collector, state):
    with pytest.raises(AssertionError, match=f"already served at {collector.url}"):
        Collector(state)


def test_a_corrupt_state_file_is_named(state):
    first = Collector(state)
    first.client("xray").create_sampling_rule(SamplingRule=rule())
    first.stop()
    [file] = state.rglob("xray.json")
    file.write_text(file.read_text()[:-20])
    with pytest.raises(AssertionError, match=re.escape(str(file))):
        Collector(state)


# --- The command line -------------------------------------------------------------------------


def run(*arguments):
    binary = os.environ["LOCAL_COLLECTOR_BIN"]
    return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=20)


def test_command_line(collector, tmp_path):
    assert run("--help").returncode == 0
    assert run("--version").returncode == 0
    for arguments in (["--nonsense"], ["--aws-listen", "nowhere"]):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error:")
    port = collector.url.removeprefix("http://")
    done = run("--state", str(tmp_path / "other"), "--aws-listen", port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: listen on {port}: ")
    done = run("--state", str(tmp_path / "other"), "--account", "12")
    assert (done.returncode, done.stderr) == (1, "error: account `12` is not twelve digits\n")


def test_ready_line_and_signals(tmp_path):
    state = tmp_path / "s"
    collector = Collector(state, "--account", "210987654321", "--region", "ap-south-1")
    expected = f"AWS API listening on {collector.url} " \
        f"(account 210987654321, region ap-south-1, state {state})"
    assert collector.line == expected
    assert (state / "endpoint").read_text() == collector.url
    sts = collector.client("sts").get_caller_identity()
    assert sts["Account"] == "210987654321"
    arn = collector.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert arn.startswith(f"arn:aws:kms:{REGION}:210987654321:key/")
    assert collector.stop(signal.SIGINT) == 0


# --- The AWS CLI ---------------------------------------------------------------------------------


def aws(collector, *arguments):
    beside = Path(sys.executable).with_name("aws")
    command = str(beside) if beside.exists() else shutil.which("aws")
    if not command:
        pytest.skip("the AWS CLI is not installed")
    environment = {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"),
        "AWS_ACCESS_KEY_ID": "AKIDLOCAL", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [command, *arguments, "--endpoint-url", collector.url, "--output", "json"],
        capture_output=True, text=True, env=environment, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_aws_cli(collector):
    status, output, errors = aws(
        collector, "xray", "create-sampling-rule", "--sampling-rule", json.dumps(rule("cli")))
    assert status == 0, errors
    status, output, errors = aws(collector, "xray", "get-sampling-rules")
    assert status == 0, errors
    names = [r["SamplingRule"]["RuleName"] for r in json.loads(output)["SamplingRuleRecords"]]
    assert names == ["cli", "Default"]
    status, output, errors = aws(collector, "xray", "delete-sampling-rule", "--rule-name", "none")
    assert status != 0
    assert "InvalidRequestException" in errors and "Sampling rule does not exist" in errors
    status, output, errors = aws(collector, "sts", "get-caller-identity")
    assert status == 0, errors
    assert json.loads(output)["Account"] == ACCOUNT
