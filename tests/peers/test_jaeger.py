"""Jaeger, to which we send OTLP."""

import json
import urllib.request

import pytest
from conftest import eventually
from jaeger import jaeger_of
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from test_otlp import SPANS, send
from test_opentelemetry_collector import exporter


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_traces_are_found_there(start, peer, tmp_path, protocol):
    jaeger = jaeger_of(peer, tmp_path)
    collector = start(exporter(protocol, jaeger.addresses))
    send(OTLPSpanExporter(f"http://{collector.addresses['OTLP over HTTP']}/v1/traces"))
    eventually(lambda: collector.count("collector_sent", exporter="peer"), SPANS)

    query = jaeger.addresses["Jaeger's queries"]

    def ask(path):
        with urllib.request.urlopen(f"http://{query}{path}") as answer:
            return json.loads(answer.read())

    assert ask("/api/v3/services") == {"services": ["orders"]}
    operations = ask("/api/v3/operations?service=orders")["operations"]
    assert {one["name"] for one in operations} == {"GET /orders", "SELECT"}
    collector.stop()
    jaeger.stop()
