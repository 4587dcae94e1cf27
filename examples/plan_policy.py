#!/usr/bin/env python3
"""Refuses plans that no one should apply without a second look.

Reads a plan in Terraform's plan format, as `xrayctl --json show PLAN` prints it,
or the events of `xrayctl --json plan`, whose last line is the plan. Says what it
refuses as conftest does and ends with 1 where that is anything:

    xrayctl plan --out plan
    xrayctl --json show plan > plan.json
    python3 examples/plan_policy.py plan.json

Nothing but `resource_changes` is read, so that Terraform's own plans pass the
same rules. Needs Python 3.9 or later and no package. Copy it and make the rules
your own.
"""

import json
import sys

# What is lost with these cannot be made again: traces and logs encrypted with a
# key that is gone, events of a log group.
IRREPLACEABLE = {"aws_kms_key", "aws_cloudwatch_log_group"}
# The largest share of requests to trace past the reservoir.
MOST_SAMPLED = 0.5


def deny_loss(change):
    """Keys and log groups are neither deleted nor replaced."""
    if change["type"] in IRREPLACEABLE and "delete" in change["change"]["actions"]:
        yield "is deleted, and what only it could read or hold is lost"


def deny_protected(change):
    """What is tagged `protected = "true"` stays."""
    before = change["change"]["before"] or {}
    is_protected = (before.get("tags") or {}).get("protected") == "true"
    if is_protected and "delete" in change["change"]["actions"]:
        yield "is deleted though it is tagged as protected"


def deny_key_without_rotation(change):
    """Keys rotate."""
    after = change["change"]["after"]
    if change["type"] == "aws_kms_key" and after and not after.get("enable_key_rotation"):
        yield "does not rotate"


def deny_unencrypted_traces(change):
    """Traces are encrypted with a key of ours."""
    after = change["change"]["after"]
    if change["type"] == "aws_xray_encryption_config" and after and after["type"] != "KMS":
        yield "leaves traces to the key of AWS"


def deny_costly_sampling(change):
    """No rule traces more than a share of all requests."""
    after = change["change"]["after"]
    if change["type"] == "aws_xray_sampling_rule" and after and after["fixed_rate"] > MOST_SAMPLED:
        yield f"traces {after['fixed_rate']:.0%} of requests, more than {MOST_SAMPLED:.0%}"


RULES = [
    deny_loss,
    deny_protected,
    deny_key_without_rotation,
    deny_unencrypted_traces,
    deny_costly_sampling,
]


def read(text):
    """Takes the plan out of a document, or out of a stream of events."""
    try:
        plan = json.loads(text)
    except json.JSONDecodeError:
        lines = [line for line in text.splitlines() if line.strip()]
        plan = json.loads(lines[-1]) if lines else {}
    if not str(plan.get("format_version", "")).startswith("1.") or "resource_changes" not in plan:
        raise ValueError("this is not a plan in Terraform's plan format 1")
    return plan


def judge(plan):
    """Lists what is refused: addresses with the reason."""
    return [
        f"{change['address']} {reason}"
        for change in plan["resource_changes"]
        for rule in RULES
        for reason in rule(change)
    ]


def main(arguments):
    """Judges the plans that are named; `-` is standard input."""
    if not arguments:
        print("usage: plan_policy.py PLAN.json...", file=sys.stderr)
        return 1
    failures = 0
    for name in arguments:
        try:
            if name == "-":
                plan = read(sys.stdin.read())
            else:
                with open(name, encoding="utf-8") as file:
                    plan = read(file.read())
        except (OSError, ValueError) as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            return 1
        refused = judge(plan)
        for reason in refused:
            print(f"FAIL - {name} - {reason}")
        failures += len(refused)
        print(f"{name}: {len(plan['resource_changes'])} resources, {len(refused)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
