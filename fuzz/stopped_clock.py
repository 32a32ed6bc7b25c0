"""The clocks of the engines and of PyJWT, stopped: the same input has the same answer at any time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo

import jwt.api_jwt

NOW = 1_700_000_000.5


class _StoppedDatetime(datetime):
    moment = NOW

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_StoppedDatetime":
        return cls.fromtimestamp(cls.moment, tz or UTC)


@contextmanager
def stopped(moment: float = NOW) -> Iterator[None]:
    """It is *moment*, in seconds since the epoch."""
    before = time.time, jwt.api_jwt.datetime
    _StoppedDatetime.moment = moment
    time.time, jwt.api_jwt.datetime = (lambda: moment), _StoppedDatetime
    try:
        yield
    finally:
        time.time, jwt.api_jwt.datetime = before
