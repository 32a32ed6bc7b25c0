"""The syntax of header fields (RFC 9110 section 5)."""

from __future__ import annotations

import re
from typing import Final

HTTP_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
"""A token (RFC 9110 section 5.6.2): the names of headers and cookies."""

OPTIONAL_WHITESPACE: Final = b" \t"
"""What may surround a header value without being part of it (RFC 9110 section 5.6.3)."""

_FIELD_VALUE: Final = re.compile(r"[\t\x20-\x7E\x80-\xFF]*\Z")


def raw_header(name: str, value: str) -> tuple[bytes, bytes]:
    """Return the ASGI header. Raises ``ValueError`` for a name or value that HTTP does not allow."""
    if not HTTP_TOKEN.match(name):
        raise ValueError(f"{name!r} is not a header name (RFC 9110 section 5.1)")
    if not _FIELD_VALUE.match(value):
        raise ValueError(
            f"the value of the header {name!r} has a control or non-Latin-1 character (RFC 9110 section 5.5)"
        )
    return name.lower().encode("ascii"), value.encode("latin-1")
