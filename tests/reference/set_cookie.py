"""``Set-Cookie`` values: RFC 6265 section 4.1.1, and the additional rules of browsers."""

import string

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
    max_age: int | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: str | None = "lax",
) -> str | None:
    """Return the header's value, or ``None`` if ``fastware.set_cookie`` raises ``ValueError``."""
    is_valid = (
        name != ""
        and set(name) <= TOKEN
        and set(value) <= VALUE
        and samesite in ("lax", "strict", "none", None)
        and (samesite != "none" or secure)
        and all(text is None or (text != "" and set(text) <= ATTRIBUTE) for text in (domain, path))
    )
    if not is_valid:
        return None
    parts = [f"{name}={value}"]
    parts += [f"Max-Age={int(max_age)}"] if max_age is not None else []
    parts += [f"Domain={domain}"] if domain is not None else []
    parts += [f"Path={path}"] if path is not None else []
    parts += ["Secure"] if secure else []
    parts += ["HttpOnly"] if httponly else []
    parts += [f"SameSite={samesite}"] if samesite is not None else []
    return "; ".join(parts)


def is_too_large(name: str, value: str) -> bool:
    """Return whether browsers may drop the cookie."""
    return len(name) + len(value) > MAX_SIZE
