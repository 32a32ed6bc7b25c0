"""The group of all commands, and the exit status of each outcome."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Sequence
from typing import Final

import click

from fastware.cli.demo import demo
from fastware.cli.doctor import doctor
from fastware.cli.output import describe, discard_output, note
from fastware.cli.revocations import revocations
from fastware.cli.secret import secret
from fastware.cli.token import token
from fastware.cli.users import users

FAILURE: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
"""What a shell reports for a program that SIGINT ended."""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Shell completion: eval "$(_FASTWARE_COMPLETE=bash_source fastware)", or zsh_source, or fish_source.',
)
@click.version_option(package_name="fastware", message="%(prog)s %(version)s")
def fastware() -> None:
    """Users, revocations, secrets and tokens of applications that use fastware.auth."""


for _command in (users, revocations, secret, token, doctor, demo):
    fastware.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run the command in *arguments*, print an error in one line, and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal's encoding does not have
    messages = logging.getLogger("fastware.auth")
    if not messages.hasHandlers():
        messages.addHandler(logging.NullHandler())  # the message of an error is printed below
    try:
        status = fastware.main(list(arguments), prog_name="fastware", standalone_mode=False)
        if sys.stdout is not None:  # the descriptor is closed: fastware >&-
            sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USAGE
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "fastware"
        note(f"Error: {error.format_message()} Try: {path} --help")
        return USAGE
    except click.ClickException as error:
        note(f"Error: {error.format_message()}")
        return FAILURE
    except click.Abort:
        note("Aborted.")
        return INTERRUPTED
    except ImportError as error:
        note(f"Error: {describe(error)}")
        return FAILURE
    except OSError as error:  # the output cannot be written
        discard_output()
        if not isinstance(error, BrokenPipeError):  # the reader has read enough: fastware users list | head -1
            note(f"Error: {describe(error)}")
        return FAILURE
    return status if isinstance(status, int) else 0
