"""Spans as segments: what our exporter for X-Ray makes of them is what the Collector's
`awsxray` exporter makes of them, field by field."""

import http.server
import json
import re
import threading
import time

import pytest
from conftest import eventually
from peer import CREDENTIALS
from test_otlp import post

# The Collector sends no trace whose id says that it is older than 28 days.
START = int(time.time()) - 60


class Api(http.server.BaseHTTPRequestHandler):
    """Takes segments as X-Ray's API does."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for document in body.get("TraceSegmentDocuments", []):
            segment = json.loads(document)
            self.server.segments[segment["id"]] = segment
        answer = b'{"UnprocessedTraceSegments": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def api():
    """Starts X-Ray APIs, which keep what they took by its id."""
    started = []

    def start():
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        server.segments = {}
        server.address = "http://127.0.0.1:{}".format(server.server_address[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def value(of):
    """A value of an attribute in OTLP's JSON."""
    if isinstance(of, bool):
        return {"boolValue": of}
    if isinstance(of, int):
        return {"intValue": str(of)}
    if isinstance(of, float):
        return {"doubleValue": of}
    if isinstance(of, list):
        return {"arrayValue": {"values": [value(one) for one in of]}}
    return {"stringValue": of}


def pairs(of):
    """Attributes in OTLP's JSON."""
    return [{"key": key, "value": value(one)} for key, one in of.items()]


SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL = 2, 3, 4, 5, 1
ECS = {
    "service.name": "orders",
    "service.version": "1.2.3",
    "cloud.provider": "aws",
    "cloud.platform": "aws_ecs",
    "cloud.account.id": "123456789012",
    "cloud.availability_zone": "us-east-1a",
    "aws.ecs.launchtype": "fargate",
    "aws.ecs.task.arn": "arn:aws:ecs:us-east-1:123456789012:task/t",
    "aws.ecs.task.family": "orders",
    "aws.ecs.cluster.arn": "arn:aws:ecs:us-east-1:123456789012:cluster/c",
    "aws.ecs.container.arn": "arn:aws:ecs:us-east-1:123456789012:container/x",
    "aws.log.group.names": ["/ecs/orders"],
    "container.name": "orders",
    "container.id": "0123456789ab",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.version": "1.45.2",
    "team": "shop",
}
EC2 = {
    "service.name": "orders",
    "cloud.provider": "aws",
    "cloud.platform": "aws_ec2",
    "host.id": "i-0123456789abcdef0",
    "host.type": "m7g.large",
    "host.image.id": "ami-1",
    "cloud.availability_zone": "us-east-1a",
}
EKS = {
    "service.name": "orders",
    "cloud.provider": "aws",
    "cloud.platform": "aws_eks",
    "k8s.cluster.name": "c",
    "k8s.pod.name": "orders-1",
    "container.id": "0123456789ab",
}
STACK = (
    "Traceback (most recent call last):\n"
    '  File "/app/orders.py", line 12, in fetch\n    row = one()\n'
    '  File "/app/rows.py", line 3, in one\n    raise KeyError("x")\n'
    "KeyError: 'x'\n"
)
JAVA = (
    "java.lang.IllegalStateException: bad state\n"
    "\tat shop.Orders.fetch(Orders.java:12)\n"
    "\tat shop.Main.main(Main.java:3)\n"
    "Caused by: java.lang.IllegalArgumentException: bad argument\n"
    "\tat shop.Rows.one(Rows.java:7)\n"
    "\t... 2 more\n"
)
NODE = (
    "TypeError: x is not a function\n"
    "    at fetch (/app/orders.js:12:5)\n"
    "    at /app/main.js:3:1\n"
)
DOTNET = (
    "System.FormatException: bad\n"
    "   at Shop.Orders.Fetch(String id) in /app/Orders.cs:line 12\n"
    "   at Shop.Main.Run()\n"
)
GO = (
    "*errors.errorString: bad\n"
    "goroutine 1 [running]:\n"
    "main.fetch(0x1)\n"
    "\t/app/orders.go:12 +0x1d\n"
    "main.main()\n"
    "\t/app/main.go:3 +0x25\n"
)
# By a name: resource, kind, whether it has a parent, and the rest of the span.
CASES = {
    "server": (ECS, SERVER, False, {"attributes": {
        "http.method": "GET", "http.url": "https://shop.example/orders?x=1",
        "http.status_code": 200, "http.user_agent": "curl", "http.client_ip": "203.0.113.7",
        "enduser.id": "bob", "tenant": "acme", "rows": 3, "share": 0.5, "cached": True,
        "tags": ["a", "b"]}}),
    "server-new-names": (EC2, SERVER, True, {"attributes": {
        "http.request.method": "POST", "url.scheme": "https", "server.address": "shop.example",
        "server.port": 8443, "url.path": "/orders",
        "http.response.status_code": 503, "user_agent.original": "curl",
        "client.address": "203.0.113.7", "network.peer.address": "10.0.0.1"}}),
    "throttled": (EKS, SERVER, False, {"attributes": {
        "http.method": "GET", "http.host": "shop.example", "http.target": "/a",
        "http.status_code": 429}}),
    "client-http": (ECS, CLIENT, True, {"attributes": {
        "http.method": "GET", "http.url": "http://rates.example:8080/v1", "http.status_code": 404,
        "net.peer.name": "rates.example"}}),
    "client-peer": (EC2, CLIENT, True, {"attributes": {"peer.service": "rates"}}),
    "aws-sdk": (ECS, CLIENT, True, {"attributes": {
        "rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "GetItem",
        "aws.region": "us-east-1", "aws.request_id": "r-1",
        "aws.dynamodb.table_names": ["orders"], "http.status_code": 200}}),
    "sqs": (ECS, PRODUCER, True, {"attributes": {
        "rpc.system": "aws-api", "rpc.service": "SQS", "rpc.method": "SendMessage",
        "messaging.url": "https://sqs.us-east-1.amazonaws.com/123456789012/q",
        "messaging.system": "aws_sqs"}}),
    "sql": (ECS, CLIENT, True, {"attributes": {
        "db.system": "postgresql", "db.name": "shop", "db.user": "orders",
        "db.statement": "SELECT 1", "db.connection_string": "jdbc:postgresql://db.example:5432"}}),
    "sql-new-names": (ECS, CLIENT, True, {"attributes": {
        "db.system.name": "postgresql", "db.namespace": "shop", "db.query.text": "SELECT 1",
        "server.address": "db.example"}}),
    "redis": (ECS, CLIENT, True, {"attributes": {"db.system": "redis", "db.statement": "GET x"}}),
    "consumer": (ECS, CONSUMER, True, {"attributes": {
        "messaging.system": "kafka", "messaging.destination": "orders"}}),
    "internal": (EC2, INTERNAL, True, {"attributes": {"step": "price"}}),
    "root-internal": (EC2, INTERNAL, False, {"attributes": {"step": "cron"}}),
    "exception": (ECS, INTERNAL, True, {
        "status": {"code": 2, "message": "no row"},
        "events": [{"timeUnixNano": f"{START}000000000", "name": "exception", "attributes": {
            "exception.type": "KeyError", "exception.message": "'x'",
            "exception.stacktrace": STACK}}]}),
    "error-without-event": (EC2, CLIENT, True, {"status": {"code": 2, "message": "no route"}}),
    "ok": (EC2, INTERNAL, True, {"status": {"code": 1}}),
    "links": (EC2, SERVER, False, {"links": [
        {"traceId": f"{START:08x}{7:024x}", "spanId": f"{9:016x}",
         "attributes": {"why": "batch"}}]}),
    "own-metadata": (EC2, INTERNAL, True, {"attributes": {
        "aws.xray.annotations": ["order"], "order": "o-1", "aws.xray.metadata.shop": '{"a": 1}'}}),
    "java": ({**EC2, "telemetry.sdk.language": "java", "telemetry.sdk.name": "opentelemetry"},
        SERVER, False, {"attributes": {"http.status_code": 500, "http.method": "GET"},
        "status": {"code": 2}, "events": [
        {"timeUnixNano": f"{START}000000000", "name": "exception", "attributes": {
            "exception.type": "java.lang.IllegalStateException", "exception.message": "bad state",
            "exception.stacktrace": JAVA}},
        {"timeUnixNano": f"{START}000000001", "name": "retry", "attributes": {"n": 1}}]}),
    "nodejs": ({**EC2, "telemetry.sdk.language": "javascript"}, INTERNAL, True, {
        "status": {"code": 2}, "events": [
        {"timeUnixNano": f"{START}000000000", "name": "exception", "attributes": {
            "exception.type": "TypeError", "exception.message": "x is not a function",
            "exception.stacktrace": NODE}}]}),
    "dotnet": ({**EC2, "telemetry.sdk.language": "dotnet"}, INTERNAL, True, {
        "status": {"code": 2}, "events": [
        {"timeUnixNano": f"{START}000000000", "name": "exception", "attributes": {
            "exception.type": "System.FormatException", "exception.message": "bad",
            "exception.stacktrace": DOTNET}}]}),
    "go": ({**EC2, "telemetry.sdk.language": "go"}, INTERNAL, True, {
        "status": {"code": 2}, "events": [
        {"timeUnixNano": f"{START}000000000", "name": "exception", "attributes": {
            "exception.type": "*errors.errorString", "exception.message": "bad",
            "exception.stacktrace": GO}}]}),
    "beanstalk": ({"service.name": "orders", "cloud.provider": "aws",
        "cloud.platform": "aws_elastic_beanstalk", "service.namespace": "prod",
        "service.instance.id": "23", "service.version": "v7"}, SERVER, False, {}),
    "app-runner": ({"service.name": "orders", "cloud.provider": "aws",
        "cloud.platform": "aws_app_runner"}, SERVER, False, {}),
    "elsewhere": ({"service.name": "orders", "cloud.provider": "gcp",
        "cloud.account.id": "p", "host.id": "h"}, SERVER, False, {}),
    "no-service": ({}, SERVER, False, {}),
    "log-group-arns": ({**EC2, "aws.log.group.arns": [
        "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/orders:*"]}, SERVER, False, {}),
    "local-root": (EC2, CLIENT, True, {"attributes": {
        "aws.remote.service": "rates", "aws.remote.operation": "get",
        "aws.local.service": "orders-local"}}),
    "sqs-consumer": (ECS, CONSUMER, False, {"attributes": {
        "messaging.system": "aws_sqs", "messaging.operation": "process",
        "messaging.message_id": "m-1"}}),
    "aws-failure": (ECS, CLIENT, True, {"attributes": {
        "rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": "GetObject",
        "http.status_code": 503}, "status": {"code": 2}, "events": [
        {"timeUnixNano": f"{START}000000000", "name": "HTTP request failure", "attributes": {
            "http.response.status_code": 503, "aws.http.error_message": "slow down"}}]}),
    "odd name <é> *!": (EC2, INTERNAL, True, {}),
}


def request():
    """All cases, each in a trace of its own."""
    resources = []
    for number, (name, (resource, kind, has_parent, rest)) in enumerate(CASES.items(), 1):
        span = {
            "traceId": f"{START:08x}{number:024x}",
            "spanId": f"{number:016x}",
            "parentSpanId": f"{number + 1000:016x}" if has_parent else "",
            "name": name,
            "kind": kind,
            "startTimeUnixNano": f"{START}125000000",
            "endTimeUnixNano": f"{START}250000000",
            **{field: filled(one) for field, one in rest.items()},
        }
        resource = {"attributes": pairs(resource)}
        resources.append({"resource": resource, "scopeSpans": [{"spans": [span]}]})
    return json.dumps({"resourceSpans": resources}).encode()


def filled(field):
    """A field of a span with its attributes as OTLP has them."""
    if isinstance(field, list):
        return [{**one, "attributes": pairs(one["attributes"])} for one in field]
    return field if "code" in field else pairs(field)


def flat(of, path=""):
    """The fields of a segment by their paths."""
    if isinstance(of, dict):
        return {at: one for key in of for at, one in flat(of[key], f"{path}.{key}").items()}
    if isinstance(of, list) and of:
        parts = {f"{path}[{number}]": part for number, part in enumerate(of)}
        return {at: one for key in parts for at, one in flat(parts[key], key).items()}
    return {path: of}


def test_segments_are_those_of_the_collector(api, start, otelcol):
    theirs, ours = api(), api()
    settings = {"region": "us-east-1", "local_mode": True, "indexed_attributes": ["tenant", "rows"]}
    exporting = otelcol(
        {"awsxray": {"endpoint": theirs.address, **settings}}, binary="otelcol-awsxray"
    )
    collector = start(
        f"""
[collector.exporters.xray]
type = "xray"
region = "us-east-1"
endpoint = "{ours.address}"
indexed_attributes = ["tenant", "rows"]
""",
        environment=CREDENTIALS,
    )
    for one in (exporting, collector):
        assert post(one, request())[0] == 200
    ids = {f"{number:016x}": name for number, name in enumerate(CASES, 1)}
    for one in (theirs, ours):
        eventually(lambda: set(one.segments), set(ids))
    differences = []
    for id_, name in ids.items():
        expected, found = flat(theirs.segments[id_]), flat(ours.segments[id_])
        for path, one in expected.items():
            if not is_same(path, one, found.get(path)) and not is_known(
                path, one, theirs.segments[id_]
            ):
                differences.append(f"{name}: {path} is {one!r} there, {found.get(path)!r} here")
        # What it lets go we keep, in the metadata.
        more = [path for path in found if path not in expected and not is_ours(path, name)]
        differences += [f"{name}: {path} is {found[path]!r} here alone" for path in more]
    assert not differences, "\n".join(differences)


def is_same(path, there, here):
    """Whether two values of a field mean the same."""
    # What is not said is false.
    if there is False:
        return not here
    if path in (".start_time", ".end_time"):
        return abs(there - here) < 1e-6
    # An exception's id is any, and what says which one it comes from.
    if re.fullmatch(r"\.cause\.exceptions\[\d+\]\.(id|cause)", path):
        return len(there) == len(here) == 16
    # It leaves a blank behind the names of JavaScript's functions.
    if path.endswith("].label") and there == f"{here} ":
        return True
    return there == here


def is_ours(path, name):
    """Whether we mean to say more than the Collector does."""
    # It does so too where an event describes the exception.
    is_remote = name == "error-without-event" and path == ".cause.exceptions[0].remote"
    return path.startswith(".metadata.") or is_remote


# Fields of what sends, which X-Ray has in segments. The Collector says them again in
# each subsegment.
OF_SEGMENTS = re.compile(
    r"\.(origin|service\.version|aws\.(account_id|cloudwatch_logs|ec2|ecs|eks|xray)\b.*)$"
)


def is_known(path, there, segment):
    """Whether we mean to do it otherwise."""
    if segment.get("type") == "subsegment" and OF_SEGMENTS.match(path):
        return True
    # An exception whose type is not known has none.
    return path == ".cause.exceptions[0].type" and there == ""
