"""The rules of revocation, for every storage: what is listed, for how long, and which tokens are revoked."""

from __future__ import annotations

import functools
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import floor, inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from fastware._engine.arguments import as_expires_in, as_leeway, as_text, wrong_type
from fastware._internal.threads import run_in_thread, run_in_thread_even_if_cancelled
from fastware.auth.revocations import token_keys
from fastware.auth.revocations.local_copy import ExpiringKeys, UserNumbers
from fastware.errors import HTTPError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    TokenEntry = tuple[str, int | None, bool]
    """A key of :mod:`token_keys`, its end, and whether it is revoked; otherwise it notes a longer session."""
    UserEntry = tuple[str, int]
    """A username and its number."""

MAX_REMOVALS: Final = 32
"""The number of ended entries that a call removes."""

_MICROSECONDS: Final = 1_000_000


class RevocationsUnavailableError(HTTPError):
    """503: the list of revoked tokens cannot be read, so no token can be accepted.

    Args:
        retry_after: seconds after which the client may try again (RFC 9110 section 10.2.3).

    """

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__(503, "Tokens cannot be checked; try again later", {"Retry-After": str(retry_after)})


class Revocations(ABC):
    """A list of revoked tokens: the base of those in memory, in SQLite and in Redis.

    A token is listed under its ``sid``, which is the same in every token of a session; else under its ``jti``; else
    under its ``sub``, ``role``, ``iat`` and ``exp``. The entry is removed when no token of the session can be valid.

    Each user has a revocation number, which :meth:`revoke_user` increases. A token of :class:`Auth` has the number at
    its login in the claim ``rev``, and is revoked when the current number is larger. The numbers are kept permanently:
    a new user with an old name must not make old tokens valid.

    A subclass stores the entries. It passes what it reads to ``_list_token`` and ``_list_user``.
    """

    _look_at: float = inf
    """When to look for the entries of other processes, on the clock ``time.monotonic``."""

    def __init__(self) -> None:
        self._leeway = 0.0
        self._tokens, self._sessions, self._longer_sessions = ExpiringKeys(), ExpiringKeys(), ExpiringKeys()
        self._revoked_sessions = self._sessions.keys
        self._users = UserNumbers()
        self._is_empty = True

    # The calls of applications

    def revoke(self, claims: Mapping[str, Any], *, expires_in: float | timedelta | None = None) -> None:
        """Revoke the token that *claims* belong to, and every token of its session.

        Args:
            claims: what ``verify_token`` or ``get_current_user`` returned, or ``Auth.new_session``.
            expires_in: seconds, or a ``timedelta``, after which the last token of the session expires. Pass it if the
                session has tokens that live longer than that of *claims*, or gets others from a refresh token.

        Raises:
            TypeError: *claims* is not a mapping, or ``exp``, ``iat`` or *expires_in* is not a number.
            ValueError: *claims* do not identify a token, or *expires_in* is out of range.
            StorageError: the list cannot be written.

        """
        claims = token_keys.checked(claims)
        key = token_keys.key_of(claims)
        if key is None:
            raise ValueError("claims have no sid, no jti, and not all of sub, role, iat and exp: no token to revoke")
        now = time.time()
        seconds = None if expires_in is None else as_expires_in(expires_in)
        self._store_token(key, token_keys.end_of_session(claims, now, seconds), True, now)
        _record(as_text(claims.get("sub")), "token")

    def revoke_user(self, username: str) -> None:
        """Revoke every token of *username* that has been issued.

        Args:
            username: the subject, ``sub``, of the tokens.

        Raises:
            TypeError: *username* is not a ``str``.
            StorageError: the list cannot be written.

        """
        name = _checked_name(username)
        self._store_user(name)
        _record(name, "all tokens of the user")

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Return whether the token that *claims* belong to is revoked.

        Args:
            claims: what ``verify_token`` returned.

        Raises:
            TypeError: *claims* is not a mapping.
            RevocationsUnavailableError: 503; the list could not be read for several seconds.

        """
        if monotonic() >= self._look_at:
            self._look()
        if self._is_empty and type(claims) is dict:
            return False
        try:
            # The tokens of Auth. The rules are those of `_is_listed`.
            sid, rev = claims["sid"], claims["rev"]
            if type(sid) is str and type(rev) is int:
                if sid in self._revoked_sessions:
                    return True
                sub = claims["sub"]
                numbers, mask = self._users.highest
                return rev < numbers[hash(sub) & mask] and rev < self._users.numbers.get(sub, rev)
        except (KeyError, TypeError):
            pass
        return self._is_listed(token_keys.checked(claims))

    def revision(self, username: str) -> int:
        """Return the current revocation number of *username*, or 0 if its tokens were never revoked.

        It is read from the storage, so it includes the revocations of other processes.

        Raises:
            TypeError: *username* is not a ``str``.
            StorageError: the list cannot be read.

        """
        name = _checked_name(username)
        return max(self._stored_number(name), self._users.numbers.get(name, 0))

    def note_longer_session(self, claims: Mapping[str, Any], expires_in: float | timedelta) -> None:
        """Prepare for a token of the session of *claims* that expires in *expires_in*.

        If its lifetime is longer than that of the token of *claims*, or so short that the token of *claims* outlives
        it, entries of the session are kept until both have expired. :meth:`Auth.renew_token` calls it before each
        renewal. It writes nothing if the lifetime stays the same.

        Args:
            claims: what ``verify_token`` returned. Without a ``sid``, no other token is listed under the same key.
            expires_in: seconds, or a ``timedelta``.

        Raises:
            TypeError: an argument has another type.
            ValueError: *expires_in* is out of range.
            StorageError: the list cannot be written.

        """
        seconds, now = as_expires_in(expires_in), time.time()
        if self._must_note(token_keys.checked(claims), seconds, now):
            sid = token_keys.session_of(claims)
            self._store_token(f"s{sid}", token_keys.end_of_renewed(claims, now + seconds), False, now)

    def accept_leeway(self, seconds: float | timedelta) -> None:
        """Keep entries for tokens that are valid for *seconds* after their ``exp``. The largest value applies.

        Raises:
            TypeError: *seconds* has another type.
            ValueError: *seconds* is out of range.
            StorageError: the value cannot be written.

        """
        leeway = as_leeway(seconds)
        if leeway > self._leeway:
            self._store_leeway(leeway)
            self._leeway = max(self._leeway, leeway)

    async def arevoke(self, claims: Mapping[str, Any], *, expires_in: float | timedelta | None = None) -> None:
        """Do what :meth:`revoke` does, in a thread, even if the task is cancelled."""
        await run_in_thread_even_if_cancelled(functools.partial(self.revoke, claims, expires_in=expires_in))

    async def arevoke_user(self, username: str) -> None:
        """Do what :meth:`revoke_user` does, in a thread, even if the task is cancelled."""
        await run_in_thread_even_if_cancelled(self.revoke_user, username)

    async def ais_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Return what :meth:`is_revoked` returns, which does not block."""
        return self.is_revoked(claims)

    async def arevision(self, username: str) -> int:
        """Return what :meth:`revision` returns, without blocking the event loop."""
        return await run_in_thread(self.revision, username)

    async def anote_longer_session(self, claims: Mapping[str, Any], expires_in: float | timedelta) -> None:
        """Do what :meth:`note_longer_session` does, without blocking the event loop."""
        if self._must_note(token_keys.checked(claims), as_expires_in(expires_in), time.time()):
            await run_in_thread_even_if_cancelled(self.note_longer_session, claims, expires_in)

    # What a storage implements

    def _look(self) -> None:  # noqa: B027 - a list of one process has no others to look at
        """List the entries of other processes that are new, and set ``_look_at``. It must not block.

        Raises:
            RevocationsUnavailableError: the entries in memory are too old.

        """

    @abstractmethod
    def _store_token(self, key: str, end: int | None, is_revoked: bool, now: float) -> None:
        """Store and list an entry, which is kept until *end*, or longer if it is there already.

        An entry that is not revoked notes a longer session. It keeps an entry that is revoked as it is, except for its
        end. Entries that ended before *now* minus the leeway are removed, a bounded number in each call.
        """

    @abstractmethod
    def _store_user(self, username: str) -> None:
        """Store and list the :meth:`_next_number` of *username*, while no other thread or process stores one."""

    @abstractmethod
    def _stored_number(self, username: str) -> int:
        """Return the number of *username* in the storage, 0 if there is none."""

    @abstractmethod
    def _store_leeway(self, seconds: float) -> None:
        """Store *seconds*, if it is larger than the leeway there."""

    @abstractmethod
    def _list_stored(self) -> None:
        """List all entries that the storage has now.

        Raises:
            StorageError: the storage cannot be read.

        """

    @abstractmethod
    def _merge(self, tokens: Sequence[TokenEntry], users: Sequence[UserEntry]) -> None:
        """Store and list entries of another list. Of two ends, or two numbers, the larger one is kept.

        Other threads and processes can store entries meanwhile.

        Raises:
            StorageError: the storage cannot be written. Some entries may be stored.

        """

    # What a storage calls, in one thread at a time

    def _list_token(self, key: str, end: int | None, is_revoked: bool) -> None:
        sid = key[1:]
        if key[0] != "s":
            self._tokens.add(key, end)
        elif is_revoked or sid in self._sessions.keys:
            self._sessions.add(sid, end)
            if sid in self._longer_sessions.keys:
                self._sessions.add(sid, self._longer_sessions.end_of(sid))
        else:
            self._longer_sessions.add(sid, end)
            return
        self._is_empty = False

    def _list_user(self, username: str, number: int) -> None:
        self._users.set(username, number)
        self._is_empty = False

    def _list_entries_of(self, tokens: Sequence[TokenEntry], users: Sequence[UserEntry]) -> None:
        for token in tokens:
            self._list_token(*token)
        for user in users:
            self._list_user(*user)

    def _next_number(self, username: str, last: int) -> int:
        """Return the number after *last*. It is larger, even if the clock was set back."""
        return max(last + 1, self._users.numbers.get(username, 0) + 1, int(time.time() * _MICROSECONDS))

    def _remove_ended(self, now: float, limit: int = MAX_REMOVALS) -> None:
        for keys in (self._sessions, self._tokens, self._longer_sessions):
            keys.remove_before(now - self._leeway, limit)
        self._is_empty = not (self._users.numbers or self._sessions.keys or self._tokens.keys)

    # What another list gets

    def _listed_entries(self) -> tuple[list[TokenEntry], list[UserEntry]]:
        """Return all entries in memory, each once."""
        tokens = [(key, end, True) for key, end in self._tokens.items()]
        tokens += [(f"s{sid}", end, True) for sid, end in self._sessions.items()]
        revoked = self._sessions.keys
        tokens += [(f"s{sid}", end, False) for sid, end in self._longer_sessions.items() if sid not in revoked]
        return tokens, list(self._users.numbers.items())

    # The rules

    def _is_listed(self, claims: Mapping[str, Any]) -> bool:
        key = token_keys.key_of(claims)
        if key is not None and (key[1:] in self._revoked_sessions if key[0] == "s" else key in self._tokens.keys):
            return True
        sub = as_text(claims.get("sub"))
        number = None if sub is None else self._users.numbers.get(sub)
        if number is None:
            return False
        rev: Any = claims.get("rev")
        iat: Any = claims.get("iat")
        if type(rev) is int:
            return rev < number
        if not token_keys.is_number(iat):
            return True
        # Rounded down: a fraction of a second must not put a token after a revocation in the same second.
        return bool(floor(iat) <= number // _MICROSECONDS + self._leeway)

    def _must_note(self, claims: Mapping[str, Any], seconds: int, now: float) -> bool:
        """Return whether the claims of one token of the session do not tell how long another one lives."""
        sid = token_keys.session_of(claims)
        if sid is None:
            return False
        is_longer = seconds > token_keys.lifetime_of(claims)
        return is_longer or token_keys.outlives(claims, now + seconds) or sid in self._longer_sessions.keys


def _checked_name(username: object) -> str:
    name = as_text(username)
    if name is None:
        raise wrong_type("username", "str", username)
    return name


def _record(username: str | None, reason: str) -> None:
    from fastware.auth import audit  # noqa: PLC0415

    audit.record("token_revoked", username=username, reason=reason)
