"""Responses: a status, headers and a body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

import msgspec

from fastware._internal.http_syntax import raw_header
from fastware.asgi import Receive, Scope, Send
from fastware.cookies import CSRF_COOKIE, HOST_PREFIX, SESSION_COOKIE

_BODILESS: Final = frozenset((204, 304))
_NO_COOKIES: Final = ()
_OF_A_SESSION: Final = tuple(
    f"{prefix}{name}=".encode() for prefix in ("", HOST_PREFIX) for name in (SESSION_COOKIE, CSRF_COOKIE)
)
_LONE_SURROGATE: Final = "the content has a lone surrogate, which UTF-8 cannot encode"

_encoder: Final = msgspec.json.Encoder()


def encode_json(content: Any) -> bytes:
    """Return *content* as JSON. Raises ``ValueError`` if it has a lone surrogate."""
    # The error is raised outside the `except`: the error of the codec contains the text.
    try:
        return _encoder.encode(content)
    except UnicodeEncodeError:
        pass
    raise ValueError(_LONE_SURROGATE)


class Response:
    """A response with a body of bytes.

    Args:
        body: bytes, sent as they are.
        status: HTTP status.
        headers: further headers; a ``content-type`` replaces that of the class.
        cookies: ``Set-Cookie`` values, as :func:`fastware.set_cookie` makes them. Those of a session add
            ``Cache-Control: no-store``, unless *headers* have another ``Cache-Control``: no cache may give them to
            another client (OWASP Session Management Cheat Sheet, "Web Content Caching").

    Raises:
        ValueError: a header name or value that HTTP does not allow (RFC 9110 section 5).

    """

    __slots__ = ("body", "raw_headers", "status")

    raw_headers: list[tuple[bytes, bytes]]
    content_type: ClassVar[bytes] = b"application/octet-stream"

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        cookies: Iterable[str] = _NO_COOKIES,
    ) -> None:
        self.status = status
        self.body = body
        if headers or cookies is not _NO_COOKIES or status in _BODILESS:
            self.raw_headers = self._headers_with_defaults(headers, cookies)
        else:
            self.raw_headers = [(b"content-type", self.content_type), (b"content-length", b"%d" % len(body))]

    def _headers_with_defaults(
        self, headers: Mapping[str, str] | None, cookies: Iterable[str]
    ) -> list[tuple[bytes, bytes]]:
        raw_headers = [raw_header(name, value) for name, value in (headers or {}).items()]
        names = {name for name, _ in raw_headers}
        if self.status not in _BODILESS:
            if b"content-type" not in names:
                raw_headers.append((b"content-type", self.content_type))
            if b"content-length" not in names:
                raw_headers.append((b"content-length", b"%d" % len(self.body)))
        if isinstance(cookies, str):
            raise TypeError("cookies must be a list of Set-Cookie values, not one str")
        raw_cookies = [raw_header("set-cookie", cookie) for cookie in cookies]
        if b"cache-control" not in names and any(value.startswith(_OF_A_SESSION) for _, value in raw_cookies):
            raw_headers.append((b"cache-control", b"no-store"))
        return raw_headers + raw_cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, without its body if the method is HEAD or the status allows none."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.raw_headers})
        bodiless = scope["method"] == "HEAD" or self.status in _BODILESS
        await send({"type": "http.response.body", "body": b"" if bodiless else self.body})


class TextResponse(Response):
    """A response of plain text, UTF-8."""

    __slots__ = ()

    content_type: ClassVar[bytes] = b"text/plain; charset=utf-8"

    def __init__(
        self,
        text: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        cookies: Iterable[str] = _NO_COOKIES,
    ) -> None:
        # The error is raised outside the `except`: the error of the codec contains the text.
        try:
            body = text.encode("utf-8")
        except UnicodeEncodeError:
            body = None
        if body is None:
            raise ValueError(_LONE_SURROGATE)
        super().__init__(body, status, headers, cookies)


class HTMLResponse(TextResponse):
    """A response of HTML, UTF-8. Escape text from clients with ``html.escape``."""

    __slots__ = ()

    content_type: ClassVar[bytes] = b"text/html; charset=utf-8"


class JSONResponse(Response):
    """A response of JSON: anything that msgspec encodes, such as dicts, lists, dataclasses, datetimes and structs."""

    __slots__ = ()

    content_type: ClassVar[bytes] = b"application/json"

    def __init__(
        self,
        content: Any,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        cookies: Iterable[str] = _NO_COOKIES,
    ) -> None:
        super().__init__(encode_json(content), status, headers, cookies)
