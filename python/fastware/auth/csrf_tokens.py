"""CSRF tokens that are signed for one session."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from fastware._engine.arguments import as_text, wrong_type
from fastware._engine.contract import Secrets
from fastware._engine.pure import base64url
from fastware._engine.pure.csrf_tokens import RANDOM_LENGTH, mac_of, session_of
from fastware.auth.secret_arguments import checked_secrets, octets_of

_PURPOSE: Final = b"fastware csrf 1"
"""A CSRF token signs bytes that a client chooses: under the secret itself they could be those of a JWT."""


def create_csrf_token(session_token: str, secret: Secrets) -> str:
    """Return a new CSRF token, which ``CSRFMiddleware(..., secret=...)`` accepts in the session of *session_token*.

    It goes into a form field, or into the cookie of ``set_session_cookies``. Each call returns another token, and all
    of them are valid. A token that is renewed with its ``sid`` keeps them valid; another session has its own. It cannot
    be made without *secret*, so that a cookie that an attacker plants does not pass (OWASP CSRF Prevention Cheat Sheet,
    signed double submit).

    Args:
        session_token: the value of the session cookie. Its signature is not verified.
        secret: the ``secret`` of the middleware, or a sequence of secrets, of which the first signs.

    Raises:
        TypeError: an argument has another type.
        ValueError: a secret is not usable, or *session_token* is empty or has a character that no cookie has.

    """
    key = session = None
    try:
        session = _session_in(session_token)
        key = csrf_keys(secret, 2)[0]
        random = secrets.token_bytes(RANDOM_LENGTH)
        return b".".join(map(base64url.encode, (random, mac_of(key, session, random)))).decode("ascii")
    finally:
        session_token = secret = key = session = None  # type: ignore[assignment] # error reporters show locals


def csrf_keys(secret: Secrets, stacklevel: int) -> tuple[bytes, ...]:
    """Return the keys that are derived from *secret*, one or a sequence, for CSRF tokens alone. Warns if one is short.

    Raises as :func:`create_csrf_token` does.
    """
    try:
        usable = checked_secrets(secret, stacklevel + 1)
        return tuple(hmac.digest(octets_of(each), _PURPOSE, "sha256") for each in usable)
    finally:
        secret = usable = None  # type: ignore[assignment]


def _session_in(session_token: str) -> bytes:
    text = as_text(session_token)
    try:
        if text is None:
            raise wrong_type("session_token", "str", session_token)
        if not text:
            raise ValueError("session_token is empty; pass the value of the session cookie")
        if not text.isascii():
            raise ValueError("session_token is not ASCII, so it cannot be the value of a cookie")
        return session_of(text.encode("ascii"))
    finally:
        session_token = text = None  # type: ignore[assignment]
