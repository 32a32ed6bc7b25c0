"""Opens what --store and --revocations name."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from fastware.cli.applications import is_reference, load_object
from fastware.cli.output import fail

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastware.auth import UserStore

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_KINDS: Final = (
    "a path (users.json), a database (postgresql://host/database, sqlite:///users.db) or module:attribute, the store "
    "of an application (shop.users:store)"
)


def _complete_path(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]


store_option: Final[Callable[[Any], Any]] = click.option(
    "--store",
    metavar="STORE",
    required=True,
    envvar="FASTWARE_STORE",
    show_envvar=True,
    shell_complete=_complete_path,
    help=f"The user store: {_KINDS}.",
)
optional_store_option: Final[Callable[[Any], Any]] = click.option(
    "--store",
    metavar="STORE",
    envvar="FASTWARE_STORE",
    show_envvar=True,
    shell_complete=_complete_path,
    help=f"The user store to check: {_KINDS}.",
)


def _path_or_url(text: str) -> Path | str:
    return text if _URL.match(text) else Path(text)


def revocations_option_for(purpose: str) -> Callable[[Any], Any]:
    """Return a decorator for the option that names the revocations."""
    return click.option(
        "--revocations",
        metavar="PATH_OR_URL",
        type=_path_or_url,
        shell_complete=_complete_path,
        envvar="FASTWARE_REVOCATIONS",
        show_envvar=True,
        help=purpose,
    )


revocations_option: Final[Callable[[Any], Any]] = revocations_option_for(
    "The revocations of the application, a SQLite file or the URL of Redis, to revoke the tokens of the user."
)


def store_argument(name: str) -> Callable[[Any], Any]:
    """Return a decorator for an argument that names a store."""
    return click.argument(name, shell_complete=_complete_path)


def revocations_argument(name: str, metavar: str) -> Callable[[Any], Any]:
    """Return a decorator for an argument that names revocations."""
    return click.argument(name, metavar=metavar, type=_path_or_url, shell_complete=_complete_path)


def open_store(reference: str, revocations: Path | str | None = None) -> UserStore:
    """Return the store that *reference* names, with the *revocations* if they are given."""
    from fastware.auth import JSONFileUserStore, SQLUserStore  # noqa: PLC0415 - the help does not need it

    store: UserStore
    if _URL.match(reference):
        store = _store_of_database(SQLUserStore, reference)
    elif is_reference(reference) and not _is_file(reference):
        store = _store_of_application(reference)
    else:
        store = JSONFileUserStore(reference)
    if revocations is not None:
        store.revocations = open_revocations(revocations)
    return store


def open_revocations(reference: Path | str, *, create: bool = False) -> Any:
    """Return the revocations in the SQLite file, or in Redis, that *reference* names.

    Args:
        reference: the path of a file, or a URL.
        create: create the file if it is missing. Otherwise, that is an error.

    """
    if isinstance(reference, str):
        return _revocations_in_redis(reference)
    from fastware.auth import SQLiteRevocations  # noqa: PLC0415

    if not create and not reference.exists():
        fail(f"no revocations at {reference}: name the file of the application, which creates it when it starts")
    return SQLiteRevocations(reference)


def name_of_revocations(revocations: Any, reference: Path | str) -> str:
    """Return the path, or the address of the server without the user and password of its URL."""
    return str(reference) if isinstance(reference, Path) else str(revocations._storage.address)


def _revocations_in_redis(url: str) -> Any:
    from fastware.auth import RedisRevocations, StorageError  # noqa: PLC0415

    # The constructor logs why it cannot read the server. The command prints the same as its error.
    logging.getLogger("fastware").addFilter(lambda record: record.levelno < logging.ERROR)
    try:
        revocations = RedisRevocations(url)
        revocations.revision("")  # raises if the server cannot be read
    except (ImportError, StorageError, ValueError) as error:
        fail(str(error))
    return revocations


def shown(store: UserStore, reference: str) -> str:
    """Return *reference*, without the user, password and options of a URL."""
    return str(getattr(store, "name", "")) if _URL.match(reference) else reference


def name_of_store(store: UserStore, reference: str) -> str:
    """Return what :func:`shown` returns, and say so if it is a file that does not exist."""
    path = getattr(store, "path", None)
    is_missing = isinstance(path, Path) and not path.exists()
    return f"{shown(store, reference)} (there is no such file)" if is_missing else shown(store, reference)


def _is_file(text: str) -> bool:
    return text.endswith(".json") or Path(text).exists()


def _store_of_database(store_class: Callable[[str], UserStore], url: str) -> UserStore:
    problem = None
    try:
        return store_class(url)
    except (ValueError, ImportError) as error:
        problem = str(error)
    return fail(problem)


def _store_of_application(reference: str) -> UserStore:
    from fastware.auth import UserStore  # noqa: PLC0415

    store = load_object(reference)
    if isinstance(store, type) and issubclass(store, UserStore):
        fail(f"{reference} is a class; name a store, an object of this class")
    if not isinstance(store, UserStore):
        fail(f"{reference} is not a UserStore, but {type(store).__name__}")
    return store
