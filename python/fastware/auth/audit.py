"""Audit events: one record of the logger ``fastware.auth`` for each.

A record has the attributes ``event``, ``username``, ``address`` and ``reason``, for handlers that write structured
logs. It never has a password, a token or a secret.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import logging

_WARNINGS: Final = frozenset(("access_denied", "login_limited", "refresh_reused"))
_INFO: Final = 20
_WARNING: Final = 30


def is_recorded(event: str) -> bool:
    """Return whether the logger keeps a record of *event*. If not, there is no need to find its reason."""
    return _logger().isEnabledFor(_level_of(event))


def record(event: str, *, username: str | None = None, address: str | None = None, reason: str | None = None) -> None:
    """Log *event*.

    Args:
        event: one of the names in docs/audit.md.
        username: a user who exists, or the subject of a token whose signature is valid; otherwise ``None``.
        address: the host of the client.
        reason: a short text, without text that a client sent.

    """
    logger = _logger()
    if not logger.isEnabledFor(_level_of(event)):
        return
    fields = {"username": username, "address": address, "reason": reason}
    shown = ", ".join(f"{name}={value!r}" for name, value in fields.items() if value is not None)
    logger.log(_level_of(event), "%s: %s", event, shown or "-", extra={"event": event, **fields}, stacklevel=2)


def address_of(scope: Mapping[str, Any]) -> str | None:
    """Return the host of the client of an ASGI *scope*, or ``None`` if the server does not know it."""
    client = scope.get("client")
    return client[0] or None if client else None


def _level_of(event: str) -> int:
    return _WARNING if event in _WARNINGS else _INFO


@functools.cache
def _logger() -> logging.Logger:
    import logging  # noqa: PLC0415 - not needed before the first event

    return logging.getLogger("fastware.auth")
