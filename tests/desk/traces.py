"""Traces put together from their documents, as X-Ray does: a second reckoning in plain
Python, that knows nothing of how local-collector does it."""

from dataclasses import dataclass, field

ACCOUNT = "111122223333"
# What a call of AWS is named after, and what its node is then, by the name of the API.
RESOURCES = {
    "DynamoDB": ("table_name", "AWS::DynamoDB::Table"),
    "S3": ("bucket_name", "AWS::S3::Bucket"),
    "SQS": ("queue_url", "AWS::SQS::Queue"),
    "SNS": ("topic_arn", "AWS::SNS"),
    "Lambda": ("function_name", "AWS::Lambda"),
}


@dataclass(eq=False)
class Entity:
    """A segment or a subsegment within its trace."""

    document: dict
    is_segment: bool
    parent: "Entity | None" = None
    children: list = field(default_factory=list)

    @property
    def name(self):
        return self.document["name"]

    @property
    def start(self):
        return self.document["start_time"]

    @property
    def end(self):
        return self.document.get("end_time")

    @property
    def finished(self):
        return self.end is not None

    @property
    def took(self):
        return self.end - self.start

    @property
    def status(self):
        return self.document.get("http", {}).get("response", {}).get("status", 0)

    @property
    def fault(self):
        return self.document.get("fault", False) or 500 <= self.status < 600

    @property
    def throttle(self):
        return self.document.get("throttle", False) or self.status == 429

    @property
    def error(self):
        return self.document.get("error", False) or 400 <= self.status < 500

    @property
    def outcome(self):
        """The one bucket that it is counted in."""
        if self.throttle:
            return "throttle"
        if self.fault:
            return "fault"
        return "error" if self.error else "ok"

    @property
    def segment(self):
        """The segment that it is a part of."""
        return self if self.is_segment else self.parent.segment

    def below(self):
        """It, and all that is below it, other services included."""
        yield self
        for child in self.children:
            yield from child.below()

    @property
    def duration(self):
        return max(one.end for one in self.below() if one.finished) - self.start

    @property
    def node(self):
        """Name, type and foreign account of a segment's node."""
        account = self.document.get("aws", {}).get("account_id")
        foreign = account if account != ACCOUNT else None
        return self.name, self.document.get("origin"), foreign

    @property
    def is_inferred_call(self):
        """Whether X-Ray has to infer what was called."""
        called = any(child.is_segment for child in self.children)
        outward = self.document.get("namespace") in ("remote", "aws")
        return not self.is_segment and outward and not called

    @property
    def inferred_node(self):
        """The node of what was called."""
        if self.document["namespace"] == "remote":
            return self.name, "Database::SQL" if "sql" in self.document else "remote", None
        block = self.document.get("aws", {})
        key, kind = RESOURCES.get(self.name, (None, None))
        if "operation" in block and key in block:
            return block[key], kind, None
        return self.name, f"AWS::{self.name}", None


def kept(documents):
    """Of the versions of a document that one that counts."""
    chosen = {}
    for document in documents:
        before = chosen.get(document["id"])
        if before is None or "end_time" not in before:
            chosen[document["id"]] = document
    return list(chosen.values())


class Trace:
    """A trace with its tree."""

    def __init__(self, trace_id, documents):
        self.id = trace_id
        self.entities = []
        tops = [
            (self.grow(document, document.get("type") != "subsegment"), document.get("parent_id"))
            for document in kept(documents)
        ]
        by_id = {entity.document["id"]: entity for entity in self.entities}
        self.orphans = []
        for entity, parent in tops:
            entity.parent = by_id.get(parent)
            if entity.parent:
                entity.parent.children.append(entity)
            elif parent:
                self.orphans.append(entity)
        segments = self.segments
        roots = [one for one in segments if "parent_id" not in one.document]
        roots = roots or [one for one in segments if one.parent is None]
        self.root = min(roots, key=lambda one: one.start, default=None)

    def grow(self, document, is_segment):
        entity = Entity(document, is_segment)
        self.entities.append(entity)
        for inner in document.get("subsegments", []):
            child = self.grow(inner, False)
            child.parent = entity
            entity.children.append(child)
        return entity

    @property
    def segments(self):
        return [one for one in self.entities if one.is_segment]

    @property
    def inferred(self):
        """The calls whose other side is inferred."""
        return [one for one in self.entities if one.is_inferred_call]

    @property
    def start(self):
        return min(one.start for one in self.entities)

    @property
    def client(self):
        return self.root.name, "client", None

    def nodes(self):
        """Each request of a node: the node, and the entity that tells of it."""
        yield from ((one.node, one) for one in self.segments)
        yield from ((one.inferred_node, one) for one in self.inferred)

    def calls(self):
        """Each call: from which node to which, and the entity that tells of it."""
        yield self.client, self.root.node, self.root
        for one in self.segments:
            if one.parent:
                call = one if one.parent.is_segment else one.parent
                yield one.parent.segment.node, one.node, call
        yield from ((one.segment.node, one.inferred_node, one) for one in self.inferred)


def assembled(documents):
    """Traces by their ids."""
    return {trace_id: Trace(trace_id, each) for trace_id, each in documents.items()}
