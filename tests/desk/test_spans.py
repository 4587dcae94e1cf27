"""Spans that came by OTLP are seen as the segments that the X-Ray exporter makes of them."""

import json
import urllib.request
from types import SimpleNamespace

import graphs
import pytest
import spans
import summaries
from clients import hours_ago
from compare import same
from shared import eventually
from traces import assembled

NOTES = {"tenant", "items", "paid"}


@pytest.fixture(scope="module")
def sent(desk, api):
    """Spans that were sent, each in a request of its own and in no order."""
    start = hours_ago(13)
    made = spans.generated(5, start)
    made.random.shuffle(made.requests)
    url = f"http://{desk.addresses['OTLP over HTTP']}/v1/traces"
    for request in made.requests:
        body = json.dumps(request).encode()
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
            assert json.loads(answer.read()) == {}
    load = SimpleNamespace(traces=assembled(made.documents), start=start, end=start + 600)
    seen = lambda: len(api.ids(load.start, load.end))
    eventually(seen, len(load.traces))
    return load


def test_summaries(api, sent):
    found = {one["Id"]: one for one in api.summaries(sent.start, sent.end)}
    for trace in sent.traces.values():
        notes = found[trace.id]["Annotations"]
        # What has a place of its own in a segment is no annotation beside it.
        assert not any(key.startswith(("http", "url", "db", "enduser")) for key in notes)
        found[trace.id]["Annotations"] = {key: notes[key] for key in notes if key in NOTES}
        same(summaries.answered(found[trace.id]), summaries.summary(trace), trace.id)


def test_graphs(api, sent):
    for trace in sent.traces.values():
        services = api.ask("get_trace_graph", TraceIds=[trace.id])["Services"]
        same(graphs.answered(services), graphs.Graph([trace]).expected(), trace.id)
    answer = api.ask("get_service_graph", StartTime=sent.start, EndTime=sent.end)
    wanted = graphs.Graph(sent.traces.values(), sent.start, sent.end).expected()
    same(graphs.answered(answer["Services"]), wanted)


def test_attributes_are_asked_for_as_annotations(api, sent):
    def having(key, wanted):
        return {
            trace.id
            for trace in sent.traces.values()
            if any(one.document["annotations"].get(key) == wanted for one in trace.entities)
        }

    ask = lambda expression: api.ids(sent.start, sent.end, expression)
    assert ask('annotation.tenant = "acme"') == having("tenant", "acme")
    assert ask("annotation.items > 2") == having("items", 2.5)
    assert ask("annotation[paid] = true") == having("paid", True)
    everything = set(sent.traces)
    assert ask('annotation[otel.resource.service.name] = "front"') == everything
    billed = {
        trace.id for trace in sent.traces.values() if "billing" in {s.name for s in trace.segments}
    }
    assert ask('annotation[otel.resource.host.id] = "i-7"') == billed


def test_traces_as_opentelemetry_has_them(api, sent):
    trace = max(sent.traces.values(), key=lambda one: len(one.entities))
    token = api.ask(
        "start_trace_retrieval", TraceIds=[trace.id], StartTime=sent.start, EndTime=sent.end
    )["RetrievalToken"]
    members = {"RetrievalToken": token, "TraceFormat": "OTEL"}
    answer = eventually(
        lambda: api.ask("list_retrieved_traces", **members),
        lambda answer: answer["RetrievalStatus"] == "COMPLETE",
    )
    found = {one["Id"]: json.loads(one["Document"]) for one in answer["Traces"][0]["Spans"]}
    assert set(found) == {one.document["id"] for one in trace.entities}
