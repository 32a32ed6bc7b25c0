"""The outcome of a call, a value or an exception, in a form that can be compared."""

import math


def outcome(call, *args, **kwargs):
    """Return ``("returned", value)`` or ``("raised", type, message)``."""
    try:
        return "returned", call(*args, **kwargs)
    except Exception as error:
        return "raised", type(error), str(error)


def outcome_of_both(engines, name, *args, **kwargs):
    """Return the outcome of the call *name*, which must be the same on both engines."""
    rust, python = (outcome(getattr(engine, name), *args, **kwargs) for engine in engines)
    assert rust == python if rust[0] == "raised" else identical(rust, python), (rust, python)
    return rust


def identical(one, other):
    """Return whether two values are equal in value, type and order of members. ``-0.0`` is not ``0.0``."""
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
