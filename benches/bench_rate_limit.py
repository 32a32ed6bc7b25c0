"""Take a token from a bucket, bare and by a decorated handler."""

import functools
import itertools
import math
import time
from types import SimpleNamespace

import engines

from . import by_hand
from .contenders import BY_HAND, on_both_engines
from .drive import drive
from .job import Job, each_contender

_HOUR = 3_600
_NEVER_EMPTY = 10**9
_LIMITS = "limits (fixed window)"
_UNLIMITED = "undecorated handler"
_REQUEST = SimpleNamespace(scope={"client": ("203.0.113.7", 50000)})
_ANSWER = {"found": 3}


class _TooManyRequestsError(Exception):
    """What the peers raise in the place of fastware's HTTPError."""

    def __init__(self, retry_after):
        self.status_code = 429
        self.headers = {"Retry-After": str(retry_after)}


# Buckets of *capacity* tokens an hour: each contender returns a function that takes one, and whether it was there.


def _fastware_taker(engine, capacity):
    take = engines.engine(engine).TokenBuckets(capacity, _HOUR * 10**9).take
    return lambda key: not take(key, time.monotonic_ns())


def _limits_taker(capacity):
    limiter, item = _fixed_window(capacity)
    return functools.partial(limiter.hit, item)


def _by_hand_taker(capacity):
    take = by_hand.DictBuckets(capacity, _HOUR).take
    return lambda key: not take(key)


_TAKERS = {**on_both_engines(_fastware_taker), _LIMITS: _limits_taker, BY_HAND: _by_hand_taker}


def _hot(make_taker, capacity):
    return functools.partial(make_taker(capacity), "203.0.113.7")


def _many(make_taker, capacity, count):
    """Every key has its bucket already; keys come as new strings, like those that a server reads."""
    take = make_taker(capacity)
    hosts = [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}".encode("ascii") for number in range(count)]
    for host in hosts:
        take(host.decode("ascii"))
    keys = map(bytes.decode, itertools.cycle(hosts))
    return lambda: take(next(keys))


def _fill_and_refuse(contender, capacity):
    """Which of four calls are admitted with three tokens, instead of *capacity*, in the bucket."""
    call = contender(3)
    return [call() for _ in range(4)]


def _fill_and_refuse_each(contender, capacity, count):
    """The same for a hundred keys, the first token of each taken while they are made."""
    call = contender(3, 100)
    return [[call() for _ in range(100)] for _ in range(3)]


# A handler limited to *rate* calls an hour by each contender.


async def _search(request):
    return _ANSWER


def _fastware_handler(engine, rate):
    return engines.load(engine).auth.rate_limit(f"{rate}/hour")(_search)


def _limits_handler(rate):
    limiter, item = _fixed_window(rate)

    async def limited(request):
        client = request.scope["client"][0]
        if not limiter.hit(item, client):
            raise _TooManyRequestsError(math.ceil(limiter.get_window_stats(item, client).reset_time - time.time()))
        return await _search(request)

    return limited


def _by_hand_handler(rate):
    buckets = by_hand.DictBuckets(rate, _HOUR)

    async def limited(request):
        wait = buckets.take(request.scope["client"][0])
        if wait:
            raise _TooManyRequestsError(wait)
        return await _search(request)

    return limited


_HANDLERS = {**on_both_engines(_fastware_handler), _LIMITS: _limits_handler, BY_HAND: _by_hand_handler}


def _served(make_handler, rate):
    handler = make_handler(rate)
    return lambda: drive(handler(_REQUEST))


def _refused(make_handler, rate):
    handler = make_handler(rate)
    drive(handler(_REQUEST))

    def call():
        try:
            return drive(handler(_REQUEST))
        except Exception as error:  # noqa: BLE001 - HTTPError of either engine's package, or the peers' own
            return error

    return call


def _status_and_headers(contender, rate):
    error = contender(rate)()
    return error.status_code, error.headers


def _fixed_window(rate):
    from limits import RateLimitItemPerHour
    from limits.storage import MemoryStorage
    from limits.strategies import FixedWindowRateLimiter

    return FixedWindowRateLimiter(MemoryStorage()), RateLimitItemPerHour(rate)


def _each(make, contenders):
    return {name: functools.partial(make, contender) for name, contender in contenders.items()}


JOBS = (
    Job(
        "rate limit: one hot key",
        _each(_hot, _TAKERS),
        inputs=(_NEVER_EMPTY,),
        expected=[True, True, True, False],
        trial=_fill_and_refuse,
    ),
    Job(
        "rate limit: 100,000 keys",
        _each(_many, _TAKERS),
        inputs=(1_000, 100_000),
        expected=[[True] * 100, [True] * 100, [False] * 100],
        trial=_fill_and_refuse_each,
    ),
    Job(
        "rate limit: added to a handler",
        _each(_served, {_UNLIMITED: lambda rate: _search, **_HANDLERS}),
        inputs=(_NEVER_EMPTY,),
        expected=_ANSWER,
        baseline=_UNLIMITED,
    ),
    Job(
        "rate limit: refused call",
        _each(_refused, _HANDLERS),
        inputs=(1,),
        expected=(429, {"Retry-After": str(_HOUR)}),
        trial=_status_and_headers,
    ),
)


@each_contender(*JOBS)
def test_rate_limit(time_contender):
    time_contender()
