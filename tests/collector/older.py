"""Sends spans with exporters of an older OpenTelemetry SDK, as an application does:
older.py EXPORTER PORT SPANS. Run by test_older.py, in an environment of its own."""

import sys

from opentelemetry.exporter.jaeger.thrift import JaegerExporter
from opentelemetry.exporter.zipkin.encoder import Protocol
from opentelemetry.exporter.zipkin.json import ZipkinExporter as ZipkinJson
from opentelemetry.exporter.zipkin.proto.http import ZipkinExporter as ZipkinProto
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def exporter(name, port):
    """An exporter that sends to a port of this machine."""
    base = f"http://127.0.0.1:{port}"
    if name == "jaeger-compact":
        return JaegerExporter(
            agent_host_name="127.0.0.1", agent_port=port, udp_split_oversized_batches=True
        )
    if name == "jaeger-http":
        return JaegerExporter(collector_endpoint=f"{base}/api/traces?format=jaeger.thrift")
    if name == "zipkin-v1":
        # It fails without a greatest length.
        return ZipkinJson(Protocol.V1, f"{base}/api/v1/spans", max_tag_value_length=1000)
    if name == "zipkin-v2":
        return ZipkinJson(Protocol.V2, f"{base}/api/v2/spans")
    return ZipkinProto(f"{base}/api/v2/spans")


provider = TracerProvider(resource=Resource.create({"service.name": "orders"}))
provider.add_span_processor(BatchSpanProcessor(exporter(sys.argv[1], int(sys.argv[2]))))
tracer = provider.get_tracer("test")
with tracer.start_as_current_span("GET /orders") as root:
    root.set_attribute("http.method", "GET")
    for index in range(int(sys.argv[3]) - 1):
        with tracer.start_as_current_span("SELECT") as span:
            span.set_attribute("rows", index)
            span.add_event("fetched", {"größe": 1.5})
provider.shutdown()
