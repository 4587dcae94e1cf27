"""Traces of a shop, made from a seed: what its services would send to X-Ray.

Times are whole microseconds, and how long a thing took is never near half a
millisecond, so that no two ways of rounding differ.
"""

import random

# Of another account than the one that is looked at.
ELSEWHERE = "210987654321"
ORIGINS = {
    "shop": "AWS::ECS::Container",
    "cart": None,
    "payments": "AWS::Lambda::Function",
    "mailer": "AWS::EC2::Instance",
    "worker": None,
    "charge": "AWS::Lambda::Function",
}
AWS_CALLS = [
    ("DynamoDB", {"operation": "PutItem", "table_name": "orders"}),
    ("DynamoDB", {"operation": "Query", "table_name": "carts"}),
    ("DynamoDB", {}),
    ("S3", {"operation": "GetObject", "bucket_name": "receipts"}),
    ("SQS", {"operation": "SendMessage", "queue_url": "https://sqs.example.com/1/mails"}),
    ("SNS", {"operation": "Publish", "topic_arn": "arn:aws:sns:eu-west-1:1:orders"}),
    ("Lambda", {"operation": "Invoke", "function_name": "charge"}),
    ("KMS", {"operation": "Decrypt"}),
    ("S3", {}),
]


class Load:
    """Makes traces. `start` is a time in whole seconds."""

    def __init__(self, seed, start):
        self.random = random.Random(seed)
        self.start = start
        # Ids of all traces, each with its documents as they are to be sent.
        self.traces = {}

    def hexadecimal(self, digits):
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def trace_id(self, at):
        """An id as X-Ray's SDKs make them, or one that W3C would do with."""
        epoch = f"{at // 1_000_000:08x}" if self.random.random() < 0.7 else self.hexadecimal(8)
        return f"1-{epoch}-{self.hexadecimal(24)}"

    def took(self, least, most):
        """Microseconds, not near half a millisecond."""
        return self.random.randint(least, most) * 1000 + self.random.randint(-380, 380)

    def chance(self, share):
        return self.random.random() < share

    def entity(self, name, at, took, **more):
        return {
            "id": self.hexadecimal(16),
            "name": name,
            "start_time": at / 1e6,
            "end_time": (at + took) / 1e6,
            **more,
        }

    def outcome(self, share=0.25):
        """How a thing ended: by its flags, by the status of its answer, or by both."""
        if not self.chance(share):
            http = {"response": {"status": self.random.choice([200, 201, 204, 302])}}
            return {"http": http} if self.chance(0.7) else {}
        status, flag = self.random.choice(
            [(500, "fault"), (503, "fault"), (400, "error"), (404, "error"), (429, "throttle")]
        )
        answer = {"http": {"response": {"status": status, "content_length": 17}}}
        how = self.random.choice(["flag", "status", "both"])
        ended = {} if how == "flag" else answer
        if how != "status":
            ended = {**ended, flag: True}
        if flag != "throttle" and self.chance(0.5):
            exception = {
                "id": self.hexadecimal(16),
                "type": "IOError",
                "message": "no \"answer\"",
                "stack": [{"path": "a.py", "line": 7, "label": "run"}],
            }
            ended["cause"] = {"working_directory": "/app", "exceptions": [exception]}
        return ended

    def annotations(self):
        chosen = {
            "tier": self.random.choice(["gold", "silver", "Größe"]),
            "items": self.random.choice([1, 2, 3, 2.5, 0, -7]),
            "paid": self.random.choice([True, False]),
            "mixed": self.random.choice(["x", 1, True]),
        }
        return {key: value for key, value in chosen.items() if self.chance(0.4)}

    def blocks(self, name):
        """What a segment of a service says of itself."""
        said = {}
        if ORIGINS[name]:
            said["origin"] = ORIGINS[name]
        if annotations := self.annotations():
            said["annotations"] = annotations
        if self.chance(0.4):
            said["user"] = self.random.choice(["alice", "bob", "carol"])
        if name == "payments":
            said["aws"] = {"account_id": ELSEWHERE}
            said["resource_arn"] = f"arn:aws:lambda:eu-west-1:{ELSEWHERE}:function:payments"
        if name == "mailer":
            number = self.random.randint(1, 3)
            zone = f"eu-west-1{'abc'[number - 1]}"
            said["aws"] = {"ec2": {"instance_id": f"i-{number}", "availability_zone": zone}}
        if self.chance(0.3):
            said["metadata"] = {"debug": {"größe": [1, {"deep": None}]}}
        if self.chance(0.3):
            said["service"] = {"version": "1.2.3"}
        return said

    def segment(self, documents, trace, name, at, took, depth, **more):
        """A segment and all that it calls; its document and theirs."""
        made = self.entity(name, at, took, trace_id=trace, **self.blocks(name), **more)
        for key, value in self.outcome().items():
            made[key] = {**made.get(key, {}), **value} if key == "http" else value
        parts = self.parts(documents, trace, at, took, depth)
        # Some are sent by themselves, as SDKs do where there are many.
        for part in [part for part in parts if self.chance(0.15)]:
            parts.remove(part)
            single = {**part, "type": "subsegment", "trace_id": trace, "parent_id": made["id"]}
            documents.append([single])
        if parts:
            made["subsegments"] = parts
        documents.append(self.versions(made))
        return made

    def versions(self, made):
        """What is sent of a segment: at times more than once, and the first end counts."""
        if self.chance(0.1):
            return [self.begun(made), made]
        if self.chance(0.05):
            return [made, {**made, "end_time": made["end_time"] + 7, "fault": True}]
        if self.chance(0.05):
            return [made, self.begun(made)]
        return [made]

    def begun(self, made):
        """A segment as it was when it began."""
        kept = ("id", "name", "trace_id", "parent_id", "start_time", "origin")
        return {**{key: made[key] for key in kept if key in made}, "in_progress": True}

    def parts(self, documents, trace, at, took, depth):
        """The subsegments of a segment, some of them in one that says what they are for."""
        calls = []
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            begun = at + self.random.randint(0, took // 3)
            length = max(2_100, took // 2 + self.took(0, 1))
            length = length // 1000 * 1000 + self.random.randint(-380, 380)
            calls.append(self.call(documents, trace, begun, length, depth))
        if calls and self.chance(0.5):
            outer = self.entity("handler", at, took, subsegments=calls)
            if annotations := self.annotations():
                outer["annotations"] = annotations
            return [outer]
        return calls

    def call(self, documents, trace, at, took, depth):
        """A call of another service, of AWS, of a database, or none."""
        kind = self.random.choice(["remote", "remote", "aws", "sql", "local"])
        if kind == "local":
            return self.entity("render", at, took, **self.outcome(0.1))
        if kind == "sql":
            sql = {"url": "postgresql://db/orders", "sanitized_query": "SELECT 1", "user": "app"}
            return self.entity(
                "orders@db", at, took, namespace="remote", sql=sql, **self.outcome(0.1)
            )
        if kind == "aws":
            name, fields = self.random.choice(AWS_CALLS)
            made = self.entity(name, at, took, namespace="aws", **self.outcome(0.2))
            if name == "Lambda" and depth and self.chance(0.5):
                self.segment(
                    documents, trace, "charge", at + 200, self.took(2, 90), 0, parent_id=made["id"]
                )
            return {**made, "aws": {**fields, "region": "eu-west-1"}} if fields else made
        name = self.random.choice(["cart", "payments", "mailer"])
        made = self.entity(name, at, took, namespace="remote", **self.outcome(0.2))
        if depth and self.chance(0.75):
            # The other side's clock is its own; and what it does may take longer.
            begun, length = at + self.random.randint(0, 900), self.took(2, 2 * took // 1000)
            self.segment(documents, trace, name, begun, length, depth - 1, parent_id=made["id"])
        elif self.chance(0.1):
            # The other side was told to trace, and has not been heard of yet.
            made["traced"] = True
        return made

    def request(self, second):
        """A request of the shop, `second` seconds after the start."""
        at = (self.start + second) * 1_000_000 + self.random.randint(0, 800_000)
        trace = self.trace_id(at)
        documents = []
        request = {
            "method": self.random.choice(["GET", "POST"]),
            "url": self.random.choice(
                ["https://shop.example.com/cart", "https://shop.example.com/pay/1", "http://shop/"]
            ),
            "user_agent": self.random.choice(["curl/8.1", "Mozilla/5.0"]),
            "client_ip": self.random.choice(["192.0.2.17", "192.0.2.18"]),
        }
        more = {"http": {"request": request}} if self.chance(0.8) else {}
        root = self.segment(documents, trace, "shop", at, self.took(5, 3000), 3, **more)
        if self.chance(0.15):
            # Work that goes on behind the answer, hanging on the segment itself.
            late = at + round((root["end_time"] - root["start_time"]) * 1e6)
            took = self.took(5, 900)
            self.segment(documents, trace, "worker", late, took, 1, parent_id=root["id"])
        if self.chance(0.1):
            begun = self.begun(self.entity("render", at, 1, trace_id=trace))
            documents.append([begun | {"type": "subsegment", "parent_id": root["id"]}])
        elif self.chance(0.06):
            orphan = self.entity("orphan", at, self.took(1, 4), trace_id=trace)
            documents.append([orphan | {"type": "subsegment", "parent_id": self.hexadecimal(16)}])
        self.random.shuffle(documents)
        self.traces[trace] = [version for versions in documents for version in versions]

    def batch(self, second):
        """Work that took what a request had left: a trace that is linked to another."""
        at = (self.start + second) * 1_000_000
        trace = self.trace_id(at)
        other, documents = self.random.choice(list(self.traces.items()))
        link = {"trace_id": other, "id": documents[0]["id"], "attributes": {"kind": "follows"}}
        made = []
        self.segment(made, trace, "worker", at, self.took(5, 900), 2, links=[link])
        self.traces[trace] = [version for versions in made for version in versions]

    def fan_out(self, second, width=110):
        """A request that asks one service very often."""
        at = (self.start + second) * 1_000_000
        trace = self.trace_id(at)
        calls, documents = [], []
        for number in range(width):
            length = 11_000 + 13_000 * number + 100
            call = self.entity("cart", at + 1000, length, namespace="remote")
            calls.append(call)
            ids = {"trace_id": trace, "parent_id": call["id"]}
            documents.append(self.entity("cart", at + 2000, length - 2000, **ids))
        root = self.entity("shop", at, 1_900_000, trace_id=trace, origin=ORIGINS["shop"])
        self.traces[trace] = [*documents, {**root, "subsegments": calls}]


def generated(seed, start, requests=90):
    """The load of a test: requests over five minutes, and what follows them."""
    load = Load(seed, start)
    for number in range(requests):
        load.request(number * 300 // requests)
    for number in range(10):
        load.batch(300 + number * 20)
    load.fan_out(520)
    return load.traces
