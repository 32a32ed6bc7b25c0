"""What the rate limits of a request leave in its ASGI scope for the response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ADDS_HEADERS: Final = "__adds_response_headers__"
"""The attribute of a limited function whose limit adds headers to the response."""

BLOCKS: Final = "__blocks__"
"""The attribute of a limited function that may wait for a server, and is not ``async``."""

LIMITS: Final = "fastware.rate_limits"
"""The key of a scope that holds the items of both headers, by the name of the limit."""

RESPONSE: Final = "fastware.response"
"""The key of a scope that holds the object whose headers FastAPI adds to the response."""


def scope_of(connection: Any) -> dict[str, Any]:
    """Return the scope of *connection*, or an empty one for an object without a scope that can be changed."""
    scope = connection if isinstance(connection, dict) else getattr(connection, "scope", None)
    return scope if isinstance(scope, dict) else {}


def add_limit(scope: dict[str, Any], name: str, policy: str, state: str) -> None:
    """Record the items of a limit for the headers ``RateLimit-Policy`` and ``RateLimit``, which name each limit once.

    Of several limits of one *name*, those of the latest remain: they may count in the same bucket.
    """
    scope.setdefault(LIMITS, {})[name] = policy, state


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers for the limits that are recorded in *scope*."""
    items = scope.get(LIMITS)
    if not items:
        return {}
    policies, states = zip(*items.values(), strict=True)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}
