"""``Set-Cookie`` header values (RFC 6265 section 4.1)."""

from __future__ import annotations

import re
import sys
import warnings
from typing import TYPE_CHECKING, Any, Final, Literal

from fastware._internal.http_syntax import HTTP_TOKEN

if TYPE_CHECKING:
    from datetime import timedelta

SameSite = Literal["lax", "strict", "none"]

HOST_PREFIX: Final = "__Host-"
"""Browsers accept a cookie with this name only if it has ``Secure``, ``Path=/`` and no ``Domain`` (RFC 6265bis)."""

SESSION_COOKIE: Final = "session"
CSRF_COOKIE: Final = "csrf_token"

MAX_COOKIE_SIZE: Final = 4096
"""Bytes of name and value that every browser keeps (RFC 6265 section 6.1)."""

_VALUE: Final = re.compile(r"[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*\Z")
_ATTRIBUTE: Final = re.compile(r"[\x20-\x3A\x3C-\x7E]+\Z")
_INFINITY: Final = float("inf")


class CookieSizeWarning(UserWarning):
    """A cookie is larger than the 4,096 bytes that browsers keep (RFC 6265 section 6.1)."""


def set_cookie(  # noqa: PLR0913 - the attributes of a cookie
    name: str,
    value: str,
    *,
    max_age: float | timedelta | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite | None = "lax",
    partitioned: bool = False,
) -> str:
    """Return the ``Set-Cookie`` value that sets the cookie *name* to *value*.

    Warns with :class:`~fastware.auth.CookieSizeWarning` if name and value exceed 4,096 bytes: browsers drop such a
    cookie.

    Args:
        name: an HTTP token.
        value: visible ASCII without space, ``"``, ``,``, ``;`` and backslash.
        max_age: lifetime in seconds, a number or a ``timedelta``, rounded down to whole seconds; without it the cookie
            ends with the browser session.
        path: the URL path prefix that the cookie is sent to.
        domain: the host, with its subdomains, that the cookie is sent to; by default only the host that set it.
        secure: send it over HTTPS only; required with ``samesite="none"``.
        httponly: hide it from JavaScript.
        samesite: ``"lax"``, ``"strict"``, ``"none"``, or ``None`` for no such attribute.
        partitioned: keep one cookie for each top-level site that embeds the page (CHIPS, draft-cutler-httpbis-
            partitioned-cookies); needs *secure*.

    Raises:
        TypeError: *value* is not a ``str``, or *max_age* is neither a number nor a ``timedelta``.
        ValueError: an argument has a character that could end the value or the header, or an attribute needs another
            one. The message does not show the value.

    """
    _check_pair(name, value)
    if samesite not in ("lax", "strict", "none", None):
        raise ValueError(f"samesite must be 'lax', 'strict', 'none' or None, not {samesite!r}")
    if samesite == "none" and not secure:
        raise ValueError("samesite='none' needs secure=True: browsers drop the cookie otherwise")
    if partitioned and not secure:
        raise ValueError("partitioned=True needs secure=True: browsers drop the cookie otherwise")
    if len(name) + len(value) > MAX_COOKIE_SIZE:
        _warn_of_size(name, len(name) + len(value))
    parts = [f"{name}={value}"]
    if max_age is not None:
        parts.append(f"Max-Age={_whole_seconds(max_age):d}")
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
    if partitioned:
        parts.append("Partitioned")
    return "; ".join(parts)


def delete_cookie(
    name: str,
    *,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite | None = "lax",
    partitioned: bool = False,
) -> str:
    """Return the ``Set-Cookie`` value that deletes the cookie *name*.

    Pass the attributes that the cookie was set with. Browsers match it by *path*, *domain* and *partitioned*, and
    ignore the deletion of a cross-site cookie unless it has ``samesite="none"`` too.
    """
    return set_cookie(
        name,
        "",
        max_age=0,
        path=path,
        domain=domain,
        secure=secure,
        httponly=httponly,
        samesite=samesite,
        partitioned=partitioned,
    )


def _whole_seconds(max_age: Any) -> int:
    """Return *max_age* in seconds, rounded down as ``expires_in`` is. Raises ``TypeError`` or ``ValueError``."""
    timedelta: Any = getattr(sys.modules.get("datetime"), "timedelta", ())
    if isinstance(max_age, timedelta):
        return int(max_age // timedelta(seconds=1))
    if isinstance(max_age, float):
        if not abs(max_age) < _INFINITY:
            raise ValueError("max_age must be a finite number of seconds")
        return int(max_age // 1)
    if not isinstance(max_age, int):
        raise TypeError(f"max_age must be a number of seconds or a timedelta, not {type(max_age).__name__}")
    return max_age


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
