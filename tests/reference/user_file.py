"""The bytes of a JSON user file."""

from typing import Any

from tests.reference.json_text import Members, decoder, has_surrogate

FIELDS = ("username", "password_hash", "role", "created_at")

_JSON = decoder(object_pairs_hook=Members, parse_int=float)


def users(data: bytes) -> list[dict[str, str]] | None:
    """Return the users, or ``None`` if the file is invalid."""
    try:
        read = _JSON.decode(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, list) or isinstance(read, Members) or not all(map(is_user, read)):
        return None
    found = [dict(members) for members in read]
    return found if len({user["username"] for user in found}) == len(found) else None


def is_user(members: Any) -> bool:
    """Return whether *members* are strings, none twice, and the required fields among them."""
    if not isinstance(members, Members):
        return False
    names = [name for name, _ in members]
    are_texts = all(type(value) is str for _, value in members) and not has_surrogate(members)
    return are_texts and len(set(names)) == len(names) and set(FIELDS) <= set(names)
