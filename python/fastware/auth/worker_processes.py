"""Warns of limits that each of several worker processes counts for itself.

A process that makes a limit in its own memory looks at what its server left in it. No file is read and no module is
imported for that.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Sequence
from typing import Any, Final

from fastware.errors import PerProcessLimitWarning

_VARIABLES: Final = {
    "uvicorn": "WEB_CONCURRENCY",
    "gunicorn": "WEB_CONCURRENCY",
    "fastapi": "WEB_CONCURRENCY",
    "granian": "GRANIAN_WORKERS",
    "hypercorn": "",
}
"""Servers by the name of their command, and the environment variable that each reads."""

_OPTION: Final = re.compile(r"(?:--workers=?|-w=?)(\d+)?\Z")
_has_warned = False


def warn_of_several(part: str) -> None:
    """Warn, once in this process, if it is one of several workers. *part* is what counts in its memory."""
    global _has_warned  # noqa: PLW0603 - once in a process
    if _has_warned:
        return
    # While a worker that `multiprocessing` starts imports the module of `uvicorn.run`, it does not have the
    # configuration yet. It has it when uvicorn imports that module again.
    workers = worker_count()
    if workers > 1:
        _has_warned = True
        warnings.warn(
            f"{part} counts in the memory of each of {workers} worker processes, so clients get up to {workers} times "
            "the rate: pass buckets=SharedBuckets(path) or buckets=RedisBuckets(url)",
            PerProcessLimitWarning,
            stacklevel=_level_of_caller(),
        )


def worker_count() -> int:
    """Return the number of worker processes that the server of this process was told to start, or 1 if unknown."""
    config = _config_of_process()
    if config is not None:
        return 1 if getattr(config, "should_reload", False) else config.workers
    # A worker that `multiprocessing` starts has the command line of its server.
    server = _server_of(sys.argv)
    if server is None:
        # In tests, the variable says nothing about this process.
        return 1 if "pytest" in sys.modules else _number(os.environ.get("WEB_CONCURRENCY"))
    options = os.environ.get("GUNICORN_CMD_ARGS", "").split() if server == "gunicorn" else []
    return _workers_in([*options, *sys.argv]) or _number(os.environ.get(_VARIABLES[server]))


def _config_of_process() -> Any:
    """Return the configuration that uvicorn or Hypercorn passed to this worker, or ``None``."""
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None:
        return None
    config = getattr(process.current_process(), "_kwargs", {}).get("config")
    return config if isinstance(getattr(config, "workers", None), int) else None


def _server_of(arguments: Sequence[str]) -> str | None:
    """Return the server that a command line starts: ``uvicorn``, or the file of ``python -m uvicorn``."""
    path = arguments[0] if arguments else ""
    folder, name = os.path.split(path)
    if name == "__main__.py":
        name = os.path.basename(folder)
    name = name.removesuffix(".exe")
    return name if name in _VARIABLES else None


def _workers_in(arguments: Sequence[str]) -> int:
    """Return the last number of workers in a command line, which holds, or 0."""
    workers = 0
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        match = _OPTION.match(argument)
        if match:
            workers = _number(match[1] or following)
    return workers


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 1


def _level_of_caller() -> int:
    """Return the ``stacklevel`` of the first frame outside of this package."""
    level, package = 1, __name__.partition(".")[0] + "."
    frame = sys._getframe(1)
    while frame is not None and f"{frame.f_globals.get('__name__', '')}.".startswith(package):
        frame, level = frame.f_back, level + 1  # type: ignore[assignment]
    return level
