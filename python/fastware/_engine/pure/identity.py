"""Who makes a request: its credential, verified."""

from __future__ import annotations

from typing import Any, Literal

from fastware._engine.contract import Headers, Secrets
from fastware._engine.pure.headers import credential
from fastware._engine.pure.tokens import verify_token


def identify(headers: Headers, cookie_name: str, secret: Secrets) -> dict[str, Any] | Literal[False] | None:
    """Return the claims of its token, ``False`` where that is invalid, ``None`` without. Rules: ``Engine.identify``."""
    token = credential(headers, b"", cookie_name, False)
    if token is None:
        return None
    claims = verify_token(token, secret)
    return False if claims is None else claims
