"""The engine and the installed packages."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Final

from fastware.cli.doctor.findings import Fact, Finding

_PACKAGES: Final = ("PyJWT", "bcrypt", "filelock", "msgspec", "click")
_SERVERS_AND_FRAMEWORKS: Final = ("fastapi", "starlette", "litestar", "granian", "uvicorn", "hypercorn", "gunicorn")


def check_engine() -> Iterator[Finding]:
    """Yield the reason why there is no engine."""
    problem = None
    try:
        import fastware.auth  # noqa: F401, PLC0415 - this is the check
    except ImportError as error:
        problem = str(error)
    if problem is not None:
        yield Finding(
            "engine", "error", problem, "Unset FASTWARE_ENGINE, or set it to an engine that this installation has."
        )


def check_packages() -> Iterator[Finding]:
    """Yield the packages without which a documented function fails."""
    from fastware.auth import ENGINE  # noqa: PLC0415

    needed = {"bcrypt": ("bcrypt", "passwords can be neither hashed nor checked")}
    if ENGINE == "python":
        needed["jwt"] = ("PyJWT", "the pure-Python engine cannot sign and verify tokens")
    for module, (package, consequence) in needed.items():
        if find_spec(module) is None:
            message = f"{package} is not installed: {consequence}."
            yield Finding("packages", "error", message, 'pip install "fastware[auth]"')


def facts() -> Iterator[Fact]:
    """Yield the versions, and the engine with the reason for it."""
    yield Fact("fastware", version("fastware"))
    yield Fact("Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})")
    yield Fact("engine", _engine())
    for names in (_PACKAGES, _SERVERS_AND_FRAMEWORKS):
        installed = [f"{name} {found}" for name in names if (found := _version(name)) is not None]
        if installed:
            yield Fact("packages" if names is _PACKAGES else "frameworks", ", ".join(installed))


def _engine() -> str:
    from fastware.auth import ENGINE  # noqa: PLC0415

    chosen = os.environ.get("FASTWARE_ENGINE")
    if chosen in ("rust", "python"):
        return f"{ENGINE}, because FASTWARE_ENGINE={chosen}"
    if ENGINE == "rust":
        return "rust: the extension is built"
    return "python: the extension of the Rust engine is not in this installation (docs/engines.md)"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
