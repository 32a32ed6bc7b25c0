"""The command ``fastware``, as a shell runs it."""

import os
import re
import subprocess
import sys

COMMAND = (sys.executable, "-W", "error", "-m", "fastware")


_SETTINGS = ("FASTWARE_", "WEB_CONCURRENCY", "GRANIAN_", "UVICORN_", "LC_", "LANG", "PYTHONIOENCODING")


def environment(**variables):
    """Return the environment of this process without settings of the command, and with *variables*."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    return {**inherited, "LC_ALL": "C.UTF-8", **variables}


def run(*arguments, folder, stdin="", **variables):
    """Run the command in *folder*. Return the finished process; its output is text."""
    return subprocess.run(
        [*COMMAND, *map(os.fspath, arguments)],
        cwd=folder,
        env=environment(**variables),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def matches(text, pattern):
    """Return whether *text* is *pattern*, in which ``...`` matches anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("..."))), text, re.DOTALL) is not None
