"""The plugin that adds authentication to an application."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from litestar import Controller, Router
from litestar.config.app import AppConfig
from litestar.config.response_cache import default_cache_key_builder
from litestar.constants import RESERVED_KWARGS
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.plugins import InitPlugin, ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import Scope
from litestar.utils.signature import ParsedSignature

from fastware._internal.framework_dependency import Dependency
from fastware.auth import Auth
from fastware.auth.session_cookies import session_cookie_name
from fastware.errors import ConfigurationError
from fastware.integrations.litestar.current_user import VERIFIED, claims_of, user_of
from fastware.integrations.litestar.guards import AUTH, RoleGuard, RoleGuards
from fastware.integrations.litestar.openapi import add_security_schemes, describe


class AuthPlugin(InitPlugin, ReceiveRoutePlugin):
    """Authentication for an application: ``Litestar(handlers, plugins=[AuthPlugin(auth)])``.

    A handler with a parameter ``user: CurrentUser`` receives the claims of the token; without a valid token the
    response is 401. The OpenAPI document shows which operations need a token. ``app.state.config["auth"]`` is *auth*,
    so that ``Provide(get_current_user)`` finds it.

    Args:
        auth: the settings.
        dependency: the name of the parameter.

    Raises:
        TypeError: *auth* is not an ``Auth``, or *dependency* is not a ``str``.
        ValueError: *dependency* cannot be the name of a dependency.

    """

    def __init__(self, auth: Auth, *, dependency: str = "user") -> None:
        if not isinstance(auth, Auth):
            raise TypeError(f"auth must be a fastware.auth.Auth, not {type(auth).__name__}")
        if not isinstance(dependency, str):
            raise TypeError(f"dependency must be a str, not {type(dependency).__name__}")
        if not dependency.isidentifier() or dependency in RESERVED_KWARGS:
            raise ValueError(
                f"dependency must be the name of a parameter that Litestar does not use: {dependency!r:.80}"
            )
        self.auth = auth
        self.dependency = dependency
        self._guards = RoleGuards(auth)

    def require_role(self, *roles: str) -> RoleGuard:
        """Return the guard of :func:`require_role`, always with the settings of this plugin."""
        return self._guards.require(roles)

    async def current_user(self, scope: Scope) -> dict[str, Any]:
        """Return the claims of the token: the dependency. Raises ``HTTPError`` 401 without a valid token."""
        try:
            return await (user_of if VERIFIED in scope else claims_of)(self.auth, scope)
        finally:
            del scope  # error reporters show the local variables of a traceback's frames

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the dependency, the settings and the OpenAPI schemes to the application.

        Raises:
            ConfigurationError: the application has another dependency of that name, a path parameter of that name, or
                other settings.

        """
        name = self.dependency
        if name in app_config.dependencies:
            raise ConfigurationError(f"the application has another dependency named {name!r}; {_rename(name)}")
        for path in _paths([app_config, *app_config.route_handlers]):
            if re.search(rf"{{\s*{name}\s*:", path):
                raise ConfigurationError(f"the path {path!r} has a parameter named {name!r} too; {_rename(name)}")
        app_config.dependencies[name] = Provide(self.current_user)
        _add_settings(app_config.state, self.auth)
        add_security_schemes(app_config, session_cookie_name(self.auth.host_prefix))
        return app_config

    def receive_route(self, route: BaseRoute) -> None:
        """Give the settings to the guards of the handlers of *route*, and describe its operations.

        Raises:
            ConfigurationError: the response of a handler that receives the user is cached for all users.

        """
        handlers = route.route_handlers if isinstance(route, HTTPRoute) else [cast(Any, route).route_handler]
        for handler in handlers:
            handler.opt[AUTH] = self.auth
            if isinstance(handler, HTTPRouteHandler):
                has_user = self._is_injected(handler)
                if has_user:
                    _check_cache(handler)
                describe(handler, has_user)

    def _is_injected(self, handler: BaseRouteHandler) -> bool:
        """Return whether *handler*, or a dependency of it, receives the user."""
        providers = handler.resolve_dependencies()

        def has_user(signature: ParsedSignature) -> bool:
            used = [providers[name] for name in signature.parameters if name in providers]
            return any(self._is_ours(each.dependency) or has_user(each.parsed_fn_signature) for each in used)

        return has_user(handler.parsed_fn_signature)

    def _is_ours(self, dependency: Any) -> bool:
        return dependency == self.current_user or isinstance(dependency, Dependency)


def _check_cache(handler: HTTPRouteHandler) -> None:
    """Raise ``ConfigurationError`` if the response for one user would be sent to others.

    Litestar looks a response up by the path and the query, before it resolves dependencies.
    """
    key_builder = handler.cache_key_builder or handler.app.response_cache_config.key_builder
    if handler.cache and key_builder is default_cache_key_builder:
        raise ConfigurationError(
            f"{handler} receives the user, but its response is cached for everybody, with and without a token: remove "
            "cache, or pass a cache_key_builder whose key names the user"
        )


def _rename(name: str) -> str:
    other = "current_user" if name != "current_user" else "user"
    return f'use another name for the dependency of the plugin: AuthPlugin(auth, dependency="{other}")'


def _paths(owners: Iterable[Any]) -> Iterator[str]:
    """Yield the paths of handlers, controllers, routers and the application."""
    for owner in owners:
        if isinstance(owner, Router):
            yield from (route.path for route in owner.routes)
        elif isinstance(owner, BaseRouteHandler):
            yield from owner.paths
        else:
            path = getattr(owner, "path", None)
            yield from [path] if isinstance(path, str) else path if isinstance(path, list) else ()
            if isinstance(owner, type) and issubclass(owner, Controller):
                yield from _paths(value for _, value in inspect.getmembers(owner, _is_handler))


def _is_handler(value: Any) -> bool:
    return isinstance(value, BaseRouteHandler)


def _add_settings(state: State, auth: Auth) -> None:
    config = state.get("config", {})
    if not isinstance(config, Mapping):
        return  # an object of the application, which get_current_user does not read
    for name in ("auth", "jwt_secret", "allow_query_token"):
        if name in config and config[name] is not auth:
            raise ConfigurationError(f'app.state.config has "{name}" too; pass all settings to the Auth of AuthPlugin')
    # The mapping of the application may belong to another application too.
    state["config"] = {**config, "auth": auth}
