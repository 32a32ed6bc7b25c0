"""Overrides in ``dependency_overrides`` of a FastAPI application that FastAPI does not find by itself.

``dependency_overrides[get_current_user]`` also replaces the user of every role. FastAPI would find this override if a
role depended on the user, but to resolve a dependency of a dependency takes five times as long as the check itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


async def value_of_override(override: Callable[..., Any], connection: Any) -> Any:
    """Return what FastAPI would inject for ``Depends(override)``."""
    if _only_returns(override):
        value = override()
        return await value if hasattr(value, "__await__") else value
    from fastware._internal.fastapi_overrides import injected_value  # noqa: PLC0415 - it imports FastAPI

    return await injected_value(override, connection)


def _only_returns(override: Callable[..., Any]) -> bool:
    """Return whether *override* is a plain function that takes nothing, and does not yield."""
    from inspect import isasyncgenfunction, isgeneratorfunction  # noqa: PLC0415 - only needed in tests
    from types import FunctionType  # noqa: PLC0415

    from fastware._internal.signatures import signature_of  # noqa: PLC0415

    is_generator = isgeneratorfunction(override) or isasyncgenfunction(override)
    return isinstance(override, FunctionType) and not is_generator and not signature_of(override).parameters
