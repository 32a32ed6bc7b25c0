"""The state of a request, which the lifespan yielded."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, Final


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
            raise KeyError(_missing(name, self._values)) from None

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
            raise AttributeError(_missing(name, self._values)) from None

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
        # Only the names: a state contains secrets.
        return f"<State: {', '.join(self._values)}>"


# `State.__setattr__` stores every attribute as a value, so the slot is set through its descriptor.
_set_values: Final = State.__dict__["_values"].__set__


def _missing(name: str, values: dict[str, Any]) -> str:
    if values:
        return f"state has no {name!r}; does the lifespan yield it?"
    return (
        f"state has no {name!r}: it is empty, because the lifespan yields nothing or did not run. It does not run in "
        "an application that is mounted under another one, or with httpx.ASGITransport"
    )
