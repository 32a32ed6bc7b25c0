"""Two copies of the package in one process, one on each engine."""

import functools
import importlib
import os
import sys
from types import ModuleType, SimpleNamespace

NAMES = ("rust", "python")
_SHARED = "fastware._engine._rust"  # an extension module is loaded once per process


def _is_built(name):
    """Return whether this installation has the engine. ``FASTWARE_REQUIRE_RUST=1`` requires the Rust engine."""
    if name == "python":
        return True
    try:
        importlib.import_module(_SHARED)
    except ModuleNotFoundError:
        if os.environ.get("FASTWARE_REQUIRE_RUST") == "1":
            raise
        return False
    return True


BUILT = tuple(filter(_is_built, NAMES))
"""The engines of this installation."""


@functools.cache
def load(name) -> ModuleType:
    """Import a new copy of the package on the engine *name*, beside any copy that is already imported."""
    before = _take_out()
    chosen = os.environ.get("FASTWARE_ENGINE")
    os.environ["FASTWARE_ENGINE"] = name
    try:
        package = importlib.import_module("fastware")
        importlib.import_module("fastware.auth")
        for module, public in [(m, name) for m in (package, package.auth) for name in m.__all__]:
            getattr(module, public)  # lazy names are loaded now, while this copy is the imported one
    finally:
        _take_out()
        sys.modules.update(before)
        if chosen is None:
            del os.environ["FASTWARE_ENGINE"]
        else:
            os.environ["FASTWARE_ENGINE"] = chosen
    assert package.auth.ENGINE == name
    return package


@functools.cache
def engine(name) -> SimpleNamespace:
    """The calls of the engine contract."""
    module = load(name)._engine.engine
    return SimpleNamespace(**{call: getattr(module, call) for call in dir(module) if not call.startswith("_")})


def _take_out():
    taken = {
        name: module
        for name, module in sys.modules.items()
        if (name == "fastware" or name.startswith("fastware.")) and name != _SHARED
    }
    for name in taken:
        del sys.modules[name]
    return taken
