"""Says where two answers differ."""

# Seconds: what doubles of today's time cannot tell apart, and a sum that is rounded.
NEAR = 3e-6
NEAR_SUMS = {"TotalResponseTime": 0.000_501}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def difference(found, wanted, at=""):
    """The first place where they differ, or nothing."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted({*wanted, *found}, key=str):
            if key not in found:
                return f"{at}.{key} is missing: {wanted[key]!r}"
            if key not in wanted:
                return f"{at}.{key} is not wanted: {found[key]!r}"
            if told := difference(found[key], wanted[key], f"{at}.{key}"):
                return told
        return None
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        if len(wanted) != len(found):
            return f"{at} has {found!r}, wanted is {wanted!r}"
        pairs = enumerate(zip(found, wanted))
        told = (difference(one, other, f"{at}[{index}]") for index, (one, other) in pairs)
        return next(filter(None, told), None)
    if is_number(found) and is_number(wanted):
        near = NEAR_SUMS.get(at.rsplit(".", 1)[-1], NEAR)
        return None if abs(found - wanted) <= near else f"{at} is {found!r}, wanted is {wanted!r}"
    if type(found) is type(wanted) and found == wanted:
        return None
    return f"{at} is {found!r}, wanted is {wanted!r}"


def same(found, wanted, what=""):
    told = difference(found, wanted)
    assert told is None, f"{what}{told}"
