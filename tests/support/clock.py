"""The clock that both engines ask: ``time.time``, which a test may put another in the place of."""

from unittest import mock


def stopped_at(now):
    """A context in which it is *now*, in seconds since the epoch."""
    return mock.patch("time.time", return_value=float(now))
