"""What GetTraceSummaries has to say of a trace, but for root causes: those are judged on
traces that were made for it."""


def service_id(node):
    name, kind, account = node
    return {"Name": name, "Names": [name], "Type": kind, "AccountId": account}


def typed(value):
    """A value of an annotation as the API has it."""
    if isinstance(value, bool):
        return {"BooleanValue": value}
    if isinstance(value, str):
        return {"StringValue": value}
    return {"NumberValue": float(value)}


def bare(value):
    """An answer without what is null or empty, with lists in no order."""
    if isinstance(value, dict):
        members = {key: bare(value[key]) for key in sorted(value)}
        return {key: inner for key, inner in members.items() if inner not in (None, {}, [])}
    if isinstance(value, list):
        return sorted((bare(inner) for inner in value), key=repr)
    return value


def distinct(values):
    found = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def is_partial(trace):
    waits = any(
        one.document.get("traced") and not any(child.is_segment for child in one.children)
        for one in trace.entities
    )
    return bool(trace.orphans) or waits or not all(one.finished for one in trace.entities)


def duration(trace):
    if not all(one.finished for one in trace.entities):
        return None
    return max(one.end for one in trace.entities) - trace.start


def summary(trace):
    """The summary of a trace that has a root."""
    root = trace.root
    http = root.document.get("http", {})
    request, response = http.get("request", {}), http.get("response", {})
    blocks = [one.document for one in trace.segments]
    machines = [block.get("aws", {}).get("ec2", {}) for block in blocks]
    notes = {}
    for one in trace.entities:
        for key, value in one.document.get("annotations", {}).items():
            notes.setdefault(key, []).append(typed(value))
    nodes = distinct([node for node, _ in trace.nodes()] + [trace.client])
    return bare({
        "Id": trace.id,
        "StartTime": trace.start,
        "Duration": duration(trace),
        "ResponseTime": root.took if root.finished else None,
        "HasFault": root.fault,
        "HasError": root.error and not root.throttle,
        "HasThrottle": root.throttle,
        "IsPartial": is_partial(trace),
        "Http": {
            "HttpURL": request.get("url"),
            "HttpStatus": response.get("status"),
            "HttpMethod": request.get("method"),
            "UserAgent": request.get("user_agent"),
            "ClientIp": request.get("client_ip"),
        },
        "Annotations": {
            key: [{"AnnotationValue": value} for value in distinct(values)]
            for key, values in notes.items()
        },
        "Users": [
            {"UserName": user} for user in distinct(b["user"] for b in blocks if "user" in b)
        ],
        "ServiceIds": [service_id(node) for node in nodes],
        "ResourceARNs": [
            {"ARN": arn}
            for arn in distinct(b["resource_arn"] for b in blocks if "resource_arn" in b)
        ],
        "InstanceIds": [
            {"Id": one} for one in distinct(m["instance_id"] for m in machines if m)
        ],
        "AvailabilityZones": [
            {"Name": one} for one in distinct(m["availability_zone"] for m in machines if m)
        ],
        "EntryPoint": service_id(root.node),
    })


# What is left out of a comparison: root causes; the revision counts what came in, and
# where users are from AWS alone knows.
ELSEWHERE_JUDGED = ["FaultRootCauses", "ErrorRootCauses", "ResponseTimeRootCauses", "Revision"]


def answered(found):
    """A summary of an answer, to be compared."""
    kept = {key: value for key, value in found.items() if key not in ELSEWHERE_JUDGED}
    kept["Users"] = [{"UserName": user["UserName"]} for user in found.get("Users") or []]
    return bare(kept)
