"""Insights: a burst of faults in a group that has them gives one, and nothing else does.
What is to be expected is reckoned as `docs/insights.md` says."""

import math
import time
from types import SimpleNamespace

import pytest
from clients import Api, started
from shared import Collector, error_of, eventually

UNKNOWN = "01234567-89ab-4cde-8f01-23456789abcd"
HOUR = 3600


def request(number, at, name, fault):
    """A request of a front end that asks a service, which fails or does not."""
    trace = {"trace_id": f"1-{int(at):08x}-{number:024x}", "start_time": at, "end_time": at + 0.2}
    flags = {"fault": True} if fault else {}
    cause = {"cause": {"exceptions": [{"id": "e" * 16, "type": "IOError", "message": "no"}]}}
    call = {
        "id": "2" * 16, "name": f"{name}-store", "namespace": "remote", "start_time": at,
        "end_time": at + 0.15, **flags,
    }
    root = {**trace, "id": "1" * 16, "name": f"{name}-front", "subsegments": [call], **flags}
    child = {
        **trace, "id": "3" * 16, "name": f"{name}-store", "parent_id": "2" * 16,
        **flags, **(cause if fault else {}),
    }
    return [root, child]


@pytest.fixture(scope="module")
def burst(tmp_path_factory):
    """Three groups with the same past: of one the last minutes were bad and it has
    insights, one has none, and of one all is well."""
    collector = started(Collector, tmp_path_factory.mktemp("insights") / "collector")
    api = Api(collector)
    groups = {}
    for name, enabled in [("bad", True), ("unwatched", False), ("well", True)]:
        service = "well" if name == "well" else "bad"
        groups[name] = api.ask(
            "create_group", GroupName=name, FilterExpression=f'service("{service}-front")',
            InsightsConfiguration={"InsightsEnabled": enabled, "NotificationsEnabled": False},
        )["Group"]
    end = int(time.time()) // 60 * 60
    documents = []
    for name in ("bad", "well"):
        # Two hours of six requests a minute, one in a hundred of them bad; then ten bad
        # minutes.
        for number in range(720):
            at = end - 2 * HOUR + number * 10
            broken = name == "bad" and end - at <= 600 and number % 5 != 0
            documents += request(number + 1, at, name, broken or number % 100 == 50)
    api.put(documents)
    yield SimpleNamespace(
        api=api, groups=groups, start=end - 2 * HOUR, end=end + 120, documents=documents
    )
    collector.stop()


def summaries(burst, name, **members):
    window = {"StartTime": burst.start, "EndTime": burst.end}
    return burst.api.ask("get_insight_summaries", GroupName=name, **window, **members)[
        "InsightSummaries"
    ]


@pytest.fixture(scope="module")
def insight(burst):
    return eventually(lambda: summaries(burst, "bad"), bool, 75)[0]


def test_a_burst_of_faults(burst, insight):
    assert insight["GroupName"] == "bad"
    assert insight["GroupARN"] == burst.groups["bad"]["GroupARN"]
    assert insight["Categories"] == ["FAULT"]
    assert insight["State"] in ("ACTIVE", "CLOSED")
    assert insight["RootCauseServiceId"]["Name"] == "bad-store"
    assert insight["Summary"]
    # It began with the bad minutes, give or take how long a look takes.
    assert -720 <= insight["StartTime"] - (burst.end - 120) <= 0
    for name in ("ClientRequestImpactStatistics", "RootCauseServiceRequestImpactStatistics"):
        counts = insight[name]
        assert counts["TotalCount"] == counts["FaultCount"] + counts["OkCount"]
        assert counts["FaultCount"] > 0
    names = [one["ServiceId"]["Name"] for one in insight["TopAnomalousServices"]]
    assert set(names) <= {"bad-front", "bad-store"} and names


def test_what_is_well_or_not_watched_has_none(burst, insight):
    assert summaries(burst, "unwatched") == []
    assert summaries(burst, "well") == []


def test_states_and_windows(burst, insight):
    states = [[one["InsightId"] for one in summaries(burst, "bad", States=[state])]
              for state in ("ACTIVE", "CLOSED")]
    assert sum(insight["InsightId"] in ids for ids in states) == 1
    early = burst.api.ask(
        "get_insight_summaries", GroupName="bad", StartTime=burst.start,
        EndTime=burst.start + 600,
    )
    assert early["InsightSummaries"] == []
    found = burst.api.ask(
        "get_insight_summaries", GroupARN=burst.groups["bad"]["GroupARN"],
        StartTime=burst.start, EndTime=burst.end,
    )
    assert insight["InsightId"] in [one["InsightId"] for one in found["InsightSummaries"]]


def test_the_insight_by_its_id(burst, insight):
    found = burst.api.ask("get_insight", InsightId=insight["InsightId"])["Insight"]
    for name in ("InsightId", "GroupName", "GroupARN", "StartTime", "RootCauseServiceId"):
        assert found[name] == insight[name], name
    by_cli = burst.api.aws("get-insight", InsightId=insight["InsightId"])
    assert by_cli["Insight"]["InsightId"] == insight["InsightId"]


def test_its_events(burst, insight):
    members = {"InsightId": insight["InsightId"]}
    events = burst.api.ask("get_insight_events", **members)["InsightEvents"]
    assert events
    times = [one["EventTime"] for one in events]
    assert times in (sorted(times), sorted(times, reverse=True))
    assert burst.api.aws("get-insight-events", **members)["InsightEvents"]
    found = []
    while True:
        answer = burst.api.ask("get_insight_events", MaxResults=1, **members)
        assert len(answer["InsightEvents"]) <= 1
        found += answer["InsightEvents"]
        if not answer.get("NextToken"):
            break
        members["NextToken"] = answer["NextToken"]
    assert [one["EventTime"] for one in found] == times


def test_its_impact_graph(burst, insight):
    members = {
        "InsightId": insight["InsightId"], "StartTime": burst.end - 900, "EndTime": burst.end,
    }
    answer = burst.api.ask("get_insight_impact_graph", **members)
    assert answer["InsightId"] == insight["InsightId"]
    by_reference = {one["ReferenceId"]: one["Name"] for one in answer["Services"]}
    edges = {
        (one["Name"], by_reference[edge["ReferenceId"]])
        for one in answer["Services"]
        for edge in one["Edges"] or []
    }
    assert ("bad-front", "bad-store") in edges
    assert burst.api.aws("get-insight-impact-graph", **members)["Services"]


def probabilities(faults, requests, count):
    """How likely each number of faults is among `count` requests: beta-binomial."""
    a, b = faults + 0.5, requests - faults + 0.5
    beta = lambda one, other: math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)
    return [
        math.comb(count, many) * math.exp(beta(many + a, count - many + b) - beta(a, b))
        for many in range(count + 1)
    ]


def bounds(faults, requests, count):
    """The least number that is hardly exceeded, the greatest hardly fallen short of."""
    chances = probabilities(faults, requests, count)
    high = next(many for many in range(count + 1) if sum(chances[many + 1 :]) <= 1e-4)
    low = next(many for many in range(count, -1, -1) if sum(chances[:many]) <= 1e-4)
    return low, high


def test_bounds_are_those_of_the_documentation():
    assert bounds(60, 6000, 100) == (0, 6)
    assert bounds(0, 6000, 100) == (0, 2)
    assert bounds(300, 600, 100) == (30, 70)
    assert bounds(0, 50, 1000) == (0, 143)


def test_the_faults_that_are_expected(burst, insight):
    counts = {}
    for one in burst.documents:
        if one["name"] == "bad-store":
            minute = one["start_time"] // 60 * 60
            of = counts.setdefault(minute, [0, 0])
            of[0] += one.get("fault", False)
            of[1] += 1
    wanted, good = {}, []
    for minute, (faults, requests) in sorted(counts.items()):
        past = [counts[one] for one in good[-60:]]
        faults_before, before = (sum(each) for each in zip(*past)) if past else (0, 0)
        high = None
        if len(past) >= 10 and before >= 50:
            low, high = bounds(faults_before, before, requests)
            wanted[minute] = {"FaultCountLow": low, "FaultCountHigh": high}
        if high is None or faults <= high or faults < 3:
            good.append(minute)
    assert len(counts) - len(good) >= 8
    answer = burst.api.ask(
        "get_time_series_service_statistics", StartTime=burst.start, EndTime=burst.end,
        GroupName="bad", EntitySelectorExpression='id(name: "bad-store")', Period=60,
        ForecastStatistics=True,
    )
    found = {
        one["Timestamp"]: {
            name: one["ServiceForecastStatistics"][name]
            for name in ("FaultCountLow", "FaultCountHigh")
        }
        for one in answer["TimeSeriesServiceStatistics"]
        if one["ServiceForecastStatistics"]["FaultCountHigh"] is not None
    }
    assert found == wanted


def test_what_is_refused(burst):
    boto = burst.api.boto
    window = {"StartTime": burst.start, "EndTime": burst.end}
    calls = [
        (boto.get_insight, {}), (boto.get_insight_events, {}),
        (boto.get_insight_impact_graph, window),
    ]
    for call, more in calls:
        assert error_of(call, InsightId=UNKNOWN, **more)[:2] == (400, "InvalidRequestException")
        for bad in ("x", "", UNKNOWN[:-1], UNKNOWN.replace("4cde", "9cde"), None):
            assert error_of(call, InsightId=bad, **more)[1] == "ValidationException", bad
    for most in (0, 51):
        call = boto.get_insight_events
        assert error_of(call, InsightId=UNKNOWN, MaxResults=most)[1] == "ValidationException"
    call = boto.get_insight_summaries
    for most in (0, 101):
        assert error_of(call, GroupName="bad", MaxResults=most, **window)[1] == (
            "ValidationException"
        )
    for members in ({"States": ["OPEN"]}, {"States": ["ACTIVE", "CLOSED"]}, {"NextToken": ""}):
        assert error_of(call, GroupName="bad", **members, **window)[1] == "ValidationException"
    for members in ({"GroupName": "nowhere"}, {"GroupName": "bad", "NextToken": "x"}):
        assert error_of(call, **members, **window)[:2] == (400, "InvalidRequestException")
    backwards = {"StartTime": burst.end, "EndTime": burst.start}
    assert error_of(call, GroupName="bad", **backwards)[:2] == (400, "InvalidRequestException")
    assert error_of(call, GroupName="bad")[1] == "ValidationException"
