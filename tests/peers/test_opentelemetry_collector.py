"""The OpenTelemetry Collector as the one who sends to us, and to whom we send."""

import json
import re

import pytest
from conftest import attributes, eventually
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from peer import free_address
from test_otlp import SPANS, post, request_of, send
from test_xray import DOCUMENT, datagrams

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
# A span with all that a span can have.
FULL = {
    "traceId": TRACE,
    "spanId": "00f067aa0ba902b7",
    "parentSpanId": "00f067aa0ba902b6",
    "traceState": "vendor=1",
    "flags": 257,
    "name": "GET /größe",
    "kind": 3,
    "startTimeUnixNano": "1790000000000000001",
    "endTimeUnixNano": "1790000000100000002",
    "attributes": [
        {"key": "http.route", "value": {"stringValue": "/größe"}},
        {"key": "rows", "value": {"intValue": "-3"}},
        {"key": "share", "value": {"doubleValue": 0.25}},
        {"key": "cached", "value": {"boolValue": True}},
        {"key": "tags", "value": {"arrayValue": {"values": [{"stringValue": "a"}]}}},
    ],
    "droppedAttributesCount": 1,
    "events": [
        {
            "timeUnixNano": "1790000000000000009",
            "name": "exception",
            "attributes": [{"key": "exception.type", "value": {"stringValue": "IOError"}}],
        }
    ],
    "links": [{"traceId": TRACE[::-1], "spanId": "1111111111111111"}],
    "status": {"code": 2, "message": "no such size"},
}


def into(otelcol):
    """The OpenTelemetry SDK's exporter to a Collector."""
    return GrpcSpans(endpoint=f"http://{otelcol.addresses['OTLP over gRPC']}", insecure=True)


def forward(collector, protocol, **settings):
    """The Collector's exporter to ours."""
    if protocol == "grpc":
        endpoint = collector.addresses["OTLP over gRPC"]
        return {"otlp_grpc": {"endpoint": endpoint, "tls": {"insecure": True}, **settings}}
    endpoint = f"http://{collector.addresses['OTLP over HTTP']}"
    return {"otlp_http": {"endpoint": endpoint, **settings}}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_it_forwards_to_us(collector, otelcol, protocol, compression):
    forwarding = otelcol(forward(collector, protocol, compression=compression))
    send(into(forwarding))
    spans = collector.spans(SPANS)
    (root,) = [span for span in spans if not span.get("parentSpanId")]
    assert (root["name"], root["service"]) == ("GET /orders", "orders")
    rows = {int(attributes(span)["rows"]) for span in spans if span is not root}
    assert rows == set(range(SPANS - 1))
    forwarding.stop()
    receiver = f"otlp/{protocol}"
    assert collector.count("collector_received", receiver=receiver, signal="spans") == SPANS
    assert collector.count("collector_refused") == collector.count("collector_dropped") == 0
    assert "\terror\t" not in forwarding.said()


def test_it_forwards_json_to_us(collector, otelcol):
    forwarding = otelcol(forward(collector, "http", encoding="json"))
    send(into(forwarding))
    collector.spans(SPANS)
    assert collector.count("collector_received", receiver="otlp/http", signal="spans") == SPANS


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_it_sends_again_what_we_had_no_room_for(start, otelcol, protocol):
    """Back-pressure in the protocol's own words, which the Collector obeys."""
    small = """
pipeline = ["memory-limiter"]
[collector.processors.memory-limiter]
type = "memory-limiter"
limit_mib = 1
"""
    # Ten requests of 600 KB at a time have no room in 1 MiB.
    collector = start(small)
    settings = {
        "compression": "none",
        "sending_queue": {"num_consumers": 10},
        "retry_on_failure": {"initial_interval": "20ms", "max_interval": "100ms"},
    }
    forwarding = otelcol(forward(collector, protocol, **settings), processors=())
    for number in range(20):
        attribute = {"key": "large", "value": {"stringValue": "x" * 600_000}}
        span = {**FULL, "spanId": f"{number + 1:016x}", "attributes": [attribute]}
        assert post(forwarding, request_of(span)) == (200, {"partialSuccess": {}})
    received = lambda: collector.count("collector_received", signal="spans")
    eventually(received, 20)
    forwarding.stop()
    assert received() == 20
    assert collector.count("collector_refused", reason="NoRoom") > 0
    assert "no more retries" not in forwarding.said()


def exporter(protocol, addresses, rest=""):
    """Our exporter to a Collector."""
    address = addresses["OTLP over gRPC" if protocol == "grpc" else "OTLP over HTTP"]
    return f"""
[collector.exporters.peer]
type = "otlp-{protocol}"
endpoint = "http://{address}"
{rest}
"""


SEEN = {"debug": {"verbosity": "detailed"}}


def count(otelcol):
    """How many spans a Collector wrote down."""
    return len(re.findall(r"^Span #\d+$", otelcol.said(), re.M))


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_it_takes_what_we_send(start, otelcol, protocol, compression):
    taking = otelcol(SEEN)
    rest = f'compression = "{compression}"'
    collector = start(exporter(protocol, taking.addresses, rest))
    send(HttpSpans(endpoint=f"http://{collector.addresses['OTLP over HTTP']}/v1/traces"))
    eventually(lambda: count(taking), SPANS)
    collector.stop()
    taking.stop()
    said = taking.said()
    assert count(taking) == SPANS
    assert set(map(int, re.findall(r"-> rows: Int\((\d+)\)", said))) == set(range(SPANS - 1))
    assert "service.name: Str(orders)" in said


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_span_arrives_there_as_it_came(start, otelcol, protocol):
    """What the Collector writes of a span is the same, straight or by us."""
    straight = otelcol(SEEN)
    assert post(straight, request_of(FULL)) == (200, {"partialSuccess": {}})
    eventually(lambda: count(straight), 1)
    taking = otelcol(SEEN)
    collector = start(exporter(protocol, taking.addresses))
    assert post(collector, request_of(FULL)) == (200, {})
    eventually(lambda: count(taking), 1)
    for one in (collector, straight, taking):
        one.stop()
    assert span_in(taking) == span_in(straight)
    assert "GET /größe" in span_in(taking) and "no such size" in span_in(taking)


def span_in(otelcol):
    """What a Collector wrote of its one span."""
    (found,) = re.findall(r"ResourceSpans #0\n.*?(?=^\t\{)", otelcol.said(), re.M | re.S)
    return found


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_segment_arrives_there_as_a_span(start, otelcol, protocol):
    taking = otelcol(SEEN)
    collector = start(exporter(protocol, taking.addresses))
    header = b'{"format": "json", "version": 1}\n'
    fault = {**DOCUMENT, "fault": True, "annotations": {"tenant": "acme"}}
    datagrams(collector, header + json.dumps(fault).encode())
    eventually(lambda: count(taking), 1)
    assert re.search(r"Trace ID +: 6ab13b804bf92f3577b34da6a3ce929d\n", taking.said())
    assert re.search(r"ID +: 00f067aa0ba902b7\n", taking.said())
    assert re.search(r"Status code +: Error\n", taking.said())
    assert "acme" in taking.said()


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_nothing_is_lost_while_it_is_away(start, otelcol, protocol):
    at = {"OTLP over gRPC": free_address(), "OTLP over HTTP": free_address()}
    collector = start(exporter(protocol, at, "retry = { initial_ms = 50, max_ms = 200 }"))
    send(HttpSpans(endpoint=f"http://{collector.addresses['OTLP over HTTP']}/v1/traces"))
    retries = lambda: collector.count("collector_retries", exporter="peer")
    eventually(retries, lambda found: found > 2)
    assert collector.count("collector_sent", exporter="peer") == 0
    taking = otelcol(SEEN, at=at)
    eventually(lambda: collector.count("collector_sent", exporter="peer"), SPANS)
    assert collector.count("collector_dropped") == 0
    collector.stop()
    taking.stop()
    assert count(taking) == SPANS


def test_its_xray_exporter_sends_to_our_api(collector, otelcol):
    exporting = otelcol(
        {
            "awsxray": {
                "endpoint": f"http://{collector.addresses['AWS API']}",
                "region": "us-east-1",
                "local_mode": True,
            }
        },
        binary="otelcol-awsxray",
    )
    send(into(exporting))
    spans = collector.spans(SPANS)
    (root,) = [span for span in spans if not span["parentSpanId"]]
    assert root["name"] == "GET /orders"
    assert {span["parentSpanId"] for span in spans if span is not root} == {root["spanId"]}
    received = collector.count("collector_received", receiver="xray/api", signal="segments")
    assert received == SPANS
    assert collector.count("collector_refused") == 0
