"""The objects that an application creates while it is imported, and its source files."""

from __future__ import annotations

import gc
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from fastware.cli.applications import load_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastware.auth import Auth
    from fastware.cli.doctor.source_file import SourceFile


class Application:
    """The application that *reference* names. Importing it runs its modules, but not its lifespan."""

    def __init__(self, reference: str) -> None:
        self._object = load_object(reference)
        self._package = reference.partition(":")[0].partition(".")[0]

    @property
    def auths(self) -> list[Auth]:
        """The settings that it created."""
        from fastware.auth import Auth  # noqa: PLC0415

        return self.objects_of(Auth)

    @property
    def secrets(self) -> list[tuple[str, Sequence[str | bytes]]]:
        """The secrets of its settings and of its ``state.config``, each list with the place where it is."""
        found: list[tuple[str, Sequence[str | bytes]]] = [
            ("an Auth of the application", auth._secrets) for auth in self.auths
        ]
        config = getattr(getattr(self._object, "state", None), "config", None)
        secret = config.get("jwt_secret") if isinstance(config, Mapping) else None
        secrets = tuple(secret) if isinstance(secret, (list, tuple)) else (secret,)
        usable = tuple(each for each in secrets if isinstance(each, (str, bytes)))
        return [*found, ("the jwt_secret of the application", usable)] if usable else found

    def objects_of(self, kind: type[Any]) -> list[Any]:
        """Return the objects of exactly *kind* that it created, also those that no module names."""
        return [found for found in gc.get_objects() if type(found) is kind]

    def limited_handlers(self) -> list[Any]:
        """Return the handlers behind ``rate_limit``, with the limit in their attribute ``limit``."""
        from fastware.auth.limits import RateLimit  # noqa: PLC0415

        functions = self.objects_of(FunctionType)
        return list({id(each.limit): each for each in functions if type(vars(each).get("limit")) is RateLimit}.values())

    def source_files(self) -> Iterator[SourceFile]:
        """Yield the files of its modules: those of its package, and those below the current folder."""
        import fastware  # noqa: PLC0415
        from fastware.cli.doctor.source_file import SourceFile  # noqa: PLC0415

        here = Path(os.getcwd())
        libraries = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")}
        libraries.add(Path(fastware.__file__).parent)
        for name, module in sorted(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str) or not file.endswith(".py"):
                continue
            path = Path(file)
            is_local = path.is_relative_to(here) and not any(map(path.is_relative_to, libraries))
            if is_local or name.partition(".")[0] == self._package:
                yield SourceFile(path, vars(module))
