"""What a call did, in a form in which two calls can be compared."""

import math


def outcome(call, *args):
    """``("returned", value)``, or ``("raised", type, message)``."""
    try:
        return "returned", call(*args)
    except Exception as error:
        return "raised", type(error), str(error)


def identical(one, other):
    """Whether two values are equal in value, type and order of members, at every depth; ``-0.0`` is not ``0.0``."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(
            type(name) is type(twin) and identical(one[name], other[twin])
            for name, twin in zip(one, other, strict=True)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(identical, one, other))
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return one == other
