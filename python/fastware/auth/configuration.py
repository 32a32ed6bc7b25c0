"""Finds the configuration of an application, and makes the errors for missing and invalid ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fastware.errors import ConfigurationError, HTTPError

_WHAT_TO_SET: Final = (
    'set app.state.config = {"auth": Auth.from_env()} in FastAPI, Starlette or Litestar, or '
    'let the lifespan yield {"config": {"jwt_secret": ...}}, at least 32 random bytes as str or bytes, or '
    '{"config": {"auth": Auth(...)}}'
)
_KEYS: Final = ("auth", "jwt_secret")


class Settings:
    """The class of ``config["auth"]``: the base of ``Auth``, so that applications without one do not import it."""

    __slots__ = ()

    if TYPE_CHECKING:

        def claims_or_failure(self, scope: Mapping[str, Any], allow_query_token: bool = True) -> dict[str, Any] | int:
            """Return the claims of the token in *scope*, or why there are none."""
            ...

        def rejection(self, failure: int, scope: Mapping[str, Any], allow_query_token: bool = True) -> HTTPError:
            """Return the error for a *failure* of :meth:`claims_or_failure`."""
            ...


def find_config(request: Any, scope: Any) -> Mapping[str, Any]:
    """Return the first ``config`` with an ``auth`` or a ``jwt_secret``, or an empty mapping.

    These are ``scope["state"]["config"]``, what ``request.state`` has as an item or attribute (the ``State`` of
    Starlette before 0.52 has attributes only), and ``scope["app"].state.config``.

    Raises:
        TypeError: *request* has no ASGI scope.

    """
    if not isinstance(scope, Mapping):
        raise TypeError(f"expected a request with an ASGI scope, or the scope itself, not {type(request).__name__}")
    for owner in (scope.get("state"), getattr(request, "state", None), getattr(scope.get("app"), "state", None)):
        config = _read(owner, "config")
        if isinstance(config, Mapping) and any(config.get(key) is not None for key in _KEYS):
            return config
    return {}


def invalid_config(config: Mapping[str, Any]) -> ConfigurationError | None:
    """Return the error for a *config* whose ``auth`` cannot be used, or ``None``."""
    if not isinstance(config["auth"], Settings):
        return ConfigurationError(f'config["auth"] must be a fastware.auth.Auth, not {type(config["auth"]).__name__}')
    if "jwt_secret" in config or "allow_query_token" in config:
        other = "jwt_secret" if "jwt_secret" in config else "allow_query_token"
        return ConfigurationError(f'config has "auth" and "{other}"; pass the second to Auth(...) instead')
    return None


def missing_config(scope: Any) -> ConfigurationError:
    """Return the error for a configuration without a secret. The message says what was found instead."""
    for owner, place in ((scope.get("state"), "the state"), (getattr(scope.get("app"), "state", None), "app.state")):
        config = _read(owner, "config")
        if config is not None:
            problem = 'has neither an "auth" nor a "jwt_secret"'
            if not isinstance(config, Mapping):
                problem = f"is not a dict, but {type(config).__name__}"
            return ConfigurationError(f'No JWT secret is configured: the "config" of {place} {problem}; {_WHAT_TO_SET}')
    if not scope.get("state"):
        return ConfigurationError(
            f"No JWT secret is configured: {_WHAT_TO_SET}. The request's state is empty, because the application's "
            "lifespan did not run or yields nothing. It does not run in an application that is mounted under another "
            "one, with httpx.ASGITransport, or in a test client that is used without its context manager"
        )
    return ConfigurationError(f"No JWT secret is configured: {_WHAT_TO_SET}")


def unusable_secret() -> ConfigurationError:
    """Return the error for an unusable secret."""
    return ConfigurationError(
        f"The JWT secret is not usable: it is empty, of another type, or a PEM, SSH, DER or JWK key; {_WHAT_TO_SET}"
    )


def _read(owner: Any, name: str) -> Any:
    try:
        return owner[name]
    except (LookupError, TypeError):
        return getattr(owner, name, None)
