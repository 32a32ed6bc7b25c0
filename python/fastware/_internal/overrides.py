"""Dependencies that an application replaces in tests, where its framework cannot find the replacement by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def override_of(dependency: Callable[..., Any], connection: Any) -> Callable[..., Any] | None:
    """Return what replaces *dependency* in the ``dependency_overrides`` of the application, or ``None``."""
    scope = getattr(connection, "scope", connection)
    overrides = getattr(scope.get("app"), "dependency_overrides", None)
    return overrides.get(dependency) if overrides and isinstance(overrides, Mapping) else None


async def call_override(override: Callable[..., Any], connection: Any) -> Any:
    """Return the value of *override*, which takes the request or nothing."""
    from fastware._internal.request_parameter import request_parameter  # noqa: PLC0415

    value = override() if request_parameter(override) is None else override(connection)
    return await value if hasattr(value, "__await__") else value
