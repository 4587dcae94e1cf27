"""SDKs and exporters for Node.js, unchanged: X-Ray's over UDP, OpenTelemetry's over
gRPC, HTTP and Zipkin's JSON, Jaeger's client over UDP and HTTP."""

from collections import Counter

import pytest
from conftest import attributes
from node_clients import node

SPANS = 700


def check(spans):
    """Looks at what became of the spans of an application; gives the root."""
    selected = len(spans) - 2
    names = Counter(span["name"] for span in spans)
    assert names == {"GET /orders": 1, "SELECT": selected, "INSERT": 1}
    assert {span["service"] for span in spans} == {"orders"}
    assert len({span["traceId"] for span in spans}) == 1
    (root,) = [span for span in spans if span["name"] == "GET /orders"]
    parents = {span.get("parentSpanId") for span in spans if span is not root}
    assert parents == {root["spanId"]}
    selects = [span for span in spans if span["name"] == "SELECT"]
    assert {int(attributes(span)["rows"]) for span in selects} == set(range(selected))
    assert all(span["events"][0]["name"] == "fetched" for span in selects)
    (failed,) = [span for span in spans if span["name"] == "INSERT"]
    assert failed["status"]["code"] == 2
    return root


@pytest.mark.parametrize(
    "exporter, receiver, what, path",
    [
        ("grpc", "otlp/grpc", "OTLP over gRPC", ""),
        ("proto", "otlp/http", "OTLP over HTTP", "/v1/traces"),
        ("http", "otlp/http", "OTLP over HTTP", "/v1/traces"),
        ("zipkin", "zipkin", "Zipkin", "/api/v2/spans"),
    ],
)
def test_opentelemetry(collector, exporter, receiver, what, path):
    node("otlp.cjs", exporter, f"http://{collector.addresses[what]}{path}", SPANS)
    root = check(collector.spans(SPANS))
    assert attributes(root)["http.request.method"] == "GET"
    assert collector.count("collector_received", receiver=receiver, signal="spans") == SPANS
    assert collector.count("collector_refused") == 0


@pytest.mark.parametrize(
    "protocol, receiver, what",
    [
        ("udp", "jaeger/binary", "Jaeger's binary Thrift"),
        ("http", "jaeger/http", "Jaeger over HTTP"),
    ],
)
def test_jaeger(collector, protocol, receiver, what):
    # They go in one batch: of what is beyond, the client loses some as it closes.
    count = 150
    node("jaeger.cjs", protocol, collector.at(what)[1], count)
    root = check(collector.spans(count))
    assert attributes(root)["http.method"] == "GET"
    assert collector.count("collector_received", receiver=receiver, signal="spans") == count
    assert collector.count("collector_refused") == 0


def test_xray(collector):
    subsegments = 150
    node("xray.cjs", collector.addresses["X-Ray over UDP"], subsegments)
    spans = collector.spans(1 + subsegments)
    names = ["orders", "failing", *(f"query {index}" for index in range(subsegments - 1))]
    assert sorted(span["name"] for span in spans) == sorted(names)
    (root,) = [span for span in spans if span["name"] == "orders"]
    parents = {span.get("parentSpanId") for span in spans if span is not root}
    assert parents == {root["spanId"]}
    assert attributes(root)["tenant"] == "acme"
    (failed,) = [span for span in spans if span["name"] == "failing"]
    assert failed["status"]["code"] == 2
    assert attributes(failed["events"][0])["exception.message"] == "no such table"
    assert collector.count("collector_received", receiver="xray/udp", signal="segments") == 1
    assert collector.count("collector_refused") == 0
