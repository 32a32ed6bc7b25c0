"""The names of rate limits that processes share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary

from fastware._internal.names import name_of
from fastware._internal.signatures import written_function
from fastware.auth.buckets.base import Buckets

_FIX: Final = 'pass a name that is the same in all processes, such as rate_limit(..., name="search")'
_modules: Final[WeakKeyDictionary[Buckets, dict[str, object]]] = WeakKeyDictionary()
"""The default names in each place, and the run of the module that uses each."""


def default_name(handler: Callable[..., Any], buckets: Buckets) -> str:
    """Return the name of *handler*: that of its module, and its qualified name.

    Raises:
        ValueError: another process could have another name for the handler, or another handler of this name.

    """
    named: Any = handler
    while isinstance(named, partial):
        named = named.func
    module, qualified = getattr(named, "__module__", None) or "__main__", name_of(named)
    name = f"{module}.{qualified}"
    if module in ("__main__", "__mp_main__"):
        raise ValueError(f"{qualified} is in __main__, which is another module in each program: {_FIX}")
    if "<locals>" in qualified:
        raise ValueError(f"{name} is made by a function, which may make several: {_FIX}")
    # A module that is reloaded has a new spec, and its handlers replace those of the earlier run.
    run = getattr(written_function(handler), "__globals__", {}).get("__spec__")
    known = _modules.setdefault(buckets, {})
    if name in known and known[name] is run:
        raise ValueError(f"another limit in these buckets has the name {name}: {_FIX}")
    known[name] = run
    return name


def check_buckets(buckets: object) -> None:
    """Raise ``TypeError`` if *buckets* is not a :class:`Buckets`."""
    if not isinstance(buckets, Buckets):
        raise TypeError(f"buckets must be None, SharedBuckets(path) or RedisBuckets(url), not {type(buckets).__name__}")


def check_name(name: object) -> None:
    """Raise ``TypeError`` or ``ValueError`` if *name* cannot name a limit."""
    if not isinstance(name, str):
        raise TypeError(f"name must be str, not {type(name).__name__}")
    if not name:
        raise ValueError("name must not be empty")
    if not name.isprintable():
        raise ValueError("name must not contain control characters and lone surrogates")
