"""Reads a claim of a token whose signature was not verified. Never use one to let a request in."""

from __future__ import annotations

from fastware._engine.contract import MAX_TOKEN_LENGTH


def unverified_expiry(token: str) -> int | None:
    """Return the second at which *token* expires as it says itself, its claim ``exp``; ``None`` if it has none.

    The token is parsed as strictly as ``verify_token`` does.
    """
    from fastware._engine.pure import base64url  # noqa: PLC0415 - with json, a third of the import time of this package
    from fastware._engine.token_json import read_claims  # noqa: PLC0415

    try:
        _, payload, _ = token.encode("ascii").split(b".")
        claims = read_claims(base64url.decode(payload)) if len(token) <= MAX_TOKEN_LENGTH else {}
    except (ValueError, RecursionError):
        return None
    expires = claims.get("exp")
    return int(expires) if isinstance(expires, (int, float)) and not isinstance(expires, bool) else None
