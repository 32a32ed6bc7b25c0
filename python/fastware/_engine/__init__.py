"""Selects the engine. No other module depends on which of the two is selected.

``FASTWARE_ENGINE`` is read once, at import: ``rust``, ``python`` or ``auto`` (the default: Rust if the extension is
built, and this is the main interpreter). ``engine`` is the selected module, which implements
:class:`~fastware._engine.contract.Engine`.
"""

from __future__ import annotations

import _thread
import importlib
import os
from typing import cast

from fastware._engine.contract import Engine

CHOICES = ("rust", "python", "auto")


_NOT_BUILT = (
    "this installation has no Rust engine. Install a wheel for your platform, or install Rust (https://rustup.rs) and "
    "run, where fastware's sources are: "
    'FASTWARE_BUILD=rust pip install --force-reinstall ".[auth]"'
)
_MAIN_ONLY = (
    "the Rust engine works in the main interpreter only; set FASTWARE_ENGINE=auto for the pure-Python engine in others"
)


def _pick() -> Engine:
    choice = os.environ.get("FASTWARE_ENGINE", "auto")
    if choice not in CHOICES:
        raise ImportError(f"FASTWARE_ENGINE is {choice!r}; it must be one of: {', '.join(CHOICES)}")
    if choice != "python":
        try:
            if _is_main_interpreter():
                return _load("_rust")
            problem = _MAIN_ONLY
        except ModuleNotFoundError as missing:
            if missing.name != f"{__name__}._rust":
                raise
            problem = _NOT_BUILT
        except ImportError as error:
            # CPython 3.11 does not tell which interpreter this is, but the extension does.
            if "main interpreter" not in str(error):
                raise
            problem = _MAIN_ONLY
        if choice == "rust":
            raise ImportError(f"FASTWARE_ENGINE is 'rust', but {problem}")
    return _load("pure")


def _is_main_interpreter() -> bool:
    # The extension finds out too, but only after it has made types that the whole process keeps.
    tell = getattr(_thread, "_is_main_interpreter", None)  # from CPython 3.12 on
    return tell is None or bool(tell())


def _load(name: str) -> Engine:
    return cast(Engine, importlib.import_module(f"{__name__}.{name}"))


engine = _pick()
