"""``fastware revocations``: the lists of revoked tokens."""

from __future__ import annotations

from pathlib import Path

import click

from fastware.cli.output import fail, one_line_errors, say
from fastware.cli.stores import name_of_revocations, open_revocations, revocations_argument


@click.group()
def revocations() -> None:
    """Copy the list of revoked tokens."""


@revocations.command()
@revocations_argument("source", "FROM")
@revocations_argument("target", "TO")
def copy(source: Path | str, target: Path | str) -> None:
    """Copy all revocations from FROM to TO.

    Each is the path of a SQLite file or the URL of Redis. TO keeps what it has. Run the command, restart the workers
    with TO, and run it again for what was revoked in FROM meanwhile.
    """
    from fastware.auth.revocations.copying import copy_revocations  # noqa: PLC0415 - the help does not need it

    with one_line_errors():
        opened = open_revocations(source)
        into = open_revocations(target, create=True)
        tokens, users = copy_revocations(opened, into)
        names = f"from {name_of_revocations(opened, source)} to {name_of_revocations(into, target)}"
        if not tokens and not users:
            fail(f"no revocations to copy {names}")
    entries = "entry" if tokens + users == 1 else "entries"
    say(f"Copied {tokens + users} {entries} {names}: {tokens} of tokens and sessions, {users} of users.")
