"""The data plane of X-Ray in local-collector, judged by boto3.

boto3 calls each operation, valid and invalid, and its own model of the service
judges the shape of each answer. Codes and messages are those of AWS.

Run with the binary named: LOCAL_COLLECTOR_BIN=target/debug/local-collector pytest
"""

import datetime
import json
import time
import uuid

import pytest

# Fixtures are found by their names.
from test_xray_control_plane import (  # noqa: F401
    Collector, at_least, collector, error_of, invalid, post, refused, rule, state, violation, xray,
)

CLIENT = "0123456789abcdef01234567"


def hexadecimal(digits):
    return uuid.uuid4().hex[:digits]


def segment(**changes):
    """A segment that AWS takes, with changes; None takes a field out."""
    now = time.time()
    document = {
        "id": hexadecimal(16), "name": "api", "start_time": now, "end_time": now + 0.1,
        "trace_id": f"1-{int(now):08x}-{hexadecimal(24)}", **changes,
    }
    return {name: value for name, value in document.items() if value is not None}


def put(xray, *documents):
    texts = [d if isinstance(d, str) else json.dumps(d) for d in documents]
    return xray.put_trace_segments(TraceSegmentDocuments=texts)["UnprocessedTraceSegments"]


def report(name, requests=1000, client=CLIENT, **changes):
    return {
        "RuleName": name, "ClientID": client, "Timestamp": datetime.datetime.now(),
        "RequestCount": requests, "SampledCount": 2, "BorrowCount": 1, **changes,
    }


# --- PutTraceSegments ---------------------------------------------------------------------


def test_good_segments_are_taken(xray):
    subsegment = segment(type="subsegment", parent_id=hexadecimal(16))
    nested = segment(subsegments=[segment(trace_id=None, subsegments=[segment(trace_id=None)])])
    unfinished = segment(end_time=None, in_progress=True)
    odd = segment(name='café "quoted" \\ 東京', metadata={"n": {"x": "\n\t\u2028"}}, unknown=[1])
    assert put(xray, segment(), subsegment, nested, unfinished, odd) == []
    assert put(xray, *(segment() for _ in range(50))) == []


ID = "53995c3f42cd8ad8"


@pytest.mark.parametrize("document, noun, code, named", [
    ("no JSON", "entity", "ParseError", None),
    ("[]", "entity", "ParseError", None),
    (json.dumps(segment()) + "x", "segment", "ParseError", None),
    (segment(id=ID, type="span"), "entity", "UnknownType", ID),
    (segment(id=None), "segment", "MissingId", None),
    (segment(id="xyz"), "segment", "InvalidId", "xyz"),
    (segment(id=ID, name=None), "segment", "MissingName", ID),
    (segment(id=ID, trace_id=None), "segment", "MissingTraceId", ID),
    (segment(id=ID, trace_id="1-x"), "segment", "InvalidTraceId", ID),
    (segment(id=ID, start_time=None), "segment", "MissingStartTime", ID),
    (segment(id=ID, in_progress=True), "segment", "InProgressSegmentHasEndTime", ID),
    (segment(id=ID, end_time=None), "segment", "MissingEndTime", ID),
    (segment(id=ID, parent_id="x"), "segment", "InvalidParentId", ID),
    (segment(id=ID, type="subsegment"), "subsegment", "MissingParentId", ID),
    (segment(id=ID, subsegments=[segment(end_time=None)]), "subsegment", "MissingEndTime", ID),
    (segment(id=ID, metadata={"n": {"x": "y" * 65536}}), "segment", "SegmentTooLarge", ID),
])
def test_bad_segments_are_named_and_the_others_taken(xray, document, noun, code, named):
    [unprocessed] = put(xray, segment(), document, segment())
    message = f"Invalid {noun}. ErrorCode: {code}"
    if noun == "subsegment":
        message += ", Cause: null"
    assert unprocessed.get("Id") == named
    assert (unprocessed["ErrorCode"], unprocessed["Message"]) == (code, message)


def test_requests_without_segments_are_refused(collector, xray):
    refused(xray.put_trace_segments, "Segments can not be empty", TraceSegmentDocuments=[])
    refused(xray.put_trace_segments, "Segments can not be empty")
    for body in [b"{", b"[]", b"\xff", b'{"TraceSegmentDocuments": "x"}',
                 b'{"TraceSegmentDocuments": [5]}']:
        status, headers, _ = post(collector.url, body, "/TraceSegments")
        assert (status, headers["x-amzn-errortype"]) == (400, "SerializationException")


# --- PutTelemetryRecords ------------------------------------------------------------------


def test_telemetry_is_taken(xray):
    record = {
        "Timestamp": datetime.datetime.now(), "SegmentsReceivedCount": 5,
        "SegmentsSentCount": 4, "SegmentsSpilloverCount": 1, "SegmentsRejectedCount": 0,
        "BackendConnectionErrors": {
            "TimeoutCount": 1, "ConnectionRefusedCount": 1, "HTTPCode4XXCount": 1,
            "HTTPCode5XXCount": 1, "UnknownHostCount": 1, "OtherCount": 1,
        },
    }
    put_records = xray.put_telemetry_records
    put_records(TelemetryRecords=[record], EC2InstanceId="i-1", Hostname="h", ResourceARN="*")
    put_records(TelemetryRecords=[record] * 30)
    put_records(TelemetryRecords=[{"Timestamp": 1, "SegmentsSentCount": 1.7}])
    refused(put_records, "Telemetry records can not be empty", TelemetryRecords=[])
    missing = violation("telemetryRecords.1.member.timestamp", None, "Member must not be null")
    invalid(put_records, missing, TelemetryRecords=[{}])


# --- Sampling -----------------------------------------------------------------------------


def targets(xray, *reports, **more):
    return xray.get_sampling_targets(SamplingStatisticsDocuments=list(reports), **more)


def test_a_client_gets_the_whole_reservoir_and_the_statistics_show_it(xray):
    xray.create_sampling_rule(SamplingRule=rule())
    assert xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"] == []
    started = time.time()
    answer = targets(xray, report("api"))
    [target] = answer["SamplingTargetDocuments"]
    assert target == {"RuleName": "api", "FixedRate": 0.1}
    assert abs(answer["LastRuleModification"].timestamp() - started) < 5
    # A client reports every ten seconds.
    time.sleep(10.1)
    answer = targets(xray, report("api"), report("Default"), report("nowhere"))
    first, second = answer["SamplingTargetDocuments"]
    assert (first["ReservoirQuota"], first["Interval"]) == (5, 10)
    assert abs(first["ReservoirQuotaTTL"].timestamp() - time.time() - 300) < 5
    assert second == {"RuleName": "Default", "FixedRate": 0.05}
    [unknown] = answer["UnprocessedStatistics"]
    assert unknown == {"RuleName": "nowhere", "ErrorCode": "400", "Message": "Unknown rule"}
    [summary] = xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]
    counts = [summary[name] for name in ("RequestCount", "SampledCount", "BorrowCount")]
    assert (summary["RuleName"], counts) == ("api", [1000, 2, 1])
    assert summary["Timestamp"].timestamp() % 10 == 0
    assert -10 <= summary["Timestamp"].timestamp() - started <= 0


def test_reports_of_any_time_and_of_counts_that_contradict_each_other_are_taken(xray):
    odd = [
        report("Default", 1, Timestamp=time.time() - 3600),
        report("Default", 1, Timestamp=time.time() + 86400),
        report("Default", 0, SampledCount=9, BorrowCount=99),
    ]
    answer = targets(xray, *odd)
    assert len(answer["SamplingTargetDocuments"]) == 3
    assert answer["UnprocessedStatistics"] == []
    empty = targets(xray)
    assert (empty["SamplingTargetDocuments"], empty["UnprocessedStatistics"]) == ([], [])


def test_bad_reports_are_refused(xray):
    def bad(member, value, rule, **changes):
        at = f"samplingStatisticsDocuments.1.member.{member}"
        documents = [report("Default", **changes)]
        invalid(xray.get_sampling_targets, violation(at, value, rule),
                SamplingStatisticsDocuments=documents)

    bad("clientID", "short", at_least(24), client="short")
    negative = "Member must have value greater than or equal to 0"
    bad("requestCount", -1, negative, requests=-1)
    bad("borrowCount", -1, negative, BorrowCount=-1)
    status, code, _ = error_of(
        xray.get_sampling_targets, SamplingStatisticsDocuments=[report("Default")] * 26)
    assert (status, code) == (400, "ValidationException")


def test_boost_statistics_are_taken(xray):
    def boost(name):
        return {"RuleName": name, "ServiceName": "s", "Timestamp": 1, "AnomalyCount": 2,
                "TotalCount": 1, "SampledAnomalyCount": 0}

    answer = targets(xray, SamplingBoostStatisticsDocuments=[boost("Default"), boost("nowhere")])
    [unknown] = answer["UnprocessedBoostStatistics"]
    assert unknown["RuleName"] == "nowhere"
    assert "UnprocessedBoostStatistics" not in targets(xray)


def test_statistics_are_in_memory_only(state):
    first = Collector(state)
    xray = first.client("xray")
    xray.create_sampling_rule(SamplingRule=rule())
    modified = targets(xray, report("api"))["LastRuleModification"]
    xray.delete_sampling_rule(RuleName="api")
    deleted = targets(xray)["LastRuleModification"]
    assert deleted >= modified
    first.stop()
    second = Collector(state)
    xray = second.client("xray")
    # Clients that come back learn of the deletion.
    assert targets(xray)["LastRuleModification"] == deleted
    assert xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"] == []
    assert second.stop() == 0
