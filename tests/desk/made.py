"""Traces that were made by hand, each with what an expression can be about."""

import itertools

# Of another account than the one that is looked at.
ELSEWHERE = "123456789012"
DENIED = "Access Denied for account_id: 1234567890"


class Maker:
    """Makes the traces, ten seconds apart."""

    def __init__(self, start):
        self.at = start
        self.numbers = itertools.count(1)
        self.traces = {}

    def part(self, name, took, begins=0.0, **more):
        begun = self.at + begins
        more.setdefault("end_time", begun + took)
        return {"id": f"{next(self.numbers):016x}", "name": name, "start_time": begun, **more}

    def trace(self, label, *documents):
        """Adds a trace of these documents, and goes on to the next."""
        trace_id = f"1-{self.at:08x}-{next(self.numbers):024x}"
        self.traces[label] = [{**document, "trace_id": trace_id} for document in documents]
        self.at += 10

    @property
    def labels(self):
        """Labels by ids of traces."""
        return {documents[0]["trace_id"]: label for label, documents in self.traces.items()}


def http(url=None, status=None, method=None, user_agent=None, client_ip=None):
    request = {"url": url, "method": method, "user_agent": user_agent, "client_ip": client_ip}
    request = {key: value for key, value in request.items() if value}
    return {"request": request, "response": {"status": status}}


def cause(message, kind="IOError"):
    return {"exceptions": [{"id": "e" * 16, "type": kind, "message": message}]}


def made(start):
    """All of them. `start` is a time in whole seconds."""
    m = Maker(start)
    part = m.part
    failed = part("backend.example.com", 0.5, namespace="remote", http=http(status=404))
    m.trace("game", part(
        "api.example.com", 6.0, user="alice", subsegments=[failed],
        http=http(
            "https://api.example.com/api/game/v2/fault", 500, "POST", "curl/8.1", "192.0.2.17"
        ),
        annotations={"gameid": "817DL6VO", "rank": 7},
    ))
    answered = part("backend.example.com", 0.1, namespace="remote", http=http(status=200))
    m.trace("throttled", part(
        "api.example.com", 0.2, subsegments=[answered],
        http=http("https://api.example.com/login", 429, "GET", "Mozilla/5.0", "192.0.2.18"),
    ))
    m.trace("quiet", part(
        "edge-proxy", 0.1, user="bob", http=http("http://api.example.com/v2/list", 200, "GET"),
        annotations={"age": 30, "is_premium": True, "environment": "staging", "request.id": "abc"},
    ))
    m.trace("slow", part(
        "checkout", 4.0, http=http("https://shop.example.com/checkout", 200, "PUT"),
        origin="AWS::EC2::Instance",
        aws={"ec2": {"instance_id": "i-0123456789abcdef0", "availability_zone": "us-west-2a"}},
        resource_arn="arn:aws:lambda:us-west-2:1:function:checkout",
        annotations={"age": 29, "is_premium": False, "environment": "prod", "rank": 20},
    ))
    m.trace("denied", part("data-plane", 2.5, fault=True, user="carol", annotations={"rank": 21}))
    call = part("data-plane", 0.3, namespace="remote")
    m.trace(
        "behind", part("gate", 0.4, subsegments=[call]),
        part("data-plane", 0.2, 0.05, fault=True, parent_id=call["id"]),
    )
    m.trace("plain", part("a", 2.2, error=True, annotations={"age": "old", "rank": 0}))
    call = part("Lambda", 0.6, namespace="aws", aws={"operation": "Invoke"})
    m.trace(
        "lambda", part("front", 1.0, subsegments=[call]),
        part(
            "random-name", 0.4, 0.1, origin="AWS::Lambda::Function", http=http(status=400),
            aws={"account_id": ELSEWHERE}, parent_id=call["id"],
        ),
    )
    m.trace("function", part("random-name", 0.3, origin="AWS::Lambda::Function"))
    m.trace(
        "late", part("late", 1.0),
        part("orphan", 0.1, type="subsegment", parent_id="f" * 16),
    )
    call = part("Auth", 0.8, 0.1, namespace="remote", fault=True)
    inner = part("deserialize", 0.2, 0.3, fault=True, cause=cause(DENIED))
    m.trace(
        "auth", part("web", 1.0, fault=True, subsegments=[call]),
        part("Auth", 0.6, 0.2, fault=True, subsegments=[inner], parent_id=call["id"]),
    )
    m.trace("chain", *chain(part))
    call = part("traces", 9.0, 0.5, namespace="remote")
    m.trace("traces", part("traces-app", 10.0, subsegments=[call]))
    call = part("DynamoDB", 0.9, 0.05, namespace="aws")
    m.trace("table", part("lookup", 1.0, subsegments=[call]))
    m.trace("weather", part("GetWeatherData", 0.5, fault=True, cause=cause("no weather")))
    call = part("partner", 0.2, 0.05, namespace="remote", http=http(status=503))
    m.trace("partner", part("caller", 0.5, fault=True, subsegments=[call]))
    return m


def chain(part, length=8):
    """Services that call one another; what fails is the last of them."""
    documents, parent = [], None
    for number in range(length):
        more = {"parent_id": parent} if parent else {}
        begins, took = 0.05 * number, 1.0 - 0.1 * number
        call = part(f"s{number + 1}", took - 0.05, begins + 0.02, namespace="remote", fault=True)
        if number == length - 1:
            more["cause"] = cause("broken")
        else:
            more["subsegments"] = [call]
        documents.append(part(f"s{number}", took, begins, fault=True, **more))
        parent = call["id"]
    return documents
