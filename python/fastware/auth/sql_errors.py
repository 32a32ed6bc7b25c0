"""What an error of SQLAlchemy or of its driver means, without the values of statements and without passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastware.auth.sqlite_file import explain

if TYPE_CHECKING:
    from sqlalchemy.exc import SQLAlchemyError

_FIXES: Final = {  # https://www.postgresql.org/docs/current/errcodes-appendix.html
    "25006": "the server is a read-only replica, or the role is read-only; use the URL of the primary server",
    "28000": "correct the user or the password in the URL",
    "28P01": "correct the user or the password in the URL",
    "3D000": "create the database, or correct its name in the URL",
    "42501": "grant SELECT, INSERT, UPDATE and DELETE on the tables, and CREATE on the schema for the first use",
    "42P01": "its tables were dropped; restore them, or restart the processes to create them anew",
    "53100": "free space on the disk of the server",
    "53300": "raise max_connections of the server, or run fewer processes",
    "55P03": "another transaction has held the row or table for too long",
    "57014": "the server did not finish the statement in time",
}
_BUSY: Final = "all connections of this process are in use; the database is slow, or too many threads use it"
_TEMPORARY: Final = ("40001", "40P01")
"""A serialization failure and a deadlock: nothing of the transaction has happened."""


class Problem:
    """What is wrong.

    Attributes:
        text: the reason, and the fix if there is one.
        is_busy: all connections of this process are in use.
        is_disconnect: the connection was lost.
        may_repeat: nothing has happened, and another attempt may succeed. It says nothing about a lost COMMIT.

    """

    def __init__(self, error: SQLAlchemyError) -> None:
        from sqlalchemy.exc import TimeoutError as PoolTimeout  # noqa: PLC0415

        original: Any = getattr(error, "orig", None)
        state = _state_of(original)
        self.is_disconnect: bool = getattr(error, "connection_invalidated", False)
        self.is_busy = isinstance(error, PoolTimeout)
        self.may_repeat = self.is_disconnect or state in _TEMPORARY
        self.text = _BUSY if self.is_busy else _reason(original) or type(error).__name__
        fix = _FIXES.get(state or "")
        if fix is not None:
            self.text += f"; {fix}"


def _state_of(original: Any) -> str | None:
    """Return the SQLSTATE that the server or psycopg gives, or psycopg2."""
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)


def _reason(original: Any) -> str:
    if hasattr(original, "sqlite_errorcode"):
        return explain(original)
    # The details of a server's error may contain a record.
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    return " ".join((primary or str(original or "")).split())
