"""Errors and warnings that users meet, and how an error becomes a response."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from fastware._internal.http_syntax import raw_header
from fastware.asgi import Send


class HTTPError(Exception):
    """An error that becomes a response: *status_code*, with ``{"detail": detail}`` as JSON.

    Args:
        status_code: HTTP status, 400 to 599.
        detail: text for the client.
        headers: further response headers, for example ``{"Retry-After": "5"}``.

    """

    def __init__(self, status_code: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        self.status_code = status_code
        self.detail = detail
        self.headers = {**headers} if headers else {}

    def __str__(self) -> str:
        return f"{self.status_code} {self.detail}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status_code}, {self.detail!r}, {self.headers!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Without calling `__init__`: that of a subclass may take other arguments.
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[HTTPError], args: tuple[Any, ...]) -> HTTPError:
    return kind.__new__(kind, *args)


class ConfigurationError(RuntimeError):
    """The application is not configured correctly. The message says what to set.

    Clients get a bare 500: the message is for the log.
    """


class InsecureKeyLengthWarning(UserWarning):
    """The secret is shorter than the 32 bytes that HS256 requires (RFC 7518 section 3.2)."""


async def send_error(send: Send, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
    """Send the response ``{"detail": detail}``, as a middleware does that rejects a request.

    Raises:
        ValueError: a header name or value that HTTP does not allow (RFC 9110 section 5), or a lone surrogate in
            *detail*.

    """
    raw_headers = [raw_header(name, value) for name, value in (headers or {}).items()]
    body = _error_body(detail)
    own = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    given = {name for name, _ in raw_headers}
    raw_headers += [header for header in own if header[0] not in given]
    await send({"type": "http.response.start", "status": status, "headers": raw_headers})
    await send({"type": "http.response.body", "body": body})


def _error_body(detail: str) -> bytes:
    # The error is raised outside the `except`: the codec's own error holds the text.
    try:
        return _json_encoder()({"detail": detail}).encode("utf-8")
    except UnicodeEncodeError:
        pass
    raise ValueError("detail has a lone surrogate, which UTF-8 cannot encode")


@functools.cache
def _json_encoder() -> Callable[[Any], str]:
    import json  # noqa: PLC0415 - most processes import it anyway, but not for this

    return json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
