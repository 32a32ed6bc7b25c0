"""Tickets in a SQL database."""

from __future__ import annotations

from typing import Final

from fastware.auth.opaque_tokens import OpaqueToken
from fastware.auth.sql_address import address_of
from fastware.auth.sql_database import SQLDatabase, SQLTransaction

_VERSION: Final = 1
_SCHEMA: Final = """
    CREATE TABLE fastware_tickets (hash {bytes} PRIMARY KEY, claims text NOT NULL, expires_at {real} NOT NULL);
    CREATE INDEX fastware_tickets_by_expiry ON fastware_tickets (expires_at)
"""
_ADD: Final = "INSERT INTO fastware_tickets (hash, claims, expires_at) VALUES (:hash, :claims, :expires_at)"
_FIND: Final = "SELECT claims, expires_at FROM fastware_tickets WHERE hash = :hash"
_REMOVE: Final = "DELETE FROM fastware_tickets WHERE hash = :hash"
_REMOVE_EXPIRED: Final = """
    DELETE FROM fastware_tickets
    WHERE hash IN (SELECT hash FROM fastware_tickets WHERE expires_at <= :now LIMIT :limit {skip_locked})
"""
_TICKETS_IN_A_STEP: Final = 10


class SQLTicketStorage:
    """The :class:`~fastware.auth.tickets.TicketStorage` in the database at *url*.

    A new ticket first removes at most 10 that expired, so that the table does not grow with them.
    """

    def __init__(self, url: object) -> None:
        address, url = address_of(url), None  # error reporters show the local variables of frames
        self._database = SQLDatabase(address, "tickets", _VERSION, _SCHEMA)

    def add(self, ticket: OpaqueToken, claims: str, now: float, expires_at: float) -> None:
        """Store a new ticket."""

        def work(transaction: SQLTransaction) -> None:
            transaction.change(_REMOVE_EXPIRED, now=now, limit=_TICKETS_IN_A_STEP)
            transaction.change(_ADD, hash=ticket.digest, claims=claims, expires_at=expires_at)

        self._database.write(work)

    def find(self, ticket: OpaqueToken) -> tuple[str, float] | None:
        """Return the claims and the expiry of *ticket*, or ``None`` if it is unknown."""
        rows = self._database.read(lambda transaction: transaction.rows(_FIND, hash=ticket.digest))
        return (rows[0].claims, rows[0].expires_at) if rows else None

    def remove(self, ticket: OpaqueToken) -> bool:
        """Remove *ticket*. ``False``: it had been removed already."""
        removed = self._database.write(lambda transaction: transaction.change(_REMOVE, hash=ticket.digest))
        return removed == 1
