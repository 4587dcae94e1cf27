"""Every operation of the data plane, by boto3 and by the AWS CLI: both parse each answer,
and its members are those of botocore's model."""

import json
import time

import pytest

CLIENT = "0123456789abcdef01234567"
# Of each operation a member that its answer has; none where it has none. What is `None`
# is the window of the load, or one of its ids.
OPERATIONS = {
    "put_trace_segments": ({"TraceSegmentDocuments": None}, "UnprocessedTraceSegments"),
    "put_telemetry_records": (
        {"TelemetryRecords": [{"Timestamp": 1, "SegmentsSentCount": 2}]}, None
    ),
    "get_sampling_rules": ({}, "SamplingRuleRecords"),
    "get_sampling_targets": (
        {"SamplingStatisticsDocuments": [{
            "RuleName": "Default", "ClientID": CLIENT, "Timestamp": 1, "RequestCount": 9,
            "SampledCount": 1, "BorrowCount": 1,
        }]},
        "SamplingTargetDocuments",
    ),
    "get_sampling_statistic_summaries": ({}, "SamplingStatisticSummaries"),
    "get_trace_summaries": ({"StartTime": None, "EndTime": None}, "TraceSummaries"),
    "batch_get_traces": ({"TraceIds": None}, "Traces"),
    "get_trace_graph": ({"TraceIds": None}, "Services"),
    "get_service_graph": ({"StartTime": None, "EndTime": None}, "Services"),
    "get_time_series_service_statistics": (
        {"StartTime": None, "EndTime": None, "Period": 60}, "TimeSeriesServiceStatistics"
    ),
    "start_trace_retrieval": (
        {"TraceIds": None, "StartTime": None, "EndTime": None}, "RetrievalToken"
    ),
    "list_retrieved_traces": ({"RetrievalToken": None}, "RetrievalStatus"),
    "get_retrieved_traces_graph": ({"RetrievalToken": None}, "RetrievalStatus"),
    "cancel_trace_retrieval": ({"RetrievalToken": None}, None),
    "get_insight_summaries": (
        {"GroupName": "Default", "StartTime": None, "EndTime": None}, "InsightSummaries"
    ),
}


def filled(api, load, operation):
    """The members of a call, with those of the load in their places."""
    there = next(iter(load.traces))
    now = time.time()
    segment = {
        "id": "3" * 16, "name": "any", "trace_id": f"1-{int(now):08x}-{'3' * 24}",
        "start_time": now, "end_time": now,
    }
    window = {"StartTime": load.start, "EndTime": load.end}
    known = {**window, "TraceIds": [there], "TraceSegmentDocuments": [json.dumps(segment)]}
    members = OPERATIONS[operation][0]
    if "RetrievalToken" in members:
        started = api.ask("start_trace_retrieval", TraceIds=[there], **window)
        known["RetrievalToken"] = started["RetrievalToken"]
    return {name: known[name] if value is None else value for name, value in members.items()}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_boto3_and_the_aws_cli(api, load, operation):
    wanted = OPERATIONS[operation][1]
    members = filled(api, load, operation)
    by_boto3 = api.ask(operation, **members)
    if operation == "cancel_trace_retrieval":
        members = filled(api, load, operation)
    by_cli = api.aws(operation.replace("_", "-"), **members)
    if wanted is None:
        assert by_boto3 == {} == by_cli
        return
    assert wanted in by_boto3 and wanted in by_cli
    if isinstance(by_boto3[wanted], list):
        assert len(by_boto3[wanted]) == len(by_cli[wanted])
