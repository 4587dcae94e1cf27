"""Pages and kinds of ranges of GetTraceSummaries, and shares of what it finds."""

import base64
import hashlib
import os
import time
from types import SimpleNamespace

import pytest
from clients import hours_ago
from shared import error_of, refused

COUNT = 2_100


def minimal(start, number, name="paged"):
    """A trace of one segment."""
    at = start + number / 10
    chance = hashlib.sha256(f"{name} {number}".encode()).hexdigest()
    return {
        "id": "1" * 16, "name": name, "trace_id": f"1-{start:08x}-{chance[:24]}",
        "start_time": at, "end_time": at + 0.05,
    }


@pytest.fixture(scope="session")
def many(api):
    """More traces than there are on two pages."""
    start = hours_ago(6)
    api.put([minimal(start, number) for number in range(COUNT)])
    return SimpleNamespace(window={"StartTime": start, "EndTime": start + 300}, start=start)


def pages(api, **members):
    """All pages: their answers."""
    answers = []
    while not answers or members["NextToken"]:
        answers.append(api.ask("get_trace_summaries", **members))
        members["NextToken"] = answers[-1].get("NextToken")
    return answers


def test_pages(api, many):
    answers = pages(api, **many.window)
    assert [len(one["TraceSummaries"]) for one in answers] == [1000, 1000, 100]
    ids = [one["Id"] for answer in answers for one in answer["TraceSummaries"]]
    assert ids == [minimal(many.start, number)["trace_id"] for number in reversed(range(COUNT))]
    assert all(isinstance(one["ApproximateTime"], (int, float)) for one in answers)
    paginator = api.boto.get_paginator("get_trace_summaries")
    found = [page["TraceSummaries"] for page in paginator.paginate(**many.window)]
    assert [one["Id"] for page in found for one in page] == ids


def test_pages_by_the_aws_cli(api, many):
    found = api.run([
        "aws", "xray", "get-trace-summaries", "--endpoint-url", api.url, "--output", "json",
        "--start-time", str(many.start), "--end-time", str(many.start + 300),
        "--filter-expression", 'service("paged")',
    ])
    assert len({one["Id"] for one in found["TraceSummaries"]}) == COUNT


def test_what_comes_in_between_two_pages_moves_nothing(api, many):
    first = api.ask("get_trace_summaries", **many.window)
    api.put([minimal(many.start + 100, number, "between") for number in range(5)])
    rest = pages(api, **many.window, NextToken=first["NextToken"])
    ids = [one["Id"] for answer in [first, *rest] for one in answer["TraceSummaries"]]
    assert len(ids) == len(set(ids))
    assert {minimal(many.start, number)["trace_id"] for number in range(COUNT)} <= set(ids)


def test_tokens_of_another_query_are_refused(api, many):
    token = api.ask("get_trace_summaries", **many.window)["NextToken"]
    call = api.boto.get_trace_summaries
    others = [
        {"FilterExpression": "ok"},
        {"EndTime": many.start + 299},
        {"StartTime": many.start + 1},
        {"TimeRangeType": "Service"},
        {"Sampling": True, "SamplingStrategy": {"Name": "PartialScan"}},
    ]
    for other in others:
        status, code, message = error_of(call, **{**many.window, **other}, NextToken=token)
        assert (status, code) == (400, "InvalidRequestException"), other
        assert message.startswith("Invalid token"), message


def test_tokens_that_are_none_are_refused(api, many):
    token = api.ask("get_trace_summaries", **many.window)["NextToken"]
    middle = len(token) // 2
    damaged = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    bad = ["x", token[:-4], token + "AAAA", damaged, "é", "\0", "A" * 100_000]
    bad += [base64.b64encode(os.urandom(60)).decode() for _ in range(20)]
    for one in bad:
        status, code, message = error_of(
            api.boto.get_trace_summaries, **many.window, NextToken=one
        )
        assert (status, code) == (400, "InvalidRequestException"), one
        assert message.startswith("Invalid token"), message


def test_a_store_that_is_pruned_between_two_pages(another):
    collector, api = another("[collector.store]\nmax_size_mib = 16\n")
    start = hours_ago(6)
    api.put([minimal(start, number) for number in range(1_500)])
    window = {"StartTime": start, "EndTime": start + 300}
    first = api.ask("get_trace_summaries", **window)
    assert len(first["TraceSummaries"]) == 1000
    large = lambda number: {
        **minimal(start + 3600, number, "large"),
        "metadata": {"n": {"x": base64.b64encode(os.urandom(45_000)).decode()}},
    }
    # Until the oldest are gone, and for a while at most.
    for begin in range(0, 1_500, 50):
        api.put([large(number) for number in range(begin, begin + 50)])
        if len(api.ask("get_trace_summaries", **window)["TraceSummaries"]) < 1000:
            break
    second = api.ask("get_trace_summaries", **window, NextToken=first["NextToken"])
    seen = {one["Id"] for one in first["TraceSummaries"]}
    left = {one["Id"] for one in second["TraceSummaries"]}
    assert not seen & left
    assert len(left) < 500, "nothing was pruned"
    assert collector.process.poll() is None
    # What a page told of may be gone when it is asked for.
    asked = first["TraceSummaries"][-1]["Id"]
    answer = api.ask("batch_get_traces", TraceIds=[asked])
    assert answer["UnprocessedTraceIds"] == [asked] or answer["Traces"][0]["Id"] == asked


def test_pages_of_a_collector_that_starts_again(another, tmp_path):
    state = tmp_path / "state"
    collector, api = another(state=state)
    start = hours_ago(6)
    api.put([minimal(start, number) for number in range(1_200)])
    window = {"StartTime": start, "EndTime": start + 300}
    first = api.ask("get_trace_summaries", **window)
    collector.stop()
    _, api = another(state=state)
    assert api.ask("get_trace_summaries", **window)["TraceSummaries"] == first["TraceSummaries"]
    rest = api.ask("get_trace_summaries", **window, NextToken=first["NextToken"])
    ids = {one["Id"] for one in first["TraceSummaries"] + rest["TraceSummaries"]}
    assert len(ids) == 1_200


# --- Ranges ---------------------------------------------------------------------------------


def test_a_window_by_when_things_came_in(api, many):
    now = int(time.time())
    assert api.ids(now - 600, now + 5) & {minimal(many.start, 1)["trace_id"]} == set()
    came = api.ids(now - 600, now + 5, 'service("paged")', TimeRangeType="Event")
    assert len(came) == COUNT
    window = many.window
    assert api.ids(window["StartTime"], window["EndTime"], TimeRangeType="Event") == set()


def test_a_share_of_what_came_in(api, many):
    now = int(time.time())
    window = {"StartTime": now - 600, "EndTime": now + 5, "TimeRangeType": "Event"}

    def share(value):
        rate = {"Name": "FixedRate", "Value": value}
        members = {"Sampling": True, "SamplingStrategy": rate}
        answers = pages(api, **window, **members, FilterExpression='service("paged")')
        return len({one["Id"] for answer in answers for one in answer["TraceSummaries"]})

    assert share(0) == 0
    assert share(1) == COUNT
    # Five standard deviations.
    assert abs(share(0.3) - 0.3 * COUNT) < 5 * (0.21 * COUNT) ** 0.5


def test_strategies_are_ignored_without_sampling(api, many):
    rate = {"Name": "FixedRate", "Value": 7}
    found = api.ask("get_trace_summaries", **many.window, SamplingStrategy=rate)
    assert len(found["TraceSummaries"]) == 1000
    partial = {"Name": "PartialScan"}
    found = api.ids(
        many.window["StartTime"], many.window["EndTime"], Sampling=True, SamplingStrategy=partial
    )
    assert found <= api.ids(many.window["StartTime"], many.window["EndTime"])
    assert found


@pytest.mark.parametrize("members", [
    {"SamplingStrategy": {"Name": "FixedRate", "Value": 0.5}},
    {"SamplingStrategy": {"Name": "FixedRate", "Value": 0.5}, "TimeRangeType": "Service"},
    {"SamplingStrategy": {"Name": "FixedRate"}, "TimeRangeType": "Event"},
    {"SamplingStrategy": {"Name": "FixedRate", "Value": 1.1}, "TimeRangeType": "Event"},
    {"SamplingStrategy": {"Name": "FixedRate", "Value": -0.1}, "TimeRangeType": "Event"},
])
def test_strategies_that_are_refused(api, many, members):
    call = api.boto.get_trace_summaries
    assert error_of(call, **many.window, Sampling=True, **members)[:2] == (
        400, "InvalidRequestException"
    )


def test_names_that_are_none(api, many):
    call = api.boto.get_trace_summaries
    for members in (
        {"TimeRangeType": "Nothing"},
        {"Sampling": True, "SamplingStrategy": {"Name": "Nothing"}},
    ):
        assert error_of(call, **many.window, **members)[1] == "ValidationException"


def test_ends_before_starts(api, many):
    backwards = {"StartTime": many.start + 300, "EndTime": many.start}
    message = "End time cannot be earlier than start time"
    for call in (
        api.boto.get_trace_summaries,
        api.boto.get_service_graph,
        api.boto.get_time_series_service_statistics,
    ):
        refused(call, message, **backwards)
