"""Passwords, hashed with bcrypt (OWASP Password Storage Cheat Sheet)."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from fastware._internal.extras import require

DEFAULT_COST: Final = 12
_MAX_LENGTH: Final = 72
_HASH: Final = re.compile(r"\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}\Z")
_NO_PASSWORD: Final = b"$2b$12$UvTnfUNYADzbjYrtYpOjVO9hGiIjdY3JBcBU6SmSwK1pjebfFV45G"
"""A hash of a random password that nobody has, checked for users who do not exist or have no usable hash."""


def hash_password(plain: str, *, cost: int = DEFAULT_COST) -> str:
    """Return the bcrypt hash of *plain* with a new salt: ``$2b$``, 60 characters.

    It deliberately takes a quarter of a second. In ``async`` code use :func:`ahash_password`.

    Args:
        plain: at most 72 bytes of UTF-8, without NUL.
        cost: the base-2 logarithm of the number of rounds, 4 to 31.

    Raises:
        ImportError: bcrypt is not installed.
        TypeError: *plain* is not a ``str``, or *cost* not an ``int``.
        ValueError: the password is over 72 bytes, beyond which bcrypt ignores the rest, or has a NUL byte or a lone
            surrogate, or *cost* is out of range. The message never shows the password.

    """
    bcrypt = require("bcrypt")
    if not isinstance(plain, str):
        raise TypeError(f"a password must be str, not {type(plain).__name__}")
    password = _encode(plain)
    if password is None:
        raise ValueError("the password has a lone surrogate, which UTF-8 cannot encode")
    if len(password) > _MAX_LENGTH:
        raise ValueError(
            f"the password is over 72 bytes of UTF-8 ({len(password)}), and bcrypt ignores the rest; shorten it"
        )
    if b"\0" in password:
        raise ValueError("the password has a NUL byte, where bcrypt stops reading; remove it")
    _check_cost(cost)
    hashed: bytes = bcrypt.hashpw(password, bcrypt.gensalt(cost))
    return hashed.decode("ascii")


def verify_password(plain: str, hashed: str) -> bool:
    """Return whether *hashed* is a hash of the password *plain*.

    Never raises for an invalid password or hash: returns ``False`` for a password that is too long, a malformed or
    empty hash, and a value that is not a ``str``. Hashes of other tools verify: ``$2a$``, ``$2b$``, ``$2y$``.

    It takes as long as hashing. In ``async`` code use :func:`averify_password`.

    Raises:
        ImportError: bcrypt is not installed.

    """
    bcrypt = require("bcrypt")
    if not isinstance(plain, str) or not is_hash(hashed):
        return False
    password = _encode(plain)
    if password is None or len(password) > _MAX_LENGTH or b"\0" in password:
        return False
    try:
        return bool(bcrypt.checkpw(password, hashed.encode("ascii")))
    except ValueError:
        return False


def needs_rehash(hashed: str, *, cost: int = DEFAULT_COST) -> bool:
    """Return whether *hashed* has a lower cost than *cost*, or is not a bcrypt hash.

    If so, hash the password again when the user logs in, as :func:`~fastware.auth.authenticate` does (OWASP Password
    Storage Cheat Sheet, "Work Factors").

    Args:
        hashed: the hash of a user.
        cost: the base-2 logarithm of the number of rounds, 4 to 31.

    Raises:
        TypeError: *hashed* is not a ``str``, or *cost* not an ``int``.
        ValueError: *cost* is out of range.

    """
    if not isinstance(hashed, str):
        raise TypeError(f"hashed must be str, not {type(hashed).__name__}")
    _check_cost(cost)
    return not is_hash(hashed) or int(hashed[4:6]) < cost


async def ahash_password(plain: str, *, cost: int = DEFAULT_COST) -> str:
    """Do what :func:`hash_password` does in a small pool of threads (asyncio or trio).

    Raises:
        HTTPError: 503 with ``Retry-After``: too many passwords wait to be hashed or checked.

    """
    from fastware.auth.password_pool import run  # noqa: PLC0415 - not needed to verify a token

    try:
        return await run(hash_password, plain, cost=cost)
    finally:
        plain = ""  # error reporters show the local variables of a traceback's frames


async def averify_password(plain: str, hashed: str) -> bool:
    """Do what :func:`verify_password` does in a small pool of threads (asyncio or trio).

    Raises:
        HTTPError: 503 with ``Retry-After``: too many passwords wait to be hashed or checked.

    """
    from fastware.auth.password_pool import run  # noqa: PLC0415

    try:
        return await run(verify_password, plain, hashed)
    finally:
        plain = hashed = ""


def check_password_once(plain: str, hashed: object) -> bool | None:
    """Return whether *hashed* is a hash of *plain*, or ``None`` if it is not usable.

    It makes one bcrypt check for any values, so that it always takes the same time.
    """
    bcrypt = require("bcrypt")
    password = _encode(plain)
    is_possible = password is not None and len(password) <= _MAX_LENGTH and b"\0" not in password
    checked = password if password is not None and is_possible else b""
    if isinstance(hashed, str) and is_hash(hashed):
        # bcrypt rejects some hashes that follow the grammar, and then has not computed anything.
        with suppress(ValueError):
            return bool(bcrypt.checkpw(checked, hashed.encode("ascii"))) and is_possible
    bcrypt.checkpw(checked, _NO_PASSWORD)
    return None


def is_hash(value: object) -> bool:
    """Return whether *value* follows the grammar of a bcrypt hash."""
    return isinstance(value, str) and _HASH.match(value) is not None


def _check_cost(cost: object) -> None:
    if not isinstance(cost, int):
        raise TypeError(f"cost must be int, not {type(cost).__name__}")
    if not 4 <= cost <= 31:
        raise ValueError(f"cost must be 4 to 31, not {cost}")


def _encode(plain: str) -> bytes | None:
    try:
        return plain.encode("utf-8")
    except UnicodeEncodeError:
        # The error of the codec contains the password.
        return None
