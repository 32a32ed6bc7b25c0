"""Optional packages, imported by the first call that needs them."""

from __future__ import annotations

import functools
import importlib
from typing import Any, Final

_PACKAGES: Final = {"bcrypt": "bcrypt", "jwt": "PyJWT"}
"""The package of each module."""


@functools.cache
def require(name: str) -> Any:
    """Return the module *name*. Raises ``ImportError`` with the ``pip install`` command if it is missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        raise ImportError(
            f'fastware.auth needs the package {_PACKAGES[name]} here: pip install "fastware[auth]"', name=name
        ) from None
