"""Decides which JOSE headers are accepted (RFC 7515 section 4): step 4 of ``verify_token`` in the engine contract."""

from __future__ import annotations

from typing import Any, Final

_ABSENT: Final = object()


def problem(header: dict[str, Any]) -> str | None:
    """Return the name of the parameter for which *header* is rejected, or ``None`` if it is accepted."""
    if header.get("alg") != "HS256":
        return "alg"
    if not isinstance(header.get("kid", ""), str):
        return "kid"
    b64 = header.get("b64", _ABSENT)
    if b64 is False:
        return "b64"
    crit = header.get("crit", _ABSENT)
    has_valid_crit = crit is _ABSENT or (
        b64 is not _ABSENT
        and isinstance(crit, list)
        and len(crit) > 0
        and all(isinstance(name, str) and name == "b64" for name in crit)
    )
    return None if has_valid_crit else "crit"
