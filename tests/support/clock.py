"""The clock of both engines: ``time.time``, looked up at each call."""

from unittest import mock


def stopped_at(now):
    """Stop the clock at *now*, in seconds since the epoch."""
    return mock.patch("time.time", return_value=float(now))
