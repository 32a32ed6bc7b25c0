"""The base class of user stores."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self

from fastware._internal.fork import give_lock
from fastware._internal.threads import complete, run_in_thread
from fastware.auth.passwords import ahash_password, hash_password
from fastware.auth.users.changes import Change, User, changed_parts, check_name, checked_fields, new_user
from fastware.auth.users.errors import UserNotFoundError, user_exists, user_not_found

if TYPE_CHECKING:

    class UserRevocations(Protocol):
        """What a store needs of revocations."""

        def revoke_user(self, username: str) -> None:
            """Revoke all tokens of *username*."""

        async def arevoke_user(self, username: str) -> None:
            """Do what :meth:`revoke_user` does, without blocking the event loop."""


class UserStore:
    """The base class of user stores. A subclass defines :meth:`load_users` and :meth:`save_users`.

    A user is a ``dict`` of ``str``: ``username``, ``password_hash``, ``role``, ``created_at`` (ISO 8601, UTC) and
    further fields. :meth:`load_users` returns the list of all users, and :meth:`save_users` replaces it.

    A store is safe to share between threads. A subclass whose storage is shared between processes extends the context
    manager ``_exclusive``, which surrounds a load and the save that depends on it. A subclass whose storage has an
    index overrides :meth:`find_user`, and ``_insert_user``, ``_change_user`` and ``_remove_user``, which change one
    record.

    Each method has an async twin with the prefix ``a``, which does the work in worker threads. The twin of a method
    that a subclass overrides calls the override in a worker thread.

    Args:
        revocations: revokes all tokens of a user after a change of role or password and after a deletion. If that
            fails, the change is saved, and the caller gets the error.

    """

    revocations: UserRevocations | None = None
    _lock: threading.RLock

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Set the store up here, so that a subclass need not call ``__init__``."""
        store = super().__new__(cls)
        store._set_up()
        return store

    def __init__(self, *, revocations: UserRevocations | None = None) -> None:
        if revocations is not None and not hasattr(revocations, "revoke_user"):
            raise TypeError(
                f"revocations must be an object such as MemoryRevocations(), not {type(revocations).__name__}"
            )
        if revocations is not None:
            self.revocations = revocations

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the lock: a copy of the store has its own, even in another process."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_make_lock")}

    def _set_up(self) -> None:
        """Make what a copy of the store has of its own."""
        give_lock(self, threading.RLock)

    # The storage

    def load_users(self) -> list[User]:
        """Return all users."""
        raise NotImplementedError(f"{type(self).__name__} must define load_users")

    def save_users(self, users: list[User]) -> None:
        """Replace all users."""
        raise NotImplementedError(f"{type(self).__name__} must define save_users")

    def find_user(self, username: str) -> User | None:
        """Return the user *username*, or ``None``."""
        return next((user for user in self.load_users() if user["username"] == username), None)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold this around a load and the save that depends on it."""
        with self._lock:
            yield

    def _insert_user(self, user: User) -> None:
        """Add the record *user*. Raises ``UserExistsError``."""
        with self._exclusive():
            users = self.load_users()
            if any(each["username"] == user["username"] for each in users):
                raise user_exists(user["username"])
            self.save_users([*users, user])

    def _change_user(self, username: str, change: Callable[[User], User]) -> tuple[User, User]:
        """Replace the record of *username* by what *change* returns for it, and return the old one and the new one.

        No other change of the user happens in between. Raises ``UserNotFoundError``.
        """
        with self._exclusive():
            users = self.load_users()
            for position, before in enumerate(users):
                if before["username"] == username:
                    after = change(before)
                    if after != before:
                        self.save_users([*users[:position], after, *users[position + 1 :]])
                    return before, after
        raise user_not_found(username)

    def _remove_user(self, username: str) -> None:
        """Remove the record of *username*. Raises ``UserNotFoundError``."""
        with self._exclusive():
            users = self.load_users()
            others = [user for user in users if user["username"] != username]
            if len(others) == len(users):
                raise user_not_found(username)
            self.save_users(others)

    # Changes of one user

    def create_user(self, username: str, password: str, role: str, *, fields: Mapping[str, str] | None = None) -> User:
        """Hash *password*, add the user, and return the new record.

        Args:
            username: 1 to 1,024 characters, without control characters and lone surrogates; compared exactly.
            password: at most 72 bytes of UTF-8, without NUL.
            role: like *username*.
            fields: further fields of the record.

        Raises:
            UserExistsError: *username* already exists. It is a ``ValueError``.
            ValueError: *username*, *password* or *role* is invalid; a name or value in *fields* is not a ``str`` or has
                a lone surrogate, or a name is one of the four that each record has.
            TypeError: another argument is not a ``str``, or *fields* is not a mapping.
            ImportError: bcrypt is not installed.

        """
        further = _check_new_user(username, role, fields)
        self._check_is_new(username)
        # Hash outside the lock: it takes a quarter of a second.
        password_hash = hash_password(password)
        del password  # error reporters show the local variables of a traceback's frames
        return self._create(new_user(username, password_hash, role, further))

    def update_user(
        self,
        username: str,
        *,
        role: str | None = None,
        password: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> User:
        """Change what is passed, and return the record. A new role or password revokes the tokens of the user.

        Args:
            username: the user.
            role: the new role.
            password: the new password.
            fields: further fields to add to the record or to replace in it. The others stay.

        Raises:
            UserNotFoundError: *username* does not exist. It is a ``LookupError``.
            ValueError: *password* or *role* is invalid; a name or value in *fields* is not a ``str`` or has a lone
                surrogate, or a name is one of the four that each record has.
            TypeError: another argument is not a ``str``, or *fields* is not a mapping.
            ImportError: bcrypt is not installed.

        """
        change = Change(role, fields)
        if password is not None:
            self._check_exists(username)
            change.password_hash = hash_password(password)
            del password
        user, is_revoking = self._update(username, change)
        if is_revoking and self.revocations is not None:
            self.revocations.revoke_user(username)
        return user

    def delete_user(self, username: str) -> None:
        """Delete the user *username*, and revoke the user's tokens.

        Raises:
            UserNotFoundError: *username* does not exist. It is a ``LookupError``.

        """
        self._delete(username)
        if self.revocations is not None:
            self.revocations.revoke_user(username)

    def _replace_hash(self, username: str, old_hash: str, new_hash: str) -> bool:
        """Replace the hash of an unchanged password. Returns ``False`` if the hash is no longer *old_hash*."""

        def change(user: User) -> User:
            return {**user, "password_hash": new_hash} if user["password_hash"] == old_hash else user

        try:
            before, _ = self._change_user(username, change)
        except UserNotFoundError:
            return False
        if before["password_hash"] != old_hash:
            return False
        _record("user_updated", username, "password rehashed")
        return True

    # The async twins

    async def aload_users(self) -> list[User]:
        """Do what :meth:`load_users` does, in a worker thread (asyncio or trio)."""
        return await run_in_thread(self.load_users)

    async def asave_users(self, users: list[User]) -> None:
        """Do what :meth:`save_users` does, in a worker thread (asyncio or trio)."""
        await run_in_thread(self.save_users, users)

    async def afind_user(self, username: str) -> User | None:
        """Do what :meth:`find_user` does, in a worker thread (asyncio or trio)."""
        return await run_in_thread(self.find_user, username)

    async def acreate_user(
        self, username: str, password: str, role: str, *, fields: Mapping[str, str] | None = None
    ) -> User:
        """Do what :meth:`create_user` does, in worker threads (asyncio or trio)."""
        if self._overrides("create_user"):
            options = {} if fields is None else {"fields": fields}
            return await run_in_thread(self.create_user, username, password, role, **options)
        further = _check_new_user(username, role, fields)
        await run_in_thread(self._check_is_new, username)
        password_hash = await ahash_password(password)
        del password
        return await run_in_thread(self._create, new_user(username, password_hash, role, further))

    async def aupdate_user(
        self,
        username: str,
        *,
        role: str | None = None,
        password: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> User:
        """Do what :meth:`update_user` does, in worker threads (asyncio or trio).

        If the task is cancelled after the change has begun, the tokens are revoked nevertheless.
        """
        if self._overrides("update_user"):
            given = {"role": role, "password": password, "fields": fields}
            options: Any = {name: value for name, value in given.items() if value is not None}
            del given, password
            return await run_in_thread(self.update_user, username, **options)
        change = Change(role, fields)
        if password is not None:
            await run_in_thread(self._check_exists, username)
            change.password_hash = await ahash_password(password)
            del password
        return await complete(self._aupdate, username, change)

    async def adelete_user(self, username: str) -> None:
        """Do what :meth:`delete_user` does, in a worker thread (asyncio or trio).

        If the task is cancelled after the deletion has begun, the tokens are revoked nevertheless.
        """
        if self._overrides("delete_user"):
            await run_in_thread(self.delete_user, username)
        else:
            await complete(self._adelete, username)

    async def _areplace_hash(self, username: str, old_hash: str, new_hash: str) -> bool:
        return await run_in_thread(self._replace_hash, username, old_hash, new_hash)

    async def _aupdate(self, username: str, change: Change) -> User:
        user, is_revoking = await run_in_thread(self._update, username, change)
        if is_revoking and self.revocations is not None:
            await self.revocations.arevoke_user(username)
        return user

    async def _adelete(self, username: str) -> None:
        await run_in_thread(self._delete, username)
        if self.revocations is not None:
            await self.revocations.arevoke_user(username)

    def _overrides(self, name: str) -> bool:
        return getattr(getattr(self, name), "__func__", None) is not getattr(UserStore, name)

    # What the methods and their twins share

    def _check_is_new(self, username: str) -> None:
        if self.find_user(username) is not None:
            raise user_exists(username)

    def _check_exists(self, username: str) -> None:
        if self.find_user(username) is None:
            raise user_not_found(username)

    def _create(self, user: User) -> User:
        self._insert_user(user)
        _record("user_created", user["username"])
        return user

    def _update(self, username: str, change: Change) -> tuple[User, bool]:
        """Return the new record, and whether the tokens of the user must be revoked."""
        before, after = self._change_user(username, change.apply)
        parts = changed_parts(before, after)
        if parts:
            _record("user_updated", username, ", ".join(parts))
        return after, parts not in ([], ["fields"])

    def _delete(self, username: str) -> None:
        self._remove_user(username)
        _record("user_deleted", username)


def _check_new_user(username: str, role: str, fields: Mapping[str, str] | None) -> User:
    check_name("username", username)
    check_name("role", role)
    return checked_fields(fields)


def _record(event: str, username: str, reason: str | None = None) -> None:
    from fastware.auth.audit import record  # noqa: PLC0415 - not needed before the first change

    record(event, username=username, reason=reason)
