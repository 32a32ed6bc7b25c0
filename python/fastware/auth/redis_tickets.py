"""Tickets in Redis or Valkey."""

from __future__ import annotations

from typing import Any, Final

from fastware.auth.opaque_tokens import OpaqueToken
from fastware.auth.redis_storage import RedisStorage

_PREFIX: Final = b"fastware:ticket:"
_MARGIN: Final = 60
"""Extra seconds that a ticket is kept, for processes whose clocks differ."""


class RedisTicketStorage:
    """The :class:`~fastware.auth.tickets.TicketStorage` on a Redis or Valkey server, which deletes expired tickets."""

    def __init__(self, url_or_client: Any) -> None:
        self._storage = RedisStorage(url_or_client)

    def add(self, ticket: OpaqueToken, claims: str, now: float, expires_at: float) -> None:
        """Store a new ticket."""
        milliseconds = int((expires_at - now + _MARGIN) * 1000)
        self._storage.command("SET", _PREFIX + ticket.digest, f"{expires_at!r} {claims}", "PX", milliseconds)

    def find(self, ticket: OpaqueToken) -> tuple[str, float] | None:
        """Return the claims and the expiry of *ticket*, or ``None`` if it is unknown."""
        found = self._storage.command("GET", _PREFIX + ticket.digest)
        if found is None:
            return None
        expires_at, _, claims = str(found, "ascii").partition(" ")
        return claims, float(expires_at)

    def remove(self, ticket: OpaqueToken) -> bool:
        """Remove *ticket*. ``False``: it had been removed already."""
        return bool(self._storage.command("DEL", _PREFIX + ticket.digest, is_repeatable=False))
