"""Finds the CSRF token in the form of a request, and leaves the body to the handler."""

from __future__ import annotations

import functools
import re
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol
from urllib.parse import unquote_to_bytes

from fastware._internal.extras import require
from fastware.asgi import Message, Receive

MAX_SIZE: Final = 65_536
"""How much of a body is read, in bytes."""
_MAX_MESSAGES: Final = 1_024
"""How many messages are kept for the handler: a message of one byte takes 300 bytes of memory."""
_MAX_HEADERS: Final = 4_096
"""Maximum length of the headers of a part, and of the Content-Type of a multipart body, in bytes.

A framework may have installed python-multipart before 0.0.30, which takes quadratic time for a Content-Type: 1.7 s for
60,000 bytes, 8 ms for these.
"""

NO_FORM: Final = (
    "Missing CSRF token: X-CSRF-Token is missing, and the body is not a form. "
    "application/x-www-form-urlencoded and multipart/form-data are read"
)
NO_FIELD: Final = "Missing CSRF token: X-CSRF-Token and the form field are missing"
TOO_LATE: Final = (
    "Missing CSRF token: X-CSRF-Token is missing, and the form field is not in the first 64 KiB of the body. "
    "Put it before long fields and files"
)
MALFORMED: Final = "Missing CSRF token: X-CSRF-Token is missing, and the multipart body is malformed"
INCOMPLETE: Final = "Missing CSRF token: X-CSRF-Token is missing, and the request ended before the form field"


class FormFieldError(Exception):
    """The form field cannot be read. The message is the detail of the response."""


async def find_field(content_type: bytes, receive: Receive, name: str) -> tuple[bytes, Receive]:
    """Return the value of the first field *name*, and a ``receive`` for the whole body of the request.

    Messages are received until the field is complete.

    Raises:
        FormFieldError: the field is not in the first 64 KiB of a form.
        ImportError: the form is multipart, and the package python-multipart is missing.

    """
    reader = message = body = None
    messages: Any = deque()
    size = 0
    try:
        reader = _reader_of(content_type, name)
        while reader.value is None:
            message = await receive()
            messages.append(message)
            if message["type"] != "http.request":
                raise FormFieldError(INCOMPLETE)
            body = message.get("body", b"")
            reader.feed(body[: MAX_SIZE - size])
            size += len(body)
            is_last = not message.get("more_body", False)
            if is_last and size <= MAX_SIZE:
                reader.end()
            if reader.value is None and (is_last or size > MAX_SIZE or len(messages) == _MAX_MESSAGES):
                raise FormFieldError(NO_FIELD if is_last and size <= MAX_SIZE else TOO_LATE)
        return reader.value, _replayed(messages, receive)
    finally:
        reader = messages = message = body = None  # error reporters show the local variables of a traceback's frames


def _replayed(messages: deque[Message], receive: Receive) -> Receive:
    """Return a ``receive`` that returns *messages* first."""

    async def receive_again() -> Message:
        return messages.popleft() if messages else await receive()

    return receive_again


class _Reader(Protocol):
    """Reads a body that arrives in pieces."""

    @property
    def value(self) -> bytes | None:
        """The value of the field, or ``None`` before it is complete."""
        ...

    def feed(self, data: bytes) -> None: ...
    def end(self) -> None: ...


def _reader_of(content_type: bytes, name: str) -> _Reader:
    media_type = content_type.partition(b";")[0].strip().lower()
    if media_type == b"application/x-www-form-urlencoded":
        return _Urlencoded(name)
    if media_type == b"multipart/form-data":
        return _Multipart(name, content_type)
    raise FormFieldError(NO_FORM)


class _Urlencoded:
    """Reads ``application/x-www-form-urlencoded`` (WHATWG URL section 5.1)."""

    def __init__(self, name: str) -> None:
        self.value: bytes | None = None
        self._field = _field_pattern(name)
        self._body = bytearray()
        self._unread = 0
        """Where the pair begins that is not complete."""

    def feed(self, data: bytes) -> None:
        start = len(self._body)
        self._body += data
        if b"&" in data:
            self._search(start + data.rfind(b"&"))

    def end(self) -> None:
        self._search(len(self._body))

    def _search(self, end: int) -> None:
        """Read the pairs before *end*."""
        found = self._field.search(self._body, self._unread, end)
        if found and self.value is None:
            self.value = unquote_to_bytes(bytes(found[1] or b"").replace(b"+", b" "))
        self._unread = end


@functools.cache
def _field_pattern(name: str) -> re.Pattern[bytes]:
    """Return a pattern for the first pair with *name*, each letter of which may be percent-encoded.

    A search in 64 KiB of short pairs takes 1 ms; to split and decode them took 20.
    """
    letters = "".join(f"(?:{re.escape(letter)}|%(?i:{ord(letter):02x}))" for letter in name)
    return re.compile(rf"(?:\A|&){letters}(?:=([^&]*))?(?=&|\Z)".encode("ascii"))


class _Multipart:
    """Reads ``multipart/form-data`` (RFC 7578). A part with a file name is a file, not a field."""

    def __init__(self, name: str, content_type: bytes) -> None:
        if len(content_type) > _MAX_HEADERS:
            raise FormFieldError(MALFORMED)
        self._package = require("python_multipart")
        self._parts = _Parts(name, self._package.multipart.parse_options_header)
        boundary = self._package.multipart.parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise FormFieldError(MALFORMED)
        self._parser = self._checked(
            lambda boundary: self._package.MultipartParser(boundary, self._parts.callbacks()), boundary
        )

    @property
    def value(self) -> bytes | None:
        return self._parts.value

    def feed(self, data: bytes) -> None:
        self._checked(self._parser.write, data)

    def end(self) -> None:
        pass  # a part without an end is not complete

    def _checked(self, call: Callable[[bytes], Any], data: bytes) -> Any:
        """Return ``call(data)``. What is malformed after the field does not matter here."""
        try:
            return call(data)
        except self._package.exceptions.FormParserError:
            if self.value is None:
                raise FormFieldError(MALFORMED) from None
            return None
        finally:
            del data  # error reporters show the local variables of a traceback's frames


class _Parts:
    """What the parser of a multipart body calls."""

    def __init__(self, name: str, parse_options: Callable[[bytes], Any]) -> None:
        self.value: bytes | None = None
        self._name = name.encode("ascii")
        self._parse_options = parse_options
        self._headers_size = 0
        self._header = (bytearray(), bytearray())
        """The name and the value of the header that is read."""
        self._content: bytearray | None = None
        """The content of the part, if that is the field."""

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, end: self._extend_header(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._extend_header(1, data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": self._extend_content,
            "on_part_end": self._end_part,
        }

    def _begin_part(self) -> None:
        self._content = None
        self._headers_size = 0

    def _extend_header(self, index: int, data: bytes) -> None:
        self._header[index].extend(data)
        self._headers_size += len(data)
        if self._headers_size > _MAX_HEADERS:
            raise FormFieldError(MALFORMED)

    def _end_header(self) -> None:
        name, value = map(bytes, self._header)
        if name.lower() == b"content-disposition":
            _, options = self._parse_options(value)
            is_field = options.get(b"name") == self._name and b"filename" not in options
            self._content = bytearray() if is_field else None
        self._header = (bytearray(), bytearray())

    def _extend_content(self, data: bytes, start: int, end: int) -> None:
        if self._content is not None:
            self._content.extend(data[start:end])

    def _end_part(self) -> None:
        if self._content is not None and self.value is None:
            self.value = bytes(self._content)
