"""``Set-Cookie`` values: RFC 6265 section 4.1.1, and the additional rules of browsers."""

import math
import string
from datetime import timedelta
from fractions import Fraction

MAX_SIZE = 4_096
"""Maximum size of name and value without a warning, in bytes (RFC 6265 section 6.1)."""

TOKEN = set(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
VISIBLE = {chr(number) for number in range(0x21, 0x7F)}
VALUE = VISIBLE - set('",;\\')
ATTRIBUTE = (VISIBLE | {" "}) - {";"}


def set_cookie(
    name: str,
    value: str,
    *,
    max_age: float | timedelta | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: str | None = "lax",
    partitioned: bool = False,
) -> str | None:
    """Return the header's value, or ``None`` if ``fastware.set_cookie`` raises ``ValueError``."""
    is_valid = (
        name != ""
        and set(name) <= TOKEN
        and set(value) <= VALUE
        and samesite in ("lax", "strict", "none", None)
        and (secure or not (samesite == "none" or partitioned))
        and (not isinstance(max_age, float) or math.isfinite(max_age))
        and all(text is None or (text != "" and set(text) <= ATTRIBUTE) for text in (domain, path))
    )
    if not is_valid:
        return None
    parts = [f"{name}={value}"]
    if isinstance(max_age, timedelta):
        max_age = Fraction(max_age // timedelta(microseconds=1), 1_000_000)
    parts += [f"Max-Age={math.floor(max_age)}"] if max_age is not None else []
    parts += [f"Domain={domain}"] if domain is not None else []
    parts += [f"Path={path}"] if path is not None else []
    parts += ["Secure"] if secure else []
    parts += ["HttpOnly"] if httponly else []
    parts += [f"SameSite={samesite}"] if samesite is not None else []
    parts += ["Partitioned"] if partitioned else []
    return "; ".join(parts)


def is_too_large(name: str, value: str) -> bool:
    """Return whether browsers may drop the cookie."""
    return len(name) + len(value) > MAX_SIZE
