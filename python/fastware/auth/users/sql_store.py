"""Users in a SQL database, which processes and machines share."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from fastware.auth.sql_address import address_of
from fastware.auth.sql_database import BULK_TIMEOUT, SQLDatabase, SQLTransaction
from fastware.auth.users.changes import REQUIRED_FIELDS, SURROGATE, User
from fastware.auth.users.errors import UserFileError, user_exists, user_not_found
from fastware.auth.users.records import check_users
from fastware.auth.users.store import UserStore

if TYPE_CHECKING:
    from sqlalchemy import URL

    from fastware.auth.users.store import UserRevocations

ResultT = TypeVar("ResultT")

_VERSION: Final = 1
# Databases compare texts by their own rules, and limit the length of those that they index: a user is found by a hash
# of the name. The further fields are JSON in ASCII, which may have NUL.
_SCHEMA: Final = """
    CREATE TABLE fastware_users (
        id {id},
        username_hash {bytes} NOT NULL UNIQUE,
        username text NOT NULL,
        password_hash text NOT NULL,
        role text NOT NULL,
        created_at text NOT NULL,
        fields text NOT NULL
    )
"""
_SELECT: Final = "SELECT username, password_hash, role, created_at, fields FROM fastware_users"
_LOAD: Final = f"{_SELECT} ORDER BY id"
_FIND: Final = f"{_SELECT} WHERE username_hash = :key"
_LOCK_AND_FIND: Final = f"{_FIND} {{for_update}}"
_INSERT: Final = """
    INSERT INTO fastware_users (username_hash, username, password_hash, role, created_at, fields)
    VALUES (:key, :username, :password_hash, :role, :created_at, :fields)
"""
_INSERT_NEW: Final = f"{_INSERT} ON CONFLICT (username_hash) DO NOTHING"
_UPDATE: Final = """
    UPDATE fastware_users SET password_hash = :password_hash, role = :role, created_at = :created_at, fields = :fields
    WHERE username_hash = :key
"""
_DELETE: Final = "DELETE FROM fastware_users WHERE username_hash = :key"
_DELETE_ALL: Final = "DELETE FROM fastware_users"

_BATCH: Final = 1_000


class SQLUserStore(UserStore):
    """Users in the database at *url*: PostgreSQL or SQLite. All processes and machines that use it share the users.

    Usage::

        store = SQLUserStore("postgresql://user:password@host/database")
        store = SQLUserStore("sqlite:///users.db")

    The table ``fastware_users`` is created on first use. The database finds a user by an index, and ensures that each
    name exists once. Names are compared exactly. A change is one transaction: concurrent changes of a user follow each
    other, and a killed process or a lost connection leaves the old record or the new one.

    A call waits for the server for at most 10 seconds, 5 of them for a connection. Only ``load_users`` and
    ``save_users`` may wait longer, for 10 minutes.

    Args:
        url: a SQLAlchemy URL. Without a driver, ``postgresql://`` uses psycopg.
        revocations: revokes the tokens of a user, see :class:`UserStore`.

    Raises:
        TypeError: *url* or *revocations* has another type.
        ValueError: *url* is malformed, or of another database. The message does not show it.
        ImportError: SQLAlchemy or the driver is not installed.

    """

    def __init__(self, url: str | URL, *, revocations: UserRevocations | None = None) -> None:
        address, url = address_of(url), ""  # error reporters show the local variables of frames
        super().__init__(revocations=revocations)
        self._database = SQLDatabase(address, "users", _VERSION, _SCHEMA)

    def _set_up(self) -> None:
        super()._set_up()
        self._own = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_own"}

    def __repr__(self) -> str:
        return f"<SQLUserStore: {self.name}>"

    @property
    def name(self) -> str:
        """The address of the database, without user, password and options."""
        return self._database.name

    def load_users(self) -> list[User]:
        """Return all users, in the order in which they were added.

        Raises:
            StorageError: the database cannot be used. The message names it and the reason, without a password.

        """
        return self._read(_load, timeout=BULK_TIMEOUT)

    def find_user(self, username: str) -> User | None:
        """Return the user *username*, or ``None``.

        Raises:
            StorageError: the database cannot be used. The message names it and the reason, without a password.

        """
        key = _key(username)
        if key is None:
            return None
        rows = self._read(lambda transaction: transaction.rows(_FIND, key=key))
        return _user_in(rows[0]) if rows else None

    def save_users(self, users: list[User]) -> None:
        """Replace all users, in one transaction.

        Raises:
            UserFileError: *users* is not a list of users, or a name, role, hash or time has a NUL character.
            StorageError: the database cannot be used, and is unchanged. The message names it and the reason.

        """
        check_users(users, "the users to save")
        _check_texts(users)

        def work(transaction: SQLTransaction) -> None:
            transaction.lock_table("fastware_users")
            present = _load(transaction)
            if users[: len(present)] != present:
                transaction.change(_DELETE_ALL)
                present = []
            for start in range(len(present), len(users), _BATCH):
                transaction.change_many(_INSERT, [_values_of(user) for user in users[start : start + _BATCH]])

        self._write(work, timeout=BULK_TIMEOUT)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the transaction in which this thread loads and saves. An exception rolls it back."""
        if self._transaction is not None:
            yield
            return
        with self._database.transaction(BULK_TIMEOUT) as transaction:
            self._database.within(transaction, lambda each: each.lock_table("fastware_users"))
            self._own.transaction = transaction
            try:
                yield
            finally:
                del self._own.transaction

    def _insert_user(self, user: User) -> None:
        values = _values_of(user)
        if self._write(lambda transaction: transaction.change(_INSERT_NEW, **values)) == 0:
            raise user_exists(user["username"])

    def _change_user(self, username: str, change: Callable[[User], User]) -> tuple[User, User]:
        key = _key(username)

        def work(transaction: SQLTransaction) -> tuple[User, User] | None:
            rows = transaction.rows(_LOCK_AND_FIND, key=key)
            if not rows:
                return None
            before = _user_in(rows[0])
            after = change(before)
            if after != before:
                values = _values_of(after)
                del values["username"]
                transaction.change(_UPDATE, **values)
            return before, after

        changed = None if key is None else self._write(work)
        if changed is None:
            raise user_not_found(username)
        return changed

    def _remove_user(self, username: str) -> None:
        key = _key(username)
        if key is None or self._write(lambda transaction: transaction.change(_DELETE, key=key)) == 0:
            raise user_not_found(username)

    @property
    def _transaction(self) -> SQLTransaction | None:
        return getattr(self._own, "transaction", None)

    def _read(self, work: Callable[[SQLTransaction], ResultT], timeout: float | None = None) -> ResultT:
        own = self._transaction
        return self._database.read(work, timeout) if own is None else self._database.within(own, work)

    def _write(self, work: Callable[[SQLTransaction], ResultT], timeout: float | None = None) -> ResultT:
        own = self._transaction
        return self._database.write(work, timeout) if own is None else self._database.within(own, work)


def _key(username: object) -> bytes | None:
    """Return what finds the user *username*; ``None`` if the database cannot have this name."""
    if not isinstance(username, str) or "\0" in username or SURROGATE.search(username):
        return None
    return hashlib.sha256(username.encode()).digest()


def _values_of(user: User) -> dict[str, Any]:
    from json import dumps  # noqa: PLC0415 - not needed to verify a token

    further = {name: value for name, value in user.items() if name not in REQUIRED_FIELDS}
    required = {name: user[name] for name in REQUIRED_FIELDS}
    return {**required, "key": _key(user["username"]), "fields": dumps(further, separators=(",", ":"))}


def _user_in(row: Any) -> User:
    from json import loads  # noqa: PLC0415

    user: User = dict(zip(REQUIRED_FIELDS, row, strict=False))
    if row.fields != "{}":
        user.update(loads(row.fields))
    return user


def _load(transaction: SQLTransaction) -> list[User]:
    return [_user_in(row) for row in transaction.rows(_LOAD)]


def _check_texts(users: Sequence[User]) -> None:
    for number, user in enumerate(users, start=1):
        for name in REQUIRED_FIELDS:
            if "\0" in user[name]:
                del user, users
                raise UserFileError(f"the users to save, user {number}: {name!r} has a NUL character")
