"""The address of a SQL database: a SQLAlchemy URL, checked and completed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from fastware._internal.extras import require

if TYPE_CHECKING:
    from sqlalchemy import URL

_BACKENDS: Final = ("postgresql", "sqlite")
_DEFAULT_DRIVERS: Final = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
_EXAMPLES: Final = "postgresql://user:password@host/database or sqlite:///path"
_LOCAL: Final = ("/", "127.", "::1", "localhost")


class SQLAddress:
    """A database that is supported. Its ``repr`` shows neither user nor password.

    Attributes:
        url: the SQLAlchemy URL, with a driver and an absolute path.
        name: the address for messages, without user, password and options.
        backend: ``"postgresql"`` or ``"sqlite"``.
        path: the SQLite file; ``None`` for PostgreSQL, a database in memory and ``sqlite:///file:...`` URIs.
        is_memory: whether it is a SQLite database in memory, which only one object can use.
        is_checked: whether the server is on this machine, or must prove its identity (``sslmode``).

    """

    def __init__(self, url: URL) -> None:
        self.backend = url.get_backend_name()
        self.path: str | None = None
        self.is_memory, self.is_checked = False, True
        if self.backend == "sqlite":
            database = url.database or ":memory:"
            self.is_memory = database == ":memory:"
            if not self.is_memory and not database.startswith("file:"):
                self.path = database = os.path.abspath(database)
                url = url.set(database=database)
            self.name = f"sqlite:///{database.partition('?')[0]}"
        else:
            host = url.host or url.query.get("host") or ""
            hosts = (host if isinstance(host, str) else ",".join(host)).split(",")
            is_local = all(not each or each.startswith(_LOCAL) for each in hosts)
            self.is_checked = is_local or url.query.get("sslmode") in ("verify-ca", "verify-full")
            port = f":{url.port}" if url.port else ""
            self.name = f"postgresql://{','.join(hosts)}{port}/{url.database or ''}"
        self.url = url

    def __repr__(self) -> str:
        return f"<SQLAddress: {self.name}>"


def address_of(url: object) -> SQLAddress | Exception:
    """Return the address that *url* names, or the error to raise.

    ``SQLDatabase`` raises it, after the caller has deleted its *url*: error reporters show the local variables of
    frames.
    """
    try:
        sqlalchemy = require("sqlalchemy")
        if not isinstance(url, (str, sqlalchemy.URL)):
            return TypeError(f"the database must be a SQLAlchemy URL such as {_EXAMPLES}, not {type(url).__name__}")
        parsed = _parsed(url)
        if parsed is None or "@" in (parsed.host or ""):  # an unencoded @ in a password ends it
            return ValueError(
                f"the URL of the database is malformed; it looks like {_EXAMPLES}, with special characters in the "
                "password percent-encoded (urllib.parse.quote_plus)"
            )
        problem = _problem_of(parsed)
        return SQLAddress(parsed) if problem is None else problem
    except ImportError as error:
        return error.with_traceback(None)


def _parsed(url: Any) -> URL | None:
    from sqlalchemy import make_url  # noqa: PLC0415

    try:
        parsed = make_url(url)
    except Exception:  # noqa: BLE001 - the errors of the parser may show the password
        return None
    password = parsed.query.get("password")
    if isinstance(password, str):  # the text of a URL hides the password, and shows the options
        parsed = parsed.difference_update_query(["password"]).set(password=password)
    return parsed.set(drivername=_DEFAULT_DRIVERS.get(parsed.drivername, parsed.drivername))


def _problem_of(url: URL) -> Exception | None:
    """Return the error for another database, or for a driver that is missing or cannot be used."""
    backend = url.drivername.partition("+")[0]
    if backend not in _BACKENDS:
        return ValueError(f"databases of {backend!r} are not supported; the URL looks like {_EXAMPLES}")
    if url.drivername == "postgresql+psycopg":
        require("psycopg")
    try:
        dialect = url.get_dialect()
        dialect.import_dbapi()
    except ModuleNotFoundError as error:
        fix = 'postgresql+psycopg needs pip install "fastware[sql]"'
        return ImportError(f"the driver of {url.drivername} needs the package {error.name}; {fix}", name=error.name)
    except Exception:  # noqa: BLE001 - of another type in each version of SQLAlchemy
        return ValueError(f"SQLAlchemy has no driver {url.drivername!r}; the URL looks like {_EXAMPLES}")
    if dialect.is_async:
        return ValueError(f"the driver of {url.drivername} is asynchronous; use {_EXAMPLES}")
    return None
