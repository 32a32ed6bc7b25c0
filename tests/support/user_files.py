"""User records, a store in memory, user files, and the ways in which they can be invalid."""

import copy
import json
import os
import stat
import time
from types import SimpleNamespace
from unittest import mock

from fastware._internal.threads import run_in_thread

HASH = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"


def user(username, **fields):
    """Return a user record."""
    record = {"username": username, "password_hash": HASH, "role": "user", "created_at": "2024-01-02T03:04:05+00:00"}
    return {**record, **fields}


def memory_store_class(auth):
    """Return a subclass of ``UserStore`` that only loads and saves."""

    class MemoryStore(auth.UserStore):
        def __init__(self, users=(), pause=0.0):
            """*pause* makes loading and saving slow, so that threads meet in between."""
            self.users, self.pause, self.saves = list(users), pause, 0

        def load_users(self):
            loaded = copy.deepcopy(self.users)
            time.sleep(self.pause)
            return loaded

        def save_users(self, users):
            time.sleep(self.pause)
            self.users = copy.deepcopy(users)
            self.saves += 1

    return MemoryStore


def write(path, users):
    """Write the file without the store, like a manual edit."""
    path.write_text(json.dumps(users), encoding="utf-8")


def read(path):
    return json.loads(path.read_bytes().decode("utf-8"))


def names_in(path):
    return [record["username"] for record in read(path)]


def leftovers(path):
    """Return the names of the files beside *path*, without its lock."""
    return sorted(set(os.listdir(path.parent)) - {path.name, f"{path.name}.lock"})


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def damaged_files(record, secret):
    """Return ``{name: (content, place)}``: damaged files with *record*, and the place that the error names.

    *secret* is a text in a field of *record*; it is in other places of the files too.
    """
    bob = {**record, "username": "bob"}
    one, two = (json.dumps(users, ensure_ascii=False) for users in ([record], [bob, record]))
    files = {
        "empty": ("", ", line 1, column 1: "),
        "white space": (" \n\t ", ", line 2"),
        "NUL bytes": ("\0" * 4096, ", line 1, column 1: "),
        "bare text": (secret, ", line 1, column "),
        "text on the third line": (f'[\n{one},\n"{secret}" {secret}]', ", line 3"),
        "missing comma between users": (one[:-1] + "\n" + one[1:], ", line 2"),
        "missing comma between fields": (one.replace(", ", " "), ", line 1"),
        "trailing comma": (one[:-1] + ",\n]", ", line "),
        "two arrays": (f"[]\n{one}", ", line 2"),
        "single quotes": (str([record]), ", line 1"),
        "comment": (f"// {secret}\n[]", ", line 1"),
        "control character": (one.replace(secret, secret + "\n"), ", line 1"),
        "invalid escape": (one.replace(secret, secret + "\\q"), ", line 1"),
        "cut at the end": (one[:-1], ", line 1"),
        "cut in a string": (one.partition(secret[4:])[0], ", line 1"),
        "object": (one[1:-1], ": expected a JSON array of users, found an object"),
        "object of users": (f'{{"users": {one}}}', ": expected a JSON array of users, found an object"),
        "string": (f'"{secret}"', ": expected a JSON array of users, found a string"),
        "number": ("5", ": expected a JSON array of users, found a number"),
        "long number": ("7" * 5000, ": expected a JSON array of users, found a number"),
        "NaN": ("NaN", ": expected a JSON array of users, found a number"),
        "null": ("null", ": expected a JSON array of users, found null"),
        "true": ("true", ": expected a JSON array of users, found true or false"),
        "array with a string": (f'{one[:-1]}, "{secret}"]', ", user 2: expected an object, found a string"),
        "array with an array": (f"{one[:-1]}, {one}]", ", user 2: expected an object, found an array"),
        "array with a number": (f"{two[:-1]}, 5]", ", user 3: expected an object, found a number"),
        "array with a long number": (f"[{'7' * 5000}]", ", user 1: expected an object, found a number"),
        "array with null": (f"[null, {one[1:]}", ", user 1: expected an object, found null"),
        "array with true": (f"{one[:-1]}, true]", ", user 2: expected an object, found true or false"),
        "array with an empty object": (f"{one[:-1]}, {{}}]", ", user 2: 'username' is missing"),
        "duplicate username": (f"{two[:-1]}, {one[1:]}", ", user 3: duplicate username"),
        "duplicate field": (two[:-2] + f', "role": "{secret}"}}]', ", user 2: duplicate field 'role'"),
        "two users in one object": (two.replace("}, {", ", "), ", user 1: duplicate field 'username'"),
        "long number in a field": (
            one[:-2] + f', "n": {"7" * 5000}}}]',
            ", user 1: 'n' must be a string, not a number",
        ),
        "lone surrogate": (one.replace(secret, secret + "\\ud800"), ", user 1: "),
        "Latin-1": (b'[{"username": "Jos\xe9' + secret.encode() + b'"}]', ", byte 18: not UTF-8"),
        "UTF-16": (one.encode("utf-16"), ", byte 0: not UTF-8"),
        "cut in a character": (one.encode() + b"\xc3", f", byte {len(one.encode())}: not UTF-8"),
        "deep arrays": ("[" * 200_000, ": nested too deep"),
        "deep objects": ('{"a":' * 200_000, ": nested too deep"),
        "deep and closed": ("[" * 100_000 + f'"{secret}"' + "]" * 100_000, ": nested too deep"),
        "deep after a user": (f"{one[:-1]}, {'[' * 200_000}", ": nested too deep"),
    }
    values = {"null": None, "a number": 5, "true or false": True, "an array": [secret], "an object": {secret: secret}}
    for field in ("username", "password_hash", "role", "created_at", "further"):
        others = {name: value for name, value in record.items() if name != field}
        if field != "further":
            files[f"missing {field}"] = (json.dumps([bob, others]), f", user 2: {field!r} is missing")
        for kind, value in values.items():
            content = json.dumps([bob, {**others, field: value}])
            files[f"{field} is {kind}"] = (content, f", user 2: {field!r} must be a string, not {kind}")
    return {
        name: (content if isinstance(content, bytes) else content.encode("utf-8"), place)
        for name, (content, place) in files.items()
    }


def invalid_users(record, secret):
    """Return ``{name: (users, place)}``: what ``save_users`` rejects, and the place that the error names."""
    bob, incomplete = {**record, "username": "bob"}, {**record}
    del incomplete["role"]
    return {
        "None": (None, ": expected a JSON array of users, found null"),
        "str": (secret, ": expected a JSON array of users, found a string"),
        "dict": ({"ada": record}, ": expected a JSON array of users, found an object"),
        "tuple": ((record,), ": expected a JSON array of users, found tuple"),
        "list with a str": ([record, secret], ", user 2: expected an object, found a string"),
        "list with a list": ([[record]], ", user 1: expected an object, found an array"),
        "list with None": ([None], ", user 1: expected an object, found null"),
        "list with an empty dict": ([{}], ", user 1: 'username' is missing"),
        "missing role": ([incomplete], ", user 1: 'role' is missing"),
        "role is None": ([{**record, "role": None}], ", user 1: 'role' must be a string, not null"),
        "further field is int": ([{**record, "age": 5}], ", user 1: 'age' must be a string, not int"),
        "bytes": ([{**record, "role": secret.encode()}], ", user 1: 'role' must be a string, not bytes"),
        "name of a field is int": ([{**record, 5: secret}], ", user 1: "),
        "lone surrogate": ([{**record, "note": secret + "\udfff"}], ", user 1: 'note' has a lone surrogate"),
        "duplicate username": ([record, bob, record], ", user 3: duplicate username"),
    }


class RecordedRevocations:
    """Revocations that record the users whose tokens are revoked, and what is in *store* then."""

    def __init__(self):
        self.store, self.revoked, self.error = None, [], None

    def revoke_user(self, username):
        self._record(username)

    async def arevoke_user(self, username):
        await run_in_thread(self._record, username)

    def _record(self, username):
        self.revoked.append((username, self.store.find_user(username)))
        if self.error is not None:
            raise self.error


def clock_of_file_system(store, nanoseconds, offset=1):
    """Return a context in which *store* sees times of files as a file system has them whose clock ticks so often.

    Each time has *offset* nanoseconds more. Newer kernels give each change that follows a look its own time.
    """

    def rounded(status):
        times = {name: getattr(status, name) // nanoseconds * nanoseconds + offset for name in TIMES}
        return SimpleNamespace(**times, st_size=status.st_size, st_ino=status.st_ino, st_dev=status.st_dev)

    return mock.patch.dict(
        type(store._cache).users_in.__globals__,
        stat=lambda path: rounded(os.stat(path)),
        fstat=lambda file: rounded(os.fstat(file)),
    )


TIMES = ("st_ctime_ns", "st_mtime_ns")


def roles_in(users):
    """Return ``{username: role}``."""
    return {record["username"]: record["role"] for record in users}
