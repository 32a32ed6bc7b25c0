"""``fastware token inspect``: why a token is accepted or rejected."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fastware.cli.output import one_line_errors, printable, say, say_json, table
from fastware.cli.passwords import read_hidden
from fastware.cli.stores import open_revocations, revocations_option_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastware.auth import TokenReport

_TIMES: Final = ("exp", "iat", "nbf", "auth_time")


@click.group()
def token() -> None:
    """Inspect tokens."""


@token.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object: valid, reason, message, signed_claims.")
@revocations_option_for("The revocations of the application, a SQLite file or the URL of Redis, to check.")
def inspect(as_json: bool, revocations: Path | str | None) -> None:
    """Say why a token is accepted or rejected.

    The token is read from standard input, the secret from FASTWARE_JWT_SECRET. FASTWARE_JWT_LEEWAY,
    FASTWARE_JWT_AUDIENCE and FASTWARE_JWT_ISSUER apply as in the application. Claims are shown only if the signature is
    valid. The exit status is 1 for a rejected token.
    """
    from fastware.auth import Auth  # noqa: PLC0415 - the help does not need it

    with one_line_errors():
        options = {} if revocations is None else {"revocations": open_revocations(revocations)}
        auth = Auth.from_env(**options)
        report = auth.inspect_token(_without_scheme(read_hidden("token").strip("\ufeff \t")))
    if as_json:
        values = {"valid": report.valid, "reason": report.reason, "message": report.message}
        say_json({**values, "signed_claims": report.signed_claims})
    else:
        for line in _lines(report):
            say(line)
    if not report:
        click.get_current_context().exit(1)


def _without_scheme(text: str) -> str:
    """Return the token in the value of an ``Authorization`` header, or *text* itself."""
    scheme, _, token = text.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else text


def _lines(report: TokenReport) -> Iterator[str]:
    yield f"{'accepted' if report else f'rejected ({report.reason})'}: {report.message}"
    if report.signed_claims is not None:
        yield ""
        yield from table((name, _shown(name, value)) for name, value in report.signed_claims.items())


def _shown(name: str, value: Any) -> str:
    if isinstance(value, str):
        return printable(value)
    text = json.dumps(value, ensure_ascii=False)
    is_time = name in _TIMES and isinstance(value, (int, float)) and 0 <= value < 253_402_300_800
    return f"{text} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)" if is_time else text
