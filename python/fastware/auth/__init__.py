"""Authentication for ASGI applications: tokens, passwords, users, identity, CSRF, session cookies, rate limits.

``ENGINE`` is the engine that runs the hot paths: ``"rust"`` or ``"python"``.
"""

from fastware._engine import engine as _engine
from fastware.auth.csrf import CSRFMiddleware
from fastware.auth.headers import _get_asgi_cookie, _get_asgi_header
from fastware.auth.identity import get_current_user, require_role
from fastware.auth.passwords import ahash_password, averify_password, hash_password, verify_password
from fastware.auth.rate_limit import rate_limit
from fastware.auth.session_cookies import clear_session_cookies, set_session_cookies
from fastware.auth.settings import Auth
from fastware.auth.tokens import create_token, verify_token
from fastware.auth.users import JSONFileUserStore, UserFileError, UserStore
from fastware.cookies import CookieSizeWarning
from fastware.errors import ConfigurationError, HTTPError, InsecureKeyLengthWarning

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
    "UserFileError",
    "UserStore",
    "_get_asgi_cookie",
    "_get_asgi_header",
    "ahash_password",
    "averify_password",
    "clear_session_cookies",
    "create_token",
    "get_current_user",
    "hash_password",
    "rate_limit",
    "require_role",
    "set_session_cookies",
    "verify_password",
    "verify_token",
]
