"""The request: its body has been read, everything else is read from the scope when asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from fastware._engine import engine
from fastware.asgi import Scope
from fastware.errors import CompoundValueError, HTTPError, MissingFieldError, MissingItemError

_MAX_FIELDS: Final = 1_000
_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")
_MAX_JSON_DEPTH: Final = 100
"""Objects and arrays that stand open at once: a handler that walks down calls itself, and Python has a limit."""
_CONTAINERS: Final = (dict, list)
_UNREAD: Final = object()


class State(MutableMapping[str, Any]):
    """What the lifespan yielded, for this request: ``state["config"]`` and ``state.config`` are the same."""

    __slots__ = ("_values",)

    _values: dict[str, Any]

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        _set_values(self, {} if values is None else values)

    def __getitem__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise KeyError(_not_in_state(name)) from None

    def __setitem__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __delitem__(self, name: str) -> None:
        del self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(_not_in_state(name)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self._values[name]
        except KeyError:
            raise AttributeError(f"state has no {name!r}") from None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ({**self._values},)

    def __repr__(self) -> str:
        # Names only: a state holds secrets.
        return f"<State: {', '.join(self._values)}>"


# Attributes of a state are its values; this one is set past `State.__setattr__`.
_set_values: Final = State.__dict__["_values"].__set__


def _not_in_state(name: str) -> str:
    return f"state has no {name!r}; does the lifespan yield it?"


class _Fields(dict[str, Any]):
    """Fields that a client sent. Reading one that it left out is the client's error."""

    __slots__ = ()

    def __missing__(self, name: str) -> Any:
        raise MissingFieldError(name)


class _JSONObject(_Fields):
    """An object in the body. Looking it up, in a dict or set, is the error of the client, who sent it for a key."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        raise CompoundValueError("an object")


class _JSONArray(list[Any]):
    """An array in the body. Reading an item that the client left out, or a field, is the client's error.

    So is looking it up, as it is for an object.
    """

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            raise MissingFieldError(index)
        try:
            return super().__getitem__(index)
        except IndexError:
            raise MissingItemError(index) from None

    def __hash__(self) -> int:  # type: ignore[override]
        raise CompoundValueError("an array")


class Request:
    """An HTTP request.

    Attributes:
        scope: the ASGI scope.
        body: the whole body, bytes; empty for GET and HEAD.
        path_params: the values of the path's ``{name}`` parameters.

    """

    __slots__ = ("__dict__", "body", "path_params", "scope")

    # What has not been read yet is the class's: most handlers read little.
    _json: Any = _UNREAD
    _form: dict[str, str] | None = None
    _state: State | None = None

    def __init__(self, scope: Scope, body: bytes = b"", path_params: dict[str, Any] | None = None) -> None:
        self.scope = scope
        self.body = body
        self.path_params: dict[str, Any] = {} if path_params is None else path_params

    @property
    def method(self) -> str:
        """The method, uppercase."""
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """The path, percent-decoded, without the query string."""
        return str(self.scope["path"])

    @property
    def client(self) -> tuple[str, int] | None:
        """The client's host and port, where the server knows them."""
        client = self.scope.get("client")
        return tuple(client) if client else None

    @property
    def state(self) -> State:
        """What the lifespan yielded, with item and attribute access."""
        if self._state is None:
            self._state = State(self.scope.setdefault("state", {}))
        return self._state

    @property
    def json(self) -> Any:
        """The body, decoded as JSON.

        What a handler reads of it that is not there (``request.json["name"]``, at any depth) is a 400 that names it. An
        object or array that it looks up in a dict or set (``USERS[request.json["name"]]``) is a 400 too.

        Raises:
            HTTPError: 400 where the body is not JSON.

        """
        if self._json is _UNREAD:
            self._json = _decode_json(self.body)
        return self._json

    @property
    def has_lone_json(self) -> bool:
        """Whether the body was read as JSON and is a number, string or word: nothing to read a field of."""
        return self._json is not _UNREAD and not isinstance(self._json, (dict, list))

    @property
    def text(self) -> str:
        """The body, decoded as UTF-8. Raises ``HTTPError`` 400 where it is not."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        raise HTTPError(400, "The body is not UTF-8")

    @property
    def form(self) -> dict[str, str]:
        """The fields of an ``application/x-www-form-urlencoded`` body; of equal names the last.

        Reading a field that is not there is a 400 that names it.

        Raises:
            HTTPError: 415 for another content type, 400 for a malformed body or one of over 1,000 fields.

        """
        if self._form is None:
            content_type = self.header("content-type").partition(";")[0].strip().lower()
            if content_type != "application/x-www-form-urlencoded":
                raise HTTPError(415, "Expected application/x-www-form-urlencoded")
            self._form = _decode_fields(self.body)
        return self._form

    @property
    def query_params(self) -> dict[str, str]:
        """The parameters of the query string; of equal names the last.

        Reading one that is not there is a 400 that names it. Raises ``HTTPError`` 400 for over 1,000.
        """
        return _decode_fields(self.scope.get("query_string", b""))

    @property
    def cookies(self) -> dict[str, str]:
        """All cookies by name."""
        return engine.cookies(self.scope["headers"])

    def cookie(self, name: str, default: str = "") -> str:
        """Return the cookie *name*, or *default* where it is missing or empty."""
        return engine.cookie(self.scope["headers"], name) or default

    def header(self, name: str, default: str = "") -> str:
        """Return the first header *name* (in any case), or *default* where it is missing or empty."""
        value = engine.header(self.scope["headers"], name.lower().encode("latin-1"))
        return value.decode("latin-1") or default

    def __repr__(self) -> str:
        # Without the query string and the headers: tokens travel there.
        return f"<Request {self.method} {self.path!r}>"


def _decode_json(body: bytes) -> Any:
    if not body:
        raise HTTPError(400, "The body is empty, expected JSON")
    # Raised out of the `except`, so that the body, where passwords are, does not hang on the error as its context.
    try:
        value = msgspec.json.decode(body)
        if len(body) <= 2 * _MAX_JSON_DEPTH or not _is_deeper(value, _MAX_JSON_DEPTH):
            return _answering(value)
        problem = "The body is nested too deep"
    except (msgspec.DecodeError, UnicodeError) as error:
        problem = f"The body is not JSON: {_without_text(error)}"
    except RecursionError:
        problem = "The body is nested too deep"
    raise HTTPError(400, problem)


def _without_text(error: Exception) -> str:
    """What is wrong: an error of the codec would show the text itself."""
    return "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether more than *depth* objects and arrays stand open at once in *value*."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(depth):
        items = (container.values() if type(container) is dict else container for container in level)
        level = [item for several in items for item in several if type(item) in _CONTAINERS]
        if not level:
            return False
    return True


def _answering(value: Any) -> Any:
    """*value* with objects and arrays that answer the client where it left something out."""
    if isinstance(value, dict):
        return _JSONObject(zip(value, map(_answering, value.values()), strict=True))
    if isinstance(value, list):
        return _JSONArray(map(_answering, value))
    return value


def _decode_fields(encoded: bytes) -> dict[str, str]:
    if not encoded.isascii():
        # Bytes that a client should have escaped are those of the text's UTF-8 all the same (WHATWG URL, section 5.1).
        encoded = _NON_ASCII.sub(lambda octet: b"%%%02X" % octet[0][0], encoded)
    try:
        return _Fields(parse_qsl(encoded.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        pass
    raise HTTPError(400, f"Malformed fields, or more than {_MAX_FIELDS}")
