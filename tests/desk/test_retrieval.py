"""Retrievals: StartTraceRetrieval, ListRetrievedTraces, GetRetrievedTracesGraph,
CancelTraceRetrieval."""

import json

import graphs
import pytest
from compare import same
from shared import error_of, eventually

UNKNOWN = "no-such-retrieval"


def begun(api, load, ids):
    """A retrieval that is complete; its token."""
    answer = api.ask(
        "start_trace_retrieval", TraceIds=ids, StartTime=load.start, EndTime=load.end
    )
    token = answer["RetrievalToken"]
    assert 0 < len(token) <= 1020
    status = lambda: api.ask("list_retrieved_traces", RetrievalToken=token)["RetrievalStatus"]
    eventually(status, "COMPLETE")
    return token


def listed(api, token, **members):
    """The traces of all pages."""
    found, members = [], {"RetrievalToken": token, **members}
    while True:
        answer = api.ask("list_retrieved_traces", **members)
        assert answer["RetrievalStatus"] == "COMPLETE"
        assert answer["TraceFormat"] == members.get("TraceFormat", "XRAY")
        assert len(answer["Traces"]) <= 5
        found += answer["Traces"]
        if not answer.get("NextToken"):
            return found
        members["NextToken"] = answer["NextToken"]


def test_traces_as_xray_has_them(api, load):
    ids = list(load.traces)[:12]
    found = {}
    for one in listed(api, begun(api, load, ids)):
        assert len(one["Spans"]) <= 100
        found.setdefault(one["Id"], []).extend(one["Spans"])
    assert set(found) == set(ids)
    for trace_id, spans in found.items():
        documents = [json.loads(span["Document"]) for span in spans]
        assert [one["id"] for one in documents] == [span["Id"] for span in spans]
        sent = {one.document["id"] for one in load.traces[trace_id].segments}
        assert sent <= {one["id"] for one in documents}


def test_traces_as_opentelemetry_has_them(api, load):
    ids = list(load.traces)[:7]
    found = {}
    for one in listed(api, begun(api, load, ids), TraceFormat="OTEL"):
        found.setdefault(one["Id"], []).extend(one["Spans"])
    assert set(found) == set(ids)
    for trace_id, spans in found.items():
        wanted = {one.document["id"] for one in load.traces[trace_id].entities}
        assert wanted <= {span["Id"] for span in spans}
        assert all(isinstance(json.loads(span["Document"]), dict) for span in spans)


def test_their_graph(api, load):
    ids = list(load.traces)[:12]
    token = begun(api, load, ids)
    answer = api.ask("get_retrieved_traces_graph", RetrievalToken=token)
    assert answer["RetrievalStatus"] == "COMPLETE"
    services = [one["Service"] for one in answer["Services"]]
    wanted = graphs.Graph([load.traces[one] for one in ids]).expected()
    same(graphs.answered(services), wanted)


def test_those_that_are_not_there_are_left_out(api, load):
    there = next(iter(load.traces))
    token = begun(api, load, ["1-00000001-" + "a" * 24, there])
    assert {one["Id"] for one in listed(api, token)} == {there}


def test_a_retrieval_that_is_cancelled(api, load):
    token = begun(api, load, list(load.traces)[:6])
    assert api.ask("cancel_trace_retrieval", RetrievalToken=token) == {}
    answer = api.ask("list_retrieved_traces", RetrievalToken=token)
    # What is complete stays so; what was under way has ended.
    assert answer["RetrievalStatus"] in ("COMPLETE", "CANCELLED")


@pytest.mark.parametrize("operation", [
    "list_retrieved_traces", "get_retrieved_traces_graph", "cancel_trace_retrieval",
])
def test_tokens_that_are_none(api, operation):
    call = getattr(api.boto, operation)
    for token in (UNKNOWN, "é", "x" * 1020):
        assert error_of(call, RetrievalToken=token)[:2] == (404, "ResourceNotFoundException")
    for token in (None, "x" * 1021):
        assert error_of(call, RetrievalToken=token)[1] == "ValidationException"


def test_what_is_refused(api, load):
    call = api.boto.start_trace_retrieval
    window = {"StartTime": load.start, "EndTime": load.end}
    there = next(iter(load.traces))
    for ids in (None, [there] * 101, [""], ["x" * 36]):
        assert error_of(call, TraceIds=ids, **window)[1] == "ValidationException"
    for ids in (["x"], [there[:-1] + "g"]):
        assert error_of(call, TraceIds=ids, **window)[:2] == (400, "InvalidRequestException")
    backwards = {"StartTime": load.end, "EndTime": load.start}
    assert error_of(call, TraceIds=[there], **backwards)[:2] == (400, "InvalidRequestException")
    token = begun(api, load, [there])
    for members in ({"NextToken": "x"}, {"TraceFormat": "XRAY", "NextToken": UNKNOWN}):
        listing = api.boto.list_retrieved_traces
        assert error_of(listing, RetrievalToken=token, **members)[:2] == (
            400, "InvalidRequestException"
        )
    status, code, _ = error_of(
        api.boto.list_retrieved_traces, RetrievalToken=token, TraceFormat="ZIP"
    )
    assert (status, code) == (400, "ValidationException")
