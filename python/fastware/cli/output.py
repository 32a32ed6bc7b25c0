"""What the commands print: one line for an error, and no character that controls the terminal."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, NoReturn
from unicodedata import combining, east_asian_width

import click

_USER_IN_URL: Final = re.compile(r"(?<=\w://)[^\s'\"]*@")


def say(line: str = "") -> None:
    """Print a line of the result."""
    print(printable(line))


def say_json(value: Any) -> None:
    """Print *value* as JSON in ASCII, which has no character that controls the terminal."""
    print(json.dumps(value, indent=2))


def note(text: str) -> None:
    """Print a line for the user, who may have redirected the result. A URL in it loses its user and password."""
    print(printable(_USER_IN_URL.sub("", " ".join(text.split()))), file=sys.stderr)


def fail(message: str) -> NoReturn:
    """End the command with an error."""
    raise click.ClickException(message)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what a store or an application raises into an error of one line."""
    problem = None
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - a store of the application may raise anything
        problem = describe(error)
    if problem is not None:
        fail(problem)


def describe(error: BaseException) -> str:
    """Return what happened, in words. The type is named if it is not one that fastware raises for its users."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    kind = type(error)
    says_enough = kind.__module__.startswith("fastware.") or kind in (ValueError, LookupError, ImportError)
    if str(error) and (says_enough or isinstance(error, OSError)):
        return str(error)
    return f"{kind.__name__}: {error}" if str(error) else kind.__name__


def printable(text: str) -> str:
    r"""Return *text* with ``\x1b`` in place of an escape character, and so on: a name must not control the terminal."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield each row as a line, with its cells in columns."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def discard_output() -> None:
    """Let nothing of the output that is still buffered be written when the program exits."""
    with suppress(OSError, ValueError, AttributeError):  # no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _width(text: str) -> int:
    """Return the number of columns in a terminal (Unicode Standard Annex #11)."""
    return sum(0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1 for each in text)
