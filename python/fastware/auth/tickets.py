"""Tickets for URLs that a browser opens without headers: each is exchanged once for the claims of a user."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from fastware._engine.arguments import wrong_type
from fastware._engine.contract import MAX_TOKEN_LENGTH, Duration
from fastware._internal.threads import run_in_thread
from fastware.auth.durations import as_seconds
from fastware.auth.opaque_tokens import OpaqueToken
from fastware.auth.storage_arguments import Storage, checked_revocations, tickets_in
from fastware.auth.stored_json import as_json, from_json

if TYPE_CHECKING:
    from fastware.auth.revocations import Revocations

_MAX_CLAIMS_LENGTH: Final = MAX_TOKEN_LENGTH


class TicketStorage(Protocol):
    """Where tickets are stored. Each method is atomic for other threads and processes."""

    def add(self, ticket: OpaqueToken, claims: str, now: float, expires_at: float) -> None:
        """Store a new ticket."""
        ...

    def find(self, ticket: OpaqueToken) -> tuple[str, float] | None:
        """Return the claims and the expiry of *ticket*, or ``None`` if it is unknown."""
        ...

    def remove(self, ticket: OpaqueToken) -> bool:
        """Remove *ticket*. ``False``: it had been removed already."""
        ...


class Tickets:
    """Tickets for the URLs of WebSockets and event streams, instead of tokens: each is valid once, for a short time.

    Usage::

        tickets = Tickets("sessions.db")
        ticket = tickets.issue(user)  # user: the claims, from get_current_user
        claims = tickets.redeem(ticket)  # the claims; None the second time

    A URL ends up in logs and histories, where a used ticket is worthless. The storage contains hashes of the tickets.
    Each method has an async twin with the prefix ``a``.

    Args:
        storage: the path of a SQLite file, which the processes of a machine share, also with refresh tokens and
            revocations; the URL of Redis or a client of redis-py, or a URL of SQLAlchemy, for many machines; ``None``:
            the memory of this process.
        lifetime: seconds, or a ``timedelta``, in which a ticket can be redeemed.
        revocations: rejects tickets whose claims were revoked since.

    Raises:
        TypeError: an argument has another type.
        ValueError: an argument is invalid. The message does not show a URL: it may contain a password.
        ImportError: the package for *storage*, redis or SQLAlchemy, is not installed.

    """

    def __init__(self, storage: Storage, *, lifetime: Duration = 60, revocations: Revocations | None = None) -> None:
        self._lifetime = as_seconds("lifetime", lifetime)
        self._revocations: Revocations | None = checked_revocations(revocations)
        self._tickets: TicketStorage = tickets_in(storage)

    def issue(self, claims: Mapping[str, Any]) -> str:
        """Return a ticket, valid for *lifetime*, and not longer than *claims*.

        Args:
            claims: what ``redeem`` returns: the claims of a valid token, or any JSON object.

        Raises:
            TypeError: *claims* is not a mapping, or not JSON, or its ``exp`` is not a number.
            ValueError: *claims* are expired or too long.
            StorageError: the ticket cannot be stored.

        """
        if not isinstance(claims, Mapping):
            raise wrong_type("claims", "a mapping", claims)
        claims = dict(claims)
        text, now = as_json("claims", claims, _MAX_CLAIMS_LENGTH), time.time()
        expires_at = min(now + self._lifetime, _expiry_of(claims))
        if expires_at <= now:
            raise ValueError("claims are expired: their exp has passed")
        ticket = OpaqueToken.new()
        self._tickets.add(ticket, text, now, expires_at)
        return ticket.reveal()

    def redeem(self, ticket: str) -> dict[str, Any] | None:
        """Return the claims of *ticket*, once; ``None`` for a used, expired, revoked or unknown one, or another value.

        Raises:
            StorageError: the use cannot be stored.
            RevocationsUnavailableError: 503; the ticket stays unused.

        """
        presented, ticket = OpaqueToken.presented(ticket), ""  # error reporters show the local variables of frames
        return self._redeem(presented)

    async def aissue(self, claims: Mapping[str, Any]) -> str:
        """Do what :meth:`issue` does, without blocking the event loop."""
        return await run_in_thread(self.issue, claims)

    async def aredeem(self, ticket: str) -> dict[str, Any] | None:
        """Do what :meth:`redeem` does, without blocking the event loop."""
        presented, ticket = OpaqueToken.presented(ticket), ""
        return await run_in_thread(self._redeem, presented)

    def _redeem(self, ticket: OpaqueToken | None) -> dict[str, Any] | None:
        found = None if ticket is None else self._tickets.find(ticket)
        if ticket is None or found is None or found[1] <= time.time():
            return None
        claims: dict[str, Any] = from_json(found[0])
        if self._revocations is not None and self._revocations.is_revoked(claims):
            return None
        return claims if self._tickets.remove(ticket) else None


def _expiry_of(claims: Mapping[str, Any]) -> float:
    expiry = claims.get("exp", math.inf)
    if not isinstance(expiry, (int, float)) or isinstance(expiry, bool):
        raise TypeError(f"exp in claims must be a number of seconds since the epoch, not {type(expiry).__name__}")
    return expiry
