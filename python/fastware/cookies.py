"""``Set-Cookie`` header values (RFC 6265 section 4.1)."""

from __future__ import annotations

import re
import sys
import warnings
from typing import Final, Literal

from fastware._internal.http_syntax import HTTP_TOKEN

SameSite = Literal["lax", "strict", "none"]

MAX_COOKIE_SIZE: Final = 4096
"""Bytes of name and value that every browser keeps (RFC 6265 section 6.1)."""

_VALUE: Final = re.compile(r"[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*\Z")
_ATTRIBUTE: Final = re.compile(r"[\x20-\x3A\x3C-\x7E]+\Z")


class CookieSizeWarning(UserWarning):
    """A cookie is larger than the 4,096 bytes that browsers keep (RFC 6265 section 6.1)."""


def set_cookie(
    name: str,
    value: str,
    *,
    max_age: int | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite | None = "lax",
) -> str:
    """Return the ``Set-Cookie`` value that sets the cookie *name* to *value*.

    Warns with :class:`~fastware.auth.CookieSizeWarning` if name and value exceed 4,096 bytes: browsers drop such a
    cookie.

    Args:
        name: an HTTP token.
        value: visible ASCII without space, ``"``, ``,``, ``;`` and backslash.
        max_age: lifetime in seconds; without it the cookie ends with the browser session.
        path: the URL path prefix that the cookie is sent to.
        domain: the host, with its subdomains, that the cookie is sent to; by default only the host that set it.
        secure: send it over HTTPS only; required with ``samesite="none"``.
        httponly: hide it from JavaScript.
        samesite: ``"lax"``, ``"strict"``, ``"none"``, or ``None`` for no such attribute.

    Raises:
        TypeError: *value* is not a ``str``, or *max_age* not an ``int``.
        ValueError: an argument has a character that could end the value or the header. The message does not show the
            value.

    """
    _check_pair(name, value)
    if samesite not in ("lax", "strict", "none", None):
        raise ValueError(f"samesite must be 'lax', 'strict', 'none' or None, not {samesite!r}")
    if samesite == "none" and not secure:
        raise ValueError("samesite='none' needs secure=True: browsers drop the cookie otherwise")
    if len(name) + len(value) > MAX_COOKIE_SIZE:
        _warn_of_size(name, len(name) + len(value))
    parts = [f"{name}={value}"]
    if max_age is not None:
        if not isinstance(max_age, int):
            raise TypeError(f"max_age must be a whole number of seconds, not {type(max_age).__name__}")
        parts.append(f"Max-Age={max_age:d}")
    for attribute, text in (("Domain", domain), ("Path", path)):
        if text is not None:
            if not _ATTRIBUTE.match(text):
                raise ValueError(f"the {attribute.lower()} of the cookie {name!r} must be ASCII without ; and controls")
            parts.append(f"{attribute}={text}")
    if secure:
        parts.append("Secure")
    if httponly:
        parts.append("HttpOnly")
    if samesite is not None:
        parts.append(f"SameSite={samesite}")
    return "; ".join(parts)


def delete_cookie(
    name: str,
    *,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite | None = "lax",
) -> str:
    """Return the ``Set-Cookie`` value that deletes the cookie *name*.

    Pass the attributes that the cookie was set with. Browsers match it by *path* and *domain*, and ignore the deletion
    of a cross-site cookie unless it has ``samesite="none"`` too.
    """
    return set_cookie(
        name, "", max_age=0, path=path, domain=domain, secure=secure, httponly=httponly, samesite=samesite
    )


def _warn_of_size(name: str, size: int) -> None:
    stacklevel, frame = 3, sys._getframe(2)
    # The warning names the application's line, even if `set_session_cookies` is in between.
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "fastware":
        stacklevel, frame = stacklevel + 1, frame.f_back
    warnings.warn(
        f"the cookie {name!r} is {size} bytes; browsers drop cookies over {MAX_COOKIE_SIZE} (RFC 6265 section 6.1)",
        CookieSizeWarning,
        stacklevel=stacklevel,
    )


def _check_pair(name: str, value: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"the value of the cookie {name!r} must be str, not {type(value).__name__}")
    if not HTTP_TOKEN.match(name):
        raise ValueError("a cookie name must be letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.6.2)")
    if not _VALUE.match(value):
        raise ValueError(
            f"the value of the cookie {name!r} must be visible ASCII without space, quote, comma, semicolon and "
            "backslash (RFC 6265 section 4.1.1)"
        )
