"""Signed CSRF tokens, each of one session: ``CSRFCheck.verdict`` in the engine contract."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final

from fastware._engine.pure import base64url
from fastware._engine.pure.tokens import unverified_claims

RANDOM_LENGTH: Final = 16
"""Bytes of the random part of a token."""
MAC_LENGTH: Final = 32


def session_of(cookie: bytes) -> bytes:
    """Return the session of the session cookie's value: its ``sid``, or else the whole value."""
    sid = unverified_claims(cookie).get("sid")
    return sid.encode("utf-8") if isinstance(sid, str) and sid else cookie


def mac_of(key: bytes, session: bytes, random: bytes) -> bytes:
    """Return the MAC of a token."""
    message = b"".join((len(session).to_bytes(4, "big"), session, len(random).to_bytes(4, "big"), random))
    return hmac.digest(key, message, "sha256")


def verifies(token: bytes, cookie: bytes, keys: Iterable[bytes]) -> bool:
    """Return whether one of *keys* signed *token* for the session of the session cookie's value."""
    random_segment, _, mac_segment = token.partition(b".")
    try:
        random, mac = base64url.decode(random_segment), base64url.decode(mac_segment)
    except ValueError:
        return False
    if len(random) != RANDOM_LENGTH or len(mac) != MAC_LENGTH:
        return False
    session = session_of(cookie)
    return any(hmac.compare_digest(mac_of(key, session, random), mac) for key in keys)
