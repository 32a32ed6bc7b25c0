"""The JSON of the claims that an application adds to a token. Both engines use it; it is not a hot path."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from fastware._engine.arguments import as_text, wrong_type
from fastware._engine.token_json import read_claims

_RESERVED: Final = ("sub", "role", "iat", "exp")


def further_members(claims: Any) -> bytes:
    """Return the members of *claims* as PyJWT writes them, such as ``b'"iss":"me","n":1'``.

    Raises ``TypeError`` or ``ValueError``, with the name of the claim but without its value, for a claim that is not
    JSON, and for JSON that ``verify_token`` would reject.
    """
    members, error = _members(claims)
    if error is not None:
        claims = None  # error reporters show the local variables of a traceback's frames
        raise error
    return ",".join(members).encode("ascii")


def _members(claims: Any) -> tuple[list[str], Exception | None]:
    if not isinstance(claims, Mapping):
        return [], wrong_type("claims", "a mapping", claims)
    members = []
    for name, value in dict(claims).items():
        text = as_text(name)
        if text is None:
            return [], wrong_type("a name in claims", "str", name)
        if text in _RESERVED:
            return [], ValueError(f"claims must not contain {text!r}: create_token sets it")
        if text == "iss" and as_text(value) is None:
            return [], wrong_type("claims['iss']", "str", value)
        member = _member(text, value)
        if isinstance(member, Exception):
            return [], member
        members.append(member)
    return members, None


def _member(name: str, value: Any) -> str | Exception:
    place = f"claims[{name!r}]"
    try:
        if name == "nbf":
            value = _as_timestamp(value)
        member = json.dumps({name: value}, separators=(",", ":"))
    except TypeError:
        return TypeError(f"{place} is not JSON: use dict, list, tuple, str, int, float, bool and None")
    except OverflowError:
        return ValueError(f"{place} is out of range")
    except RecursionError:
        return ValueError(f"{place} is JSON that verify_token rejects: too deep")
    except ValueError:
        return ValueError(f"{place} is not JSON: it contains itself, or an integer that is too long")
    # The text is read, and not the value, which another thread might change.
    try:
        read_claims(member.encode("ascii"))
    except ValueError as error:
        return ValueError(f"{place} is JSON that verify_token rejects: {error}")
    return member[1:-1]


def _as_timestamp(value: Any) -> Any:
    """Return a ``datetime`` as seconds since the epoch, as PyJWT does; one without a time zone is UTC.

    ``datetime`` is not imported here: without it there is no object of the class.
    """
    module = sys.modules.get("datetime")
    if module is None or not issubclass(type(value), module.datetime):
        return value
    from calendar import timegm  # noqa: PLC0415 - only for a datetime

    return timegm(value.utctimetuple())
