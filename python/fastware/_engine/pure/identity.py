"""Finds and verifies the token of a request."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fastware._engine.arguments import as_expected
from fastware._engine.contract import INVALID_TOKEN, NO_TOKEN, UNUSABLE_SECRET, Duration, Headers, Secrets
from fastware._engine.pure.headers import credential
from fastware._engine.pure.secrets import has_usable_secret
from fastware._engine.pure.tokens import verified


def identify(
    headers: Headers,
    query_string: bytes | None,
    cookie_name: str,
    secret: Secrets,
    *,
    leeway: Duration = 0.0,
    audience: str | Collection[str] | None = None,
    issuer: str | None = None,
) -> dict[str, Any] | int:
    """Return the claims of the token that a request presents, or why there are none. Rules: ``Engine.identify``."""
    expected = as_expected(leeway, audience, issuer)
    token = credential(headers, query_string, cookie_name)
    if token is None:
        return NO_TOKEN
    claims = verified(token, secret, expected)
    if claims is None:
        return INVALID_TOKEN if has_usable_secret(secret) else UNUSABLE_SECRET
    return claims
