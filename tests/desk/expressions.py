"""Filter expressions that are made of parts, each a text and what it means.

No expression is parsed here: one that means something else to a parser than to those
who made it is found by what it matches.
"""

import operator
import random

import summaries

NUMBERS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TEXTS = {
    "=": operator.eq,
    "!=": operator.ne,
    "CONTAINS": lambda value, part: part in value,
    "BEGINSWITH": str.startswith,
    "ENDSWITH": str.endswith,
}


class Part:
    """An expression: its text, what it says of a trace, and how strongly it binds."""

    def __init__(self, text, matches, binds=3):
        self.text, self.matches, self.binds = text, matches, binds

    def within(self, binds):
        return self.text if self.binds >= binds else f"({self.text})"


def negated(one):
    return Part(f"!{one.within(3)}", lambda trace: not one.matches(trace))


def both(one, other, how=" AND "):
    text = f"{one.within(2)}{how}{other.within(2)}"
    return Part(text, lambda trace: one.matches(trace) and other.matches(trace), 2)


def either(one, other):
    text = f"{one.within(1)} OR {other.within(1)}"
    return Part(text, lambda trace: one.matches(trace) or other.matches(trace), 1)


# --- Of a trace -----------------------------------------------------------------------------


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def flag(keyword, of, how=0):
    """A keyword that is true or false, in one of the ways to write it."""
    text = [keyword, f"{keyword} = true", f"{keyword} != false", keyword.upper()][how]
    return Part(text, of)


def compared(keyword, sign, value, of):
    """A comparison, true where any of the values that `of` gives is."""
    if isinstance(value, str):
        return Part(
            f"{keyword} {sign} {quoted(value)}",
            lambda trace: any(TEXTS[sign](one, value) for one in of(trace)),
        )
    return Part(
        f"{keyword} {sign} {value}",
        lambda trace: any(NUMBERS[sign](one, value) for one in of(trace)),
    )


def exists(keyword, of):
    return Part(keyword, lambda trace: bool(of(trace)))


FLAGS = {
    "ok": lambda trace: trace.root.outcome == "ok",
    "fault": lambda trace: trace.root.fault,
    "error": lambda trace: trace.root.error and not trace.root.throttle,
    "throttle": lambda trace: trace.root.throttle,
    "partial": summaries.is_partial,
}


def some(value):
    return [] if value is None else [value]


def of_request(key):
    return lambda trace: some(trace.root.document.get("http", {}).get("request", {}).get(key))


def of_machines(key):
    def of(trace):
        blocks = [one.document.get("aws", {}).get("ec2", {}) for one in trace.segments]
        return [block[key] for block in blocks if key in block]

    return of


def of_segments(key):
    return lambda trace: [one.document[key] for one in trace.segments if key in one.document]


def of_annotation(key, kind):
    """The values of an annotation that are of one type."""

    def of(trace):
        notes = [one.document.get("annotations", {}) for one in trace.entities]
        values = [note[key] for note in notes if key in note]
        return [one for one in values if isinstance(one, kind) and not isinstance(one, bool)]

    return of


VALUES = {
    "responsetime": (
        lambda trace: some(trace.root.took if trace.root.finished else None),
        [0.1, 0.5, 1, 2.5],
    ),
    "duration": (lambda trace: some(summaries.duration(trace)), [0.2, 1, 2, 3.5]),
    "http.status": (lambda trace: some(trace.root.status or None), [200, 404, 500, 429]),
    "http.url": (of_request("url"), ["https://", "shop", "/1", "https://shop.example.com/cart"]),
    "http.method": (of_request("method"), ["GET", "POST", "T"]),
    "http.useragent": (of_request("user_agent"), ["curl", "Mozilla/5.0", "curl/8.1"]),
    "http.clientip": (of_request("client_ip"), ["192.0.2.17", "192.0.2.", "8"]),
    "user": (of_segments("user"), ["alice", "b", "l", ""]),
    "instance.id": (of_machines("instance_id"), ["i-1", "i-", "3"]),
    "availabilityzone": (of_machines("availability_zone"), ["eu-west-1a", "eu", "c"]),
    "resource.arn": (of_segments("resource_arn"), ["arn:", ":function:payments", "x"]),
    "annotation.tier": (of_annotation("tier", str), ["gold", "Größe", "l"]),
    "annotation[items]": (of_annotation("items", (int, float)), [0, 1, 2.5, -7]),
    "annotation.mixed": (of_annotation("mixed", (int, float)), [1, 2]),
    "annotation[mixed]": (of_annotation("mixed", str), ["x", "y"]),
}


# --- Of services and edges ------------------------------------------------------------------


def block(chosen):
    """What is asked of a request in braces: one thing, or nothing."""
    kind = chosen.choice(["", "flag", "time"])
    if not kind:
        return "", lambda _: True
    if kind == "flag":
        # Of a 429 the guide says both `throttle` and, by its class, `error`.
        name = chosen.choice(["ok", "fault", "throttle"])
        return f" {{ {name} }}", lambda one: one.outcome == name
    sign, value = chosen.choice(["<", ">="]), chosen.choice([0.02, 0.1, 0.5, 1])
    return f" {{ responsetime {sign} {value} }}", lambda one: (
        one.finished and NUMBERS[sign](one.took, value)
    )


PLACES = {
    "": lambda node: node[1] != "client",
    '"cart"': lambda node: node[0] == "cart",
    '"payments"': lambda node: node[0] == "payments",
    '"nowhere"': lambda _: False,
    'id(name: "cart", type: "remote")': lambda node: node[:2] == ("cart", "remote"),
    'id(type: "AWS::DynamoDB::Table")': lambda node: node[1] == "AWS::DynamoDB::Table",
    'id(account.id: "210987654321")': lambda node: node[2] == "210987654321",
    'id(type: "Database::SQL", name: "orders@db")': lambda node: node[1] == "Database::SQL",
}


def service(chosen):
    text, wanted = chosen.choice(list(PLACES.items()))
    inner, holds = block(chosen)
    return Part(
        f"service({text}){inner}",
        lambda trace: any(wanted(node) and holds(one) for node, one in trace.nodes()),
    )


def edge(chosen):
    named = [place for place in PLACES.items() if place[0]]
    (source, from_), (target, to) = chosen.choice(named), chosen.choice(named)
    if chosen.random() < 0.5:
        source, from_ = '"shop"', lambda node: node[0] == "shop"
    inner, holds = block(chosen)
    return Part(
        f"edge({source}, {target}){inner}",
        lambda trace: any(from_(a) and to(b) and holds(one) for a, b, one in trace.calls()),
    )


# --- Any ------------------------------------------------------------------------------------


def simple(chosen):
    kind = chosen.choice(["flag", "value", "value", "exists", "service", "service", "edge"])
    if kind == "flag":
        return flag(*chosen.choice(list(FLAGS.items())), chosen.randrange(4))
    if kind == "service":
        return service(chosen)
    if kind == "edge":
        return edge(chosen)
    keyword, (of, values) = chosen.choice(list(VALUES.items()))
    if kind == "exists" and not keyword.startswith("annotation"):
        return exists(keyword, of)
    value = chosen.choice(values)
    signs = TEXTS if isinstance(value, str) else NUMBERS
    sign = chosen.choice(list(signs))
    written = sign if chosen.random() < 0.7 else sign.lower()
    part = compared(keyword, sign, value, of)
    return Part(part.text.replace(f" {sign} ", f" {written} ", 1), part.matches)


def anything(chosen, depth):
    """An expression of some depth, by a random choice."""
    kind = chosen.choice(["simple", "not", "and", "or", "next to"]) if depth else "simple"
    if kind == "simple":
        return simple(chosen)
    if kind == "not":
        return negated(anything(chosen, depth - 1))
    one, other = anything(chosen, depth - 1), anything(chosen, depth - 1)
    if kind == "or":
        return either(one, other)
    return both(one, other, " AND " if kind == "and" else " ")


def generated(seed, count):
    chosen = random.Random(seed)
    return [anything(chosen, index % 4) for index in range(count)]
