"""The user store that --store names: its file, its users and their hashes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fastware.cli.doctor import files
from fastware.cli.doctor.findings import Fact, Finding
from fastware.cli.output import describe
from fastware.cli.stores import name_of_store, open_store

if TYPE_CHECKING:
    from fastware.auth import UserStore

_LEAST_COST: Final = 10
"""OWASP Password Storage Cheat Sheet."""


class StoreReport:
    """The *facts* and *findings* of the store *reference*."""

    def __init__(self, reference: str) -> None:
        self.facts: list[Fact] = []
        self.findings: list[Finding] = []
        try:
            store = open_store(reference)
        except click.ClickException as error:
            self.findings.append(Finding("store", "error", error.message, "Correct --store."))
            return
        path = _path_of(store)
        if path is not None:
            self.findings += check_user_file(path)
        self.findings += check_server(store)
        users = self._load(store, reference)
        if users is not None:
            renewed = f", {_renewed(users)}" if users else ""
            self.facts.append(Fact("users", f"{len(users)} in {name_of_store(store, reference)}{renewed}"))
            self.findings += check_hashes(users)

    def _load(self, store: UserStore, reference: str) -> list[dict[str, Any]] | None:
        try:
            return store.load_users()
        except Exception as error:  # noqa: BLE001 - a store of the application may raise anything
            fix = "Correct the file by hand, or restore a copy." if _path_of(store) else "Check the storage."
            self.findings.append(
                Finding("users", "error", f"{name_of_store(store, reference)} cannot be read: {describe(error)}", fix)
            )
            return None


def check_user_file(path: Path) -> Iterator[Finding]:
    """Yield what is wrong with the access to the user file *path*, its folder and its lock."""
    yield from files.check_access(path, files.check_mount, files.check_lock)


def check_server(store: UserStore) -> Iterator[Finding]:
    """Yield a warning if the hashes of passwords go over a network to a server that may be another one."""
    from fastware.auth import SQLUserStore  # noqa: PLC0415

    if isinstance(store, SQLUserStore) and not store._database.address.is_checked:
        message = f"The connection to {store.name} may be read and changed on its way."
        yield Finding("server", "warning", message, "Add ?sslmode=verify-full and sslrootcert to the URL.")


def check_hashes(users: list[dict[str, Any]]) -> Iterator[Finding]:
    """Yield the users who cannot log in, and those whose hash is cheap to attack."""
    malformed, cheap = [], []
    for user in users:
        cost = _cost(user.get("password_hash"))
        if cost is None:
            malformed.append(user["username"])
        elif cost < _LEAST_COST:
            cheap.append(user["username"])
    if malformed:
        message = f"{_number(malformed)} a malformed hash and cannot log in: {_some(malformed)}."
        yield Finding("hashes", "error", message, "Set a new password: fastware users passwd NAME")
    if cheap:
        message = f"{_number(cheap)} a bcrypt hash with a cost below {_LEAST_COST}, which is cheap to attack: "
        fix = "The next login (authenticate) replaces the hash; or set a new password: fastware users passwd NAME"
        yield Finding("hashes", "warning", f"{message}{_some(cheap)}.", fix)


def _renewed(users: list[dict[str, Any]]) -> str:
    from fastware.auth import needs_rehash  # noqa: PLC0415

    number = sum(_cost(user["password_hash"]) is not None and needs_rehash(user["password_hash"]) for user in users)
    return f"of whom {number} get a new hash at the next login" if number else "with hashes of the current cost"


def _cost(password_hash: object) -> int | None:
    from fastware.auth.passwords import _HASH  # noqa: PLC0415

    if not isinstance(password_hash, str) or not _HASH.match(password_hash):
        return None
    return int(password_hash[4:6])


def _path_of(store: UserStore) -> Path | None:
    from fastware.auth import JSONFileUserStore  # noqa: PLC0415

    return store.path if isinstance(store, JSONFileUserStore) else None


def _number(names: list[str]) -> str:
    return f"{len(names)} users have" if len(names) > 1 else "1 user has"


def _some(names: list[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
