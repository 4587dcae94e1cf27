"""Jaeger, to which we send OTLP."""

import json
import urllib.request

import pytest
from conftest import eventually
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from peer import free_address
from test_otlp import SPANS, send
from test_opentelemetry_collector import exporter


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_traces_are_found_there(start, peer, tmp_path, protocol):
    addresses = {"OTLP over gRPC": free_address(), "OTLP over HTTP": free_address()}
    query = free_address()
    configuration = {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {
                "traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}
            },
            "telemetry": {"metrics": {"level": "none"}},
        },
        "extensions": {
            "jaeger_storage": {"backends": {"store": {"memory": {"max_traces": 1000}}}},
            "jaeger_query": {
                "enable_tracing": False,
                "storage": {"traces": "store"},
                "http": {"endpoint": query},
                "grpc": {"endpoint": free_address()},
            },
        },
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": addresses["OTLP over gRPC"]},
                    "http": {"endpoint": addresses["OTLP over HTTP"]},
                }
            }
        },
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "store"}},
    }
    path = tmp_path / "jaeger.yaml"
    path.write_text(json.dumps(configuration), encoding="utf-8")
    jaeger = peer("jaeger", "--config", str(path), ready="Everything is ready")
    collector = start(exporter(protocol, addresses))
    send(OTLPSpanExporter(f"http://{collector.addresses['OTLP over HTTP']}/v1/traces"))
    eventually(lambda: collector.count("collector_sent", exporter="peer"), SPANS)

    def ask(path):
        with urllib.request.urlopen(f"http://{query}{path}") as answer:
            return json.loads(answer.read())

    assert ask("/api/v3/services") == {"services": ["orders"]}
    operations = ask("/api/v3/operations?service=orders")["operations"]
    assert {one["name"] for one in operations} == {"GET /orders", "SELECT"}
    collector.stop()
    jaeger.stop()
