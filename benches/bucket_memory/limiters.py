"""The rate limiters: each makes a function of key and time that takes a token.

fastware is told the time; the others read a clock of their own, so that their periods are real ones.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benches import by_hand
from benches.contenders import BY_HAND, OURS, PYTHON, RUST

Take = Callable[[str, int], Any]


@dataclass(frozen=True)
class Limiter:
    """*make* takes the capacity and the period in seconds; its function returns *admitted* where a token was there."""

    make: Callable[[int, int], Take]
    admitted: Any
    is_told_the_time: bool = False


def _fastware(engine: str) -> Limiter:
    def make(capacity, seconds):
        os.environ["FASTWARE_ENGINE"] = engine
        module = importlib.import_module("fastware._engine").engine
        if engine != module.NAME:
            raise RuntimeError(f"fastware was imported before with the {module.NAME} engine")
        return module.TokenBuckets(capacity, seconds * 10**9).take

    return Limiter(make, admitted=0, is_told_the_time=True)


def _by_hand(capacity, seconds):
    take = by_hand.DictBuckets(capacity, seconds).take
    return lambda key, now: take(key)


def _limits(strategy: str) -> Limiter:
    def make(capacity, seconds):
        from limits import RateLimitItemPerSecond, strategies
        from limits.storage import MemoryStorage

        hit = getattr(strategies, strategy)(MemoryStorage()).hit
        item = RateLimitItemPerSecond(capacity, seconds)
        return lambda key, now: hit(item, key)

    return Limiter(make, admitted=True)


def _rust_py_rate_limit(capacity, seconds):
    from rust_py_rate_limit import RateLimiter

    allow = RateLimiter(limit=capacity, window_seconds=seconds, cleanup_interval=seconds).allow
    return lambda key, now: allow(key)


LIMITERS = {
    RUST: _fastware("rust"),
    PYTHON: _fastware("python"),
    BY_HAND: Limiter(_by_hand, admitted=0),
    "limits (fixed window)": _limits("FixedWindowRateLimiter"),
    "limits (moving window)": _limits("MovingWindowRateLimiter"),
    "rust-py-rate-limit": Limiter(_rust_py_rate_limit, admitted=True),
}
PEERS = tuple(name for name in LIMITERS if name not in OURS)
