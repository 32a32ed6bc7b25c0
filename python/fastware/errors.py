"""Errors that are answers to the client."""

from __future__ import annotations

from collections.abc import Mapping


class HTTPError(Exception):
    """An error that the client is told about: the response is *status_code* with ``{"detail": detail}`` as JSON.

    Args:
        status_code: HTTP status, 400 to 599.
        detail: what the client may know.
        headers: further response headers, for example ``{"Retry-After": "5"}``.

    """

    def __init__(self, status_code: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code, detail, headers)
        self.status_code = status_code
        self.detail = detail
        self.headers = dict(headers) if headers else {}

    def __str__(self) -> str:
        return f"{self.status_code} {self.detail}"


class MissingFieldError(HTTPError, KeyError):
    """A field that the handler reads is not in the body: a 400, and a ``KeyError`` for those who catch one."""

    def __init__(self, name: object) -> None:
        super().__init__(400, f"Missing field: {name}")
        self.name = name

    def __reduce__(self) -> tuple[type[MissingFieldError], tuple[object]]:
        return type(self), (self.name,)


class MissingItemError(HTTPError, IndexError):
    """An item that the handler reads is not in the body: a 400, and an ``IndexError`` for those who catch one."""

    def __init__(self, index: object) -> None:
        super().__init__(400, f"Missing item: {index}")
        self.index = index

    def __reduce__(self) -> tuple[type[MissingItemError], tuple[object]]:
        return type(self), (self.index,)
