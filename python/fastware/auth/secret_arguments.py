"""Checks the secrets that ``Auth``, ``CSRFMiddleware`` and ``create_csrf_token`` take."""

from __future__ import annotations

from typing import Any

from fastware._engine import engine
from fastware._engine.arguments import as_octets, as_secrets, as_utf8
from fastware._engine.token_errors import secret_error, warn_if_short


def checked_secrets(secret: Any, stacklevel: int) -> tuple[str | bytes, ...]:
    """Return the secrets in *secret*: one, or a sequence. Warns if one is short.

    Raises:
        TypeError: *secret* is of another type.
        ValueError: a secret is not usable. The message never shows it.

    """
    secrets: Any = None
    every: Any = ()
    each = None
    try:
        secrets = as_secrets(secret)
        is_sequence = isinstance(secrets, (list, tuple))
        every = tuple(secrets) if is_sequence else (secrets,)
        for index, each in enumerate(every):
            if not engine.has_usable_secret(each):
                raise secret_error(each, f"secret[{index}]" if is_sequence else "secret")
        if not every:
            raise secret_error(())
        warn_if_short(min(len(octets_of(each)) for each in every), stacklevel + 1)
        return every  # type: ignore[no-any-return]
    finally:
        secret = secrets = every = each = None  # error reporters show the local variables of a traceback's frames


def octets_of(secret: str | bytes) -> bytes:
    """Return the bytes of a usable secret."""
    octets = as_octets(secret)
    return as_utf8(secret) or b"" if octets is None else octets
