"""Jaeger's and Zipkin's exporters for the OpenTelemetry SDK for Python, unchanged:
compact Thrift over UDP, Thrift over HTTP, JSON of both versions, protobuf."""

import os
import pathlib
import subprocess
from collections import Counter

import pytest
from conftest import ROOT, attributes

PYTHON = ROOT / os.environ.get("OLDER_PYTHON", "target/older-env/bin/python")
SPANS = 700


@pytest.mark.parametrize(
    "exporter, receiver, what",
    [
        ("jaeger-compact", "jaeger/compact", "Jaeger's compact Thrift"),
        ("jaeger-http", "jaeger/http", "Jaeger over HTTP"),
        ("zipkin-v1", "zipkin", "Zipkin"),
        ("zipkin-v2", "zipkin", "Zipkin"),
        ("zipkin-proto", "zipkin", "Zipkin"),
    ],
)
def test_exporters(collector, exporter, receiver, what):
    script = pathlib.Path(__file__).parent / "older.py"
    port = str(collector.at(what)[1])
    command = [PYTHON, "-W", "ignore", script, exporter, port, str(SPANS)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    spans = collector.spans(SPANS)
    names = Counter(span["name"] for span in spans)
    assert names == {"GET /orders": 1, "SELECT": SPANS - 1}
    assert {span["service"] for span in spans} == {"orders"}
    (root,) = [span for span in spans if span["name"] == "GET /orders"]
    assert attributes(root)["http.method"] == "GET"
    selects = [span for span in spans if span is not root]
    assert {span["parentSpanId"] for span in selects} == {root["spanId"]}
    assert {int(attributes(span)["rows"]) for span in selects} == set(range(SPANS - 1))
    assert {len(span["events"]) for span in selects} == {1}
    assert collector.count("collector_received", receiver=receiver, signal="spans") == SPANS
    assert collector.count("collector_refused") == 0
