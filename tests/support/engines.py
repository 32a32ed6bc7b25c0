"""Two copies of the package in one process, one on each engine.

A copy also imports from itself later: functions that import when they are called find the modules of their own copy.
"""

import builtins
import functools
import importlib
import os
import sys
import threading
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
    _import_into_copies()
    before = _take_out()
    chosen = os.environ.get("FASTWARE_ENGINE")
    os.environ["FASTWARE_ENGINE"] = name
    try:
        package = importlib.import_module("fastware")
        importlib.import_module("fastware.auth")
        for module, public in [(m, name) for m in (package, package.auth) for name in m.__all__]:
            getattr(module, public)  # lazy names are loaded now, while this copy is the imported one
    finally:
        _copies.append(_take_out())
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


_copies = []
_lock = threading.RLock()


@functools.cache
def _import_into_copies():
    """Let the modules of a copy import from their copy."""
    original = builtins.__import__

    def import_(name, globals=None, locals=None, fromlist=(), level=0):
        copy = None
        if name.startswith("fastware") and globals is not None:
            home = sys.modules.get(globals.get("__name__"))
            if home is None or vars(home) is not globals:
                copy = next((copy for copy in _copies if _is_of(copy, globals)), None)
        if copy is None:
            return original(name, globals, locals, fromlist, level)
        found = copy.get(name)
        if found and name in sys.modules and level == 0 and fromlist and vars(found).keys() >= set(fromlist):
            return found  # as fast as without copies, for the benchmarks of calls that import
        with _lock:
            before = _take_out()
            sys.modules.update(copy)
            try:
                module = original(name, globals, locals, fromlist, level)
            finally:
                copy.update(_take_out())
                sys.modules.update(before)
        if level == 0:
            original(name)  # an import of the extension looks the module up in `sys.modules` afterwards
        return module

    builtins.__import__ = import_


def _is_of(copy, namespace):
    module = copy.get(namespace.get("__name__"))
    return module is not None and vars(module) is namespace


def _take_out():
    taken = {
        name: module
        for name, module in sys.modules.items()
        if (name == "fastware" or name.startswith("fastware.")) and name != _SHARED
    }
    for name in taken:
        del sys.modules[name]
    return taken
