"""Accounts from the registration to the deletion: what the applications of this folder share, without a framework.

On one machine, all workers share three files: the users in ``USERS_FILE`` (default ``users.json``), revoked tokens,
refresh tokens and tickets in ``ACCOUNTS_DB`` (default ``accounts.db``), and the counters of the rate limits in
``LIMITS_FILE`` (default ``limits.bin``).

On many machines, set ``DATABASE_URL`` (``postgresql://...``, for users, refresh tokens and tickets) and ``REDIS_URL``
(``redis://...``, for rate limits and revoked tokens), and install ``./fastware[sql,redis]``.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastware.auth import (
    Auth,
    HTTPError,
    JSONFileUserStore,
    LoginGuard,
    RedisBuckets,
    RedisRevocations,
    RefreshTokenReusedError,
    RefreshTokens,
    Revocations,
    SharedBuckets,
    SQLiteRevocations,
    SQLUserStore,
    Tickets,
    UserExistsError,
    UserStore,
    _get_asgi_header,
    authenticate,
    clear_session_cookies,
    password_problem,
    set_session_cookies,
)

TOKEN_SECONDS = 15 * 60
REFRESH_SECONDS = 30 * 24 * 3600
# No two names look alike, as they would in capitals or in other alphabets.
USERNAME = re.compile(r"[a-z0-9._-]{1,32}")
# Paths that are called without a session, and so without a CSRF token. They require JSON instead.
WITHOUT_SESSION = ["/register", "/login", "/refresh"]

DATABASE_URL = os.environ.get("DATABASE_URL")
REDIS_URL = os.environ.get("REDIS_URL")
DATABASE_FILE = os.environ.get("ACCOUNTS_DB", "accounts.db")

revocations: Revocations = RedisRevocations(REDIS_URL) if REDIS_URL else SQLiteRevocations(DATABASE_FILE)
refresh_tokens = RefreshTokens(DATABASE_URL or DATABASE_FILE, lifetime=REFRESH_SECONDS, revocations=revocations)
tickets = Tickets(DATABASE_URL or DATABASE_FILE, revocations=revocations)
# It ends all sessions of a user whose role or password changes, or who is deleted.
user_store: UserStore = (
    SQLUserStore(DATABASE_URL, revocations=revocations)
    if DATABASE_URL
    else JSONFileUserStore(os.environ.get("USERS_FILE", "users.json"), revocations=revocations)
)
auth = Auth.from_env(revocations=revocations, tickets=tickets)

# Where all workers together count the calls of a client, and its wrong passwords.
buckets = RedisBuckets(REDIS_URL) if REDIS_URL else SharedBuckets(os.environ.get("LIMITS_FILE", "limits.bin"))
guard = LoginGuard(buckets=buckets)


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class RefreshRequest:
    refresh_token: str = field(repr=False)


@dataclass(frozen=True)
class PasswordChange:
    old_password: str = field(repr=False)
    new_password: str = field(repr=False)


@dataclass(frozen=True)
class Confirmation:
    password: str = field(repr=False)


@dataclass(frozen=True)
class Session:
    """What a client gets when it logs in, and each time it refreshes its session."""

    username: str
    token: str = field(repr=False)
    refresh_token: str = field(repr=False)


async def register(credentials: Credentials) -> None:
    """Create an account."""
    if not USERNAME.fullmatch(credentials.username):
        raise HTTPError(400, "A username has up to 32 lowercase letters, digits, dots, hyphens and underscores")
    check_strength(credentials.password, credentials.username)
    try:
        await user_store.acreate_user(credentials.username, credentials.password, "user")
    except UserExistsError:
        raise HTTPError(409, "This username is taken") from None


async def log_in(credentials: Credentials, scope: Mapping[str, Any]) -> Session:
    """Start a session."""
    # Before the password is checked: a change of it in the meantime ends the session.
    session = await auth.anew_session(credentials.username)
    user = await check_password(credentials.username, credentials.password, scope)
    if user is None:
        raise HTTPError(401, "Invalid credentials")
    return await open_session(user, session)


async def open_session(user: Mapping[str, str], session: dict[str, Any]) -> Session:
    username = user["username"]
    token = await auth.acreate_token(username, user["role"], expires_in=TOKEN_SECONDS, session=session)
    return Session(username, token, await refresh_tokens.aissue(username, session))


async def refresh(refresh_token: str) -> Session:
    """Go on with a session: return a new token with the current role of the user, and a new refresh token."""
    try:
        refreshed = await refresh_tokens.arotate(refresh_token)
    except RefreshTokenReusedError as error:  # it was copied: the last token of the session ends too
        await revocations.arevoke({**error.data, "sub": error.username}, expires_in=TOKEN_SECONDS)
        raise
    user = await user_store.afind_user(refreshed.username)
    if user is not None:
        session = refreshed.data
        token = await auth.acreate_token(user["username"], user["role"], expires_in=TOKEN_SECONDS, session=session)
        if auth.verify_token(token):  # otherwise the user has logged out
            return Session(user["username"], token, refreshed.token)
    raise HTTPError(401, "Invalid or expired refresh token")


async def log_out(claims: Mapping[str, Any]) -> None:
    """End one session: all of its tokens, and its refresh token."""
    # Listed until the last token of the last refresh expires, not only until this one does.
    await revocations.arevoke(claims, expires_in=REFRESH_SECONDS + TOKEN_SECONDS)


async def log_out_everywhere(username: str) -> None:
    """End all sessions of a user."""
    await revocations.arevoke_user(username)


async def change_password(claims: Mapping[str, Any], change: PasswordChange, scope: Mapping[str, Any]) -> Session:
    """Change the password, end all sessions of the user, and start a new one for this client."""
    username = claims["sub"]
    check_strength(change.new_password, username)
    await confirm(username, change.old_password, scope)
    user = await user_store.aupdate_user(username, password=change.new_password)
    return await open_session(user, await auth.anew_session(username))


async def delete_account(claims: Mapping[str, Any], confirmation: Confirmation, scope: Mapping[str, Any]) -> None:
    """Delete the user, and end all sessions."""
    username = claims["sub"]
    await confirm(username, confirmation.password, scope)
    await user_store.adelete_user(username)


async def confirm(username: str, password: str, scope: Mapping[str, Any]) -> None:
    """Raise a 403 unless this is the password of the user, whose session somebody else may use."""
    if await check_password(username, password, scope) is None:
        raise HTTPError(403, "Wrong password")


async def check_password(username: str, password: str, scope: Mapping[str, Any]) -> dict[str, str] | None:
    client = scope.get("client")  # behind a proxy: see docs/proxies.md
    address = client[0] if client else "unknown"
    return await authenticate(user_store, username, password, guard=guard, address=address)


def check_strength(password: str, username: str) -> None:
    problem = password_problem(password, username=username)
    if problem:
        raise HTTPError(400, problem)


def require_json(scope: Mapping[str, Any]) -> None:
    """Raise a 415 unless the body is JSON.

    A page of another site cannot send this type without a CORS preflight. With a form it would log a visitor in to an
    account of its choice.
    """
    content_type = _get_asgi_header(scope["headers"], b"content-type").partition(b";")[0]
    if content_type.strip().lower() != b"application/json":
        raise HTTPError(415, "Expected application/json")


def session_cookies(session: Session, scope: Mapping[str, Any]) -> list[str]:
    csrf_token = secrets.token_urlsafe(32)
    return set_session_cookies(session.token, csrf_token, max_age=TOKEN_SECONDS, secure=scope["scheme"] == "https")


def no_cookies(scope: Mapping[str, Any]) -> list[str]:
    return clear_session_cookies(secure=scope["scheme"] == "https")
