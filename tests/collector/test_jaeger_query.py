"""Traces of unchanged SDKs, asked for as Jaeger's pages, Grafana and scripts ask."""

import datetime
import subprocess
import time

import grpc
import pytest
from aws_xray_sdk.core import AWSXRayRecorder
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from conftest import eventually
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from query import ask, call, spans

WEEK = datetime.timedelta(days=7)


def send(collector):
    """A request that passes through two services; gives its trace's id."""

    def tracer(service):
        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        endpoint = f"http://{collector.addresses['OTLP over HTTP']}/v1/traces"
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint)))
        return provider.get_tracer("test")

    shop, bank = tracer("shop"), tracer("bank")
    with shop.start_as_current_span("GET /cart", kind=SpanKind.SERVER) as root:
        root.set_attribute("tenant", "acme")
        with shop.start_as_current_span("POST", kind=SpanKind.CLIENT) as calling:
            context = set_span_in_context(calling)
            with bank.start_as_current_span("pay", context, kind=SpanKind.SERVER) as paying:
                paying.add_event("declined", {"reason": "no money"})
                paying.set_status(Status(StatusCode.ERROR, "declined"))
                time.sleep(0.02)
    return f"{root.get_span_context().trace_id:032x}"


def window():
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "query.startTimeMin": (now - WEEK).isoformat(),
        "query.startTimeMax": (now + WEEK).isoformat(),
    }


def test_version_3(collector):
    trace = send(collector)
    address = collector.addresses["Jaeger's queries"]
    assert ask(address, "/api/v3/services") == (200, {"services": ["bank", "shop"]})
    operations = [{"name": "GET /cart", "spanKind": "server"}, {"name": "POST", "spanKind": "client"}]
    assert ask(address, "/api/v3/operations", service="shop") == (200, {"operations": operations})
    status, found = ask(address, f"/api/v3/traces/{trace}")
    assert (status, len(spans(found))) == (200, 3)
    wanted = {**window(), "query.serviceName": "bank", "query.attributes": '{"error":"true"}'}
    status, found = ask(address, "/api/v3/traces", **wanted)
    assert status == 200 and {span["traceId"] for span in spans(found)} == {trace}
    status, found = ask(address, "/api/v3/traces", **{**wanted, "query.durationMin": "10s"})
    assert (status, found["error"]["httpCode"]) == (404, 404)
    status, found = ask(address, "/api/v3/trace-summaries", **wanted)
    (summary,) = found["summaries"]
    assert (summary["spanCount"], summary["errorSpanCount"]) == (3, 1)
    assert summary["rootServiceName"] == "shop"


def test_what_grafana_and_the_older_pages_ask(collector):
    trace = send(collector)
    address = collector.addresses["Jaeger's queries"]

    def data(path, **parameters):
        status, answer = ask(address, path, **parameters)
        assert (status, answer["errors"]) == (200, None)
        return answer["data"]

    assert data("/api/services") == ["bank", "shop"]
    assert data("/api/services/bank/operations") == ["pay"]
    now = int(time.time() * 1e6)
    at = {"start": now - 3_600_000_000, "end": now + 3_600_000_000, "limit": 20, "lookback": "custom"}
    (found,) = data("/api/traces", service="shop", operation="GET /cart", tags='{"tenant":"acme"}', **at)
    assert found["traceID"] == trace
    services = {found["processes"][span["processID"]]["serviceName"] for span in found["spans"]}
    assert services == {"shop", "bank"}
    (same,) = data(f"/api/traces/{trace}")
    assert same == found
    assert data("/api/traces", service="shop", tags='{"tenant":"other"}', **at) == []
    links = data("/api/dependencies", endTs=now // 1000 + 1000, lookback=3_600_000)
    assert {"parent": "shop", "child": "bank", "callCount": 1} in links


def test_segments_of_the_xray_sdk(collector):
    recorder = AWSXRayRecorder()
    emitter = UDPEmitter(daemon_address=collector.addresses["X-Ray over UDP"])
    recorder.configure(service="orders", sampling=False, emitter=emitter, context_missing="LOG_ERROR")
    with recorder.in_segment("orders") as segment:
        segment.put_annotation("tenant", "acme")
        with recorder.in_subsegment("stock", namespace="remote"):
            pass
    address = collector.addresses["Jaeger's queries"]
    path = f"/api/v3/traces/{segment.trace_id}"
    eventually(lambda: ask(address, path)[0], 200)
    _, found = ask(address, path)
    assert {span["name"] for span in spans(found)} == {"orders", "stock"}
    # The id that other tools show is that of W3C.
    same = segment.trace_id[2:].replace("-", "")
    assert ask(address, f"/api/v3/traces/{same}") == (200, found)
    assert ask(address, "/api/services")[1]["data"] == ["orders"]
    tags = ask(address, "/api/traces", service="orders", tags="tenant=acme")[1]["data"]
    assert [one["traceID"] for one in tags] == [same]


def test_over_grpc(collector):
    trace = send(collector)
    address = collector.addresses["Jaeger's queries over gRPC"]
    assert call(address, "GetServices")[0].services == ["bank", "shop"]
    (operations,) = call(address, "GetOperations", service="shop", span_kind="client")
    assert [(one.name, one.span_kind) for one in operations.operations] == [("POST", "client")]
    (found,) = call(address, "GetTrace", trace_id=trace)
    assert sum(len(s.spans) for r in found.resource_spans for s in r.scope_spans) == 3
    now = datetime.datetime.now(datetime.timezone.utc)
    query = {
        "service_name": "shop",
        "attributes": [{"key": "tenant", "value": "acme"}],
        "start_time_min": now - WEEK,
        "start_time_max": now + WEEK,
        "search_depth": 5,
    }
    assert call(address, "FindTraces", query=query) == [found]
    (links,) = call(address, "GetDependencies", start_time=now - WEEK, end_time=now + WEEK)
    assert ("shop", "bank", 1) in [(o.parent, o.child, o.call_count) for o in links.dependencies]
    with pytest.raises(grpc.RpcError) as error:
        call(address, "GetTrace", trace_id="77")
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_curl(collector):
    send(collector)
    address = collector.addresses["Jaeger's queries"]
    url = f"{address}/api/services"
    ran = subprocess.run(["curl", "-s", url], capture_output=True, text=True, timeout=20)
    assert ran.stdout == '{"data":["bank","shop"],"total":2,"limit":0,"offset":0,"errors":null}'
    for header in ["Host: evil.example", "Origin: http://evil.example"]:
        command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", header, url]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=20)
        assert ran.stdout == "403"


def test_without_a_store_nobody_is_answered(start):
    collector = start("[collector.store]\nenabled = false\n")
    assert "Jaeger's queries" not in collector.addresses
    address = collector.addresses["Zipkin"]
    assert ask(address, "/api/v2/services")[0] == 404
    collector.stop()
