"""Opaque tokens: 256 random bits, as base64url without padding. A storage has only their hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from fastware._engine.arguments import as_text, as_utf8
from fastware._engine.pure import base64url

KEY_LENGTH: Final = 32
"""Bytes of a key, and of the random part of a token."""

_TEXT_LENGTH: Final = 43


class OpaqueToken:
    """A token. Its ``repr`` does not show it: error reporters show the local variables of a traceback's frames.

    Attributes:
        digest: the SHA-256 hash, by which a storage finds the token. The token has 256 random bits, so that a hash
            without salt cannot be guessed.

    """

    __slots__ = ("_text", "digest")

    def __init__(self, text: bytes) -> None:
        self._text = text
        self.digest = hashlib.sha256(text).digest()

    @classmethod
    def new(cls) -> OpaqueToken:
        """Return a random token."""
        return cls(base64url.encode(secrets.token_bytes(KEY_LENGTH)))

    @classmethod
    def presented(cls, value: object) -> OpaqueToken | None:
        """Return the token that a client presents, or ``None`` if *value* cannot be one."""
        text = as_text(value)
        octets = as_utf8(text) if text is not None and len(text) == _TEXT_LENGTH else None
        return None if octets is None else cls(octets)

    def successor(self, key: bytes) -> OpaqueToken:
        """Return the token that follows this one: always the same for a *key*, and unknown without key and token."""
        return OpaqueToken(base64url.encode(hmac.digest(key, self._text, "sha256")))

    def reveal(self) -> str:
        """Return the text, for the client."""
        return self._text.decode("ascii")

    def __repr__(self) -> str:
        return "<OpaqueToken>"
