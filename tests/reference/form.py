"""Form fields: ``application/x-www-form-urlencoded`` of the WHATWG URL standard, section 5.1."""

import string

MAX_FIELDS = 1_000


def fields(encoded: bytes) -> dict[str, str] | None:
    """Return the fields, the last of duplicate names; ``None`` if there are more than 1,000."""
    if encoded.count(b"&") >= MAX_FIELDS:
        return None
    pairs = [pair.partition(b"=") for pair in encoded.split(b"&") if pair]
    return {decoded(name): decoded(value) for name, _, value in pairs}


def decoded(text: bytes) -> str:
    """Return *text* with ``+`` as a space and ``%XX`` as a byte, read as UTF-8."""
    octets, at = bytearray(), 0
    while at < len(text):
        digits = text[at + 1 : at + 3].decode("latin-1")
        if text[at : at + 1] == b"%" and len(digits) == 2 and set(digits) <= set(string.hexdigits):
            octets.append(int(digits, 16))
            at += 3
        else:
            octets.append(ord(" ") if text[at : at + 1] == b"+" else text[at])
            at += 1
    return octets.decode("utf-8", "replace")


def is_form(content_type: bytes) -> bool:
    """Return whether a Content-Type header announces form fields."""
    media_type = content_type.decode("latin-1").partition(";")[0]
    return media_type.strip().lower() == "application/x-www-form-urlencoded"
