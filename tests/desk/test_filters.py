"""Filter expressions: every example of the reference on traces that were made for it, and
expressions by chance on the generated load."""

from types import SimpleNamespace

import expressions
import pytest
from clients import hours_ago
from compare import same
from made import made
from shared import error_of
from summaries import bare

FAULTS = {"game", "denied", "auth", "chain", "weather", "partner"}
OK = {"quiet", "slow", "behind", "lambda", "function", "late", "traces", "table"}
ALL = FAULTS | OK | {"throttled", "plain"}
WITH_AGE = {"quiet", "slow", "plain"}
VALID = {
    "ok": OK,
    "!ok": ALL - OK,
    "ok = false": ALL - OK,
    "fault != true": ALL - FAULTS,
    "throttle": {"throttled"},
    "partial": {"late"},
    "responsetime > 5": {"game", "traces"},
    "duration >= 5 AND duration <= 8": {"game"},
    "http.status != 200": {"game", "throttled"},
    "ok !partial duration <3": {"quiet", "behind", "lambda", "function", "table"},
    'http.url CONTAINS "/api/game/"': {"game"},
    'http.url BEGINSWITH "https://" AND http.url ENDSWITH "/fault"': {"game"},
    'http.method = "POST" AND http.status >= 500': {"game"},
    'user CONTAINS ""': {"game", "quiet", "denied"},
    'user = "alice" OR user = "bob"': {"game", "quiet"},
    "(error OR fault) AND responsetime > 2": {"game", "denied", "plain"},
    'http.clientip = "192.0.2.17"': {"game"},
    'http.useragent CONTAINS "curl"': {"game"},
    'availabilityzone = "us-west-2a"': {"slow"},
    'instance.id = "i-0123456789abcdef0"': {"slow"},
    'resource.arn CONTAINS ":function:checkout"': {"slow"},
    'annotation.gameid = "817DL6VO"': {"game"},
    "annotation.age > 29": {"quiet"},
    "annotation.age": WITH_AGE,
    "!annotation.age": ALL - WITH_AGE,
    "annotation.is_premium = true": {"quiet"},
    'annotation[environment] = "staging"': {"quiet"},
    'annotation[request.id] = "abc"': {"quiet"},
    "annotation[rank] > 0 AND annotation[rank] <= 20": {"game", "slow"},
    'service("api.example.com")': {"game", "throttled"},
    'service("api.example.com") { fault }': {"game"},
    "service() { fault }": FAULTS | {"behind"},
    '!service("api.example.com")': ALL - {"game", "throttled"},
    'service("data-plane") {root = true and fault = true}': {"denied"},
    'service(id(name: "random-name", type: "AWS::Lambda::Function")) { error }': {"lambda"},
    'service(id(type: "AWS::Lambda::Function")) { error }': {"lambda"},
    'service(id(account.id: "123456789012"))': {"lambda"},
    'edge("api.example.com", "backend.example.com") { error }': {"game"},
    'edge(id(name: "a", type: "client"), id(name: "a")) { error }': {"plain"},
    'service("checkout") { responsetime > 3 }': {"slow"},
    'http.url BEGINSWITH "http://api.example.com/" AND http.url CONTAINS "/v2/" '
    'AND !service("api.example.com")': {"quiet"},
    'group.name = "high_response_time" AND user = "alice"': {"game"},
    'group.arn = "{arn}" AND fault': {"game"},
    'rootcause.fault.service { name = "Auth" }': {"auth"},
    'rootcause.fault.entity { last and name = "deserialize" }': {"auth"},
    'rootcause.responsetime.entity { remote and coverage > 0.7 and name = "traces" }': {"traces"},
    "rootcause.fault.service { index > 5 }": {"chain"},
    'rootcause.fault.exception { last and message = "Access Denied for account_id: 1234567890" }': {
        "auth"
    },
    'rootcause.responsetime.service { last and type = "AWS::DynamoDB" }': {"table"},
    'rootcause.json = #[{ "Services": [ { "Name": "GetWeatherData", '
    '"EntityPath": [{ "Name": "GetWeatherData" }] } ] }]': {"weather"},
    # Of the table of keywords, what has no example.
    "inferred": {"game", "throttled", "traces", "table", "partner"},
    "OK = true": OK,
    "http.url AND responseTime > 2": {"game", "slow"},
    'user != "bob"': {"game", "denied"},
    'service(id(type: "remote")) { inferred }': {"game", "throttled", "traces", "partner"},
    'service { name BEGINSWITH "data" }': {"denied", "behind"},
    'service() { type = "AWS::DynamoDB" }': {"table"},
    'service { annotation[request.id] = "abc" }': {"quiet"},
    'edge("gate", "data-plane")': {"behind"},
    'edge("data-plane", "gate")': set(),
}
INVALID = [
    'edge("only")',
    'service(id(name: "a", name: "b"))',
    'service() { edge("a","b") }',
    "annotation.request.id = 1",
    'http.url > "x"',
    'duration CONTAINS "1"',
    "fault > 1",
    'ok CONTAINS "t"',
    "rootcause.fault.entity { coverage > 0.5 }",
    'rootcause.responsetime.exception { message = "x" }',
    'http.status = "200"',
    "user = alice",
    "http.url CONTAINS '/x'",
    'annotation.my-key = "x"',
    "responsetime => 5",
    "ok && fault",
    "ok || fault",
    'service("a"',
    'service("a") { fault',
    "group.name",
    "first",
    'id(name:"x")',
    'name = "x"',
    "foo = 1",
]


@pytest.fixture(scope="session")
def by_hand(api):
    """The traces that were made by hand, and the groups that expressions name."""
    start = hours_ago(4)
    traces = made(start)
    api.put([document for each in traces.traces.values() for document in each])
    api.ask("create_group", GroupName="high_response_time", FilterExpression="responsetime > 3")
    group = api.ask("create_group", GroupName="x", FilterExpression="http.url")["Group"]
    assert set(traces.traces) == ALL
    return SimpleNamespace(start=start, end=start + 600, traces=traces, arn=group["GroupARN"])


@pytest.mark.parametrize("expression", VALID)
def test_valid_examples(api, by_hand, expression):
    text = expression.replace("{arn}", by_hand.arn)
    found = api.ids(by_hand.start, by_hand.end, text)
    assert {by_hand.traces.labels[one] for one in found} == VALID[expression]


@pytest.mark.parametrize("expression", INVALID)
def test_invalid_examples(api, by_hand, expression):
    window = {"StartTime": by_hand.start, "EndTime": by_hand.end}
    call = api.boto.get_trace_summaries
    status, code, message = error_of(call, FilterExpression=expression, **window)
    assert (status, code) == (400, "InvalidRequestException")
    assert message


@pytest.mark.parametrize("expression", INVALID)
def test_invalid_examples_in_groups(api, expression):
    call = api.boto.create_group
    assert error_of(call, GroupName="none", FilterExpression=expression)[:2] == (
        400, "InvalidRequestException"
    )


def test_an_empty_expression_is_all_in_a_query_and_none_in_a_group(api, by_hand):
    assert len(api.ids(by_hand.start, by_hand.end)) == len(ALL)
    for expression in ("", "   "):
        status, code, message = error_of(
            api.boto.create_group, GroupName="none", FilterExpression=expression
        )
        assert (status, code, message) == (
            400, "InvalidRequestException", "Filter Expression is empty"
        )


def test_expressions_by_chance(api, load):
    for part in expressions.generated(seed=11, count=200):
        wanted = {one.id for one in load.traces.values() if part.matches(one)}
        found = api.ids(load.start, load.end, part.text)
        assert found == wanted, f"{part.text}: {found ^ wanted}"


# --- Root causes ----------------------------------------------------------------------------


def of(api, by_hand, label):
    """The summary of a trace that was made by hand."""
    found = api.summaries(by_hand.start, by_hand.end)
    return next(one for one in found if by_hand.traces.labels[one["Id"]] == label)


def services_of(causes):
    """Of each cause: of each service its name, whether it is inferred, and its entities."""
    return [
        [(one["Name"], bool(one["Inferred"]), one["EntityPath"]) for one in cause["Services"]]
        for cause in causes or []
    ]


def entity(name, remote=False, *exceptions):
    listed = [{"Name": kind, "Message": message} for kind, message in exceptions]
    return {"Name": name, "Exceptions": listed, "Remote": remote}


def test_root_causes_of_a_fault(api, by_hand):
    denied = ("IOError", "Access Denied for account_id: 1234567890")
    assert services_of(of(api, by_hand, "auth")["FaultRootCauses"]) == [[
        ("web", False, [entity("web"), entity("Auth", True)]),
        ("Auth", False, [entity("Auth"), entity("deserialize", False, denied)]),
    ]]
    [services] = services_of(of(api, by_hand, "chain")["FaultRootCauses"])
    assert [name for name, *_ in services] == [f"s{number}" for number in range(8)]


def test_root_causes_that_are_inferred(api, by_hand):
    assert services_of(of(api, by_hand, "partner")["FaultRootCauses"]) == [[
        ("caller", False, [entity("caller"), entity("partner", True)]),
        ("partner", True, [entity("partner")]),
    ]]


def test_a_flag_alone_has_no_root_cause(api, by_hand):
    for label in ("denied", "plain", "throttled", "quiet", "behind"):
        found = bare(of(api, by_hand, label))
        assert "FaultRootCauses" not in found and "ErrorRootCauses" not in found, label


def test_root_causes_of_response_time(api, by_hand):
    [services] = services_of(of(api, by_hand, "traces")["ResponseTimeRootCauses"])
    same(services, [
        ("traces-app", False, [
            {"Name": "traces-app", "Coverage": 1.0, "Remote": False},
            {"Name": "traces", "Coverage": 0.9, "Remote": True},
        ]),
        ("traces", True, [{"Name": "traces", "Coverage": 0.9, "Remote": False}]),
    ])
