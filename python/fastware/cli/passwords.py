"""Reads a new password: from the terminal, hidden and twice, or else from standard input."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Final

import click

from fastware.cli.output import fail, note

_MAX_LENGTH: Final = 65_536


def new_password(username: str) -> str:
    """Return the password for *username*. A weak one causes a warning: the administrator decides."""
    from fastware.auth import password_problem  # noqa: PLC0415 - the help does not need it

    password = read_hidden("password", repeated=True)
    problem = password_problem(password, username=username)
    if problem is not None:
        if not _is_storable(password):
            fail(problem)
        note(f"Warning: {problem}")
    return password


def _is_storable(password: str) -> bool:
    """Return whether bcrypt reads all of *password*."""
    return len(password.encode("utf-8", "replace")) <= 72 and "\0" not in password


def read_hidden(name: str, *, repeated: bool = False) -> str:
    """Return a line that must not be shown: asked for on a terminal, or else read from standard input."""
    if sys.stdin is None:  # the descriptor is closed
        return _only_line(name, b"")
    if not sys.stdin.isatty():
        return _only_line(name, sys.stdin.buffer.read(_MAX_LENGTH + 1))
    answer: str | None = None
    with suppress(UnicodeDecodeError):
        answer = click.prompt(name.capitalize(), hide_input=True, confirmation_prompt=repeated, err=True)
    return answer if answer is not None else fail(f"the {name} is not in the encoding of the terminal")


def _only_line(name: str, content: bytes) -> str:
    text = None
    with suppress(UnicodeDecodeError):
        text = content.decode("utf-8")
    if text is None:
        fail(f"the {name} on standard input is not UTF-8")
    lines = set(text.replace("\r\n", "\n").removesuffix("\n").split("\n"))  # one, even if it is repeated
    if not any(lines):
        fail(f"no {name} on standard input")
    if len(lines) > 1 or len(content) > _MAX_LENGTH:
        fail(f"the {name} on standard input must be one line of at most {_MAX_LENGTH} bytes")
    return lines.pop()
