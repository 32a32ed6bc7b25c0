"""Tickets in a SQLite database."""

from __future__ import annotations

from typing import Final

from fastware.auth.opaque_tokens import OpaqueToken
from fastware.auth.sqlite_file import SQLiteFile

_VERSION: Final = 1
_SCHEMA: Final = """
    CREATE TABLE tickets (hash BLOB PRIMARY KEY, claims TEXT NOT NULL, expires_at REAL NOT NULL);
    CREATE INDEX tickets_by_expiry ON tickets (expires_at)
"""
_REMOVE_EXPIRED: Final = """
    DELETE FROM tickets WHERE hash IN (SELECT hash FROM tickets WHERE expires_at <= ? LIMIT ?)
"""
_TICKETS_IN_A_STEP: Final = 10


class SQLiteTickets:
    """The :class:`~fastware.auth.tickets.TicketStorage` in the file at *path*, or in memory.

    A new ticket first removes at most 10 that expired, so that the file does not grow with them.
    """

    def __init__(self, path: str | None) -> None:
        self._file = SQLiteFile(path, "tickets", _VERSION, _SCHEMA)

    def add(self, ticket: OpaqueToken, claims: str, now: float, expires_at: float) -> None:
        """Store a new ticket."""
        with self._file.writing() as connection:
            connection.execute(_REMOVE_EXPIRED, (now, _TICKETS_IN_A_STEP))
            connection.execute("INSERT INTO tickets VALUES (?, ?, ?)", (ticket.digest, claims, expires_at))

    def find(self, ticket: OpaqueToken) -> tuple[str, float] | None:
        """Return the claims and the expiry of *ticket*, or ``None`` if it is unknown."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT claims, expires_at FROM tickets WHERE hash = ?", (ticket.digest,)
            ).fetchall()
        return rows[0] if rows else None

    def remove(self, ticket: OpaqueToken) -> bool:
        """Remove *ticket*. ``False``: it had been removed already."""
        with self._file.writing() as connection:
            return connection.execute("DELETE FROM tickets WHERE hash = ?", (ticket.digest,)).rowcount == 1
