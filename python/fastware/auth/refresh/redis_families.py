"""Families of refresh tokens in Redis or Valkey."""

from __future__ import annotations

import secrets
from typing import Any, Final

from fastware.auth.opaque_tokens import OpaqueToken
from fastware.auth.redis_script import Script
from fastware.auth.redis_storage import RedisStorage
from fastware.auth.refresh.families import Family

_PREFIX: Final = b"fastware:refresh:"
_MARGIN: Final = 60
"""Extra seconds that keys are kept, for processes whose clocks differ."""

_FAMILIES_IN_A_STEP: Final = 500

# Each command touches one key, so that a cluster spreads the families:
#
# - `token:` and a hash: the id of the family. It is kept until the latest end of the family.
# - `family:` and the id: a hash with the fields of `Family`. It is deleted when the family ends.
# - `user:` and a name: a sorted set with the ids of the user's families, by their latest end.

_FIELDS: Final = (
    *("username", "data", "key", "revision", "issued_at", "rotated_at", "ends_at", "rotations"),
    *("current", "previous", "last_end"),
)

_ADD_TO_USER: Final = Script("""
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
return redis.call('EXPIRE', KEYS[1], math.ceil(tonumber(last[2]) - tonumber(ARGV[1])) + ARGV[4])
""")

_ADD: Final = Script("""
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
""")

_ADVANCE: Final = Script("""
if redis.call('HGET', KEYS[1], 'current') ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'current', ARGV[2], 'previous', ARGV[1], 'rotated_at', ARGV[3], 'ends_at', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'rotations', 1)
return redis.call('PEXPIRE', KEYS[1], ARGV[5])
""")


class RedisFamilies:
    """The :class:`~fastware.auth.refresh.families.FamilyStorage` on a Redis or Valkey server.

    The server deletes each key when the family has ended.
    """

    def __init__(self, url_or_client: Any) -> None:
        self._storage = RedisStorage(url_or_client)

    def add(self, family: Family) -> None:
        """Store a new family with its first token."""
        now, name = family.issued_at, secrets.token_hex(16)
        last_end = max(family.last_end, family.ends_at)
        # A family is stored after its entry in the index: `end_user` finds each one that exists.
        self._storage.run(_ADD_TO_USER, [_user_key(family.username)], now, last_end, name, _MARGIN)
        fields = {field: getattr(family, field) for field in _FIELDS} | {"last_end": last_end}
        words = [word for field in fields.items() for word in field]
        self._storage.run(_ADD, [_family_key(name)], _milliseconds(family.ends_at - now), *words)
        self._add_token(family.current, name, last_end - now)

    def find(self, token: OpaqueToken) -> Family | None:
        """Return the family of *token*; ``None`` if the token is unknown, or the family has ended."""
        name = self._storage.command("GET", _token_key(token.digest))
        if name is None:
            return None
        values = self._storage.command("HMGET", _family_key(str(name, "ascii")), *_FIELDS)
        if values[0] is None:
            return None
        username, data, key, revision, issued_at, rotated_at, ends_at, rotations, current, previous, last_end = values
        return Family(
            username=str(username, "utf-8"),
            data=str(data, "ascii"),
            key=key,
            revision=int(revision),
            issued_at=float(issued_at),
            rotated_at=float(rotated_at),
            ends_at=float(ends_at),
            rotations=int(rotations),
            current=current,
            previous=previous,
            id=int(name, 16),
            last_end=float(last_end),
        )

    def advance(self, family: Family, successor: OpaqueToken, now: float, ends_at: float) -> bool:
        """Replace the current token. ``False``: it is no longer that of *family*, and nothing changes."""
        name = _name_of(family)
        # Before the family has it: a successor that is not stored would be lost if the process is killed in between.
        self._add_token(successor.digest, name, max(family.last_end, ends_at) - now)
        changed = self._storage.run(
            _ADVANCE,
            [_family_key(name)],
            family.current,
            successor.digest,
            now,
            ends_at,
            _milliseconds(ends_at - now),
        )
        return bool(changed)

    def end(self, family: Family) -> bool:
        """Revoke the family. ``False``: it had been revoked already."""
        return bool(self._storage.command("DEL", _family_key(_name_of(family)), is_repeatable=False))

    def end_user(self, username: str) -> None:
        """Revoke every family of the user."""
        index = _user_key(username)
        names = self._storage.command("ZRANGE", index, 0, -1)
        for start in range(0, len(names), _FAMILIES_IN_A_STEP):
            step = names[start : start + _FAMILIES_IN_A_STEP]
            deleted = self._storage.commands([("DEL", _family_key(str(name, "ascii"))) for name in step])
            # The others have ended, or `add` has not stored them yet: a later call must find them.
            found = [name for name, number in zip(step, deleted, strict=True) if number]
            if found:
                self._storage.command("ZREM", index, *found)

    def _add_token(self, digest: bytes, name: str, seconds: float) -> None:
        self._storage.command("SET", _token_key(digest), name, "PX", _milliseconds(seconds))


def _token_key(digest: bytes) -> bytes:
    return _PREFIX + b"token:" + digest


def _family_key(name: str) -> bytes:
    return _PREFIX + b"family:" + name.encode()


def _user_key(username: str) -> bytes:
    return _PREFIX + b"user:" + username.encode()


def _name_of(family: Family) -> str:
    return f"{family.id:032x}"


def _milliseconds(seconds: float) -> int:
    return int((max(seconds, 0) + _MARGIN) * 1000)
