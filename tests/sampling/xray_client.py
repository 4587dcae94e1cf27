"""The X-Ray SDK for Python. `match` says which rule requests meet; run as a program,
it is an application that samples as a server says, like `node/live.cjs`."""

import json
import sys
import threading
import time

from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.daemon_config import DaemonConfig
from aws_xray_sdk.core.sampling.rule_cache import RuleCache
from aws_xray_sdk.core.sampling.sampler import DefaultSampler

NOW = 1_790_159_515


class Answers:
    """A client of X-Ray that answers with these rules."""

    def __init__(self, rules):
        self.rules = rules

    def get_sampling_rules(self):
        return {"SamplingRuleRecords": [{"SamplingRule": rule} for rule in self.rules]}


CONNECTOR = DefaultSampler()._connector


def match(case):
    """The names of the rules that the requests of a case meet."""
    CONNECTOR._xray_client = Answers(case["rules"])
    cache = RuleCache()
    cache.load_rules(CONNECTOR.fetch_sampling_rules())
    cache.last_updated = NOW
    names = {"type": "service_type"}
    met = []
    for request in case["requests"]:
        known = {names.get(name, name): value for name, value in request.items()}
        rule = cache.get_matched_rule(known, NOW)
        met.append(rule.name if rule else None)
    return met


def sampler(address):
    """A sampler that takes its rules from a daemon's address."""
    made = DefaultSampler()
    made.load_settings(DaemonConfig(address), Context())
    return made


def rule_of(made, name):
    """The rule of this name that a sampler has."""
    return next((rule for rule in made._cache.rules if rule.name == name), None)


def main(address, own_path, own_rule):
    made = sampler(address)

    def keeps(path):
        return bool(made.should_trace({"method": "GET", "path": path}))

    def traffic():
        while True:
            keeps(own_path)
            time.sleep(0.05)

    threading.Thread(target=traffic, daemon=True).start()
    for line in sys.stdin:
        asked = json.loads(line)
        kept = sum(keeps(asked["path"]) for _ in range(asked["count"]))
        rule = rule_of(made, own_rule)
        quota = rule.reservoir.quota if rule else None
        print(json.dumps({"kept": kept, "quota": quota}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
