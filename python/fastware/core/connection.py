"""A connection of a client: what a request and a WebSocket have in common, read from the scope on demand."""

from __future__ import annotations

from typing import Any

from fastware._engine import engine
from fastware.asgi import Scope
from fastware.core.client_data import decode_fields
from fastware.core.state import State


class Connection:
    """A connection of a client.

    Attributes:
        scope: the ASGI scope.
        path_params: the values of the path's ``{name}`` parameters.

    """

    __slots__ = ("__dict__", "path_params", "scope")

    scope: Scope
    path_params: dict[str, Any]

    # A class attribute, so that creating a connection does not have to set it.
    _state: State | None = None

    @property
    def path(self) -> str:
        """The path, percent-decoded, without the query string."""
        return str(self.scope["path"])

    @property
    def client(self) -> tuple[str, int] | None:
        """The client's host and port, or ``None`` if the server does not provide them."""
        client = self.scope.get("client")
        return tuple(client) if client else None

    @property
    def state(self) -> State:
        """What the lifespan yielded, with item and attribute access."""
        if self._state is None:
            self._state = State(self.scope.setdefault("state", {}))
        return self._state

    @property
    def query_params(self) -> dict[str, str]:
        """The parameters of the query string; the last of duplicate parameters counts.

        Reading a missing one is a 400 that names it. Raises ``HTTPError`` 400 for more than 1,000 parameters.
        """
        return decode_fields(self.scope.get("query_string", b""))

    @property
    def cookies(self) -> dict[str, str]:
        """All cookies by name."""
        return engine.cookies(self.scope["headers"])

    def cookie(self, name: str, default: str = "") -> str:
        """Return the cookie *name*, or *default* if it is missing or empty."""
        return engine.cookie(self.scope["headers"], name) or default

    def header(self, name: str, default: str = "") -> str:
        """Return the first header *name* (in any case), or *default* if it is missing or empty."""
        value = engine.header(self.scope["headers"], name.lower().encode("latin-1"))
        return value.decode("latin-1") or default

    def __repr__(self) -> str:
        # Without the query string and the headers, which carry tokens.
        label = self.scope.get("method") or self.scope.get("type")
        return f"<{type(self).__name__} {label} {self.scope.get('path')!r}>"
