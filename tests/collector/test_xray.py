"""The AWS X-Ray SDK for Python, unchanged, over UDP; X-Ray's API with boto3; and
what no SDK would send."""

import json
import socket
import time

import boto3
import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter

DOCUMENT = {
    "trace_id": "1-6ab13b80-4bf92f3577b34da6a3ce929d",
    "id": "00f067aa0ba902b7",
    "name": "orders",
    "start_time": 1790000000.125,
    "end_time": 1790000000.25,
}


def eventually(read, wanted):
    """Waits until what is read is what is wanted: datagrams are not answered."""
    for _ in range(100):
        found = read()
        if found == wanted:
            return
        time.sleep(0.05)
    assert found == wanted


def datagrams(collector, *payloads):
    """Sends datagrams to the X-Ray daemon's port."""
    host, port = collector.addresses["X-Ray over UDP"].split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload in payloads:
            sender.sendto(payload, (host, int(port)))


def segments(collector):
    """How many segments came by UDP."""
    return collector.count("collector_received", receiver="xray/udp", signal="segments")


def test_the_sdk_for_python(collector):
    emitter = UDPEmitter(daemon_address=collector.addresses["X-Ray over UDP"])
    xray_recorder.configure(service="orders", sampling=False, emitter=emitter)
    with xray_recorder.in_segment("orders") as segment:
        segment.put_annotation("tenant", "acme")
        for index in range(80):
            with xray_recorder.in_subsegment(f"query {index}", namespace="remote") as part:
                part.put_metadata("index", index)
    # It sends subsegments by themselves once there are many.
    eventually(lambda: segments(collector) > 1, True)
    assert collector.count("collector_refused") == 0


def test_what_is_no_segment_is_refused_with_a_reason(collector):
    header = b'{"format": "json", "version": 1}\n'
    good = header + json.dumps(DOCUMENT).encode()
    no_id = header + json.dumps({**DOCUMENT, "trace_id": "1-0-0"}).encode()
    datagrams(
        collector,
        good,
        b"nonsense",
        b'{"format": "json", "version": 9}\n{}',
        header + b"{",
        no_id,
        good,
    )
    eventually(lambda: segments(collector), 2)
    eventually(lambda: collector.count("collector_refused", component="xray/udp"), 4)
    assert collector.count("collector_refused", reason="UnknownVersion") == 1
    assert collector.count("collector_refused", reason="BadHeader") == 1


@pytest.mark.parametrize("port", ["AWS API", "X-Ray over TCP"])
def test_put_trace_segments_reaches_the_collector(collector, port):
    xray = boto3.client(
        "xray",
        endpoint_url=f"http://{collector.addresses[port]}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    bad = json.dumps({**DOCUMENT, "id": "zz"})
    answer = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(DOCUMENT), bad])
    assert [one["ErrorCode"] for one in answer["UnprocessedTraceSegments"]] == ["InvalidId"]
    assert collector.count("collector_received", receiver="xray/api", signal="segments") == 1
