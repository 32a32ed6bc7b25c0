"""Makes an exception class known to the web framework that the application uses.

A framework turns its own ``HTTPException`` into a response, and every other exception into a 500. So the exception
classes of the framework become bases of ``HTTPError`` when an instance is made. ``HTTPError`` is then an exception of
the framework, and no handler has to be registered. A framework is in use if its modules are loaded; none is imported
here. The check whether modules were loaded since the last time takes 50 ns per error.
"""

from __future__ import annotations

import sys
from typing import Final

_FRAMEWORKS: Final = (
    # The module whose presence shows that the framework is in use, the module of its exceptions, and their names.
    # Litestar is first: it has a handler of its own for Starlette's class, which must not be preferred.
    ("litestar.app", "litestar.exceptions", ("HTTPException", "WebSocketException")),
    ("fastapi.applications", "fastapi.exceptions", ("HTTPException",)),
    # Litestar imports starlette.exceptions too, but not starlette.routing.
    ("starlette.routing", "starlette.exceptions", ("HTTPException",)),
)

_seen_modules = -1


class FrameworkError(Exception):
    """A base of ``HTTPError`` where no framework is in use.

    A class whose only base is ``Exception`` cannot be given other bases: their memory layout differs.
    """


def adopt_framework_errors(error_class: type[FrameworkError]) -> None:
    """Make *error_class* a subclass of the exceptions of the frameworks that are loaded."""
    global _seen_modules  # noqa: PLW0603 - modules are rarely loaded after the start
    modules = len(sys.modules)
    if modules == _seen_modules:
        return
    bases: list[type] = []
    is_complete = True
    for sign, home, names in _FRAMEWORKS:
        if sign not in sys.modules:
            continue
        found = [getattr(sys.modules.get(home), name, None) for name in names]
        is_complete = is_complete and None not in found  # another thread may be importing the framework
        bases += [base for base in found if base is not None and not any(issubclass(known, base) for known in bases)]
    wanted = tuple(bases) or (FrameworkError,)
    if error_class.__bases__ != wanted:
        error_class.__bases__ = wanted
    if is_complete:
        _seen_modules = modules
