"""Exporters of the built collector: X-Ray's into the embedded AWS of another one, a
destination that is dead for a while, and the page for Prometheus as its own tool
reads it."""

import http.server
import json
import os
import subprocess
import threading

from conftest import FILE, ROOT, attributes, eventually
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from test_otlp import SPANS, post, request_of, send

PROMTOOL = os.environ.get("PROMTOOL", ROOT / "target/promtool/usr/bin/promtool")
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


def exporting(collector):
    """The OpenTelemetry SDK's exporter to a collector."""
    return OTLPSpanExporter(f"http://{collector.addresses['OTLP over HTTP']}/v1/traces")


def test_xray_into_the_embedded_aws(start):
    aws = start(FILE, name="aws")
    exporter = f"""
[collector.exporters.xray]
type = "xray"
region = "eu-west-1"
endpoint = "http://{aws.addresses["AWS API"]}"
"""
    sender = start(exporter, name="sender", environment=CREDENTIALS)
    send(exporting(sender))
    spans = aws.spans(SPANS)
    (root,) = [span for span in spans if span["name"] == "GET /orders"]
    others = [span for span in spans if span is not root]
    assert {span["name"] for span in others} == {"SELECT"}
    assert {span["traceId"] for span in others} == {root["traceId"]}
    assert {span["parentSpanId"] for span in others} == {root["spanId"]}
    assert attributes(root)["http.method"] == "GET"
    metadata = [json.loads(attributes(span)["aws.xray.metadata.default"]) for span in others]
    assert {one["rows"] for one in metadata} == set(range(SPANS - 1))
    assert aws.count("collector_received", receiver="xray/api", signal="segments") == SPANS
    assert aws.count("collector_refused") == 0
    eventually(lambda: sender.count("collector_sent", exporter="xray"), SPANS)
    assert sender.count("collector_dropped") == sender.count("collector_retries") == 0
    for collector in (sender, aws):
        collector.stop()


class Sink(http.server.BaseHTTPRequestHandler):
    """Takes OTLP over HTTP."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.server.taken.extend(span.span_id for span in scope.spans)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def large(number):
    """Ten spans of 2 KB each; tells them by their ids."""
    return [
        {
            "traceId": f"{number + 1:032x}",
            "spanId": f"{number * 10 + index + 1:016x}",
            "name": "x" * 2000,
            "startTimeUnixNano": "1790000000000000000",
            "endTimeUnixNano": "1790000000100000000",
        }
        for index in range(10)
    ]


def test_a_destination_that_is_dead_for_a_while(start):
    # Bound and not listening: whoever connects is refused.
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink, bind_and_activate=False)
    server.server_bind()
    server.taken = []
    collector = start(f"""
pipeline = ["memory-limiter", "small"]
[collector.processors.small]
type = "batch"
size = 10
{FILE}
[collector.exporters.backend]
type = "otlp-http"
endpoint = "http://127.0.0.1:{server.server_address[1]}"
queue = {{ mib = 1 }}
retry = {{ initial_ms = 50, max_ms = 200 }}
""")
    requests = 120
    for number in range(requests):
        assert post(collector, request_of(*large(number))) == (200, {})
    # The store and the other exporter have them all; the queue is full, and no more.
    collector.spans(requests * 10)
    backend = {"exporter": "backend"}
    eventually(lambda: collector.count("collector_retries", **backend), lambda found: found > 5)
    assert 900_000 < collector.value("collector_queued_bytes", **backend) <= 1024 * 1024
    full = lambda: collector.count("collector_dropped", component="backend", reason="QueueFull")
    lost = eventually(full, lambda found: found > 0)
    assert collector.count("collector_sent", **backend) == 0
    assert collector.health()[0] == 200
    assert "queue is full" in collector.said() and "onnection refused" in collector.said()

    server.server_activate()
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    kept = requests * 10 - lost
    eventually(lambda: collector.count("collector_sent", **backend), kept)
    assert (len(server.taken), len(set(server.taken))) == (kept, kept)
    assert full() == lost == collector.count("collector_dropped")
    assert collector.value("collector_queued_bytes", **backend) == 0
    collector.stop()
    server.shutdown()
    server.server_close()


def test_promtool_reads_the_page_for_prometheus(start):
    page = '[collector.exporters.prometheus]\ntype = "prometheus"\nlisten = "127.0.0.1:0"\n'
    collector = start(page + FILE)
    send(exporting(collector))
    collector.spans(SPANS)
    calls = 'traces_requests_total{service="orders",operation="SELECT",kind="internal"} 699'
    read = lambda: collector.get("Prometheus", "/metrics")
    metrics = eventually(read, lambda metrics: calls in metrics)
    command = [PROMTOOL, "check", "metrics"]
    checked = subprocess.run(command, input=metrics, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, ""), metrics
    collector.stop()
