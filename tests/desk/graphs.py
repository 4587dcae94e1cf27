"""Graphs and time series, reckoned from traces."""

import math
from collections import Counter, defaultdict

OUTCOMES = ["ok", "error", "throttle", "fault"]
# Above this many values a histogram has two digits of each.
VALUES = 100


def milliseconds(seconds):
    return math.floor(seconds * 1000 + 0.5)


def two_digits(number):
    """A whole number in two digits, halves up."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return (number + unit // 2) // unit * unit


def histogram(times):
    counts = Counter(milliseconds(time) for time in times)
    if len(counts) > VALUES:
        rounded = Counter()
        for value, count in counts.items():
            rounded[two_digits(value)] += count
        counts = rounded
    return [{"Value": value / 1000, "Count": counts[value]} for value in sorted(counts)]


def statistics(entities):
    """Statistics of requests or of calls."""
    count = Counter(one.outcome for one in entities)
    return {
        "OkCount": count["ok"],
        "ErrorStatistics": {
            "ThrottleCount": count["throttle"],
            "OtherCount": count["error"],
            "TotalCount": count["throttle"] + count["error"],
        },
        "FaultStatistics": {"OtherCount": count["fault"], "TotalCount": count["fault"]},
        "TotalCount": len(entities),
        "TotalResponseTime": sum(one.took for one in entities),
    }


class Graph:
    """What happened in a window, by nodes and by edges."""

    def __init__(self, traces, begin=-math.inf, end=math.inf):
        self.nodes, self.edges = defaultdict(list), defaultdict(list)
        self.roots = set()
        counts = lambda one: one.finished and begin <= one.start < end
        for trace in traces:
            for node, entity in trace.nodes():
                if counts(entity):
                    self.nodes[node].append(entity)
                    if entity is trace.root:
                        self.roots.add(node)
            for source, target, entity in trace.calls():
                if counts(entity):
                    self.edges[source, target].append(entity)

    def expected(self):
        """All of it, to be compared with an answer."""
        nodes = {}
        for node, entities in self.nodes.items():
            inferred = [not one.is_segment for one in entities]
            duration = [one.took if away else one.duration for one, away in zip(entities, inferred)]
            nodes[node] = {
                "Root": node in self.roots,
                "State": state(node, inferred[0]),
                "SummaryStatistics": statistics(entities),
                "DurationHistogram": histogram(duration),
                "ResponseTimeHistogram": histogram(one.took for one in entities),
            }
        for source, _ in self.edges:
            if source[1] == "client":
                nodes[source] = {"State": "unknown"}
        edges = {
            edge: {
                "SummaryStatistics": statistics(entities),
                "ResponseTimeHistogram": histogram(one.took for one in entities),
            }
            for edge, entities in self.edges.items()
        }
        return nodes, edges


def state(node, inferred):
    if not inferred:
        return "active"
    return "unknown" if node[1].startswith("AWS::") else "passive"


def key(service):
    return service["Name"], service.get("Type"), service.get("AccountId")


def total(part):
    return (part.get("SummaryStatistics") or {}).get("TotalCount") or 0


def answered(services):
    """The nodes and edges of an answer, to be compared: those that anything went through."""
    by_reference = {service["ReferenceId"]: key(service) for service in services}
    assert len(set(by_reference.values())) == len(services), "a node stands twice"
    assert sorted(by_reference) == list(range(len(services)))
    nodes, edges = {}, {}
    for service in services:
        assert service["Names"] == [service["Name"]]
        for edge in service["Edges"] or []:
            if edge.get("EdgeType") == "link" or not total(edge):
                continue
            pair = key(service), by_reference[edge["ReferenceId"]]
            assert pair not in edges, f"{pair} stands twice"
            edges[pair] = {
                name: edge[name] for name in ("SummaryStatistics", "ResponseTimeHistogram")
            }
        if service.get("Type") == "client":
            for name in ("SummaryStatistics", "DurationHistogram", "ResponseTimeHistogram"):
                assert not service.get(name), name
            nodes[key(service)] = {"State": service["State"]}
        elif total(service):
            nodes[key(service)] = {
                "Root": service["Root"] or False,
                **{
                    name: service[name]
                    for name in (
                        "State", "SummaryStatistics", "DurationHistogram", "ResponseTimeHistogram"
                    )
                },
            }
    return nodes, edges


def series(members, period):
    """Statistics and histogram of each bucket that has any, by its start."""
    buckets = defaultdict(list)
    for one in members:
        buckets[one.start // period * period].append(one)
    return {
        start: (statistics(entities), histogram(one.took for one in entities))
        for start, entities in sorted(buckets.items())
    }
