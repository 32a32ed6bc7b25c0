"""Finds the auth settings of an application, and makes the errors for missing ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastware.errors import ConfigurationError

_WHAT_TO_SET: Final = (
    'let the lifespan yield {"config": {"jwt_secret": ...}}, at least 32 random bytes as str or bytes; '
    'it is read as request.state["config"]["jwt_secret"]'
)


def find_config(request: Any, scope: Any) -> Mapping[str, Any]:
    """Return the ``config`` of the request's state, or an empty mapping.

    It is ``scope["state"]["config"]``. If the scope has none, ``request.state`` is read, by item or by attribute: the
    ``State`` of Starlette before 0.52 has attributes only.

    Raises:
        TypeError: *request* has no ASGI scope.

    """
    if not isinstance(scope, Mapping):
        raise TypeError(f"expected a request with an ASGI scope, or the scope itself, not {type(request).__name__}")
    for state in (scope.get("state"), getattr(request, "state", None)):
        config = _read(state, "config")
        if isinstance(config, Mapping):
            return config
    return {}


def missing_secret(scope: Any) -> ConfigurationError:
    """Return the error for settings without a secret. The message says so if the lifespan did not run."""
    state = scope.get("state")
    if not state:
        return ConfigurationError(
            "No JWT secret is configured: the request's state is empty, because the application's lifespan did not run "
            "or yields nothing. It does not run in an application that is mounted under another one, with "
            "httpx.ASGITransport, or in a test client that is used without its context manager. Run the lifespan "
            f"there, or, if there is none, {_WHAT_TO_SET}"
        )
    return ConfigurationError(f"No JWT secret is configured: {_WHAT_TO_SET}")


def unusable_secret() -> ConfigurationError:
    """Return the error for an unusable secret."""
    return ConfigurationError(
        f"The JWT secret is not usable: it is empty, of another type, or a PEM, SSH, DER or JWK key; {_WHAT_TO_SET}"
    )


def _read(state: Any, name: str) -> Any:
    try:
        return state[name]
    except (LookupError, TypeError):
        return getattr(state, name, None)
