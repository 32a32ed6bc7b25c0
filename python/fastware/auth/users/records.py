"""Reads and validates the JSON of a user file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fastware.auth.users.store import REQUIRED_FIELDS, User

if TYPE_CHECKING:
    from pathlib import Path

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class UserFileError(ValueError):
    """The user file is invalid. The message names the path and the place, and shows no value of the content."""


class _DuplicateField:
    """An object with a duplicate field: JSON readers would silently keep one of the two."""

    def __init__(self, name: str) -> None:
        self.name = name


_KINDS: Final = {
    dict: "an object",
    _DuplicateField: "an object",
    list: "an array",
    str: "a string",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def _object(fields: list[tuple[str, Any]]) -> dict[str, Any] | _DuplicateField:
    values: dict[str, Any] = {}
    for name, value in fields:
        if name in values:
            return _DuplicateField(name)
        values[name] = value
    return values


def read_users(path: Path) -> list[User]:
    """Return the users in the file *path*. Raises ``UserFileError``."""
    import json  # noqa: PLC0415 - not needed to verify a token

    content = path.read_bytes()
    # The error is raised outside the `except`, and without local variables of the content: error reporters show both.
    users: Any = None
    try:
        users = json.loads(content.decode("utf-8"), object_pairs_hook=_object, parse_int=float)
        problem = _problem_of(users)
    except json.JSONDecodeError as error:
        problem = f", line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        problem = f", byte {error.start}: not UTF-8"
    except RecursionError:
        problem = ": nested too deep"
    if problem is not None:
        del content, users
        raise UserFileError(f"{path}{problem}")
    checked: list[User] = users
    return checked


def users_as_json(users: list[User]) -> bytes:
    """Return the content of a user file with *users*."""
    import json  # noqa: PLC0415

    return (json.dumps(users, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def check_users(users: Any, where: str) -> None:
    """Raise ``UserFileError`` if *users* is invalid. The message is *where* and the place of the first error."""
    problem = _problem_of(users)
    if problem is not None:
        del users
        raise UserFileError(f"{where}{problem}")


def _problem_of(users: Any) -> str | None:
    """Return the place and kind of the first error in *users*."""
    if not isinstance(users, list):
        return f": expected a JSON array of users, found {_kind(users)}"
    usernames: set[str] = set()
    for number, user in enumerate(users, start=1):
        problem = _problem_of_one(user)
        if problem is None and user["username"] in usernames:
            problem = "duplicate username"
        if problem is not None:
            return f", user {number}: {problem}"
        usernames.add(user["username"])
    return None


def _problem_of_one(user: Any) -> str | None:
    if isinstance(user, _DuplicateField):
        return f"duplicate field {user.name!r}"
    if not isinstance(user, dict):
        return f"expected an object, found {_kind(user)}"
    for field in REQUIRED_FIELDS:
        if field not in user:
            return f"{field!r} is missing"
    for field, value in user.items():
        if not isinstance(field, str):
            return f"the field name {field!r} must be a string"
        if not isinstance(value, str):
            return f"{field!r} must be a string, not {_kind(value)}"
        if _SURROGATE.search(field + value):
            return f"{field!r} has a lone surrogate"
    return None


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)
