"""The OpenTelemetry SDK for Python, unchanged, over gRPC and HTTP, and what no SDK
would send."""

import gzip
import json
import urllib.error
import urllib.request

import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (
    OTLPMetricExporter as GrpcMetrics,
)
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SPANS = 700


def send(exporter):
    """Sends spans as an application does."""
    provider = TracerProvider(resource=Resource.create({"service.name": "orders"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("GET /orders") as root:
        root.set_attribute("http.request.method", "GET")
        for index in range(SPANS - 1):
            with tracer.start_as_current_span("SELECT") as span:
                span.set_attribute("rows", index)
                span.add_event("fetched", {"größe": 1.5})
    assert provider.force_flush()
    provider.shutdown()


def test_spans_over_grpc(collector):
    send(GrpcSpans(endpoint=f"http://{collector.addresses['OTLP over gRPC']}", insecure=True))
    assert collector.count("collector_received", receiver="otlp/grpc", signal="spans") == SPANS
    assert collector.count("collector_refused") == 0


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_spans_over_http(collector, compression):
    endpoint = f"http://{collector.addresses['OTLP over HTTP']}/v1/traces"
    send(HttpSpans(endpoint=endpoint, compression=compression))
    assert collector.count("collector_received", receiver="otlp/http", signal="spans") == SPANS
    assert collector.count("collector_refused") == 0


def test_metrics_are_counted_and_let_go(collector):
    endpoint = f"http://{collector.addresses['OTLP over gRPC']}"
    reader = PeriodicExportingMetricReader(GrpcMetrics(endpoint=endpoint, insecure=True))
    provider = MeterProvider(metric_readers=[reader])
    provider.get_meter("test").create_counter("orders").add(3)
    provider.shutdown()
    assert collector.count("collector_received", signal="metric_points") == 1


def post(collector, body, **headers):
    """Posts to the OTLP receiver; gives status and answer."""
    request = urllib.request.Request(
        f"http://{collector.addresses['OTLP over HTTP']}/v1/traces",
        data=body,
        headers={"Content-Type": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def request_of(*spans):
    """A request in JSON."""
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}).encode()


GOOD = {
    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
    "spanId": "00f067aa0ba902b7",
    "name": "GET",
    "startTimeUnixNano": "1790000000000000000",
    "endTimeUnixNano": "1790000000100000000",
}


def test_json_and_spans_without_ids(collector):
    assert post(collector, request_of(GOOD)) == (200, {})
    without = {**GOOD, "traceId": "0" * 32}
    status, answer = post(collector, request_of(GOOD, without, GOOD))
    assert status == 200 and answer["partialSuccess"]["rejectedSpans"] == "1"
    assert collector.count("collector_received", signal="spans") == 3
    assert collector.count("collector_refused", reason="BadTraceId") == 1


def test_what_is_no_otlp_is_refused_with_a_reason(collector):
    status, answer = post(collector, b'{"resourceSpans": 3}')
    assert status == 400 and "no OTLP" in answer["message"]
    status, answer = post(collector, b"\x0a\xff", **{"Content-Type": "text/plain"})
    assert status == 415 and "application/x-protobuf" in answer["message"]
    status, answer = post(collector, b"not gzip", **{"Content-Encoding": "gzip"})
    assert status == 400
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    status, answer = post(collector, bomb, **{"Content-Encoding": "gzip"})
    assert status == 413 and "larger" in answer["message"]
    assert collector.count("collector_refused", reason="TooLarge") == 1
    assert collector.count("collector_refused", reason="BadEncoding") == 1
    assert json.loads(collector.get("health", "/health"))["status"] == "ready"
