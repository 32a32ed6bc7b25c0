"""Optional packages, imported by the first call that needs them."""

from __future__ import annotations

import functools
import importlib
from typing import Any, Final

_PACKAGES: Final = {
    "bcrypt": ("bcrypt", "auth"),
    "jwt": ("PyJWT", "auth"),
    "psycopg": ("psycopg", "sql"),
    "python_multipart": ("python-multipart", "forms"),
    "sqlalchemy": ("SQLAlchemy", "sql"),
}
"""The package of each module, and the extra that installs it."""


@functools.cache
def require(name: str) -> Any:
    """Return the module *name*. Raises ``ImportError`` with the ``pip install`` command if it is missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        package, extra = _PACKAGES[name]
        raise ImportError(
            f'fastware.auth needs the package {package} here: pip install "fastware[{extra}]"', name=name
        ) from None
