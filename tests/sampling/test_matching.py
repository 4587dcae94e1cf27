"""Our matcher beside those of real samplers: over thousands of rule sets each says
the same as ours in its dialect, and where they differ, ours differs with them."""

import json

import pytest
import xray_client
from conftest import MATCHER, MATCHERS, answers
from generated import cases

SETS = 3000
REQUESTS = 12


@pytest.fixture(scope="module")
def generated():
    made = cases(6, SETS, REQUESTS)
    return made, answers([MATCHER], made)


def differing(made, ours, theirs, dialect):
    for case, our, their in zip(made, ours, theirs, strict=True):
        for request, mine, other in zip(case["requests"], our[dialect], their, strict=True):
            if mine != other:
                yield json.dumps([case["rules"], request, mine, other])


def test_the_sdk_for_python_agrees(generated):
    made, ours = generated
    theirs = [xray_client.match(case) for case in made]
    assert not list(differing(made, ours, theirs, "xray-sdk"))[:1]


@pytest.mark.parametrize("name", MATCHERS)
def test_others_agree(generated, name):
    made, ours = generated
    command, dialect = MATCHERS[name]
    assert not list(differing(made, ours, answers(command, made), dialect))[:1]


def test_what_is_compared_tells_them_apart(generated):
    _, ours = generated
    def met(dialect):
        return [name for one in ours for name in one[dialect]]

    dialects = list(ours[0])
    assert len(dialects) == 5
    for one in dialects:
        names = met(one)
        assert 0.1 < names.count("Default") / len(names) < 0.8
        for other in dialects:
            apart = sum(a != b for a, b in zip(names, met(other), strict=True))
            assert (apart > SETS * REQUESTS / 200) == (one != other), (one, other, apart)
