"""An application whose requests need more than a session."""

from typing import Any, NamedTuple


class Guarded(NamedTuple):
    """The application, and the CSRF token that it accepts, in the cookie and the header that ``csrf_peers`` names."""

    app: Any
    csrf_token: str


RATE = 10**9
"""Calls an hour that are never reached."""
