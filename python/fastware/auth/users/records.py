"""Reads and validates the JSON of a user file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from fastware.auth.users.changes import REQUIRED_FIELDS, SURROGATE, User, kind_of, problem_of_field
from fastware.auth.users.errors import UserFileError

_REQUIRED: Final = frozenset(REQUIRED_FIELDS)


class _DuplicateField:
    """An object with a duplicate field: JSON readers would silently keep one of the two."""

    def __init__(self, name: str) -> None:
        self.name = name


def _object(fields: list[tuple[str, Any]]) -> dict[str, Any] | _DuplicateField:
    values = dict(fields)
    if len(values) == len(fields):
        return values
    names = [name for name, _ in fields]
    return _DuplicateField(next(name for position, name in enumerate(names) if name in names[:position]))


def parse_users(content: bytes) -> tuple[list[User], str | None]:
    """Return the users in the *content* of a file, and the place and kind of the first error.

    The caller raises the error, without local variables of the content: error reporters show them.
    """
    import json  # noqa: PLC0415 - not needed to verify a token

    users: Any = []
    problem = None
    try:
        text = content.decode("utf-8")
        users = json.loads(text, parse_int=float)
        if not _is_plainly_valid(users, text):
            users = json.loads(text, object_pairs_hook=_object, parse_int=float)
            problem = _problem_of(users)
    except json.JSONDecodeError as error:
        problem = f", line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        problem = f", byte {error.start}: not UTF-8"
    except RecursionError:
        problem = ": nested too deep"
    return users, problem


def _is_plainly_valid(users: Any, text: str) -> bool:
    """Return whether *users*, read from *text*, are certainly valid. It takes a third of the time of the exact answer.

    A text without backslashes has no lone surrogate, and its quotes are those around strings: four for each field of
    the users, and more if there was a duplicate field.
    """
    if "\\" in text or type(users) is not list or not {dict}.issuperset(map(type, users)):
        return False
    if not {str}.issuperset(map(type, chain.from_iterable(map(dict.values, users)))):
        return False
    if not all(_REQUIRED <= user.keys() for user in users):
        return False
    return text.count('"') == 4 * sum(map(len, users)) and len({user["username"] for user in users}) == len(users)


def users_as_json(users: Sequence[User]) -> bytes:
    """Return the content of a user file with *users*: what ``json.dumps`` returns with an indent of 2."""
    from json.encoder import encode_basestring as quoted  # noqa: PLC0415 - json indents four times as slowly

    objects = [",\n".join([f"    {quoted(name)}: {quoted(value)}" for name, value in each.items()]) for each in users]
    text = ",\n".join([f"  {{\n{fields}\n  }}" for fields in objects])
    return (f"[\n{text}\n]\n" if users else "[]\n").encode("utf-8")


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
    texts = [*user, *user.values()]
    if set(map(type, texts)) == {str} and not SURROGATE.search("".join(texts)):  # most are, and one search is fast
        return None
    return next(filter(None, map(problem_of_field, user.keys(), user.values())), None)


def _kind(value: object) -> str:
    return kind_of({}) if isinstance(value, _DuplicateField) else kind_of(value)
