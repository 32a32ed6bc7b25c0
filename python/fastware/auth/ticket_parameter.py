"""Redeems the ticket in the query string of a WebSocket or an event stream."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fastware._engine.contract import INVALID_TOKEN, NO_TOKEN
from fastware.auth.challenges import unauthorized

if TYPE_CHECKING:
    from fastware.auth.revocations import Revocations
    from fastware.auth.tickets import Tickets

_REDEEMED: Final = "fastware.ticket"
"""The key in a scope for the ``Tickets`` that redeemed its ticket, and the claims: two dependencies may need them."""

_PARAMETER: Final = re.compile(rb"(?:^|&)ticket=([^&]+)")
"""A ticket has only characters that are never percent-encoded (RFC 3986 section 2.3)."""


def has_ticket(scope: Any) -> bool:
    """Return whether the query string of *scope* may have a ticket."""
    return isinstance(scope, Mapping) and b"ticket=" in (scope.get("query_string") or b"")


async def claims_of_ticket(tickets: Tickets, revocations: Revocations | None, scope: Any) -> dict[str, Any]:
    """Return the claims of the ticket in *scope*. Raises ``HTTPError`` 401 for an invalid one."""
    redeemed = scope.get(_REDEEMED)
    if redeemed is not None and redeemed[0] is tickets:
        claims: dict[str, Any] = redeemed[1]
        return claims
    failure = NO_TOKEN
    try:
        ticket = _ticket_in(scope["query_string"])
        found = await tickets.aredeem(ticket) if ticket else None
        if found is not None and not (revocations is not None and revocations.is_revoked(found)):
            scope[_REDEEMED] = tickets, found
            return found
        if ticket:
            from fastware.auth.rejected_tokens import record_rejected_ticket  # noqa: PLC0415 - not needed before

            record_rejected_ticket(scope)
            failure = INVALID_TOKEN
    finally:
        scope = ticket = found = None  # error reporters show the local variables of a traceback's frames
    raise unauthorized(failure)


def _ticket_in(query_string: bytes) -> str | None:
    match = _PARAMETER.search(query_string)
    return match[1].decode("latin-1") if match else None
