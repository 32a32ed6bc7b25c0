"""``fastware doctor``: what is wrong with an installation, with the fix for each finding."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fastware.cli.output import say, say_json
from fastware.cli.stores import optional_store_option, revocations_option_for

if TYPE_CHECKING:
    from fastware.cli.doctor.examination import Examination


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON array.")
@optional_store_option
@revocations_option_for("The SQLite file of the application's SQLiteRevocations, to check it.")
@click.option(
    "--app",
    metavar="MODULE:ATTRIBUTE",
    envvar="FASTWARE_APP",
    show_envvar=True,
    help="The application. It is imported from the current folder, and not started.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    envvar=["WEB_CONCURRENCY", "GRANIAN_WORKERS", "UVICORN_WORKERS"],
    show_envvar=True,
    help="The number of processes of the server.",
)
@click.option(
    "--ignore",
    metavar="CHECK",
    multiple=True,
    help="Leave out the findings of a check, for example: limits. May be given several times.",
)
def doctor(
    as_json: bool,
    store: str | None,
    revocations: Path | str | None,
    app: str | None,
    workers: int | None,
    ignore: tuple[str, ...],
) -> None:
    """Look for mistakes in the installation and the configuration.

    Checks the engine, the packages and the secret in the environment, the store that --store names, and the application
    that --app names. The exit status is 1 if there are findings.
    """
    from fastware.cli.doctor.examination import Examination  # noqa: PLC0415 - the help does not need it

    examination = Examination(store=store, revocations=revocations, app=app, workers=workers)
    examination.findings = [finding for finding in examination.findings if finding.check not in ignore]
    if as_json:
        say_json([dataclasses.asdict(finding) for finding in examination.findings])
    else:
        for line in _lines(examination):
            say(line)
    if examination.findings:
        click.get_current_context().exit(1)


def _lines(examination: Examination) -> Iterator[str]:
    for fact in examination.facts:
        yield f"{fact.name + ':':<12} {fact.text}"
    for name, how in examination.not_checked.items():
        yield f"not checked: {name} ({how})"
    yield ""
    for finding in examination.findings:
        yield f"{finding.severity}: {finding.check}: {finding.message}"
        yield f"  fix: {finding.fix}"
    number = len(examination.findings)
    yield "No findings." if not number else f"{number} finding{'s' if number > 1 else ''}."
