"""Selects the engine. No other module depends on which of the two is selected.

``FASTWARE_ENGINE`` is read once, at import: ``rust``, ``python`` or ``auto`` (the default: Rust if the extension is
built). ``engine`` is the selected module, which implements :class:`~fastware._engine.contract.Engine`.
"""

from __future__ import annotations

import importlib
import os
from typing import cast

from fastware._engine.contract import Engine

CHOICES = ("rust", "python", "auto")


def _pick() -> Engine:
    choice = os.environ.get("FASTWARE_ENGINE", "auto")
    if choice not in CHOICES:
        raise ImportError(f"FASTWARE_ENGINE is {choice!r}; it must be one of: {', '.join(CHOICES)}")
    if choice != "python":
        try:
            return _load("_rust")
        except ModuleNotFoundError as missing:
            if missing.name != f"{__name__}._rust":
                raise
            if choice == "rust":
                raise ImportError(
                    "FASTWARE_ENGINE is 'rust', but this installation has no Rust engine. Install a wheel for your "
                    "platform, or install Rust (https://rustup.rs) and run, where fastware's sources are: "
                    'FASTWARE_BUILD=rust pip install --force-reinstall ".[auth]"'
                ) from None
    return _load("pure")


def _load(name: str) -> Engine:
    return cast(Engine, importlib.import_module(f"{__name__}.{name}"))


engine = _pick()
