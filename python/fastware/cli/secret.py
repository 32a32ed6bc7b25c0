"""``fastware secret``: a new secret for tokens."""

from __future__ import annotations

import secrets
from typing import Final

import click

from fastware.cli.output import say

_BYTES: Final = 32
"""The least for HS256 (RFC 7518 section 3.2)."""


@click.command()
def secret() -> None:
    """Print a new secret of 256 random bits.

    All workers need the same one. Keep it out of the source code:

        export FASTWARE_JWT_SECRET=$(fastware secret)
    """
    say(secrets.token_urlsafe(_BYTES))
