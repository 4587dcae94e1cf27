"""Metrics and alarms of the embedded CloudWatch, judged by boto3 and the AWS CLI.

What boto3 puts is what it reads; statistics are those that Python computes of the
same values. Alarms of a spec follow the counts of traces that X-Ray publishes, and
`xrayctl show` tells it.
"""

import datetime
import json
import random
import statistics

import botocore.exceptions
import pytest

MINUTE = 60
UTC = datetime.timezone.utc


# moto evaluates no alarm.
pytestmark = pytest.mark.parametrize("account", ["embedded"], indirect=True)


def minutes_ago(count):
    """A whole minute."""
    now = datetime.datetime.now(UTC).replace(second=0, microsecond=0)
    return now - datetime.timedelta(minutes=count)


def put(cloudwatch, values, name="m", namespace="N", **dimensions):
    """Puts (time, value) pairs, as many at once as AWS takes."""
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    data = [
        {"MetricName": name, "Timestamp": time, "Value": value, "Dimensions": named}
        for time, value in values
    ]
    for start in range(0, len(data), 1000):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + 1000])


def traces(cloudwatch, end, counts):
    """Puts how many traces groups had until `end`, as X-Ray does: {group: [newest last]}."""
    for group, values in counts.items():
        before = [datetime.timedelta(minutes=len(values) - index) for index in range(len(values))]
        times = [end - time for time in before]
        put(
            cloudwatch, list(zip(times, values)), "ApproximateTraceCount", "AWS/X-Ray",
            GroupName=group,
        )


def test_statistics_are_those_of_python(account):
    cloudwatch = account.client("cloudwatch")
    start, generator = minutes_ago(30), random.Random(7)
    values = {}
    for minute in range(30):
        time = start + datetime.timedelta(minutes=minute)
        values[time] = [generator.gauss(100, 20) for _ in range(generator.randint(1, 60))]
    flat = [(time, value) for time, some in values.items() for value in some]
    generator.shuffle(flat)
    put(cloudwatch, flat)
    answer = cloudwatch.get_metric_statistics(
        Namespace="N", MetricName="m", StartTime=start, EndTime=minutes_ago(0), Period=MINUTE,
        Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
    )
    assert answer["Label"] == "m"
    assert {point["Timestamp"] for point in answer["Datapoints"]} == set(values)
    for point in answer["Datapoints"]:
        some = values[point["Timestamp"]]
        assert point["Unit"] == "None"
        assert point["Sum"] == pytest.approx(sum(some))
        assert point["Average"] == pytest.approx(statistics.fmean(some))
        assert (point["Minimum"], point["Maximum"]) == (min(some), max(some))
        assert point["SampleCount"] == len(some)
    whole = cloudwatch.get_metric_statistics(
        Namespace="N", MetricName="m", StartTime=start, EndTime=minutes_ago(0), Period=30 * MINUTE,
        ExtendedStatistics=["p50", "p95", "tm90", "PR(:100)"],
    )
    extended = whole["Datapoints"][0]["ExtendedStatistics"]
    ordered = sorted(value for _, value in flat)
    # Of more than 512 different values percentiles are approximate.
    near = pytest.approx(statistics.median_low(ordered), rel=0.01)
    assert extended["p50"] == near
    assert extended["p95"] == pytest.approx(ordered[round(0.95 * len(ordered)) - 1], rel=0.01)
    assert extended["tm90"] == pytest.approx(
        statistics.fmean(ordered[: round(0.9 * len(ordered))]), rel=0.01
    )
    share = 100 * sum(value <= 100 for value in ordered) / len(ordered)
    assert extended["PR(:100)"] == pytest.approx(share, abs=0.5)


def test_data_is_paged_and_computed(account):
    cloudwatch = account.client("cloudwatch")
    start = minutes_ago(20)
    times = [start + datetime.timedelta(minutes=minute) for minute in range(20)]
    put(cloudwatch, [(time, minute) for minute, time in enumerate(times)])
    stat = {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": MINUTE, "Stat": "Sum"}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[
            {"Id": "m1", "MetricStat": stat},
            {"Id": "e1", "Expression": "IF(m1 > 9, m1 * 10, 0)", "Label": "tenfold"},
        ],
        StartTime=start, EndTime=minutes_ago(0), ScanBy="TimestampAscending",
        PaginationConfig={"PageSize": 7},
    )
    found, labels = {"m1": [], "e1": []}, set()
    for page in pages:
        for result in page["MetricDataResults"]:
            found[result["Id"]] += zip(result["Timestamps"], result["Values"])
            labels.add(result["Label"])
    assert found["m1"] == list(zip(times, range(20)))
    assert found["e1"] == [(time, 10 * n if n > 9 else 0) for n, time in enumerate(times)]
    assert labels == {"m", "tenfold"}


def test_the_aws_cli_reads_and_writes_metrics(account):
    time = minutes_ago(2).strftime("%Y-%m-%dT%H:%M:%SZ")
    account.aws(
        "cloudwatch", "put-metric-data", "--namespace", "N", "--metric-name", "m", "--value", "3",
        "--unit", "Count", "--timestamp", time, "--dimensions", "d=x",
    )
    listed = account.aws("cloudwatch", "list-metrics", "--namespace", "N")
    assert listed["Metrics"] == [
        {"Namespace": "N", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "x"}]}
    ]
    answer = account.aws(
        "cloudwatch", "get-metric-statistics", "--namespace", "N", "--metric-name", "m",
        "--dimensions", "Name=d,Value=x", "--start-time", time,
        "--end-time", minutes_ago(0).strftime("%Y-%m-%dT%H:%M:%SZ"), "--period", "60",
        "--statistics", "Sum",
    )
    [point] = answer["Datapoints"]
    assert (point["Sum"], point["Unit"]) == (3.0, "Count")
    assert account.aws("cloudwatch", "describe-alarm-history")["AlarmHistoryItems"] == []


@pytest.mark.parametrize("change, named", [
    ({"Namespace": ":x"}, "Namespace"),
    ({"MetricData": [{"MetricName": "m", "Value": 1, "Values": [1]}]}, "mutually exclusive"),
    ({"MetricData": [{"MetricName": "m"}]}, "MetricData.member.1"),
    ({"MetricData": [{"MetricName": "m", "Value": 1, "Timestamp": 1}]}, "past two weeks"),
    ({"MetricData": [{"MetricName": "m", "Value": float("inf")}]}, "Value"),
])
def test_wrong_data_is_refused(account, change, named):
    cloudwatch = account.client("cloudwatch")
    request = {"Namespace": "N", "MetricData": [{"MetricName": "m", "Value": 1}], **change}
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        cloudwatch.put_metric_data(**request)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert named in caught.value.response["Error"]["Message"]
    assert cloudwatch.list_metrics()["Metrics"] == []


def status_of(account, spec, address):
    shown = json.loads(account.xrayctl("--json", "show", spec))
    [found] = [one for one in shown["resources"] if one["address"] == address]
    return found["status"]


def test_alarms_of_a_spec_go_off_and_back(account):
    """atom: errors above 5 % of all traces for ten minutes, or none of its agents."""
    spec = account.spec("atom")
    account.xrayctl("apply", "--auto-approve", spec)
    cloudwatch = account.client("cloudwatch")
    errors = "alarm.high-error-rate"
    failing, agents = "atom-development-errors", "atom-development-agents"
    before = status_of(account, spec, errors)
    assert before["state_value"] == "INSUFFICIENT_DATA"
    # Five minutes a value, four values at most.
    end = minutes_ago(0)
    traces(cloudwatch, end, {"Default": [100] * 20, failing: [2] * 20, agents: [5] * 20})
    assert status_of(account, spec, errors)["state_value"] == "OK"
    assert status_of(account, spec, "composite_alarm.tracing")["state_value"] == "OK"
    # More of the same minutes: 32 of 200.
    traces(cloudwatch, end, {"Default": [100] * 20, failing: [30] * 20})
    after = status_of(account, spec, errors)
    assert after["state_value"] == "ALARM"
    assert "[16.0 (" in after["state_reason"] and "threshold (5.0)" in after["state_reason"]
    assert status_of(account, spec, "composite_alarm.tracing")["state_value"] == "ALARM"
    assert "ALARM" in account.xrayctl("show", spec)
    # No plan is made of states.
    account.xrayctl("plan", "--detailed-exitcode", spec)
    # And back: 32 of 2200.
    traces(cloudwatch, end, {"Default": [2000] * 20})
    assert status_of(account, spec, errors)["state_value"] == "OK"
    name = next(
        alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]
        if alarm["AlarmName"].endswith("high-error-rate")
    )
    history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    assert [item["HistorySummary"] for item in history["AlarmHistoryItems"]] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]
    newest = json.loads(history["AlarmHistoryItems"][0]["HistoryData"])
    assert newest["oldState"]["stateValue"] == "ALARM"
    assert newest["newState"]["stateReasonData"]["period"] == 300


@pytest.mark.parametrize("system", ["ananta", "atom", "pmp"])
def test_every_alarm_of_a_spec_is_evaluated(account, system):
    """Whatever the presets make has a state, and a reason in AWS's words."""
    account.xrayctl("apply", "--auto-approve", account.spec(system))
    cloudwatch = account.client("cloudwatch")
    groups = account.client("xray").get_groups()["Groups"]
    traces(cloudwatch, minutes_ago(0), {group["GroupName"]: [4] * 40 for group in groups})
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarms
    for alarm in alarms:
        assert alarm["StateValue"] in ("OK", "ALARM"), alarm
        assert alarm["StateReason"].startswith("Threshold Crossed: "), alarm
        assert json.loads(alarm["StateReasonData"])["version"] == "1.0"
