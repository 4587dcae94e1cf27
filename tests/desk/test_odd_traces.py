"""Traces that no SDK would send, but somebody may: every operation answers, soon, and the
others are seen as before."""

import json
import time
from types import SimpleNamespace

import pytest
from clients import hours_ago
from shared import eventually

# Seconds, on a busy machine and built for debugging.
SOON = 10


def segment(at, number, **more):
    filled = {
        "id": f"{number:016x}", "name": f"odd-{number}", "start_time": at, "end_time": at + 1,
        **more,
    }
    return {key: value for key, value in filled.items() if value is not None}


def part(at, number, **more):
    return segment(at, number, **{"namespace": "remote", **more})


def nested(at, depth):
    inner = part(at, 10_000 + depth)
    for number in range(depth):
        inner = part(at, 10_000 + number, subsegments=[inner])
    return inner


def called_by(number):
    return f"{number:016x}"


# Of each its documents; they are sent as one trace.
ODD = {
    "its own parent": lambda at: [segment(at, 1, parent_id=called_by(1))],
    "called by its own part": lambda at: [
        segment(at, 1, parent_id=called_by(2), subsegments=[part(at, 2)])
    ],
    "two that call each other": lambda at: [
        segment(at, 1, parent_id=called_by(4), subsegments=[part(at, 2)]),
        segment(at, 3, parent_id=called_by(2), subsegments=[part(at, 4)]),
    ],
    "a ring of parts": lambda at: [
        part(at, 1, type="subsegment", parent_id=called_by(2)),
        part(at, 2, type="subsegment", parent_id=called_by(3)),
        part(at, 3, type="subsegment", parent_id=called_by(1)),
        segment(at, 4),
    ],
    "one id for all": lambda at: [
        segment(at, 1, subsegments=[part(at, 1), part(at, 1, subsegments=[part(at, 1)])]),
    ],
    "an end before its start": lambda at: [
        segment(at, 1, end_time=at - 50, subsegments=[part(at, 2, end_time=at - 90)])
    ],
    "no time at all": lambda at: [segment(at, 1, end_time=at)],
    "the end of time": lambda at: [segment(at, 1, end_time=1e300), segment(at, 2, end_time=1e18)],
    "before all time": lambda at: [segment(at, 1), segment(at, 2, start_time=-1e300, end_time=0)],
    "nothing but parts": lambda at: [
        part(at, 2, type="subsegment", parent_id=called_by(1)),
        part(at, 3, type="subsegment", parent_id=called_by(9)),
    ],
    "two roots": lambda at: [segment(at + 1, 1), segment(at, 2, subsegments=[part(at, 3)])],
    "no root": lambda at: [
        segment(at, 1, parent_id=called_by(8), subsegments=[part(at, 2)]),
        segment(at, 3, parent_id=called_by(2)),
    ],
    "deep": lambda at: [segment(at, 1, subsegments=[nested(at, 60)])],
    "wide": lambda at: [
        segment(at, 1, subsegments=[part(at, number) for number in range(2, 500)])
    ],
    "a long chain": lambda at: [
        segment(
            at, number, subsegments=[part(at, 5000 + number)],
            parent_id=called_by(4999 + number) if number > 1 else None,
        )
        for number in range(1, 500)
    ],
    "odd names": lambda at: [
        segment(at, 1, name='" OR 1=1 --', subsegments=[
            part(at, 2, name="\u202e<script>\0"), part(at, 3, name="x" * 5000),
            part(at, 4, name="", namespace="aws", aws={"operation": 5, "table_name": [1]}),
        ])
    ],
    "blocks of other types": lambda at: [
        segment(
            at, 1, http=[], aws="x", annotations=7, metadata=None, user={"a": 1}, cause=5,
            origin=["x"], fault="yes", error=1, throttle=None, resource_arn=3, links={"a": 1},
        ),
        segment(
            at, 2, http={"request": 5, "response": {"status": "500"}}, sql=[1],
            annotations={"list": [1], "map": {"a": 1}, "null": None, "n": 1e308},
            aws={"account_id": 5, "ec2": "x"}, cause={"exceptions": {"a": 1}},
        ),
        segment(at, 3, http={"response": {"status": 1e99}}, cause="e" * 16, cause_of=[None]),
    ],
}


@pytest.fixture(scope="module", params=ODD)
def odd(request, api):
    """An odd trace, and one beside it that is as any other."""
    at = hours_ago(11) + 10 * list(ODD).index(request.param)
    trace, other = f"1-{at:08x}-{'a' * 24}", f"1-{at:08x}-{'b' * 24}"
    documents = [{**one, "trace_id": trace} for one in ODD[request.param](at)]
    for begin in range(0, len(documents), 50):
        # Some may be refused; those that are not have to be lived with.
        texts = [json.dumps(one) for one in documents[begin : begin + 50]]
        api.ask("put_trace_segments", TraceSegmentDocuments=texts)
    api.put([{**segment(at, 1, name="well"), "trace_id": other}])
    return SimpleNamespace(at=at, trace=trace, other=other)


@pytest.fixture(autouse=True)
def soon():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


def test_every_operation_answers(desk, api, odd):
    window = {"StartTime": odd.at - 5, "EndTime": odd.at + 5}
    now = int(time.time())
    everything = {"StartTime": now - 29 * 86_400, "EndTime": now + 60}
    found = api.ask("get_trace_summaries", **window)["TraceSummaries"]
    assert odd.other in {one["Id"] for one in found}
    for expression in (
        "duration > 0", "!ok", 'service("odd-1") { fault }', "inferred", "partial", "!annotation.n",
        'edge("odd-1", "odd-2")', "rootcause.fault.entity { last }", "http.status = 500",
        "rootcause.responsetime.service { index > 2 }", 'user CONTAINS ""',
    ):
        api.ask("get_trace_summaries", **window, FilterExpression=expression)
    for kind in ("Event", "Service"):
        api.ask("get_trace_summaries", **window, TimeRangeType=kind)
    answer = api.ask("batch_get_traces", TraceIds=[odd.trace, odd.other])
    assert answer["Traces"][-1]["Segments"]
    for one in answer["Traces"]:
        for document in one["Segments"]:
            assert json.loads(document["Document"])["id"] == document["Id"]
    api.ask("get_trace_graph", TraceIds=[odd.trace])
    for span in (window, everything):
        services = api.ask("get_service_graph", **span)["Services"]
        assert "well" in {one["Name"] for one in services}
        series = api.ask("get_time_series_service_statistics", **span)
        assert series["TimeSeriesServiceStatistics"]
    retrieval = api.ask("start_trace_retrieval", TraceIds=[odd.trace, odd.other], **everything)
    for form in ("XRAY", "OTEL"):
        members = {"RetrievalToken": retrieval["RetrievalToken"], "TraceFormat": form}
        listed = lambda: api.ask("list_retrieved_traces", **members)["RetrievalStatus"]
        eventually(listed, "COMPLETE")
    api.ask("get_retrieved_traces_graph", RetrievalToken=retrieval["RetrievalToken"])
    assert desk.process.poll() is None
