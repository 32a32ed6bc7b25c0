"""The application of each framework: its paths, and the response of the framework to an ``HTTPError``."""

from collections.abc import Callable
from dataclasses import dataclass


def _json(status, detail):
    return {"detail": detail}


def _text(status, detail):
    return detail


def _json_with_status(status, detail):
    return {"status_code": status, "detail": detail}


@dataclass(frozen=True)
class Framework:
    """An application in ``tests/frameworks/apps``.

    All paths are for GET: *profiles* need a user, *admin_pages* an admin, *limited* pages allow two calls an hour.
    *error_content* makes the content of the response to an ``HTTPError`` from its status and detail. A WebSocket that
    is denied has the status and headers of the error, or is a bare 403 if not *denies_with_the_error*.
    """

    name: str
    target: str
    profiles: tuple[str, ...]
    admin_pages: tuple[str, ...]
    limited: tuple[str, ...]
    error_content: Callable[[int, str], object] = _json
    schema: str | None = None
    denies_with_the_error: bool = True
    closes_with_1008: bool = False


FRAMEWORKS = (
    Framework(
        "fastapi",
        "tests.frameworks.apps.fastapi_app:app",
        profiles=("/profile", "/profile/sync", "/profile/called", "/router/profile"),
        admin_pages=("/admin", "/admin/route"),
        limited=(
            "/limited/async",
            "/limited/sync",
            "/limited/connection",
            "/limited/bare",
            "/limited/bare-sync",
            "/limited/path/a",
            "/limited/dependency",
            "/router/limited",
        ),
        schema="/openapi.json",
    ),
    Framework(
        "starlette",
        "tests.frameworks.apps.starlette_app:app",
        profiles=("/profile", "/profile/sync", "/profile/endpoint"),
        admin_pages=("/admin",),
        limited=("/limited/async", "/limited/sync", "/limited/endpoint", "/limited/sync-endpoint"),
        error_content=_text,
    ),
    Framework(
        "litestar",
        "tests.frameworks.apps.litestar_app:app",
        profiles=("/profile", "/profile/called", "/controller/profile"),
        admin_pages=("/admin", "/admin/guarded"),
        limited=(
            "/limited/async",
            "/limited/sync",
            "/limited/thread",
            "/limited/bare",
            "/limited/path/a",
            "/controller/limited",
        ),
        error_content=_json_with_status,
        schema="/schema/openapi.json",
        denies_with_the_error=False,
        closes_with_1008=True,
    ),
    Framework(
        "plain",
        "tests.frameworks.apps.plain_asgi:app",
        profiles=("/profile",),
        admin_pages=("/admin",),
        limited=("/limited",),
    ),
    Framework(
        "core",
        "tests.frameworks.apps.core_app:app",
        profiles=("/profile", "/profile/sync", "/profile/called", "/mounted/profile"),
        admin_pages=("/admin", "/mounted/admin"),
        limited=("/limited/async", "/limited/sync", "/limited/bare", "/limited/user", "/mounted/limited"),
        closes_with_1008=True,
    ),
)
