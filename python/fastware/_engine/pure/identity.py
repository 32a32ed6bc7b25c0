"""Finds and verifies the token of a request."""

from __future__ import annotations

from typing import Any

from fastware._engine.contract import INVALID_TOKEN, NO_TOKEN, UNUSABLE_SECRET, Headers, Secrets
from fastware._engine.pure.headers import credential
from fastware._engine.pure.secrets import has_usable_secret
from fastware._engine.pure.tokens import verify_token


def identify(headers: Headers, query_string: bytes | None, cookie_name: str, secret: Secrets) -> dict[str, Any] | int:
    """Return the claims of the token that a request presents, or why there are none. Rules: ``Engine.identify``."""
    token = credential(headers, query_string, cookie_name)
    if token is None:
        return NO_TOKEN
    claims = verify_token(token, secret)
    if claims is None:
        return INVALID_TOKEN if has_usable_secret(secret) else UNUSABLE_SECRET
    return claims
