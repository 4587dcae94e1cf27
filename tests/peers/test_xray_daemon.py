"""The AWS X-Ray daemon with our X-Ray API for an AWS."""

import json
import re
import socket
import sqlite3

import boto3
import botocore
import pytest
from aws_xray_sdk.core import AWSXRayRecorder
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from conftest import attributes, eventually
from peer import free_address

HEADER = b'{"format": "json", "version": 1}\n'


@pytest.fixture
def daemon(peer, collector, tmp_path):
    """The daemon, which forwards to `collector`."""
    path = tmp_path / "daemon.yaml"
    path.write_text(
        f"Version: 2\nEndpoint: http://{collector.addresses['AWS API']}\n", encoding="utf-8"
    )
    udp, tcp = free_address(socket.SOCK_DGRAM), free_address()
    command = ["xray", "-c", str(path), "-o", "-n", "us-east-1", "-b", udp, "-t", tcp]
    running = peer(*command, "-l", "info", ready="Starting proxy http server")
    running.udp, running.tcp = udp, tcp
    return running


def received(collector):
    """How many segments came in by X-Ray's API."""
    return collector.count("collector_received", receiver="xray/api", signal="segments")


def document(number, **fields):
    """A segment."""
    return {
        "trace_id": f"1-6ab13b80-{number:024x}",
        "id": f"{number:016x}",
        "name": f"orders {number}",
        "start_time": 1790000000.125,
        "end_time": 1790000000.25,
        **fields,
    }


def send(daemon, *documents):
    """Sends segments as an SDK does."""
    host, port = daemon.udp.split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for one in documents:
            sender.sendto(HEADER + json.dumps(one).encode(), (host, int(port)))


def test_segments_of_the_sdk_come_through(daemon, collector):
    recorder = AWSXRayRecorder()
    emitter = UDPEmitter(daemon_address=daemon.udp)
    recorder.configure(service="orders", sampling=False, emitter=emitter)
    # Once there are many, the SDK sends subsegments by themselves.
    with recorder.in_segment("orders") as segment:
        segment.put_annotation("tenant", "acme")
        for index in range(80):
            with recorder.in_subsegment(f"query {index}", namespace="remote") as part:
                part.put_metadata("index", index)
    spans = collector.spans(81)
    (root,) = [span for span in spans if span["name"] == "orders"]
    assert attributes(root)["tenant"] == "acme"
    others = [span for span in spans if span is not root]
    assert {span["name"] for span in others} == {f"query {index}" for index in range(80)}
    assert {span["traceId"] for span in spans} == {root["traceId"]}
    assert {span["parentSpanId"] for span in others} == {root["spanId"]}
    # What the daemon says that it sent is what we say that we took, and keep.
    daemon.stop()
    sent = re.findall(r"Successfully sent batch of (\d+) segments", daemon.said())
    assert received(collector) == sum(map(int, sent)) > 1
    assert collector.count("collector_refused") == collector.count("collector_dropped") == 0
    assert "[Error]" not in daemon.said()
    database = sqlite3.connect(collector.folder / "state" / "traces.sqlite")
    kept = lambda: database.execute("SELECT coalesce(sum(spans), 0) FROM blocks").fetchone()[0]
    eventually(kept, 81)


def test_batches_come_through_whole(daemon, collector):
    # More at once do not fit into the buffer of its socket.
    for first in range(0, 500, 100):
        send(daemon, *(document(first + number + 1) for number in range(100)))
        eventually(lambda: received(collector), first + 100)
    spans = collector.spans(500)
    assert {span["name"] for span in spans} == {f"orders {number + 1}" for number in range(500)}
    assert collector.count("collector_refused") == 0


def test_the_daemon_hears_which_segment_was_refused(daemon, collector):
    send(daemon, document(1), document(2, id="zz"), document(3))
    eventually(lambda: received(collector), 2)
    eventually(lambda: "had 1 Unprocessed segments" in daemon.said(), True)
    assert collector.count("collector_refused", component="xray/api", reason="InvalidSegment") == 1


def test_an_sdk_reads_sampling_rules_through_the_daemon(daemon, collector):
    # SDKs ask the daemon unsigned; it signs and passes on.
    unsigned = botocore.config.Config(signature_version=botocore.UNSIGNED)
    through = boto3.client(
        "xray", endpoint_url=f"http://{daemon.tcp}", region_name="us-east-1", config=unsigned
    )
    direct = boto3.client(
        "xray",
        endpoint_url=f"http://{collector.addresses['AWS API']}",
        region_name="us-east-1",
        config=unsigned,
    )
    direct.create_sampling_rule(
        SamplingRule={
            "RuleName": "orders",
            "ResourceARN": "*",
            "Priority": 7,
            "FixedRate": 0.5,
            "ReservoirSize": 3,
            "ServiceName": "orders",
            "ServiceType": "*",
            "Host": "*",
            "HTTPMethod": "*",
            "URLPath": "*",
            "Version": 1,
        }
    )
    rules = through.get_sampling_rules()["SamplingRuleRecords"]
    names = [record["SamplingRule"]["RuleName"] for record in rules]
    assert sorted(names) == ["Default", "orders"]
    assert "[Error]" not in daemon.said()
