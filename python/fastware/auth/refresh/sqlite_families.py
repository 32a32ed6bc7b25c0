"""Families of refresh tokens in a SQLite database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastware.auth.opaque_tokens import OpaqueToken
from fastware.auth.refresh.families import Family
from fastware.auth.sqlite_file import SQLiteFile

if TYPE_CHECKING:
    import sqlite3

_VERSION: Final = 1
_SCHEMA: Final = """
    CREATE TABLE refresh_families (
        id INTEGER PRIMARY KEY,
        username TEXT NOT NULL,
        data TEXT NOT NULL,
        key BLOB NOT NULL,
        revision INTEGER NOT NULL,
        issued_at REAL NOT NULL,
        rotated_at REAL NOT NULL,
        ends_at REAL NOT NULL,
        rotations INTEGER NOT NULL,
        current BLOB NOT NULL,
        previous BLOB NOT NULL
    );
    CREATE INDEX refresh_families_by_user ON refresh_families (username);
    CREATE INDEX refresh_families_by_end ON refresh_families (ends_at);
    CREATE TABLE refresh_tokens (hash BLOB PRIMARY KEY, family INTEGER NOT NULL);
    CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family)
"""
_ADD: Final = """
    INSERT INTO refresh_families
        (username, data, key, revision, issued_at, rotated_at, ends_at, rotations, current, previous)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_TOKEN: Final = "INSERT INTO refresh_tokens VALUES (?, ?)"
_FIND: Final = """
    SELECT username, data, key, revision, issued_at, rotated_at, ends_at, rotations, current, previous, id
    FROM refresh_tokens JOIN refresh_families ON id = family WHERE hash = ?
"""
_ADVANCE: Final = """
    UPDATE refresh_families
    SET previous = current, current = ?, rotated_at = ?, ends_at = ?, rotations = rotations + 1
    WHERE id = ? AND current = ?
"""
# Without the hash of its current token, a family that ended meanwhile does not advance.
_END: Final = """
    UPDATE refresh_families SET ends_at = 0, data = '', key = x'', current = x'', previous = x'' WHERE ends_at > 0 AND
"""
_FIND_ENDED: Final = "SELECT id FROM refresh_families WHERE ends_at <= ? LIMIT ?"
_REMOVE_TOKENS: Final = """
    DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE family = ? LIMIT ?)
"""
_REMOVE_FAMILY: Final = "DELETE FROM refresh_families WHERE id = ?"

_FAMILIES_IN_A_STEP: Final = 2
_TOKENS_IN_A_STEP: Final = 50


class SQLiteFamilies:
    """The :class:`~fastware.auth.refresh.families.FamilyStorage` in the file at *path*, or in memory.

    A write first removes at most 2 families that ended and 100 of their tokens, which is more than it adds.
    """

    def __init__(self, path: str | None) -> None:
        self._file = SQLiteFile(path, "refresh tokens", _VERSION, _SCHEMA)

    def add(self, family: Family) -> None:
        """Store a new family with its first token."""
        with self._file.writing() as connection:
            _remove_ended(connection, family.issued_at)
            times = (family.issued_at, family.rotated_at, family.ends_at, family.rotations)
            added = connection.execute(
                _ADD,
                (family.username, family.data, family.key, family.revision, *times, family.current, family.previous),
            )
            connection.execute(_ADD_TOKEN, (family.current, added.lastrowid))

    def find(self, token: OpaqueToken) -> Family | None:
        """Return the family of *token*, which may have ended; ``None`` if the token is unknown."""
        with self._file.reading() as connection:
            rows = connection.execute(_FIND, (token.digest,)).fetchall()
        return Family(*rows[0]) if rows else None

    def advance(self, family: Family, successor: OpaqueToken, now: float, ends_at: float) -> bool:
        """Replace the current token. ``False``: it is no longer that of *family*, and nothing changes."""
        with self._file.writing() as connection:
            changed = connection.execute(_ADVANCE, (successor.digest, now, ends_at, family.id, family.current))
            if changed.rowcount:
                connection.execute(_ADD_TOKEN, (successor.digest, family.id))
                _remove_ended(connection, now)
        return changed.rowcount == 1

    def end(self, family: Family) -> bool:
        """Revoke the family. ``False``: it had been revoked already."""
        with self._file.writing() as connection:
            return connection.execute(f"{_END} id = ?", (family.id,)).rowcount == 1

    def end_user(self, username: str) -> None:
        """Revoke every family of the user."""
        with self._file.writing() as connection:
            connection.execute(f"{_END} username = ?", (username,))


def _remove_ended(connection: sqlite3.Connection, now: float) -> None:
    for family in connection.execute(_FIND_ENDED, (now, _FAMILIES_IN_A_STEP)).fetchall():
        removed = connection.execute(_REMOVE_TOKENS, (*family, _TOKENS_IN_A_STEP))
        if removed.rowcount < _TOKENS_IN_A_STEP:
            connection.execute(_REMOVE_FAMILY, family)
