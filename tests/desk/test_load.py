"""Summaries, graphs and time series of a generated load equal those that Python reckons
from the same segments."""

import json
import time

import graphs
import pytest
import summaries
from compare import same
from shared import error_of, post


def test_summaries(api, load):
    found = {one["Id"]: one for one in api.summaries(load.start, load.end)}
    assert set(found) == set(load.traces)
    for trace in load.traces.values():
        same(summaries.answered(found[trace.id]), summaries.summary(trace), trace.id)


def test_summaries_come_newest_first(api, load):
    found = [one["Id"] for one in api.summaries(load.start, load.end)]
    wanted = sorted(load.traces.values(), key=lambda one: (-one.start, one.id))
    assert found == [one.id for one in wanted]


@pytest.mark.parametrize("begin, end", [(0, 100), (100, 137), (299, 301), (301, 601), (0, 1)])
def test_windows_are_half_open(api, load, begin, end):
    begin, end = load.start + begin, load.start + end
    answer = api.ask("get_trace_summaries", StartTime=begin, EndTime=end)
    wanted = {one.id for one in load.traces.values() if begin <= one.start < end}
    assert {one["Id"] for one in answer["TraceSummaries"]} == wanted
    assert answer["TracesProcessedCount"] == len(wanted)


def test_windows_within_a_second(api, load):
    def within(begin, end):
        body = json.dumps({"StartTime": begin, "EndTime": end}).encode()
        status, _, answer = post(api.url, body, "/TraceSummaries")
        assert status == 200
        return {one["Id"] for one in answer["TraceSummaries"]}

    for trace in list(load.traces.values())[:5]:
        # boto3 sends whole seconds alone.
        assert trace.id in within(trace.start, trace.start + 0.001)
        assert trace.id not in within(trace.start - 0.001, trace.start)
        assert within(trace.start, trace.start) == set()


def test_a_window_by_the_end_of_segments(api, load):
    for begin, end in [(0, 60), (100, 101), (180, 300), (520, 525)]:
        begin, end = load.start + begin, load.start + end
        wanted = {
            trace.id
            for trace in load.traces.values()
            if any(one.finished and begin <= one.end < end for one in trace.segments)
        }
        assert api.ids(begin, end, TimeRangeType="Service") == wanted


def test_a_graph_of_each_trace(api, load):
    for trace in load.traces.values():
        services = api.ask("get_trace_graph", TraceIds=[trace.id])["Services"]
        assert not any(one.get("StartTime") or one.get("EndTime") for one in services)
        same(graphs.answered(services), graphs.Graph([trace]).expected(), trace.id)


@pytest.mark.parametrize("begin, end", [(0, 600), (0, 100), (100, 137), (299, 301), (520, 521)])
def test_service_graphs(api, load, begin, end):
    begin, end = load.start + begin, load.start + end
    answer = api.ask("get_service_graph", StartTime=begin, EndTime=end)
    assert (answer["StartTime"], answer["EndTime"]) == (begin, end)
    wanted = graphs.Graph(load.traces.values(), begin, end).expected()
    same(graphs.answered(answer["Services"]), wanted)
    for service in answer["Services"]:
        # They begin in the window, and end when they end.
        if service.get("StartTime"):
            assert begin <= service["StartTime"] < end
            assert service["StartTime"] <= service["EndTime"]


GROUPS = {
    "faults": ("fault", lambda trace: trace.root.fault),
    "gets": (
        'http.method = "GET"',
        lambda trace: "GET" in str(trace.root.document.get("http", {}).get("request")),
    ),
}


@pytest.fixture(scope="session", params=GROUPS)
def group(request, api, load):
    """A group, and its traces."""
    expression, matches = GROUPS[request.param]
    made = api.ask("create_group", GroupName=request.param, FilterExpression=expression)["Group"]
    chosen = [trace for trace in load.traces.values() if matches(trace)]
    assert 0 < len(chosen) < len(load.traces)
    return made, chosen


def test_service_graphs_of_groups(api, load, group):
    made, chosen = group
    wanted = graphs.Graph(chosen, load.start, load.end).expected()
    for by in ("GroupName", "GroupARN"):
        members = {"StartTime": load.start, "EndTime": load.end, by: made[by]}
        same(graphs.answered(api.ask("get_service_graph", **members)["Services"]), wanted)


def test_summaries_of_groups(api, load, group):
    made, chosen = group
    wanted = {one.id for one in chosen}
    assert api.ids(load.start, load.end, f'group.name = "{made["GroupName"]}"') == wanted
    assert api.ids(load.start, load.end, f'group.arn = "{made["GroupARN"]}"') == wanted
    other = set(load.traces) - wanted
    assert api.ids(load.start, load.end, f'group.name != "{made["GroupName"]}"') == other


def test_a_group_is_what_its_filter_is_now(api, load):
    window = {"StartTime": load.start, "EndTime": load.end, "GroupName": "changing"}
    api.ask("create_group", GroupName="changing", FilterExpression="fault")
    for expression, matches in GROUPS.values():
        api.ask("update_group", GroupName="changing", FilterExpression=expression)
        chosen = [trace for trace in load.traces.values() if matches(trace)]
        wanted = graphs.Graph(chosen, load.start, load.end).expected()
        same(graphs.answered(api.ask("get_service_graph", **window)["Services"]), wanted)
    # Traces that came before the change may have been of another version of the group.
    for begin, is_old in [(load.start, True), (int(time.time()) + 2, False)]:
        window |= {"StartTime": begin, "EndTime": begin + 600}
        answer = api.ask("get_service_graph", **window)
        assert answer["ContainsOldGroupVersions"] is is_old


# --- Time series ----------------------------------------------------------------------------


def nodes_that(wanted):
    return lambda trace: [
        one for node, one in trace.nodes() if wanted(*node) and one.finished
    ]


def edges_that(wanted):
    return lambda trace: [
        one for source, target, one in trace.calls() if wanted(source, target) and one.finished
    ]


SELECTORS = {
    None: edges_that(lambda *_: True),
    'service("cart")': nodes_that(lambda name, *_: name == "cart"),
    'service(id(name: "cart", type: "remote"))': nodes_that(
        lambda name, kind, _: (name, kind) == ("cart", "remote")
    ),
    'id(name: "shop", type: "AWS::ECS::Container")': nodes_that(
        lambda name, kind, _: (name, kind) == ("shop", "AWS::ECS::Container")
    ),
    'id(account.id: "210987654321")': nodes_that(lambda *node: node[2] is not None),
    'service(id(type: "AWS::DynamoDB::Table"))': nodes_that(
        lambda _, kind, __: kind == "AWS::DynamoDB::Table"
    ),
    'edge("shop", "cart")': edges_that(
        lambda source, target: (source[0], target[0]) == ("shop", "cart")
    ),
    'edge(id(name: "shop", type: "client"), id(name: "shop"))': edges_that(
        lambda source, target: (source[1], target[0]) == ("client", "shop")
    ),
    'edge("shop", id(type: "AWS::DynamoDB::Table"))': edges_that(
        lambda source, target: (source[0], target[1]) == ("shop", "AWS::DynamoDB::Table")
    ),
}


def measured(api, load, period=None, expression=None, begin=None, end=None, **more):
    """The series of an answer: statistics and histogram by the start of the bucket."""
    members = {"StartTime": begin or load.start, "EndTime": end or load.end, **more}
    if period:
        members["Period"] = period
    if expression:
        members["EntitySelectorExpression"] = expression
    found = {}
    answer = api.ask("get_time_series_service_statistics", **members)
    for one in answer["TimeSeriesServiceStatistics"]:
        edge, service = one.get("EdgeSummaryStatistics"), one.get("ServiceSummaryStatistics")
        of_nodes = expression is not None and not expression.startswith("edge")
        assert (service if of_nodes else edge) and not (edge if of_nodes else service)
        assert one["Timestamp"] not in found
        found[one["Timestamp"]] = (edge or service, one["ResponseTimeHistogram"])
    assert list(found) == sorted(found)
    return found


@pytest.mark.parametrize("period", [60, 300])
@pytest.mark.parametrize("expression", SELECTORS)
def test_time_series(api, load, expression, period):
    chosen = [one for trace in load.traces.values() for one in SELECTORS[expression](trace)]
    chosen = [one for one in chosen if load.start <= one.start < load.end]
    assert chosen
    same(measured(api, load, period, expression), graphs.series(chosen, period))


def test_time_series_of_a_window_that_cuts_buckets(api, load):
    begin, end = load.start + 77, load.start + 199
    chosen = [one for trace in load.traces.values() for one in SELECTORS[None](trace)]
    chosen = [one for one in chosen if begin <= one.start < end]
    same(measured(api, load, 60, begin=begin, end=end), graphs.series(chosen, 60))


def test_time_series_of_a_group(api, load, group):
    made, traces = group
    chosen = [one for trace in traces for one in SELECTORS['service("cart")'](trace)]
    chosen = [one for one in chosen if load.start <= one.start < load.end]
    found = measured(api, load, 60, 'service("cart")', GroupName=made["GroupName"])
    same(found, graphs.series(chosen, 60))


def test_periods_and_selectors_that_are_none(api, load):
    call = api.boto.get_time_series_service_statistics
    window = {"StartTime": load.start, "EndTime": load.end}
    for period in (61, 0, -60, 1):
        assert error_of(call, Period=period, **window)[1] == "InvalidRequestException"
    for expression in ("fault", "service(", 'service("a") AND fault', "annotation.a = 1"):
        status, code, _ = error_of(call, EntitySelectorExpression=expression, **window)
        assert (status, code) == (400, "InvalidRequestException"), expression
    for expression in ("", "x" * 501):
        assert error_of(call, EntitySelectorExpression=expression, **window)[1] == (
            "ValidationException"
        )
