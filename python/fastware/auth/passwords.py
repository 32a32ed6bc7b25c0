"""Passwords, hashed with bcrypt (OWASP Password Storage Cheat Sheet)."""

from __future__ import annotations

import re
from typing import Final

from fastware._internal.extras import require
from fastware._internal.threads import run_in_thread

DEFAULT_COST: Final = 12
_MAX_LENGTH: Final = 72
_HASH: Final = re.compile(r"\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}\Z")


def hash_password(plain: str, *, cost: int = DEFAULT_COST) -> str:
    """Return the bcrypt hash of *plain* with a new salt: ``$2b$``, 60 characters.

    It takes a quarter of a second on purpose. In ``async`` code use :func:`ahash_password`.

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
    if not isinstance(cost, int):
        raise TypeError(f"cost must be int, not {type(cost).__name__}")
    if not 4 <= cost <= 31:
        raise ValueError(f"cost must be 4 to 31, not {cost}")
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
    if not isinstance(plain, str) or not isinstance(hashed, str) or not _HASH.match(hashed):
        return False
    password = _encode(plain)
    if password is None or len(password) > _MAX_LENGTH or b"\0" in password:
        return False
    try:
        return bool(bcrypt.checkpw(password, hashed.encode("ascii")))
    except ValueError:
        return False


async def ahash_password(plain: str, *, cost: int = DEFAULT_COST) -> str:
    """Do what :func:`hash_password` does, in a worker thread (asyncio or trio)."""
    return await run_in_thread(hash_password, plain, cost=cost)


async def averify_password(plain: str, hashed: str) -> bool:
    """Do what :func:`verify_password` does, in a worker thread (asyncio or trio)."""
    return await run_in_thread(verify_password, plain, hashed)


def _encode(plain: str) -> bytes | None:
    try:
        return plain.encode("utf-8")
    except UnicodeEncodeError:
        # The error of the codec contains the password.
        return None
