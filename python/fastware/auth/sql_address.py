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


class SQLAddress:
    """A database that is supported. Its ``repr`` shows neither user nor password.

    Attributes:
        url: the SQLAlchemy URL, with a driver and an absolute path.
        name: the address for messages, without user, password and options.
        backend: ``"postgresql"`` or ``"sqlite"``.
        path: the SQLite file; ``None`` for PostgreSQL, a database in memory and ``sqlite:///file:...`` URIs.
        is_memory: whether it is a SQLite database in memory, which only one object can use.

    """

    def __init__(self, url: URL) -> None:
        self.backend = url.get_backend_name()
        self.path: str | None = None
        self.is_memory = False
        if self.backend == "sqlite":
            database = url.database or ":memory:"
            self.is_memory = database == ":memory:"
            if not self.is_memory and not database.startswith("file:"):
                self.path = database = os.path.abspath(database)
                url = url.set(database=database)
            self.name = f"sqlite:///{database.partition('?')[0]}"
        else:
            host = url.host or url.query.get("host") or ""
            port = f":{url.port}" if url.port else ""
            self.name = f"postgresql://{host if isinstance(host, str) else ','.join(host)}{port}/{url.database or ''}"
        self.url = url

    def __repr__(self) -> str:
        return f"<SQLAddress: {self.name}>"


def address_of(url: object) -> tuple[SQLAddress | None, type[Exception], str]:
    """Return the address that *url* names; or ``None``, and the error to raise.

    The caller raises it after it has deleted its *url*: error reporters show the local variables of frames.

    Raises:
        ImportError: SQLAlchemy or the driver is not installed.

    """
    sqlalchemy = require("sqlalchemy")
    if not isinstance(url, (str, sqlalchemy.URL)):
        return None, TypeError, f"url must be a SQLAlchemy URL such as {_EXAMPLES}, not {type(url).__name__}"
    parsed = _parsed(url)
    del url
    if parsed is None:
        return None, ValueError, f"url is not a valid SQLAlchemy URL; it looks like {_EXAMPLES}"
    backend = parsed.drivername.partition("+")[0]
    if backend not in _BACKENDS:
        return None, ValueError, f"url: databases of {backend!r} are not supported; use {_EXAMPLES}"
    problem = _problem_of_driver(parsed)
    return (SQLAddress(parsed), ValueError, "") if problem is None else (None, ValueError, problem)


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


def _problem_of_driver(url: URL) -> str | None:
    """Return what is wrong with the driver. Raises ``ImportError`` if it is missing."""
    if url.drivername == "postgresql+psycopg":
        require("psycopg")
    missing = problem = None
    try:
        dialect = url.get_dialect()
        dialect.import_dbapi()
        if dialect.is_async:
            problem = f"url: the driver of {url.drivername} is asynchronous; use postgresql+psycopg or sqlite"
    except ModuleNotFoundError as error:
        missing = error.name
    except Exception:  # noqa: BLE001 - SQLAlchemy knows no such driver
        problem = f"url: there is no driver {url.drivername}; use postgresql+psycopg or sqlite"
    if missing is not None:
        raise ImportError(
            f"the driver of {url.drivername} needs the package {missing}; or use postgresql+psycopg: "
            'pip install "fastware[sql]"',
            name=missing,
        )
    return problem
