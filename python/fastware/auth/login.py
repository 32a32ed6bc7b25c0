"""Checks the username and the password of a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastware.auth import audit, password_pool
from fastware.auth.passwords import check_password_once, hash_password, needs_rehash
from fastware.auth.users import User, UserStore
from fastware.errors import HTTPError

if TYPE_CHECKING:
    from fastware.auth.login_guard import LoginAttempt, LoginGuard

_Checked = tuple[User | None, str | None]
"""The record of a user who exists, and the reason why the login fails, if it does."""


async def authenticate(
    store: UserStore, username: str, password: str, *, guard: LoginGuard | None = None, address: str | None = None
) -> User | None:
    """Return the record of *username* without ``password_hash``, or ``None`` for a wrong username or password.

    Every login makes one bcrypt check, in a small pool of threads. So the response time does not reveal which usernames
    exist (OWASP Authentication Cheat Sheet, "Authentication and Error Messages").

    A hash of a lower cost than the default is replaced. A login fails if the password or the role changes, or the user
    is deleted, during the check. Each login is an audit event: ``login_succeeded``, ``login_failed`` or
    ``login_limited``.

    Args:
        store: the users.
        username: what the client sent.
        password: what the client sent; any ``str``.
        guard: a :class:`~fastware.auth.LoginGuard`, which limits the attempts.
        address: the host of the client, for *guard* and the audit events.

    Raises:
        HTTPError: 429 with ``Retry-After`` after too many attempts, or 503 with ``Retry-After`` if too many logins
            wait for bcrypt.
        TypeError: an argument has another type, or *guard* is passed without *address*.
        ImportError: bcrypt is not installed.

    """
    record = None
    try:
        _check_arguments(username, type(password), guard, address)
        _check_store(store)
        if guard is None or address is None:
            record, failure = await _check(store, username, password)
        else:
            record, failure = await _check_guarded(store, username, password, guard, address)
        known = record["username"] if record else None
        if record is None or failure:
            audit.record("login_failed", username=known, address=address, reason=failure)
            return None
        audit.record("login_succeeded", username=known, address=address)
        return {name: value for name, value in record.items() if name != "password_hash"}
    finally:
        password = ""
        record = None


def _check_store(store: object) -> None:
    if not callable(getattr(store, "afind_user", None)):
        raise TypeError(f"store must be a fastware.auth.UserStore, not {type(store).__name__}")


def _check_arguments(username: object, type_of_password: type, guard: object, address: object) -> None:
    if guard is not None and not address:
        raise TypeError("guard needs address, the host of the client, whose attempts it counts")
    check_guard(guard)
    if address is not None and not isinstance(address, str):
        raise TypeError(f"address must be str, not {type(address).__name__}")
    if not isinstance(username, str):
        raise TypeError(f"username must be str, not {type(username).__name__}")
    if not issubclass(type_of_password, str):
        raise TypeError(f"password must be str, not {type_of_password.__name__}")


def check_guard(guard: object) -> None:
    """Raise ``TypeError`` if *guard* is neither ``None`` nor a guard."""
    if guard is not None and not callable(getattr(guard, "attempt", None)):
        raise TypeError(f"guard must be a fastware.auth.LoginGuard, not {type(guard).__name__}")


async def _check_guarded(store: UserStore, username: str, password: str, guard: LoginGuard, address: str) -> _Checked:
    try:
        attempt = await _start_attempt(store, username, guard, address)
        try:
            checked = await _check(store, username, password)
        except Exception:
            # No password was checked. A cancelled task keeps what it took: bcrypt may be running already.
            await attempt.withdrawn()
            raise
        if checked[1] is None:
            await attempt.succeeded()
        return checked
    finally:
        password = ""


async def _start_attempt(store: UserStore, username: str, guard: LoginGuard, address: str) -> LoginAttempt:
    try:
        return await guard.attempt(username, address)
    except HTTPError as error:
        if error.status_code == 429 and audit.is_recorded("login_limited"):
            user = await store.afind_user(username)
            known = user["username"] if user else None
            del user
            audit.record("login_limited", username=known, address=address, reason=getattr(error, "limit", None))
        raise


async def _check(store: UserStore, username: str, password: str) -> _Checked:
    user = None
    try:
        user = await store.afind_user(username)
        is_valid = await _is_password_of(user, password)
        if user is None:
            return None, "unknown user"
        if is_valid is None:
            return user, "no usable hash"
        if not is_valid:
            return user, "wrong password"
        return await _confirm(store, username, password, user)
    finally:
        password = ""
        user = None


async def _confirm(store: UserStore, username: str, password: str, user: User) -> _Checked:
    """Replace an outdated hash, and read the record again: it may have changed while bcrypt ran."""
    again = None
    expected = user["password_hash"]
    try:
        is_outdated = needs_rehash(expected)
        if is_outdated:
            expected = await _renew_hash(store, user, password)
        again = await store.afind_user(username)
        is_same = again is not None and (again["password_hash"], again["role"]) == (expected, user["role"])
        if not is_same and is_outdated and again is not None and again["role"] == user["role"]:
            # Another login of this user may have replaced the hash.
            is_same = bool(await _is_password_of(again, password))
        return (again, None) if is_same else (user, "record changed")
    finally:
        password = expected = ""
        again = None
        user = {}


async def _renew_hash(store: UserStore, user: User, password: str) -> str:
    """Return the hash of the record afterwards. A failure is only logged: the password is correct."""
    hashed = user["password_hash"]
    new_hash = ""
    try:
        new_hash = await password_pool.run(hash_password, password)
        is_replaced = await store._areplace_hash(user["username"], hashed, new_hash)
        return new_hash if is_replaced else hashed
    except Exception as error:  # noqa: BLE001 - a store may raise any error, whose text may contain the hash
        if not isinstance(error, HTTPError):  # the pool is busy; the next login tries again
            _warn(error)
        return hashed
    finally:
        password = hashed = new_hash = ""
        user = {}


async def _is_password_of(user: User | None, password: str) -> bool | None:
    """Return whether *password* is that of *user*, or ``None`` if they have no usable hash, after one bcrypt check."""
    try:
        return await password_pool.run(check_password_once, password, user.get("password_hash") if user else None)
    finally:
        password = ""
        user = None


def _warn(error: Exception) -> None:
    import logging  # noqa: PLC0415 - loaded when there is something to log

    logger = logging.getLogger("fastware")
    text = error.strerror if isinstance(error, OSError) else None
    described = f"{type(error).__name__}: {text}" if text else type(error).__name__
    logger.warning("The outdated password hash of a user could not be replaced: %s", described)
