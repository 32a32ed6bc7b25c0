"""The check that an argument is an ``Auth``."""

from __future__ import annotations

from typing import Any

from fastware.auth.settings import Auth


def auth_error(auth: Any, usage: str) -> TypeError | None:
    """Return the error for an *auth* that is not an ``Auth``, or ``None``. It does not show *auth*, often a secret."""
    if isinstance(auth, Auth):
        return None
    return TypeError(f"auth must be a fastware.auth.Auth, not {type(auth).__name__}: {usage}")
