"""What the people of the systems ask, in the words in which they ask it, of traces that
real SDKs sent."""

import json
import subprocess
import time

from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.recorder import AWSXRayRecorder
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, set_span_in_context
from shared import eventually, node

AWS = ["aws", "xray", "--output", "json"]


def ask(api, operation, *arguments):
    """Runs a query of the AWS CLI over the last ten minutes."""
    now = int(time.time())
    window = ["--start-time", str(now - 600), "--end-time", str(now + 5)]
    return api.run([*AWS, operation, "--endpoint-url", api.url, *window, *arguments])


def matching(api, expression):
    found = ask(api, "get-trace-summaries", "--filter-expression", expression)
    return {one["Id"] for one in found["TraceSummaries"]}


# --- afirgen: the X-Ray SDK for Python over UDP -----------------------------------------------


def afirgen(recorder, endpoint, service="afirgen-main-backend", took=0.5, status=200, model=None):
    """A request of the back end, as its middleware records it; gives its trace."""
    segment = recorder.begin_segment(service)
    segment.start_time = time.time() - took
    segment.put_annotation("endpoint", endpoint)
    segment.put_http_meta("method", "POST")
    segment.put_http_meta("url", f"http://afirgen.example.com{endpoint}")
    with recorder.in_subsegment("afirgen-model-server", namespace="remote") as call:
        if model:
            call.put_annotation("model_name", model)
    with recorder.in_subsegment("afirgen@mysql", namespace="remote") as call:
        call.set_sql({"url": "mysql://db/afirgen", "database_type": "MySQL"})
    segment.put_http_meta("status", status)
    if status >= 500:
        segment.add_exception(ValueError("no such model"), [])
    recorder.end_segment()
    return segment.trace_id


def test_afirgen(another):
    collector, api = another()
    recorder = AWSXRayRecorder()
    emitter = UDPEmitter(daemon_address=collector.addresses["X-Ray over UDP"])
    recorder.configure(sampling=False, emitter=emitter, context_missing="LOG_ERROR")
    plain = afirgen(recorder, "/health")
    modelled = afirgen(recorder, "/process", model="summariser")
    slow = afirgen(recorder, "/process", took=6.5, model="classifier")
    wrong = afirgen(recorder, "/upload", status=404)
    broken = afirgen(recorder, "/upload", status=500)
    other = afirgen(recorder, "/ocr", service="afirgen-asr-ocr", took=7, status=400)
    everything = {plain, modelled, slow, wrong, broken, other}
    eventually(lambda: matching(api, "responsetime >= 0"), everything)
    assert matching(api, 'service("afirgen-main-backend") AND responsetime > 5') == {slow}
    assert matching(api, 'service("afirgen-main-backend") AND error = true') == {wrong}
    assert matching(api, 'annotation.model_name = "summariser"') == {modelled}
    assert matching(api, 'annotation.endpoint = "/process"') == {modelled, slow}
    # Its service map.
    services = ask(api, "get-service-graph")["Services"]
    nodes = {(one["Name"], one.get("Type")) for one in services}
    assert nodes >= {
        ("afirgen-main-backend", "client"), ("afirgen-main-backend", None),
        ("afirgen-model-server", "remote"), ("afirgen@mysql", "Database::SQL"),
    }


def test_the_sdk_for_node(another):
    collector, api = another()
    node("xray.cjs", collector.addresses["X-Ray over UDP"], 20)
    found = eventually(lambda: matching(api, 'annotation.tenant = "acme"'), bool)
    assert len(found) == 1
    assert matching(api, 'service("orders")') == found
    assert matching(api, 'service("query 3") { ok }') == found
    assert matching(api, "fault") == set()
    services = ask(api, "get-service-graph")["Services"]
    assert {one["Name"] for one in services} == {"orders", *(f"query {n}" for n in range(19))}


# --- order-processing: OpenTelemetry over OTLP ------------------------------------------------


class Function:
    """A Lambda function with the instrumentation layer."""

    def __init__(self, name, exporter):
        resource = Resource.create({
            "service.name": name, "cloud.provider": "aws", "cloud.platform": "aws_lambda",
            "faas.name": name, "cloud.region": "eu-west-1",
        })
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        self.tracer = provider.get_tracer("layer")
        self.name = name

    def invoked(self, parent=None):
        context = set_span_in_context(parent) if parent else None
        return self.tracer.start_as_current_span(self.name, context=context, kind=SpanKind.SERVER)

    def calls(self, service, operation, **attributes):
        """A call of AWS, as the instrumentation of its SDK records it."""
        return self.tracer.start_as_current_span(
            f"{service}.{operation}", kind=SpanKind.CLIENT,
            attributes={
                "rpc.system": "aws-api", "rpc.service": service, "rpc.method": operation,
                "aws.service": service, "aws.operation": operation, "aws.region": "eu-west-1",
                **attributes,
            },
        )


def test_order_processing(another):
    collector, api = another()
    http = HttpSpans(endpoint=f"http://{collector.addresses['OTLP over HTTP']}/v1/traces")
    grpc = GrpcSpans(endpoint=f"http://{collector.addresses['OTLP over gRPC']}", insecure=True)
    order = Function("order-handler", http)
    consumer = Function("inventory-consumer", grpc)
    with order.invoked():
        with order.calls("DynamoDB", "PutItem", **{"aws.dynamodb.table_names": ["orders"]}):
            pass
        with order.calls("EventBridge", "PutEvents") as event:
            with consumer.invoked(event):
                pass
    found = eventually(lambda: ask(api, "get-trace-summaries")["TraceSummaries"], bool)
    [summary] = eventually(
        lambda: ask(api, "get-trace-summaries")["TraceSummaries"],
        lambda found: len(found[0]["ServiceIds"]) >= 4,
    )
    assert len(found) == 1
    assert summary["EntryPoint"]["Name"] == "order-handler"
    assert not summary["HasFault"] and not summary["IsPartial"]
    services = ask(api, "get-service-graph")["Services"]
    by_reference = {one["ReferenceId"]: one["Name"] for one in services}
    edges = {
        (one["Name"], by_reference[edge["ReferenceId"]])
        for one in services
        for edge in one["Edges"]
    }
    assert edges >= {
        ("order-handler", "order-handler"), ("order-handler", "orders"),
        ("order-handler", "inventory-consumer"),
    }


def test_opentelemetry_for_node(another):
    collector, api = another()
    node("otlp.cjs", "proto", f"http://{collector.addresses['OTLP over HTTP']}/v1/traces", 30)
    [summary] = eventually(lambda: ask(api, "get-trace-summaries")["TraceSummaries"], bool)
    assert summary["EntryPoint"]["Name"] == "GET /orders"
    assert matching(api, "service() { fault }") == set()


# --- ananta: curl ---------------------------------------------------------------------------


def curl(address, words):
    """Runs a command of curl for a port of ananta's; the port is that of the test."""
    what = words.split("/")[0]
    command = ["curl", "--silent", "--show-error", "--fail", "--connect-to", f"{what}:{address}"]
    ran = subprocess.run([*command, words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_ananta(another):
    prometheus = '[collector.exporters.prometheus]\ntype = "prometheus"\nlisten = "127.0.0.1:0"\n'
    collector, api = another(prometheus)
    exporter = HttpSpans(endpoint=f"http://{collector.addresses['OTLP over HTTP']}/v1/traces")
    with Function("tenant-management-service", exporter).invoked():
        pass
    found = lambda: matching(api, 'service("tenant-management-service")')
    eventually(found, bool)
    at = collector.addresses
    health = json.loads(curl(at["health"], "localhost:13133/health"))
    assert health["status"] == "ready"
    assert "tenant-management-service" in curl(at["zPages"], "localhost:55679/debug/tracez")
    metrics = lambda: curl(at["Prometheus"], "localhost:8889/metrics")
    eventually(metrics, lambda text: "tenant-management-service" in text)
    services = json.loads(curl(at["Jaeger's queries"], "localhost:16686/api/services"))
    assert services["data"] == ["tenant-management-service"]
