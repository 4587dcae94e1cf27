"""Spans of OpenTelemetry, each with the document that the X-Ray exporter would make of it:
made side by side, so that neither is worked out from the other."""

import random

SERVER, CLIENT, INTERNAL = 2, 3, 1
# Of each service the attributes of its resource, and what its segments have of them.
SERVICES = {
    "front": (
        {
            "cloud.provider": "aws", "cloud.platform": "aws_ecs",
            "aws.ecs.launchtype": "fargate", "cloud.account.id": "111122223333",
        },
        {"origin": "AWS::ECS::Fargate", "aws": {"account_id": "111122223333"}},
    ),
    "billing": (
        {
            "cloud.provider": "aws", "cloud.platform": "aws_ec2", "host.id": "i-7",
            "cloud.availability_zone": "eu-west-1b", "cloud.account.id": "210987654321",
        },
        {
            "origin": "AWS::EC2::Instance",
            "aws": {
                "account_id": "210987654321",
                "ec2": {"instance_id": "i-7", "availability_zone": "eu-west-1b"},
            },
        },
    ),
    "stock": ({}, {}),
}
# What is asked of: kind of call, attributes, and what the subsegment has of them.
CALLS = [
    (
        {"peer.service": "partner.example.com"},
        {"name": "partner.example.com", "namespace": "remote"},
    ),
    (
        {
            "rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "PutItem",
            "aws.dynamodb.table_names": ["orders"],
        },
        {
            "name": "DynamoDB", "namespace": "aws",
            "aws": {"operation": "PutItem", "table_name": "orders"},
        },
    ),
    (
        {
            "rpc.system": "aws-api", "rpc.service": "SQS", "rpc.method": "SendMessage",
            "messaging.url": "https://sqs.example.com/1/q",
        },
        {
            "name": "SQS", "namespace": "aws",
            "aws": {"operation": "SendMessage", "queue_url": "https://sqs.example.com/1/q"},
        },
    ),
    (
        {"db.system": "postgresql", "db.name": "ledger", "db.statement": "SELECT 1"},
        {"name": "ledger", "namespace": "remote", "sql": {"database_type": "postgresql"}},
    ),
]


def value(of):
    if isinstance(of, bool):
        return {"boolValue": of}
    if isinstance(of, int):
        return {"intValue": str(of)}
    if isinstance(of, float):
        return {"doubleValue": of}
    if isinstance(of, list):
        return {"arrayValue": {"values": [value(one) for one in of]}}
    return {"stringValue": of}


def attributes(of):
    return [{"key": key, "value": value(one)} for key, one in of.items()]


class Spans:
    """Makes traces: requests of OTLP, and documents by the ids of their traces."""

    def __init__(self, seed, start):
        self.random = random.Random(seed)
        self.start = start
        self.requests, self.documents = [], {}

    def outcome(self, share):
        """Attributes and status of a span, and what its document has of them."""
        if self.random.random() >= share:
            if self.random.random() < 0.5:
                return {}, {}, {}
            return {"http.response.status_code": 200}, {}, {"http": {"response": {"status": 200}}}
        code, flags = self.random.choice([
            (500, {"fault": True}), (404, {"error": True}),
            (429, {"error": True, "throttle": True}), (None, {"fault": True}),
        ])
        if code is None:
            return {}, {"code": 2}, flags
        http = {"http": {"response": {"status": code}}}
        return {"http.response.status_code": code}, {"code": 2}, {**http, **flags}

    def notes(self):
        chosen = {
            "tenant": self.random.choice(["acme", "Größe"]), "items": self.random.choice([1, 2.5]),
            "paid": self.random.choice([True, False]),
        }
        return {key: one for key, one in chosen.items() if self.random.random() < 0.4}

    def span(self, trace, service, kind, at, took, parent, given, document):
        """Adds a span and its document; gives its id. Times are in nanoseconds."""
        span_id = f"{self.random.getrandbits(64):016x}"
        notes = self.notes()
        resource, of_segment = SERVICES[service]
        extra, status, ended = self.outcome(0.2)
        span = {
            "traceId": trace, "spanId": span_id, "name": f"{service} works", "kind": kind,
            "startTimeUnixNano": str(at), "endTimeUnixNano": str(at + took), "status": status,
            "attributes": attributes({**given, **extra, **notes}),
        }
        made = {
            "id": span_id, "trace_id": f"1-{trace[:8]}-{trace[8:]}", "start_time": at / 1e9,
            "end_time": (at + took) / 1e9, "annotations": notes, **document,
        }
        if parent:
            span["parentSpanId"] = made["parent_id"] = parent
        if kind == SERVER:
            made |= {"name": service, **of_segment}
        else:
            made["type"] = "subsegment"
            made.setdefault("name", f"{service} works")
        for key, one in ended.items():
            made[key] = {**made.get(key, {}), **one} if key == "http" else one
        scope = {"scopeSpans": [{"spans": [span]}]}
        named = attributes({"service.name": service, **resource})
        self.requests.append({"resourceSpans": [{"resource": {"attributes": named}, **scope}]})
        self.documents.setdefault(made["trace_id"], []).append(made)
        return span_id

    def took(self, least, most):
        """Nanoseconds, not near half a millisecond."""
        return self.random.randint(least, most) * 1_000_000 + self.random.randint(-380, 380) * 1000

    def served(self, trace, service, at, took, parent=None, depth=2):
        """A request that a service answers, and what it does for it."""
        given, document = {}, {}
        if not parent:
            user = self.random.choice(["alice", "bob"])
            given = {
                "http.request.method": "GET", "url.full": "https://shop.example.com/cart",
                "user_agent.original": "curl/8.1", "client.address": "192.0.2.17",
                "enduser.id": user,
            }
            request = {
                "method": "GET", "url": "https://shop.example.com/cart",
                "user_agent": "curl/8.1", "client_ip": "192.0.2.17",
            }
            document = {"http": {"request": request}, "user": user}
        own = self.span(trace, service, SERVER, at, took, parent, given, document)
        for _ in range(self.random.choice([0, 1, 2, 3])):
            within, begun = own, at + self.took(1, 5)
            if self.random.random() < 0.3:
                within = self.span(trace, service, INTERNAL, begun, self.took(3, 90), own, {}, {})
            length = self.took(2, 300)
            if depth and self.random.random() < 0.5:
                other = self.random.choice(["billing", "stock"])
                call = self.span(
                    trace, service, CLIENT, begun, length, within, {"peer.service": other},
                    {"name": other, "namespace": "remote"},
                )
                self.served(trace, other, begun + 1_000_000, self.took(2, 300), call, depth - 1)
            else:
                given, document = self.random.choice(CALLS)
                self.span(trace, service, CLIENT, begun, length, within, given, document)

    def request(self, second):
        trace = f"{self.random.getrandbits(128):032x}"
        at = (self.start + second) * 10**9 + self.random.randint(0, 800) * 1_000_000
        self.served(trace, "front", at, self.took(5, 900))


def generated(seed, start, requests=60):
    spans = Spans(seed, start)
    for number in range(requests):
        spans.request(number * 300 // requests)
    return spans
