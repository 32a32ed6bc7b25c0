"""The Redis servers and databases that an application uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from fastware.cli.doctor.findings import Finding
from fastware.cli.output import describe

if TYPE_CHECKING:
    from fastware.cli.doctor.application import Application

_SECONDS: Final = 5.0


def check_servers(application: Application) -> Iterator[Finding]:
    """Yield the servers that cannot be used with the URLs of the application."""
    from fastware.auth.redis_clients import RedisClients  # noqa: PLC0415
    from fastware.auth.sql_database import SQLDatabase  # noqa: PLC0415

    problems = {_problem_of_redis(each) for each in application.objects_of(RedisClients)}
    problems |= {_problem_of_database(each) for each in application.objects_of(SQLDatabase)}
    for message in sorted(filter(None, problems)):
        fix = "Start the server, or correct the URL, the user or the password in the application."
        yield Finding("servers", "error", f"A server that the application uses cannot be used: {message}.", fix)


def _problem_of_redis(clients: Any) -> str | None:
    from redis.exceptions import NoPermissionError, RedisError  # noqa: PLC0415 - installed where there is a client

    try:
        clients.for_threads().get("fastware:doctor")
    except NoPermissionError:
        return None  # it knows the user, who has another prefix
    except (OSError, RedisError) as error:
        return f"Redis: {describe(error)}"
    return None


def _problem_of_database(database: Any) -> str | None:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from fastware.auth.sql_errors import Problem  # noqa: PLC0415

    try:
        with database._connections.connection(_SECONDS):
            return None
    except SQLAlchemyError as error:
        return f"{database.name}: {Problem(error).text}"
    except OSError as error:
        return describe(error)
