"""The errors and the warning of ``create_token`` for both engines. None of them shows the value of an argument."""

from __future__ import annotations

import time
import warnings
from typing import Any, Final

from fastware._engine.arguments import as_items, as_octets, as_text, as_utf8, wrong_type
from fastware._engine.contract import MAX_TOKEN_LENGTH, MIN_SECRET_LENGTH, SECONDS_PER_HOUR
from fastware.errors import InsecureKeyLengthWarning

HOW_TO_CREATE_ONE: Final = 'create one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'

_has_warned = False


def create_token_error(
    username: object,
    role: object,
    secrets: Any,
    expires_hours: object,
    is_usable: bool,
    expires_in: int | None = None,
    has_claims: bool = False,
) -> Exception:
    """Return the error for arguments that make no token. *is_usable* says whether the first secret is usable."""
    if type(expires_hours) is not int:
        return wrong_type("expires_hours", "int", expires_hours)
    for name, value in (("username", username), ("role", role)):
        if as_text(value) is None:
            return wrong_type(name, "str", value)
        if as_utf8(value) is None:
            return ValueError(f"{name} has a lone surrogate, which UTF-8 cannot encode")
    if not is_usable:
        return secret_error(secrets)
    lifetime = expires_hours * SECONDS_PER_HOUR if expires_in is None else expires_in
    if not -(2**63) <= int(time.time()) + lifetime < 2**63:
        name = "expires_hours" if expires_in is None else "expires_in"
        return ValueError(f"{name} is out of range: exp must fit in 64 bits")
    parts = "username, role and claims" if has_claims else "username and role"
    return ValueError(f"{parts} are too long: the token would be over {MAX_TOKEN_LENGTH} characters")


def warn_if_short(length: int, stacklevel: int) -> None:
    """Warn, once per process, if a secret of *length* bytes is shorter than 32."""
    global _has_warned  # noqa: PLW0603 - once per process
    if length < MIN_SECRET_LENGTH and not _has_warned:
        warnings.warn(
            f"secret is {length} bytes long; HS256 needs at least {MIN_SECRET_LENGTH} (RFC 7518 section 3.2); "
            f"{HOW_TO_CREATE_ONE}",
            InsecureKeyLengthWarning,
            stacklevel=stacklevel + 1,
        )
        _has_warned = True


def secret_error(secret: Any, name: str = "secret") -> Exception:
    """Return the error for an unusable *secret*, or for a sequence whose first secret is unusable."""
    expected = "str, bytes or a sequence of them" if name == "secret" else "str or bytes"
    items = as_items(secret)
    if items is not None and name == "secret":
        if len(items) == 0:
            return ValueError("secret is an empty sequence; it must hold at least one secret")
        return secret_error(items[0], "secret[0]")
    exact = as_octets(secret) if as_text(secret) is None else as_text(secret)
    if exact is None:
        return wrong_type(name, expected, secret)
    if not exact:
        return ValueError(f"{name} is empty; {HOW_TO_CREATE_ONE}")
    if isinstance(exact, str) and as_utf8(exact) is None:
        return ValueError(f"{name} has a lone surrogate, which UTF-8 cannot encode")
    return ValueError(
        f"{name} is a PEM, SSH, DER or JWK key, not a shared secret (RFC 8725 section 2.1); {HOW_TO_CREATE_ONE}"
    )
