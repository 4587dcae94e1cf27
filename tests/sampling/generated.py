"""Rule sets and requests, made by chance and always the same."""

import random

METHODS = ["GET", "get", "POST", "PUT", "Delete"]
PATHS = ["/", "/api/orders", "/API/Orders/1", "/health", "/a.b/c+d", "/x(1)[2]$^|", "/é/É", ""]
HOSTS = ["shop.example", "Shop.Example", "a.shop.example", "localhost:8080"]
SERVICES = ["orders", "Orders", "pay-ments", "p.ay"]
TYPES = ["AWS::EC2::Instance", "AWS::ECS::Container", "AWS::EKS::Container", "AWS::Lambda::Function"]
ARNS = [
    "arn:aws:ecs:us-east-1:123456789012:task/a/b",
    "arn:aws:ecs:eu-west-1:123456789012:task/c",
]
VALUES = ["gold", "Gold", "silver", "42"]
FIELDS = {
    "HTTPMethod": METHODS,
    "URLPath": PATHS,
    "Host": HOSTS,
    "ServiceName": SERVICES,
    "ServiceType": TYPES,
}


def changed_case(chance, text):
    return text if chance.random() < 0.6 else text.swapcase()


def pattern(chance, texts):
    """A pattern that may match one of the texts."""
    draw = chance.random()
    if draw < 0.5:
        return "*"
    if draw < 0.54:
        return chance.choice(["", "**", "?*", "*?"])
    text = list(changed_case(chance, chance.choice(texts)))
    for _ in range(chance.randrange(4)):
        if not text:
            break
        at = chance.randrange(len(text))
        if chance.random() < 0.3:
            text[at] = "?"
        else:
            text[at : at + chance.randrange(len(text) - at + 1)] = "*"
    return "".join(text)


def rule(chance, name):
    attributes = {}
    if chance.random() < 0.2:
        for key in chance.sample(["tier", "team"], chance.randrange(1, 3)):
            attributes[key] = pattern(chance, VALUES) or "*"
    return {
        "RuleName": name,
        "RuleARN": f"arn:aws:xray:us-east-1:123456789012:sampling-rule/{name}",
        "Priority": chance.randrange(1, 6),
        "FixedRate": chance.random(),
        "ReservoirSize": chance.randrange(3),
        "ResourceARN": pattern(chance, ARNS) if chance.random() < 0.3 else "*",
        "Version": 1,
        "Attributes": attributes,
        **{field: pattern(chance, texts) for field, texts in FIELDS.items()},
    }


def default_rule():
    fields = dict.fromkeys([*FIELDS, "ResourceARN"], "*")
    return {
        "RuleName": "Default",
        "Priority": 10000,
        "FixedRate": 0.05,
        "ReservoirSize": 1,
        "Version": 1,
        "Attributes": {},
        **fields,
    }


def rules(chance, count):
    """Rules of few priorities, so that names decide too; Default is the last."""
    names = chance.sample(["b", "B", "a1", "a", "Z", "z-2", "_", "c.d", "e f", "A", "10", "9"], count)
    return [*(rule(chance, name) for name in sorted(names)), default_rule()]


def request(chance):
    """A request of which some is not known."""
    known = {
        "method": METHODS,
        "path": PATHS,
        "host": HOSTS,
        "service": SERVICES,
        "type": TYPES,
        "arn": ARNS,
    }
    made = {
        name: chance.choice(texts) for name, texts in known.items() if chance.random() < 0.75
    }
    made["attributes"] = {
        name: chance.choice(VALUES) for name in ["tier", "team", "other"] if chance.random() < 0.5
    }
    return made


def cases(seed, count, requests):
    chance = random.Random(seed)
    return [
        {
            "rules": rules(chance, chance.randrange(1, 9)),
            "requests": [request(chance) for _ in range(requests)],
        }
        for _ in range(count)
    ]
