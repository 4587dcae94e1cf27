"""The X-Ray sampler of AWS's OpenTelemetry distribution for Python, in an environment
of its own. `adot_client.py match` reads cases and writes answers as JSON lines;
`adot_client.py live ADDRESS PATH RULE` is an application, like `node/live.cjs`."""

import json
import random
import sys
import threading
import time

from amazon.opentelemetry.distro.sampler._clock import _Clock
from amazon.opentelemetry.distro.sampler._fallback_sampler import _FallbackSampler
from amazon.opentelemetry.distro.sampler._rule_cache import _RuleCache
from amazon.opentelemetry.distro.sampler._sampling_rule import _SamplingRule
from amazon.opentelemetry.distro.sampler.aws_xray_remote_sampler import AwsXRayRemoteSampler
from opentelemetry.sdk.resources import Resource

PLATFORMS = {
    "AWS::EC2::Instance": "aws_ec2",
    "AWS::ECS::Container": "aws_ecs",
    "AWS::EKS::Container": "aws_eks",
    "AWS::Lambda::Function": "aws_lambda",
}


def known(attributes):
    return {name: value for name, value in attributes.items() if value is not None}


def match(case):
    clock = _Clock()
    cache = _RuleCache(Resource({}), _FallbackSampler(clock), "0" * 24, clock, threading.Lock())
    cache.update_sampling_rules([_SamplingRule(**rule) for rule in case["rules"]])
    appliers = cache._RuleCache__rule_appliers
    met = []
    for one in case["requests"]:
        resource = Resource(
            known(
                {
                    "service.name": one.get("service"),
                    "cloud.platform": PLATFORMS.get(one.get("type")),
                    "aws.ecs.container.arn": one.get("arn"),
                }
            )
        )
        attributes = known(
            {
                "http.request.method": one.get("method"),
                "url.path": one.get("path"),
                "server.address": one.get("host"),
                **one.get("attributes", {}),
            }
        )
        found = (rule for rule in appliers if rule.matches(resource, attributes))
        rule = next(found, None)
        met.append(rule.sampling_rule.RuleName if rule else None)
    return met


def live(address, own_path, own_rule):
    resource = Resource({"service.name": "orders"})
    sampler = AwsXRayRemoteSampler(resource=resource, endpoint=f"http://{address}")
    draws = random.Random(6)

    def keeps(path):
        attributes = {"http.request.method": "GET", "url.path": path}
        trace = draws.getrandbits(128)
        result = sampler.should_sample(None, trace, "GET", attributes=attributes)
        return result.decision.is_sampled()

    def quota():
        cache = sampler._AwsXRayRemoteSampler__rule_cache
        for rule in cache._RuleCache__rule_appliers:
            if rule.sampling_rule.RuleName == own_rule:
                if rule._SamplingRuleApplier__borrowing:
                    return None
                reservoir = rule._SamplingRuleApplier__reservoir_sampler._root
                return reservoir._RateLimitingSampler__quota
        return None

    def traffic():
        while True:
            keeps(own_path)
            time.sleep(0.05)

    threading.Thread(target=traffic, daemon=True).start()
    for line in sys.stdin:
        asked = json.loads(line)
        kept = sum(keeps(asked["path"]) for _ in range(asked["count"]))
        print(json.dumps({"kept": kept, "quota": quota()}), flush=True)


def main(mode, *arguments):
    if mode == "live":
        live(*arguments)
        return
    for line in sys.stdin:
        print(json.dumps(match(json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
