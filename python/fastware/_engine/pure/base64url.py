"""Canonical base64url without padding (RFC 7515 section 2, RFC 4648 section 3.5)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

_ALPHABET: Final = re.compile(rb"[A-Za-z0-9_-]+\Z")
_CANONICAL: Final = re.compile(rb"(?:[A-Za-z0-9_-]{4})*+(?:[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]|[A-Za-z0-9_-][AQgw])?\Z")


def encode(data: bytes) -> bytes:
    """Return the segment of *data*."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decode(segment: bytes) -> bytes:
    """Return the bytes of a canonical segment. Raises ``ValueError`` for an empty one and for any other spelling."""
    if not _ALPHABET.match(segment):
        raise ValueError("not base64url")
    try:
        data = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if encode(data) != segment:
        raise ValueError("not canonical")
    return data


def is_canonical(segment: bytes) -> bool:
    """Return whether :func:`decode` returns bytes for *segment*, without decoding it."""
    return segment != b"" and _CANONICAL.match(segment) is not None
