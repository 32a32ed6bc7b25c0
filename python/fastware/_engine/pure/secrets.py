"""Decides which secrets can sign and verify (RFC 8725 section 2.1). Rules: ``Engine.has_usable_secret``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastware._engine.arguments import as_items, as_octets, as_secrets, as_utf8

_PEM_MARKS: Final = (b"-----BEGIN ", b"---- BEGIN ")
_SSH_KEY_TYPES: Final = (
    b"ssh-ed25519",
    b"ssh-rsa",
    b"ssh-dss",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
    b"ssh-ed448",
    b"sk-ssh-ed25519@openssh.com",
    b"sk-ecdsa-sha2-nistp256@openssh.com",
)
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DER_SEQUENCE: Final = 0x30
_FIRST_IN_A_KEY: Final = (b"\x30", b"\x02")
_JSON_BRACKETS: Final = ((b"{", b"}"), (b"[", b"]"))
_ASCII_SPACE: Final = b" \t\n\x0c\r"


def has_usable_secret(secrets: object) -> bool:
    """Return whether one of *secrets* can sign and verify. Rules: ``Engine.has_usable_secret``."""
    try:
        return any(key is not None for key in keys_of(as_secrets(secrets)))
    except Exception:  # noqa: BLE001 - a sequence of another class may raise anything
        return False


def keys_of(secrets: object) -> Iterator[bytes | None]:
    """Yield the HMAC key of each secret, in order, or ``None`` for an unusable one."""
    items = as_items(secrets)
    for secret in (secrets,) if items is None else items:
        key = as_octets(secret)
        if key is None:
            key = as_utf8(secret)
        yield key if key is not None and _is_usable(key) else None


def _is_usable(key: bytes) -> bool:
    return bool(key) and not (
        key.startswith(_SSH_KEY_TYPES) or any(mark in key for mark in _PEM_MARKS) or _is_jwk(key) or _is_der_key(key)
    )


def _is_jwk(key: bytes) -> bool:
    # Without its NULs, ASCII text in UTF-16 or UTF-32 reads as ASCII.
    json_text = key.replace(b"\0", b"")
    for mark in _BYTE_ORDER_MARKS:
        json_text = json_text.removeprefix(mark)
    json_text = json_text.strip(_ASCII_SPACE)
    is_enclosed = len(json_text) > 1 and (json_text[:1], json_text[-1:]) in _JSON_BRACKETS
    return is_enclosed and (b"kty" in json_text or b"\\" in json_text)


def _is_der_key(key: bytes) -> bool:
    outer = _der_value(key)
    if outer is None or key[0] != _DER_SEQUENCE or outer[1]:
        return False
    return outer[0][:1] in _FIRST_IN_A_KEY and _der_value(outer[0]) is not None


def _der_value(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the content of the value at the start of *data*, and the rest (ITU-T X.690 section 10.1)."""
    if len(data) < 2:
        return None
    start = 2
    length = data[1]
    if length >= 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start], "big")
        # DER allows only the shortest encoding of the length. Lengths of one to four bytes are read.
        if not 3 <= start <= 6 or length < 0x80 or data[2] == 0:
            return None
    end = start + length
    return (data[start:end], data[end:]) if end <= len(data) else None
