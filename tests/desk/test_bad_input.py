"""What nobody should ask: each time there is an answer, soon, and the collector lives on."""

import json
import time

import pytest
from shared import error_of, post

DEEP = 10_000
YEAR = 365 * 86_400
# Seconds, on a busy machine and built for debugging.
SOON = 10
# MiB.
MOST_MIB = 512


@pytest.fixture(autouse=True)
def lives(desk, api, load):
    """Sees after each test that all is well."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON
    there = next(iter(load.traces))
    assert api.ask("batch_get_traces", TraceIds=[there])["Traces"]
    assert desk.process.poll() is None
    assert desk.peak_mib() < MOST_MIB


@pytest.mark.parametrize("expression", [
    "(" * DEEP + "ok" + ")" * DEEP,
    "(" * DEEP,
    ")" * DEEP,
    "!(" * DEEP + "ok" + ")" * DEEP,
    "service() { (" * DEEP + "fault" + ") }" * DEEP,
    "service(" * DEEP,
    "rootcause.json = #" + "[" * DEEP + "]" * DEEP,
    "rootcause.json = #" + '[{"Services":' * DEEP + "1" + "}]" * DEEP,
    'user = "' + "\\" * DEEP,
    "ok \0 fault",
    "annotation[" + "x" * DEEP + "] = 1x",
    "responsetime > 1e999x",
])
def test_expressions(api, load, expression):
    window = {"StartTime": load.start, "EndTime": load.end}
    call = api.boto.get_trace_summaries
    assert error_of(call, FilterExpression=expression, **window)[:2] == (
        400, "InvalidRequestException"
    )
    status, code, message = error_of(
        api.boto.create_group, GroupName="deep", FilterExpression=expression
    )
    assert (status, code) == (400, "InvalidRequestException")
    # What is wrong is said in few words.
    assert message and len(message) < 2_000


@pytest.mark.parametrize("expression", [
    "!" * DEEP + "ok",
    "NOT " * DEEP + "ok",
    " OR ".join(["ok"] * 5_000),
    " ".join(["ok"] * 5_000),
    " AND ".join(f'annotation.k{number} = "v"' for number in range(2_000)),
    'user = "' + "x" * 1_000_000 + '"',
    'http.url CONTAINS "' + "%2e/" * 100_000 + '"',
])
def test_long_expressions_are_answered_or_refused(api, load, expression):
    body = {"StartTime": load.start, "EndTime": load.end, "FilterExpression": expression}
    status, headers, _ = post(api.url, json.dumps(body).encode(), "/TraceSummaries")
    assert status == 200 or headers["x-amzn-errortype"] == "InvalidRequestException"


WINDOWED = ["/TraceSummaries", "/ServiceGraph", "/TimeSeriesServiceStatistics", "/InsightSummaries"]


def asked(api, path, begin, end, **members):
    body = json.dumps({"StartTime": begin, "EndTime": end, **members})
    return post(api.url, body.encode(), path)


@pytest.mark.parametrize("path", WINDOWED)
def test_a_window_of_a_year(api, load, path):
    members = {"GroupName": "Default"} if path == "/InsightSummaries" else {}
    now = int(time.time())
    status, headers, _ = asked(api, path, now - YEAR, now, **members)
    assert status == 200 or headers["x-amzn-errortype"] == "InvalidRequestException"


@pytest.mark.parametrize("path", WINDOWED)
@pytest.mark.parametrize("begin, end", [
    (-5, 5), (-1e300, 1e300), (1e300, 1e308), (0, 0), (-1e18, -1e17), (9e18, 9.1e18),
    (0.000_000_1, 0.000_000_2), (253_402_300_800, 253_402_300_801),
])
def test_times_of_no_trace(api, load, path, begin, end):
    status, headers, body = asked(api, path, begin, end)
    if status == 200:
        assert not body.get("TraceSummaries") and not body.get("Services")
        assert not body.get("TimeSeriesServiceStatistics")
    else:
        wanted = ("InvalidRequestException", "ValidationException", "SerializationException")
        assert status == 400 and headers["x-amzn-errortype"] in wanted


@pytest.mark.parametrize("path", WINDOWED)
def test_times_that_are_none(api, load, path):
    for bad in ("2026-01-01T00:00:00Z", "1", True, [], {}):
        status, headers, _ = asked(api, path, bad, load.end)
        assert (status, headers["x-amzn-errortype"]) == (400, "SerializationException"), bad
    for begin, end in ((None, load.end), (load.start, None)):
        status, headers, _ = asked(api, path, begin, end)
        assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    body = b'{"StartTime": NaN, "EndTime": Infinity}'
    assert post(api.url, body, path)[0] == 400


def test_groups_that_are_none(api, load):
    window = {"StartTime": load.start, "EndTime": load.end}
    for call in (api.boto.get_service_graph, api.boto.get_time_series_service_statistics):
        for members in (
            {"GroupName": "nowhere"},
            {"GroupARN": "arn:aws:xray:eu-west-1:111122223333:group/nowhere/ABC"},
        ):
            assert error_of(call, **members, **window)[:2] == (400, "InvalidRequestException")
        for members in ({"GroupName": ""}, {"GroupName": "x" * 33}, {"GroupARN": "x" * 401}):
            assert error_of(call, **members, **window)[1] == "ValidationException"


def test_tokens_of_graphs_and_series(api, load):
    window = {"StartTime": load.start, "EndTime": load.end}
    status, code, message = error_of(api.boto.get_service_graph, NextToken="x", **window)
    assert (status, code, message) == (
        400, "InvalidRequestException", "NextToken is currently not supported"
    )
    assert error_of(
        api.boto.get_time_series_service_statistics, NextToken="x", **window
    )[:2] == (400, "InvalidRequestException")


def test_many_ids(api, load):
    ids = [f"1-5f9babc0-{number:024x}" for number in range(100_000)]
    for path in ("/Traces", "/TraceGraph"):
        body = json.dumps({"TraceIds": ids}).encode()
        status, headers, _ = post(api.url, body, path)
        assert (status, headers["x-amzn-errortype"]) == (400, "InvalidRequestException")
