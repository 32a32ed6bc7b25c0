"""Families of refresh tokens in a SQL database."""

from __future__ import annotations

from typing import Any, Final

from fastware.auth.opaque_tokens import OpaqueToken
from fastware.auth.refresh.families import Family
from fastware.auth.sql_address import address_of
from fastware.auth.sql_database import SQLDatabase, SQLTransaction

_VERSION: Final = 1
# Usernames are bytes: a text of PostgreSQL cannot have NUL, and databases compare texts by their own rules.
_SCHEMA: Final = """
    CREATE TABLE fastware_refresh_families (
        id {id},
        username {bytes} NOT NULL,
        data text NOT NULL,
        key {bytes} NOT NULL,
        revision bigint NOT NULL,
        issued_at {real} NOT NULL,
        rotated_at {real} NOT NULL,
        ends_at {real} NOT NULL,
        rotations integer NOT NULL,
        current {bytes} NOT NULL,
        previous {bytes} NOT NULL
    );
    CREATE INDEX fastware_refresh_families_by_user ON fastware_refresh_families {using_hash} (username);
    CREATE INDEX fastware_refresh_families_by_end ON fastware_refresh_families (ends_at);
    CREATE TABLE fastware_refresh_tokens (hash {bytes} PRIMARY KEY, family bigint NOT NULL);
    CREATE INDEX fastware_refresh_tokens_by_family ON fastware_refresh_tokens (family)
"""
_VALUES: Final = (
    "data",
    "key",
    "revision",
    "issued_at",
    "rotated_at",
    "ends_at",
    "rotations",
    "current",
    "previous",
)
_ADD: Final = """
    INSERT INTO fastware_refresh_families
        (username, data, key, revision, issued_at, rotated_at, ends_at, rotations, current, previous)
    VALUES (:username, :data, :key, :revision, :issued_at, :rotated_at, :ends_at, :rotations, :current, :previous)
    RETURNING id
"""
_ADD_TOKEN: Final = "INSERT INTO fastware_refresh_tokens (hash, family) VALUES (:hash, :family)"
_FIND: Final = """
    SELECT username, data, key, revision, issued_at, rotated_at, ends_at, rotations, current, previous, id
    FROM fastware_refresh_tokens JOIN fastware_refresh_families ON id = family WHERE hash = :hash
"""
_ADVANCE: Final = """
    UPDATE fastware_refresh_families
    SET previous = current, current = :successor, rotated_at = :now, ends_at = :ends_at, rotations = rotations + 1
    WHERE id = :id AND current = :current
"""
# Without the hash of its current token, a family that ended meanwhile does not advance.
_END: Final = """
    UPDATE fastware_refresh_families SET ends_at = 0, data = '', key = :nothing, current = :nothing, previous = :nothing
    WHERE ends_at > 0 AND
"""
_FIND_ENDED: Final = "SELECT id FROM fastware_refresh_families WHERE ends_at <= :now LIMIT :limit {skip_locked}"
_REMOVE_TOKENS: Final = """
    DELETE FROM fastware_refresh_tokens
    WHERE hash IN (SELECT hash FROM fastware_refresh_tokens WHERE family = :family LIMIT :limit)
"""
_REMOVE_FAMILY: Final = "DELETE FROM fastware_refresh_families WHERE id = :family"

_FAMILIES_IN_A_STEP: Final = 2
_TOKENS_IN_A_STEP: Final = 50


class SQLFamilies:
    """The :class:`~fastware.auth.refresh.families.FamilyStorage` in the database at *url*.

    A write first removes at most 2 families that ended and 100 of their tokens, which is more than it adds.
    """

    def __init__(self, url: object) -> None:
        address, url = address_of(url), None  # error reporters show the local variables of frames
        self._database = SQLDatabase(address, "refresh tokens", _VERSION, _SCHEMA)

    def add(self, family: Family) -> None:
        """Store a new family with its first token."""
        values = {name: getattr(family, name) for name in _VALUES}

        def work(transaction: SQLTransaction) -> None:
            _remove_ended(transaction, family.issued_at)
            (added,) = transaction.rows(_ADD, username=family.username.encode(), **values)
            transaction.change(_ADD_TOKEN, hash=family.current, family=added.id)

        self._database.write(work)

    def find(self, token: OpaqueToken) -> Family | None:
        """Return the family of *token*, which may have ended; ``None`` if the token is unknown."""
        rows = self._database.read(lambda transaction: transaction.rows(_FIND, hash=token.digest))
        return _family_in(rows[0]) if rows else None

    def advance(self, family: Family, successor: OpaqueToken, now: float, ends_at: float) -> bool:
        """Replace the current token. ``False``: it is no longer that of *family*, and nothing changes."""
        values = {"id": family.id, "current": family.current, "now": now, "ends_at": ends_at}

        def work(transaction: SQLTransaction) -> bool:
            if transaction.change(_ADVANCE, successor=successor.digest, **values) == 0:
                return False
            transaction.change(_ADD_TOKEN, hash=successor.digest, family=family.id)
            _remove_ended(transaction, now)
            return True

        return self._database.write(work)

    def end(self, family: Family) -> bool:
        """Revoke the family. ``False``: it had been revoked already."""
        ended = self._database.write(
            lambda transaction: transaction.change(f"{_END} id = :id", id=family.id, nothing=b"")
        )
        return ended == 1

    def end_user(self, username: str) -> None:
        """Revoke every family of the user."""
        name = username.encode()
        self._database.write(
            lambda transaction: transaction.change(f"{_END} username = :username", username=name, nothing=b"")
        )


def _family_in(row: Any) -> Family:
    values = row._asdict()
    for name in ("username", "key", "current", "previous"):
        values[name] = bytes(values[name])
    return Family(**{**values, "username": values["username"].decode()})


def _remove_ended(transaction: SQLTransaction, now: float) -> None:
    # Each family is removed by one transaction at a time: two that wait for each other would be a deadlock.
    for ended in transaction.rows(_FIND_ENDED, now=now, limit=_FAMILIES_IN_A_STEP):
        removed = transaction.change(_REMOVE_TOKENS, family=ended.id, limit=_TOKENS_IN_A_STEP)
        if removed < _TOKENS_IN_A_STEP:
            transaction.change(_REMOVE_FAMILY, family=ended.id)
