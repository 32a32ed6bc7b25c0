"""Refresh tokens: when one is replaced, used again, or rejected."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fastware._engine.arguments import as_text, as_utf8, wrong_type
from fastware._engine.contract import Duration
from fastware._internal.threads import run_in_thread, run_in_thread_even_if_cancelled
from fastware.auth.durations import as_seconds
from fastware.auth.opaque_tokens import KEY_LENGTH, OpaqueToken
from fastware.auth.refresh.errors import RefreshTokenError, RefreshTokenReusedError
from fastware.auth.refresh.families import Family, FamilyStorage
from fastware.auth.storage_arguments import Storage, checked_revocations, families_in
from fastware.auth.stored_json import as_json, from_json

if TYPE_CHECKING:
    from fastware.auth.revocations import Revocations

_DAY: Final = 86_400
_MAX_DATA_LENGTH: Final = 4_096
_MAX_ROTATIONS: Final = 100_000
"""Bounds the rows of a family: 30 days with a rotation every 26 seconds."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What :meth:`RefreshTokens.rotate` returns.

    Attributes:
        username: the user. Look in the user store whether the user still exists, and for the role.
        data: what the application passed to ``issue``.
        token: the next refresh token.

    """

    username: str
    data: Any = field(repr=False, hash=False)
    token: str = field(repr=False)


class RefreshTokens:
    """Refresh tokens. Each is replaced when it is used, so that a copied one is detected (RFC 9700 section 4.14.2).

    Usage::

        refresh_tokens = RefreshTokens("sessions.db")
        token = refresh_tokens.issue("ada", {"device": "phone"})
        refreshed = refresh_tokens.rotate(token)  # refreshed.token replaces token

    The refresh tokens of one login are a family. A token that was replaced before ends its family, except within
    *grace*: two tabs that refresh at once, or a client that lost the response, get the same successor. The storage
    contains hashes of the tokens. Each method has an async twin with the prefix ``a``.

    Args:
        storage: the path of a SQLite file, which the processes of a machine share, also with tickets and
            revocations; the URL of Redis or a client of redis-py, or a URL of SQLAlchemy, for many machines; ``None``:
            the memory of this process.
        lifetime: seconds, or a ``timedelta``, from the login to the end of a family.
        idle: seconds, or a ``timedelta``, from the last rotation to the end of a family.
        grace: seconds, or a ``timedelta``, after the first use of a token. Another use within it returns the same
            successor, as long as that is unused. 0: every second use ends the family.
        revocations: ends the families of a user who was revoked after the login.

    Raises:
        TypeError: an argument has another type.
        ValueError: an argument is invalid. The message does not show a URL: it may contain a password.
        ImportError: the package for *storage*, redis or SQLAlchemy, is not installed.

    """

    def __init__(
        self,
        storage: Storage,
        *,
        lifetime: Duration = 30 * _DAY,
        idle: Duration = 14 * _DAY,
        grace: Duration = 30,
        revocations: Revocations | None = None,
    ) -> None:
        self._lifetime = as_seconds("lifetime", lifetime)
        self._idle = as_seconds("idle", idle)
        self._grace = as_seconds("grace", grace, may_be_zero=True)
        self._revocations: Revocations | None = checked_revocations(revocations)
        self._families: FamilyStorage = families_in(storage)

    def issue(self, username: str, data: Any = None) -> str:
        """Return the first refresh token of a login.

        Args:
            username: the user who has logged in.
            data: any JSON value of at most 4,096 characters, which each rotation returns: the session of
                ``Auth.new_session``, for example. Do not keep the role in it: read that from the user store.

        Raises:
            TypeError: *username* is not a ``str``, or *data* is not JSON.
            ValueError: *username* is empty or has a lone surrogate, or *data* is too long.
            StorageError: the token cannot be stored.

        """
        name, now = _as_username(username), time.time()
        text = as_json("data", data, _MAX_DATA_LENGTH)
        revision = self._revision(name)
        token = OpaqueToken.new()
        self._families.add(
            Family(
                username=name,
                data=text,
                key=secrets.token_bytes(KEY_LENGTH),
                revision=revision,
                issued_at=now,
                rotated_at=now,
                ends_at=self._end(now, now),
                rotations=0,
                current=token.digest,
                previous=b"",
                last_end=now + self._lifetime,
            )
        )
        return token.reveal()

    def rotate(self, token: str) -> Refreshed:
        """Return the user and the data of *token*, and the token that replaces it.

        Raises:
            RefreshTokenReusedError: *token* was replaced before. Its family has ended.
            RefreshTokenError: *token* is unknown, expired or revoked, or any other value.
            StorageError: the new token cannot be stored. *token* stays valid.

        """
        presented, token = OpaqueToken.presented(token), ""  # error reporters show the local variables of frames
        return self._rotate(presented)

    def revoke(self, token: str) -> None:
        """End the family of *token*: log out. An unknown token, or any other value, is ignored.

        Raises:
            StorageError: the revocation cannot be stored.

        """
        presented, token = OpaqueToken.presented(token), ""
        self._revoke(presented)

    def revoke_user(self, username: str) -> None:
        """End all families of a user: log out everywhere.

        Raises:
            TypeError: *username* is not a ``str``.
            ValueError: *username* is empty or has a lone surrogate.
            StorageError: the revocation cannot be stored.

        """
        self._families.end_user(_as_username(username))

    async def aissue(self, username: str, data: Any = None) -> str:
        """Do what :meth:`issue` does, without blocking the event loop."""
        return await run_in_thread(self.issue, username, data)

    async def arotate(self, token: str) -> Refreshed:
        """Do what :meth:`rotate` does, without blocking the event loop."""
        presented, token = OpaqueToken.presented(token), ""
        return await run_in_thread(self._rotate, presented)

    async def arevoke(self, token: str) -> None:
        """Do what :meth:`revoke` does, without blocking the event loop, even if the task is cancelled."""
        presented, token = OpaqueToken.presented(token), ""
        await run_in_thread_even_if_cancelled(self._revoke, presented)

    async def arevoke_user(self, username: str) -> None:
        """Do what :meth:`revoke_user` does, without blocking the event loop, even if the task is cancelled."""
        await run_in_thread_even_if_cancelled(self.revoke_user, username)

    def _rotate(self, token: OpaqueToken | None) -> Refreshed:
        if token is None:
            raise RefreshTokenError
        family = self._active_family(token)
        if hmac.compare_digest(token.digest, family.current):
            now = time.time()
            successor, ends_at = token.successor(family.key), self._end(family.issued_at, now)
            if self._families.advance(family, successor, now, ends_at):
                return _refreshed(family, successor)
            family = self._active_family(token)  # another use of the token was first
        if hmac.compare_digest(token.digest, family.previous) and self._is_in_grace(family):
            return _refreshed(family, token.successor(family.key))
        if self._families.end(family):
            from fastware.auth.audit import record  # noqa: PLC0415 - for this event only

            record("refresh_reused", username=family.username)
        raise RefreshTokenReusedError(family.username, from_json(family.data) if family.data else None)

    def _revoke(self, token: OpaqueToken | None) -> None:
        family = None if token is None else self._families.find(token)
        if family is not None:
            self._families.end(family)

    def _active_family(self, token: OpaqueToken) -> Family:
        family, now = self._families.find(token), time.time()
        if family is None or min(family.ends_at, self._end(family.issued_at, family.rotated_at)) <= now:
            raise RefreshTokenError
        if family.revision < self._revision(family.username) or family.rotations >= _MAX_ROTATIONS:
            self._families.end(family)
            raise RefreshTokenError
        return family

    def _is_in_grace(self, family: Family) -> bool:
        # A clock that was set back does not extend the grace.
        return abs(time.time() - family.rotated_at) < self._grace

    def _end(self, issued_at: float, rotated_at: float) -> float:
        return min(issued_at + self._lifetime, rotated_at + self._idle)

    def _revision(self, username: str) -> int:
        return 0 if self._revocations is None else self._revocations.revision(username)


def _refreshed(family: Family, token: OpaqueToken) -> Refreshed:
    return Refreshed(family.username, from_json(family.data), token.reveal())


def _as_username(username: object) -> str:
    text = as_text(username)
    if text is None:
        raise wrong_type("username", "str", username)
    if not as_utf8(text):
        raise ValueError("username is empty, or has a lone surrogate, which UTF-8 cannot encode")
    return text
