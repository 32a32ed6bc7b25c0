"""Take a token from a bucket: the check alone, and a handler that is limited with it."""

import functools
import itertools
import random

import engines
from checks.samples import scope_maker

from benches.jobs import BY_HAND, OURS, Job, each_contender, on_both_engines
from benches.limiters import HOUR, ByHand, Fastware, Floodgate, Limits, RustPyRateLimit, SlowAPI, Throttled
from benches.shared_limiters import PyrateSQLite, SharedFile, new_place
from benches.timing import Each, awaited, call

_NEVER_EMPTY = 10**9
_HOST = "203.0.113.7"
_COUNT = 100_000

_LIMITERS = {
    **on_both_engines(Fastware),
    BY_HAND: ByHand,
    "limits": Limits,
    "throttled-py": Throttled,
    "rust-py-rate-limit": RustPyRateLimit,
    "floodgate-rs": Floodgate,
}
_ADMITTED = [True, True, True, False]


def _on_this_machine(limiter):
    """Return *limiter* as one that needs only a capacity. Each has a file of its own, with full buckets."""
    return lambda capacity: limiter(new_place(), capacity)


_FOR_PROCESSES = {
    **{name: _on_this_machine(limiter) for name, limiter in on_both_engines(SharedFile).items()},
    "pyrate-limiter, SQLite": _on_this_machine(PyrateSQLite),
}


def _hosts(count):
    """Return a function that returns the addresses of *count* clients in random order, each a new string."""
    hosts = [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}".encode("ascii") for number in range(count)]
    random.Random(count).shuffle(hosts)
    return functools.partial(next, map(bytes.decode, itertools.cycle(hosts)))


def _after_one_call_of_each(timed, count):
    """Return *timed* after every key has got its bucket."""
    for _ in range(count // 1_000):
        timed.seconds_of(1_000)
    return timed


# The check alone


def _check_hot_key(make, capacity):
    return call(make(capacity).check, _HOST)


def _check_many_keys(make, capacity, count):
    return _after_one_call_of_each(call(make(capacity).check, Each(_hosts(count), at_once=1_000)), count)


def _admissions(contender, *inputs):
    """Return which of four calls are admitted with three tokens in the bucket."""
    limiter = contender.args[0](3)
    return [bool(limiter.is_admitted(limiter.check(_HOST))) for _ in range(4)]


def _admissions_of_each(contender, *inputs):
    """Return the same for a hundred keys in turn."""
    limiter, host = contender.args[0](3), _hosts(100)
    return [[bool(limiter.is_admitted(limiter.check(host()))) for _ in range(100)] for _ in range(4)]


# A limited handler


async def _search(request):
    return "found"


def _requests(make, host):
    """Return a new request for each call: Starlette's for slowapi, which writes into it, fastware's for others."""
    if make in _SLOWAPI:
        from starlette.requests import Request
    else:
        Request = functools.partial(engines.load("python").Request, body=b"", path_params={})  # noqa: N806
    make_scope = scope_maker("GET", "/search", [])
    return Each(lambda: Request(make_scope() | {"client": (host(), 50000)}))


_SLOWAPI = (SlowAPI, functools.partial(SlowAPI, has_headers=True))


def _added_to_handler(make, capacity):
    """The same request is used for every call, unless the limiter writes into it."""
    request = _requests(make, lambda: _HOST)
    if make not in _SLOWAPI:
        request = request.make()
    return awaited(make(capacity).limited(_search), request, baseline=awaited(_search, request))


def _many_clients(make, capacity, count):
    limited = make(capacity).limited(_search)
    return _after_one_call_of_each(awaited(limited, _requests(make, _hosts(count))), count)


def _rejected(make, capacity):
    limited = awaited(make(capacity).limited(_search), _requests(make, lambda: _HOST), raises=Exception)
    limited.result()
    return limited


def _first_result(contender, *inputs):
    make = contender.args[0]
    return awaited(make(1).limited(_search), _requests(make, lambda: _HOST)).result()


def _status_and_wait(contender, capacity):
    """Return the status of a rejection, and whether its wait is correct; slowapi adds up to a second."""
    rejection = contender(capacity).result()
    return rejection.status_code, HOUR <= int(rejection.headers["Retry-After"]) <= HOUR + 1


def _job(title, prepare, makers, inputs, expected, read, **options):
    contenders = {name: functools.partial(prepare, make) for name, make in makers.items()}
    return Job(f"rate limit: {title}", contenders, inputs, expected, read, **options)


JOBS = (
    _job(
        "for all processes, check alone, one hot key",
        _check_hot_key,
        _FOR_PROCESSES,
        (_NEVER_EMPTY,),
        _ADMITTED,
        _admissions,
        goal=0.20,
    ),
    _job(
        "for all processes, added to a handler, one hot key",
        _added_to_handler,
        {name: make for name, make in _FOR_PROCESSES.items() if name in OURS},
        (_NEVER_EMPTY,),
        "found",
        _first_result,
    ),
    _job("check alone, one hot key", _check_hot_key, _LIMITERS, (_NEVER_EMPTY,), _ADMITTED, _admissions),
    _job(
        "check alone, 100,000 keys",
        _check_many_keys,
        _LIMITERS,
        (_NEVER_EMPTY, _COUNT),
        [[is_admitted] * 100 for is_admitted in _ADMITTED],
        _admissions_of_each,
        goal=0.10,
    ),
    _job(
        "added to a handler, one hot key",
        _added_to_handler,
        {**_LIMITERS, "slowapi": _SLOWAPI[0]},
        (_NEVER_EMPTY,),
        "found",
        _first_result,
        goal=0.07,
    ),
    _job(
        "handler and limit, 100,000 keys",
        _many_clients,
        _LIMITERS,
        (_NEVER_EMPTY, _COUNT),
        "found",
        _first_result,
        goal=0.26,
        left_out={"slowapi": "its buckets take many seconds to create"},
    ),
    _job(
        "rejected call",
        _rejected,
        {**_LIMITERS, "slowapi": _SLOWAPI[1]},
        (1,),
        (429, True),
        _status_and_wait,
        goal=0.45,
    ),
)


@each_contender(*JOBS)
def test_rate_limit(time_contender):
    time_contender()
