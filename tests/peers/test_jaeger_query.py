"""The same traces in Jaeger and in ours: what both answer is the same."""

import datetime
import json

from conftest import eventually
from jaeger import jaeger_of
from query import ask, call
from test_otlp import post

BEGIN = 1_790_000_000_000_000_000
WINDOW = {
    "query.startTimeMin": "2026-09-21T00:00:00Z",
    "query.startTimeMax": "2026-09-22T00:00:00Z",
}
TRACE = "5759e988bd862e3fe1be46a994272793"
OTHER = "5759e988bd862e3fe1be46a994272795"


def value(of):
    """A value in OTLP's JSON."""
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    if isinstance(of, list):
        return {"arrayValue": {"values": [value(one) for one in of]}}
    return {kinds[type(of)]: str(of) if type(of) is int else of}


def attributes(**pairs):
    return [{"key": key.replace("__", "."), "value": value(one)} for key, one in pairs.items()]


def span(number, name, kind, milliseconds, parent=None, trace=TRACE, **more):
    start, end = milliseconds
    found = {
        "traceId": trace,
        "spanId": f"{number:016x}",
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(BEGIN + start * 1_000_000),
        "endTimeUnixNano": str(BEGIN + end * 1_000_000),
        **more,
    }
    return found if parent is None else {**found, "parentSpanId": f"{parent:016x}"}


REQUEST = {
    "resourceSpans": [
        {
            "resource": {"attributes": attributes(service__name="shop", host__name="h")},
            "scopeSpans": [
                {
                    "scope": {"name": "lib", "version": "1"},
                    "spans": [
                        span(
                            1,
                            "GET /größe",
                            2,
                            (0, 500),
                            traceState="a=b",
                            status={"code": 1},
                            attributes=attributes(
                                http__status=200,
                                cached=True,
                                ratio=1.5,
                                list=[1, "x"],
                                large=2**53 + 1,
                            ),
                        ),
                        span(
                            2,
                            "SELECT",
                            3,
                            (100, 200),
                            1,
                            status={"code": 2, "message": "gone"},
                            events=[
                                {
                                    "timeUnixNano": str(BEGIN + 1),
                                    "name": "exception",
                                    "attributes": attributes(exception__type="E"),
                                }
                            ],
                            links=[{"traceId": OTHER, "spanId": "0000000000000009"}],
                        ),
                    ],
                }
            ],
        },
        {
            "resource": {"attributes": attributes(service__name="bank")},
            "scopeSpans": [
                {
                    "scope": {},
                    "spans": [
                        span(3, "pay", 2, (300, 400), 1),
                        span(4, "settle", 1, (320, 350), 3),
                    ],
                }
            ],
        },
    ]
}
LATER = {
    "resourceSpans": [
        {
            "resource": {"attributes": attributes(service__name="bank")},
            "scopeSpans": [{"spans": [span(5, "plain", 0, (1300, 1400), 99, OTHER)]}],
        }
    ]
}
# What is asked of version 3, beside the window.
SEARCHES = [
    {},
    {"query.serviceName": "shop"},
    {"query.serviceName": "bank"},
    {"query.serviceName": "none"},
    {"query.serviceName": "bank", "query.operationName": "plain"},
    {"query.serviceName": "shop", "query.operationName": "plain"},
    {"query.searchDepth": "1"},
    {"query.durationMin": "450ms"},
    {"query.serviceName": "bank", "query.durationMin": "110ms"},
    {"query.durationMax": "100ms"},
    {"query.durationMax": "1us"},
    *(
        {"query.attributes": json.dumps(attributes)}
        for attributes in [
            {"error": "true"},
            {"error": "false"},
            {"error": "maybe"},
            {"span.kind": "client"},
            {"span.status": "error"},
            {"scope.name": "lib"},
            {"host.name": "h"},
            {"resource.host.name": "h"},
            {"resource.cached": "true"},
            {"cached": "true", "ratio": "1.5"},
            {"list": '[1,"x"]'},
            {"large": str(2**53 + 1)},
            {"exception.type": "E"},
            {"cached": "true", "exception.type": "E"},
        ]
    ),
]
# What is wrong: both say it with the same status.
WRONG = [
    ("/api/v3/traces/77", {}),
    ("/api/v3/traces/xyz", {}),
    ("/api/v3/traces/" + "1" * 40, {}),
    (f"/api/v3/traces/{TRACE}", {"startTime": "x"}),
    (f"/api/v3/traces/{TRACE}", {"rawTraces": "x"}),
    ("/api/v3/traces", {}),
    ("/api/v3/traces", {"query.startTimeMin": "x", "query.startTimeMax": "x"}),
    ("/api/v3/traces", {**WINDOW, "query.durationMin": "7"}),
    ("/api/v3/traces", {**WINDOW, "query.searchDepth": "x"}),
    ("/api/v3/traces", {**WINDOW, "query.attributes": "{"}),
    ("/api/v3/traces", {**WINDOW, "query.filter": "{}"}),
    ("/api/v3/nothing", {}),
    ("/api/traces/77", {}),
    ("/api/traces/xyz", {}),
    ("/api/dependencies", {"endTs": "x"}),
    ("/api/metrics/calls", {"service": "shop"}),
    ("/api/metrics/errors", {"service": "shop"}),
]


def sorted_of(answer):
    """An answer whose lists have an order of their own, without what Jaeger says of clocks:
    that it did not correct those of spans whose parent is not there."""
    if isinstance(answer, dict):
        pairs = ((key, sorted_of(one)) for key, one in answer.items() if key != "warnings")
        return {key: one for key, one in pairs if key != "attributes" or one}
    if isinstance(answer, list):
        told = [one for one in answer if not is_warning(one)]
        in_order = (sorted_of(one) for one in told)
        return sorted(in_order, key=lambda one: json.dumps(one, sort_keys=True))
    return answer


def is_warning(one):
    return isinstance(one, dict) and one.get("key") == "@jaeger@warnings"


def fill(both):
    """Sends one trace after the other: what came last is what Jaeger finds first."""
    for request, trace in [(REQUEST, TRACE), (LATER, OTHER)]:
        for one in both:
            assert post(one, json.dumps(request).encode())[0] == 200
            address = one.addresses["Jaeger's queries"]
            eventually(lambda at=address, path=trace: ask(at, f"/api/v3/traces/{path}")[0], 200)


def test_both_answer_the_same(collector, peer, tmp_path):
    jaeger = jaeger_of(peer, tmp_path)
    both = [jaeger, collector]
    http = [one.addresses["Jaeger's queries"] for one in both]
    fill(both)

    def same(path, **parameters):
        theirs, ours = (ask(address, path, **parameters) for address in http)
        assert ours[0] == theirs[0], (path, parameters, theirs, ours)
        said = json.dumps([path, parameters, theirs, ours])
        assert sorted_of(ours[1]) == sorted_of(theirs[1]), said

    same("/api/v3/services")
    for service in ["shop", "bank", "none", ""]:
        same("/api/v3/operations", service=service)
        same("/api/v3/operations", service=service, spanKind="server")
    for trace in [TRACE, OTHER, "77"]:
        same(f"/api/v3/traces/{trace}")
        same(f"/api/v3/traces/{trace}", raw_traces="true")
        same(f"/api/traces/{trace}")
    for search in SEARCHES:
        same("/api/v3/traces", **WINDOW, **search)
        same("/api/v3/trace-summaries", **WINDOW, **search)
    for back in [86_400_000, 1]:
        same("/api/dependencies", endTs=BEGIN // 1_000_000 + 60_000, lookback=back)
    for path, parameters in WRONG:
        theirs, ours = (ask(address, path, **parameters) for address in http)
        assert ours[0] == theirs[0], (path, parameters, theirs, ours)
        if isinstance(theirs[1], dict):
            assert ours[1].keys() == theirs[1].keys(), (path, theirs, ours)
    jaeger.stop()


def test_both_answer_the_same_over_grpc(collector, peer, tmp_path):
    jaeger = jaeger_of(peer, tmp_path)
    both = [jaeger, collector]
    grpc = [one.addresses["Jaeger's queries over gRPC"] for one in both]
    fill(both)

    def spans(messages):
        """Spans by trace, each with its resource, whatever their order."""
        return sorted(
            sorted(
                (one.span_id.hex(), one.name, resource.resource.attributes[0].key != "")
                for resource in message.resource_spans
                for scope in resource.scope_spans
                for one in scope.spans
            )
            for message in messages
        )

    theirs, ours = (call(address, "GetServices")[0].services for address in grpc)
    assert sorted(ours) == sorted(theirs)
    for service in ["shop", "bank", "none"]:
        found = (call(address, "GetOperations", service=service)[0] for address in grpc)
        theirs, ours = ([(one.name, one.span_kind) for one in it.operations] for it in found)
        assert sorted(ours) == sorted(theirs)
    theirs, ours = (spans(call(address, "GetTrace", trace_id=TRACE)) for address in grpc)
    assert ours == theirs and len(ours[0]) == 4
    start = datetime.datetime.fromtimestamp(BEGIN / 1e9 - 60, datetime.timezone.utc)
    end = start + datetime.timedelta(minutes=10)
    query = {"start_time_min": start, "start_time_max": end}
    for more in [{}, {"service_name": "bank"}, {"operation_name": "SELECT"}]:
        found = (call(address, "FindTraces", query={**query, **more}) for address in grpc)
        theirs, ours = (spans(one) for one in found)
        assert ours == theirs, more
    found = (call(address, "GetDependencies", start_time=start, end_time=end) for address in grpc)
    theirs, ours = (
        [(one.parent, one.child, one.call_count) for one in it[0].dependencies] for it in found
    )
    assert sorted(ours) == sorted(theirs)
    jaeger.stop()
