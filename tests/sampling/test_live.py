"""Samplers take their rules and quotas from our server, unchanged."""

import json
import math
import random
import time
import types

import boto3
import pytest
import xray_client
from aws_xray_sdk.core.sampling import sampler as sdk_sampler
from conftest import APPLICATIONS, MATCHER, MATCHERS, Application, answers, eventually
from generated import request, rule

SPEC = """
[stack]
name = "sampling"
region = "us-east-1"
"""
# What each kind of application asks for, and the rule that is for it.
OWN = """
[sampling_rules.{name}]
priority = 10
reservoir_size = {reservoir}
fixed_rate = {rate}
url_path = "/{name}/*"

[sampling_rules.{name}-share]
priority = 20
reservoir_size = 0
fixed_rate = {share}
url_path = "/share/{name}"
"""


def apply(server, **values):
    spec = SPEC + "".join(OWN.format(name=name, **values) for name in APPLICATIONS)
    (server.folder / "xrayctl.toml").write_text(spec, encoding="utf-8")
    server.xrayctl("apply", "--auto-approve")


@pytest.fixture
def xray(server):
    return boto3.client(
        "xray",
        endpoint_url=f"http://{server.daemon}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def test_rules_that_stand_decide_as_samplers_say(server, xray):
    chance = random.Random(7)
    for name in ["b", "B", "a1", "a", "Z", "z-2", "_", "c.d", "e f", "A", "10", "9"]:
        made = rule(chance, name)
        made["Priority"] = chance.randrange(1, 4)
        del made["RuleARN"]
        xray.create_sampling_rule(SamplingRule=made)
    case = {"rules": server.rules(), "requests": [request(chance) for _ in range(500)]}
    (ours,) = answers([MATCHER], [case])
    assert xray_client.match(case) == ours["xray-sdk"]
    for command, dialect in MATCHERS.values():
        assert answers(command, [case]) == [ours[dialect]]
    assert len(set(ours["xray-sdk"])) > 3
    # And so does the command.
    options = {"arn": "resource-arn", "type": "service-type"}
    for index, one in enumerate(case["requests"][:12]):
        line = ["sampling", "test", "--live", "--region", "us-east-1", "--json"]
        for name, value in one.items():
            if name == "attributes":
                line += [f"--attribute={key}={text}" for key, text in value.items()]
            else:
                line.append(f"--{options.get(name, name)}={value}")
        samplers = json.loads(server.xrayctl(*line))["samplers"]
        assert {it["sampler"]: it["rule"] for it in samplers} == {
            dialect: names[index] for dialect, names in ours.items()
        }


def within(kept, count, share):
    """Whether so many of `count` is what a share comes to, within five deviations."""
    return abs(kept - count * share) <= 5 * math.sqrt(count * share * (1 - share))


def test_two_of_each_share_a_reservoir_and_follow_an_apply(server):
    apply(server, reservoir=10, rate=0, share=0.3)
    applications = {
        name: [Application(name, server, f"/{name}/x", name) for _ in range(2)]
        for name in APPLICATIONS
    }

    def quotas():
        return {
            name: sorted(one.ask("/", 0)["quota"] or 0 for one in pair)
            for name, pair in applications.items()
        }

    def all_have(quota):
        return lambda found: all(pair == [quota, quota] for pair in found.values())

    try:
        eventually(quotas, all_have(5))
        for name, pair in applications.items():
            for one in pair:
                assert within(one.ask(f"/share/{name}", 20_000)["kept"], 20_000, 0.3), name
        apply(server, reservoir=4, rate=1, share=0.7)
        eventually(quotas, all_have(2))
        for name, pair in applications.items():
            for one in pair:
                ask = lambda one=one, name=name: one.ask(f"/{name}/x", 200)["kept"]
                eventually(ask, lambda kept: kept == 200)
                assert within(one.ask(f"/share/{name}", 20_000)["kept"], 20_000, 0.7), name
    finally:
        for pair in applications.values():
            for one in pair:
                one.stop()


def test_what_is_kept_is_reservoir_and_rate(server, monkeypatch):
    """Two samplers of X-Ray's SDK get their quotas in real time, and use them on a
    clock of the test's."""
    spec = SPEC + '[sampling_rules.api]\npriority = 10\nreservoir_size = 10\nfixed_rate = 0.2\n'
    spec += "[traffic.api]\nrequests_per_second = 40\n"
    (server.folder / "xrayctl.toml").write_text(spec, encoding="utf-8")
    server.xrayctl("apply", "--auto-approve")
    pair = [xray_client.sampler(server.daemon) for _ in range(2)]

    def report(made, requests):
        for _ in range(requests):
            made.should_trace({"path": "/x"})
        made._target_poller._do_work()
        return xray_client.rule_of(made, "api").reservoir.quota

    for seed, made in enumerate(pair):
        made._started = True
        made._random.seed(seed)
        made._rule_poller._refresh_cache()
        assert report(made, 100) is None
    begun = time.time()
    eventually(time.time, lambda now: now > begun + 10.1)
    for made in pair:
        report(made, 400)
    assert [xray_client.rule_of(made, "api").reservoir.quota for made in pair] == [5, 5]

    start = int(time.time()) + 2
    clock = types.SimpleNamespace(time=lambda: start + clock.second)
    monkeypatch.setattr(sdk_sampler, "time", clock)
    kept = 0
    for clock.second in range(200):
        for made in pair:
            kept += sum(bool(made.should_trace({"path": "/x"})) for _ in range(20))
    # Ten a second of the reservoir are certain.
    assert within(kept - 2000, 200 * 30, 0.2)
    line = ["sampling", "simulate", "--json", "--clients", "2", "--live"]
    simulated = json.loads(server.xrayctl(*line))["result"]
    (api,) = [one for one in simulated["rules"] if one["rule"] == "api"]
    assert api["share"] == pytest.approx(16 / 40)
    assert within(kept, 200 * 40, api["share"])
