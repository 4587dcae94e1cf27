"""BatchGetTraces and GetTraceGraph: documents come back whole, with inferred segments, and
what is asked wrongly is refused in AWS's words."""

import json

import pytest
from clients import hours_ago
from compare import same
from shared import error_of, refused
from traces import RESOURCES

# The order in which X-Ray writes the members of a document.
ORDER = [
    "id", "name", "start_time", "trace_id", "end_time", "parent_id", "inferred", "fault",
    "error", "throttle", "http", "aws", "origin", "annotations", "metadata", "cause",
]
FLAGS = ["fault", "error", "throttle"]


def got(api, trace_id):
    """A trace as it is answered, its documents parsed, those inferred by themselves."""
    answer = api.ask("batch_get_traces", TraceIds=[trace_id])
    assert answer["UnprocessedTraceIds"] == []
    [trace] = answer["Traces"]
    assert trace["Id"] == trace_id
    real, inferred = [], []
    for one in trace["Segments"]:
        document = json.loads(one["Document"])
        assert document["id"] == one["Id"]
        in_order(document)
        (inferred if document.get("inferred") else real).append(document)
    return trace, real, inferred


def in_order(document):
    known = [key for key in document if key in ORDER]
    assert known == sorted(known, key=ORDER.index)
    for inner in document.get("subsegments", []):
        in_order(inner)


def normal(document, top=True):
    """A document in no order, without what only tells where a subsegment belongs."""
    kept = {
        key: value
        for key, value in document.items()
        if value is not None and (top or key not in ("type", "trace_id", "parent_id"))
    }
    inner = [normal(one, False) for one in kept.pop("subsegments", [])]
    return {**kept, "subsegments": sorted(inner, key=lambda one: one["id"])}


def whole(entity):
    """The document of a segment, with the subsegments in it that were sent by themselves."""
    inner = [whole(one) for one in entity.children if not one.is_segment]
    return {**entity.document, "subsegments": inner}


def inferred(call):
    """What is inferred of a call, but for its id."""
    kept = ["name", "start_time", "end_time", "http", "aws", *FLAGS]
    document = {key: call.document[key] for key in kept if key in call.document}
    if call.document["namespace"] == "aws":
        key, kind = RESOURCES.get(call.name, (None, None))
        named = "operation" in document.get("aws", {}) and key
        document["origin"] = kind if named else f"AWS::{call.name}"
    elif "sql" in call.document:
        document["origin"] = "Database::SQL"
    return {**document, "inferred": True, "parent_id": call.document["id"]}


def test_documents(api, load):
    for trace in load.traces.values():
        answer, real, _ = got(api, trace.id)
        assert answer["LimitExceeded"] is False
        wanted = {one.document["id"]: normal(whole(one)) for one in trace.segments}
        assert len(real) == len(wanted)
        same({one["id"]: normal(one) for one in real}, wanted, trace.id)


def test_inferred_segments(api, load):
    for trace in load.traces.values():
        _, real, found = got(api, trace.id)
        wanted = {one.document["id"]: inferred(one) for one in trace.inferred}
        assert len(found) == len(wanted)
        ids = {one["id"] for one in real + found}
        assert len(ids) == len(real) + len(found)
        assert all(len(one) == 16 and int(one, 16) >= 0 for one in ids)
        bare = {}
        for one in found:
            one = {key: value for key, value in one.items() if value is not None}
            kept = ("id", "trace_id", "subsegments")
            bare[one["parent_id"]] = {key: one[key] for key in one if key not in kept}
            assert one.get("trace_id", trace.id) == trace.id
            inner = [(part["name"], part["start_time"]) for part in one.get("subsegments", [])]
            sends = one["name"] == "SQS" and one["aws"]["operation"] == "SendMessage"
            assert inner == ([("QueueTime", one["start_time"])] if sends else [])
        same(bare, wanted, trace.id)


def test_inferred_segments_keep_their_ids(api, load):
    trace = next(one for one in load.traces.values() if one.inferred)
    first, second = (sorted(one["id"] for one in got(api, trace.id)[2]) for _ in range(2))
    assert first == second


def test_durations(api, load):
    for trace in load.traces.values():
        answer = got(api, trace.id)[0]
        everything = [one.end for one in trace.entities]
        if None in everything:
            assert answer.get("Duration") is None
        else:
            assert abs(answer["Duration"] - (max(everything) - trace.start)) < 3e-6


def test_several_traces_and_one_that_is_not_there(api, load):
    unknown = "1-00000001-" + "a" * 24
    ids = [*list(load.traces)[:4], unknown]
    answer = api.ask("batch_get_traces", TraceIds=ids)
    assert {one["Id"] for one in answer["Traces"]} == set(ids[:4])
    assert answer["UnprocessedTraceIds"] == [unknown]
    assert answer.get("NextToken") is None
    assert api.ask("get_trace_graph", TraceIds=[unknown])["Services"] == []


ID = "1-5f9babc0-1234567890abcdef12345678"
SIX = [f"1-5f9babc0-{number:024x}" for number in range(6)]


@pytest.mark.parametrize("operation, ids, message", [
    ("batch_get_traces", SIX, "Exceeding maximum query size: 5"),
    ("batch_get_traces", [ID, ID], "Containing duplicate trace ids"),
    ("get_trace_graph", [ID, ID[:-1] + "9"], "Currently only one trace Id is supported"),
    ("get_trace_graph", [], "Zero trace ids provided"),
    *(
        (operation, [bad], f"Invalid trace id {bad}: incorrect id format")
        for operation in ("batch_get_traces", "get_trace_graph")
        for bad in (
            "x", "1-5f9babc0", ID[:-1], ID.replace("-", "_"), "2" + ID[1:], ID[:-1] + "g",
            "1-é" + "0" * 31, "../../../../etc/passwd", "1-5f9babc0-1234567890abcdef1234567\n",
        )
    ),
])
def test_what_is_refused(api, operation, ids, message):
    refused(getattr(api.boto, operation), message, TraceIds=ids)


def test_tokens_and_lengths(api):
    for operation in ("batch_get_traces", "get_trace_graph"):
        call = getattr(api.boto, operation)
        refused(call, "NextToken is currently not supported", TraceIds=[ID], NextToken="x")
        for ids in (None, [""], ["x" * 36]):
            assert error_of(call, TraceIds=ids)[1] == "ValidationException"


# --- Versions, orphans, sizes -----------------------------------------------------------------


@pytest.fixture(scope="session")
def put_one(api):
    """Sends a trace of its own; gives its id."""
    start = hours_ago(9)
    ids = iter(f"1-{start:08x}-{number:024x}" for number in range(100))

    def put(*documents):
        trace = next(ids)
        filled = [
            {"trace_id": trace, "name": "late", "start_time": start, **one} for one in documents
        ]
        api.put([{key: value for key, value in one.items() if value is not None} for one in filled])
        return trace, start

    return put


def test_versions_of_a_segment(api, put_one):
    one = "1" * 16
    trace, start = put_one({"id": one, "in_progress": True, "user": "first"})
    answer, [document], _ = got(api, trace)
    assert answer.get("Duration") is None and document["in_progress"] is True
    revision = summary(api, start, trace)["Revision"]
    put = lambda **more: api.put([
        {"trace_id": trace, "name": "late", "start_time": start, "id": one, **more}
    ])
    put(end_time=start + 2, user="second")
    put(end_time=start + 9, user="third")
    put(in_progress=True, user="fourth")
    answer, [document], _ = got(api, trace)
    assert (document["user"], document["end_time"]) == ("second", start + 2)
    assert "in_progress" not in document and answer["Duration"] == 2
    assert summary(api, start, trace)["Revision"] > revision


def summary(api, start, trace):
    found = api.summaries(start, start + 1)
    return next(one for one in found if one["Id"] == trace)


def test_a_subsegment_that_waits_for_its_parent(api, put_one):
    part = {"id": "2" * 16, "type": "subsegment", "parent_id": "1" * 16, "name": "early"}
    trace, start = put_one({**part, "end_time": 1 + hours_ago(9)})
    answer = api.ask("batch_get_traces", TraceIds=[trace])["Traces"][0]
    assert answer["Segments"] == [] and answer.get("Duration") is None
    api.put([{
        "trace_id": trace, "name": "late", "id": "1" * 16, "start_time": start,
        "end_time": start + 2,
    }])
    answer, [document], _ = got(api, trace)
    assert [one["name"] for one in document["subsegments"]] == ["early"]
    assert answer["Duration"] == 2
    assert summary(api, start, trace)["IsPartial"] is False


def test_a_trace_that_is_too_large(api, put_one):
    text = {"n": {"x": "y" * 60_000}}
    end = hours_ago(9) + 1
    small, _ = put_one({"id": "1" * 16, "end_time": end, "metadata": text})
    assert api.ask("batch_get_traces", TraceIds=[small])["Traces"][0]["LimitExceeded"] is False
    large, _ = put_one(*(
        {"id": f"{number:016x}", "end_time": end, "metadata": text} for number in range(1, 12)
    ))
    assert api.ask("batch_get_traces", TraceIds=[large])["Traces"][0]["LimitExceeded"] is True
