"""Traces asked for as Zipkin's pages, Grafana and scripts ask Zipkin."""

import json
import time
import urllib.request

from query import ask
from test_jaeger_query import send

NOW = int(time.time() * 1000)


def test_traces_of_the_opentelemetry_sdk(collector):
    trace = send(collector)
    address = collector.addresses["Zipkin"]

    def found(path, **parameters):
        status, answer = ask(address, f"/api/v2/{path}", **parameters)
        assert status == 200, answer
        return answer

    assert found("services") == ["bank", "shop"]
    assert found("spans", serviceName="shop") == ["GET /cart", "POST"]
    spans = found(f"trace/{trace}")
    assert {span["localEndpoint"]["serviceName"] for span in spans} == {"shop", "bank"}
    assert found("traces", serviceName="bank", annotationQuery="error and declined") == [spans]
    assert found("traces", serviceName="shop", annotationQuery="tenant=acme") == [spans]
    assert found("traces", serviceName="shop", annotationQuery="tenant=other") == []
    assert found("traces", serviceName="bank", minDuration=10_000) == [spans]
    assert found("traces", serviceName="bank", minDuration=60_000_000) == []
    assert found("traceMany", traceIds=f"{trace},77") == [spans]
    links = found("dependencies", endTs=NOW + 3_600_000, lookback=7_200_000)
    assert links == [{"parent": "shop", "child": "bank", "callCount": 1, "errorCount": 1}]
    assert "tenant" in found("autocompleteKeys")
    assert found("autocompleteValues", key="tenant") == ["acme"]


def test_spans_of_zipkins_own_come_back(collector):
    span = {
        "traceId": "00000000000000aa",
        "id": "00000000000000ab",
        "kind": "CLIENT",
        "name": "get",
        "timestamp": NOW * 1000,
        "duration": 1500,
        "localEndpoint": {"serviceName": "front"},
        "remoteEndpoint": {"serviceName": "back"},
        "tags": {"http.path": "/api"},
    }
    address = collector.addresses["Zipkin"]
    request = urllib.request.Request(
        f"http://{address}/api/v2/spans",
        data=json.dumps([span]).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 202
    status, (back,) = ask(address, "/api/v2/trace/aa")
    assert status == 200
    assert back["traceId"] == span["traceId"].zfill(32)
    for key in ["id", "kind", "name", "timestamp", "duration", "localEndpoint", "remoteEndpoint"]:
        assert back[key] == span[key], key
    assert back["tags"]["http.path"] == "/api"
    assert ask(address, "/api/v2/remoteServices", serviceName="front") == (200, ["back"])
    links = ask(address, "/api/v2/dependencies", endTs=NOW + 3_600_000)
    assert links == (200, [{"parent": "front", "child": "back", "callCount": 1}])


def test_errors(collector):
    address = collector.addresses["Zipkin"]
    assert ask(address, "/api/v2/trace/77") == (404, "77 not found")
    for path, why in [
        ("trace/xyz", "lower-hex"),
        ("traces?limit=0", "limit <= 0"),
        ("traces?maxDuration=5", "only valid with minDuration"),
        ("traceMany", "traceIds parameter is empty"),
        ("spans", "serviceName"),
    ]:
        status, answer = ask(address, f"/api/v2/{path}")
        assert status == 400 and why in answer, (path, answer)
