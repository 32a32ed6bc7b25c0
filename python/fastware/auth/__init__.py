"""Authentication for ASGI applications: tokens, passwords, users, identity, CSRF, session cookies, rate limits.

``ENGINE`` is the engine that runs the hot paths: ``"rust"`` or ``"python"``. What a request with a token does not need
is loaded on first use.
"""

from typing import TYPE_CHECKING, Any

from fastware._engine import engine as _engine
from fastware.auth.csrf import CSRFMiddleware
from fastware.auth.headers import _get_asgi_cookie, _get_asgi_header
from fastware.auth.identity import get_current_user, require_role
from fastware.auth.passwords import ahash_password, averify_password, hash_password, needs_rehash, verify_password
from fastware.auth.rate_limit import rate_limit
from fastware.auth.session_cookies import clear_session_cookies, set_session_cookies
from fastware.auth.tokens import create_token, verify_token
from fastware.cookies import CookieSizeWarning
from fastware.errors import ConfigurationError, HTTPError, InsecureKeyLengthWarning, PerProcessLimitWarning

if TYPE_CHECKING:
    from fastware.auth.buckets.redis import RedisBuckets
    from fastware.auth.buckets.shared import SharedBuckets
    from fastware.auth.client_keys import client_address, user_key
    from fastware.auth.cross_site import reject_cross_site
    from fastware.auth.csrf_tokens import create_csrf_token
    from fastware.auth.login import authenticate
    from fastware.auth.login_guard import LoginGuard, LoginLimitedError
    from fastware.auth.password_rules import password_problem
    from fastware.auth.refresh import Refreshed, RefreshTokenError, RefreshTokenReusedError, RefreshTokens
    from fastware.auth.revocations import (
        MemoryRevocations,
        RedisRevocations,
        Revocations,
        RevocationsUnavailableError,
        SQLiteRevocations,
    )
    from fastware.auth.rolling_sessions import RollingSessions
    from fastware.auth.settings import Auth
    from fastware.auth.storage_error import StorageError
    from fastware.auth.tickets import Tickets
    from fastware.auth.token_report import TokenReport, inspect_token
    from fastware.auth.users import JSONFileUserStore, UserExistsError, UserFileError, UserNotFoundError, UserStore
    from fastware.auth.users.sql_store import SQLUserStore

ENGINE: str = _engine.NAME

__all__ = [
    "ENGINE",
    "Auth",
    "CSRFMiddleware",
    "ConfigurationError",
    "CookieSizeWarning",
    "HTTPError",
    "InsecureKeyLengthWarning",
    "JSONFileUserStore",
    "LoginGuard",
    "LoginLimitedError",
    "MemoryRevocations",
    "PerProcessLimitWarning",
    "RedisBuckets",
    "RedisRevocations",
    "RefreshTokenError",
    "RefreshTokenReusedError",
    "RefreshTokens",
    "Refreshed",
    "Revocations",
    "RevocationsUnavailableError",
    "RollingSessions",
    "SQLUserStore",
    "SQLiteRevocations",
    "SharedBuckets",
    "StorageError",
    "Tickets",
    "TokenReport",
    "UserExistsError",
    "UserFileError",
    "UserNotFoundError",
    "UserStore",
    "_get_asgi_cookie",
    "_get_asgi_header",
    "ahash_password",
    "authenticate",
    "averify_password",
    "clear_session_cookies",
    "client_address",
    "create_csrf_token",
    "create_token",
    "get_current_user",
    "hash_password",
    "inspect_token",
    "needs_rehash",
    "password_problem",
    "rate_limit",
    "reject_cross_site",
    "require_role",
    "set_session_cookies",
    "user_key",
    "verify_password",
    "verify_token",
]

_LAZY = {
    "Auth": "settings",
    "JSONFileUserStore": "users",
    "LoginGuard": "login_guard",
    "LoginLimitedError": "login_guard",
    "MemoryRevocations": "revocations",
    "RedisBuckets": "buckets.redis",
    "RedisRevocations": "revocations",
    "RefreshTokenError": "refresh",
    "RefreshTokenReusedError": "refresh",
    "RefreshTokens": "refresh",
    "Refreshed": "refresh",
    "Revocations": "revocations",
    "RevocationsUnavailableError": "revocations",
    "RollingSessions": "rolling_sessions",
    "SQLUserStore": "users.sql_store",
    "SQLiteRevocations": "revocations",
    "SharedBuckets": "buckets.shared",
    "StorageError": "storage_error",
    "Tickets": "tickets",
    "TokenReport": "token_report",
    "UserExistsError": "users",
    "UserFileError": "users",
    "UserNotFoundError": "users",
    "UserStore": "users",
    "authenticate": "login",
    "client_address": "client_keys",
    "create_csrf_token": "csrf_tokens",
    "inspect_token": "token_report",
    "password_problem": "password_rules",
    "reject_cross_site": "cross_site",
    "user_key": "client_keys",
}

if not TYPE_CHECKING:  # type checkers see the names above, and no others

    def __getattr__(name: str) -> Any:
        if name not in _LAZY:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib  # noqa: PLC0415

        module = importlib.import_module(f"{__name__}.{_LAZY[name]}")
        return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
