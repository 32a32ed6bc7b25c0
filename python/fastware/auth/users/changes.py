"""Validates a change of a user, and returns the new record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

User = dict[str, str]
"""``username``, ``password_hash``, ``role``, ``created_at`` (ISO 8601, UTC) and further fields, all ``str``."""

REQUIRED_FIELDS: Final = ("username", "password_hash", "role", "created_at")

_MAX_NAME_LENGTH: Final = 1_024
"""Maximum length of a username or role in characters, far below that of a token."""

_INVALID_IN_NAME: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Change:
    """What a call changes about a user. Its ``repr`` shows no value."""

    def __init__(self, role: str | None, fields: Mapping[str, str] | None) -> None:
        if role is not None:
            check_name("role", role)
        self._role = role
        self._fields = checked_fields(fields)
        self.password_hash: str | None = None

    def apply(self, user: User) -> User:
        """Return the record that *user* becomes."""
        changed = {**user, **self._fields}
        if self._role is not None:
            changed["role"] = self._role
        if self.password_hash is not None:
            changed["password_hash"] = self.password_hash
        return changed


def new_user(username: str, password_hash: str, role: str, fields: Mapping[str, str]) -> User:
    """Return the record of a new user."""
    from datetime import UTC, datetime  # noqa: PLC0415 - not needed to verify a token

    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"username": username, "password_hash": password_hash, "role": role, "created_at": now, **fields}


def changed_parts(before: User, after: User) -> list[str]:
    """Return which of role, password and fields differ."""
    parts = []
    if before["role"] != after["role"]:
        parts.append("role")
    if before["password_hash"] != after["password_hash"]:
        parts.append("password")
    if any(before.get(name) != value for name, value in after.items() if name not in REQUIRED_FIELDS):
        parts.append("fields")
    return parts


def check_name(argument: str, value: object) -> None:
    """Raise an error if *value* is not a valid username or role."""
    if not isinstance(value, str):
        raise TypeError(f"{argument} must be str, not {type(value).__name__}")
    if not value or _INVALID_IN_NAME.search(value):
        raise ValueError(f"{argument} must not be empty or have control characters or lone surrogates")
    if len(value) > _MAX_NAME_LENGTH:
        raise ValueError(f"{argument} must have at most {_MAX_NAME_LENGTH} characters, not {len(value)}")


def checked_fields(fields: Any) -> User:
    """Return a copy of the further *fields* of a user. Raises an error if they are invalid."""
    if fields is None:
        return {}
    if not isinstance(fields, Mapping):
        raise TypeError(f"fields must be a mapping of str, not {type(fields).__name__}")
    for name, value in fields.items():
        problem = problem_of_field(name, value)
        if problem is None and name in REQUIRED_FIELDS:
            problem = f"{name!r} is not a further field; it has an argument of its own or cannot be changed"
        if problem is not None:
            del fields, value
            raise ValueError(f"fields: {problem}")
    return dict(fields)


def problem_of_field(name: object, value: object) -> str | None:
    """Return what is invalid about a field of a record, without its value."""
    if not isinstance(name, str):
        return f"the field name {name!r} must be a string"
    if not isinstance(value, str):
        return f"{name!r} must be a string, not {kind_of(value)}"
    if SURROGATE.search(name + value):
        return f"{name!r} has a lone surrogate"
    return None


_KINDS: Final = {
    dict: "an object",
    list: "an array",
    str: "a string",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def kind_of(value: object) -> str:
    """Return what *value* is in JSON, or the name of its type."""
    return _KINDS.get(type(value), type(value).__name__)
