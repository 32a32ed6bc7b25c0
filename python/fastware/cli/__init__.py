"""The command ``fastware``. It needs the extra ``cli``; each command is a module."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line, and exit with its status."""
    if find_spec("click") is None:
        sys.exit('Error: the command line needs the package click: pip install "fastware[cli]"')
    from fastware.cli.program import run  # noqa: PLC0415 - it needs click

    sys.exit(run(sys.argv[1:]))
