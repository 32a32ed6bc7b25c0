"""The bytes of a user file."""

import atexit
import functools
import json
import tempfile
from pathlib import Path
from typing import Any

import engines
from outcomes import identical

from fuzz.reference.json_text import Members, decoder, has_surrogate
from fuzz.target import Target, expect

_AUTH = engines.load("python").auth  # no engine takes part
_FIELDS = ("username", "password_hash", "role", "created_at")
_JSON = decoder(object_pairs_hook=Members, parse_int=float)


def _check(data: bytes) -> None:
    expected = _read(data)
    try:
        users = _load(data)
    except _AUTH.UserFileError as error:
        expect(expected is None, "refused", data, error)
        expect(str(error).startswith(str(_path())), "an error that does not name the path", error)
        expect(error.__context__ is None, "an error that the content hangs on", error)
        return
    expect(identical(users, expected), "other users", users, expected)
    written = json.dumps(users, ensure_ascii=False, indent=2).encode("utf-8")
    expect(identical(_load(written), users), "other users once they are written", users, written)


@functools.cache
def _path() -> Path:
    """A file of this process, gone with it."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name, "users.json")


def _load(data: bytes) -> Any:
    path = _path()
    path.write_bytes(data)
    return _AUTH.JSONFileUserStore(path).load_users()


def _read(data: bytes) -> list[dict[str, str]] | None:
    """What ``json`` reads, where it is users."""
    try:
        users = _JSON.decode(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(users, list) or isinstance(users, Members) or not all(map(_is_user, users)):
        return None
    read = [dict(members) for members in users]
    return read if len({user["username"] for user in read}) == len(read) else None


def _is_user(members: object) -> bool:
    if not isinstance(members, Members) or not all(_is_text(value) for _, value in members):
        return False
    names = [name for name, _ in members]
    return all(map(_is_text, names)) and len(set(names)) == len(names) and set(_FIELDS) <= set(names)


def _is_text(value: object) -> bool:
    return type(value) is str and not has_surrogate(value)


TARGET = Target(
    "user_file",
    "json, and the rules for users written out",
    _check,
    (
        *(f'"{field}":"a"'.encode() for field in _FIELDS),
        b'"username"',
        b"\\ud800",
        b"[{",
        b"},{",
        b"NaN",
        b"\xef\xbb\xbf",
    ),
    longest=2_048,
)
