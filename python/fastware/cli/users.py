"""``fastware users``: the users of any store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fastware.cli.output import fail, note, one_line_errors, say, say_json, table
from fastware.cli.passwords import new_password
from fastware.cli.stores import name_of_store, open_store, revocations_option, shown, store_argument, store_option

if TYPE_CHECKING:
    from fastware.auth import UserStore

_SHOWN: Final = ("username", "role", "created_at")
"""Further fields may be secrets of the application."""

_COLUMNS: Final = ("USERNAME", "ROLE", "CREATED")


@click.group()
def users() -> None:
    """Add, list, change, delete and copy users.

    The commands ask for a password on the terminal, or read it from standard input. It is never an argument: other
    users of the machine can see arguments.
    """


@users.command()
@click.argument("name")
@click.option("--role", required=True, metavar="ROLE", help='The role, for example "admin".')
@store_option
def add(name: str, role: str, store: str) -> None:
    """Add the user NAME."""
    with one_line_errors():
        opened = open_store(store)
        if opened.find_user(name) is not None:  # before the password is asked for
            fail(f"{shown(opened, store)} already has a user {name!r}")
        opened.create_user(name, new_password(name), role)
    say(f"Added {name} ({role}) to {shown(opened, store)}.")


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@store_option
def list_users(store: str, as_json: bool) -> None:
    """List the users, without their password hashes."""
    with one_line_errors():
        opened = open_store(store)
        rows = [[str(user[field]) for field in _SHOWN] for user in opened.load_users()]
    if as_json:
        say_json([dict(zip(_SHOWN, row, strict=True)) for row in rows])
    elif not rows:
        note(f"No users in {name_of_store(opened, store)}.")
    else:
        for line in table([_COLUMNS, *rows]):
            say(line)


@users.command()
@click.argument("name")
@store_option
@revocations_option
def passwd(name: str, store: str, revocations: Path | str | None) -> None:
    """Set a new password for the user NAME."""
    with one_line_errors():
        opened = _open_with_user(store, revocations, name)
        opened.update_user(name, password=new_password(name))
    say(f"Changed the password of {name}.")
    _tell_about_tokens(opened, name)


@users.command()
@click.argument("name")
@click.argument("role")
@store_option
@revocations_option
def role(name: str, role: str, store: str, revocations: Path | str | None) -> None:
    """Give the user NAME the role ROLE."""
    with one_line_errors():
        opened = _open_with_user(store, revocations, name)
        before = opened.find_user(name)
        if before is not None and before["role"] == role:
            say(f"The role of {name} is already {role}.")
            return
        opened.update_user(name, role=role)
    say(f"The role of {name} is {role}.")
    _tell_about_tokens(opened, name)


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@store_option
@revocations_option
def delete(name: str, yes: bool, store: str, revocations: Path | str | None) -> None:
    """Delete the user NAME."""
    with one_line_errors():
        opened = _open_with_user(store, revocations, name)
        if not yes and not _is_confirmed(f"Delete {name!r} from {shown(opened, store)}?"):
            fail("not confirmed; nothing is deleted")
        opened.delete_user(name)
    say(f"Deleted {name} from {shown(opened, store)}.")
    _tell_about_tokens(opened, name)


@users.command()
@store_argument("source")
@store_argument("target")
@click.option("--skip-existing", is_flag=True, help="Leave out users that TARGET already has.")
def copy(source: str, target: str, skip_existing: bool) -> None:
    """Copy all users from the store SOURCE to the store TARGET.

    Hashes, creation times and further fields are copied, and compared afterwards. If TARGET already has one of the
    usernames, nothing is copied.
    """
    from fastware.auth.users.records import check_users  # noqa: PLC0415 - the help does not need it

    with one_line_errors():
        opened, into = open_store(source), open_store(target)
        found = opened.load_users()
        if not found:
            fail(f"no users in {name_of_store(opened, source)}")
        source, target = shown(opened, source), shown(into, target)
        check_users(found, source)
        copied = _copy(found, into, target, skip_existing)
    skipped = f", skipped {len(found) - copied} that {target} already has" if copied < len(found) else ""
    say(f"Copied {copied} of {len(found)} users from {source} to {target}{skipped}.")


def _open_with_user(reference: str, revocations: Path | str | None, name: str) -> UserStore:
    from fastware.auth import Revocations  # noqa: PLC0415 - the help does not need it

    store = open_store(reference, revocations)
    if store.find_user(name) is None:
        fail(f"no user {name!r} in {name_of_store(store, reference)}")
    if isinstance(store.revocations, Revocations):
        store.revocations.revision(name)  # an unusable file is an error before the user is changed
    return store


def _is_confirmed(question: str) -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("Missing option '--yes': there is no terminal to ask on.", click.get_current_context())
    return bool(click.confirm(question, err=True))


def _tell_about_tokens(store: UserStore, name: str) -> None:
    """Say what happens to the tokens of the user *name*, who may be logged in."""
    from fastware.auth import MemoryRevocations  # noqa: PLC0415 - the help does not need it

    if store.revocations is None:
        note(f"Tokens of {name} stay valid until they expire: the store has no revocations (--revocations).")
    elif type(store.revocations) is MemoryRevocations:
        note(
            f"Tokens of {name} stay valid until they expire: the store's revocations are in the memory of each process "
            "(use SQLiteRevocations and --revocations)."
        )
    else:
        note(f"All tokens of {name} are revoked.")


def _copy(found: list[dict[str, str]], into: UserStore, target: str, skip_existing: bool) -> int:
    """Copy the users *found*, and return how many. The store is locked from the first look to the comparison."""
    with into._exclusive():
        present = into.load_users()
        names = {user["username"] for user in present}
        new = [user for user in found if user["username"] not in names]
        if len(new) < len(found) and not skip_existing:
            existing = [user["username"] for user in found if user["username"] in names]
            fail(f"{target} already has {_some(existing)}; nothing is copied (--skip-existing leaves them out)")
        if new:
            into.save_users([*present, *new])
        saved: dict[str, Any] = {user["username"]: user for user in into.load_users()}
    lost = [user["username"] for user in (*present, *new) if saved.get(user["username"]) != user]
    if lost:
        fail(f"{target} does not return what was saved for {_some(lost)}; compare the two stores before using it")
    return len(new)


def _some(names: list[str]) -> str:
    """Return the first of the *names*, and the number of the others."""
    first = ", ".join(map(repr, names[:3]))
    return f"{first} and {len(names) - 3} more" if len(names) > 3 else first
