"""Take a token from a bucket: the check alone, and a handler that is limited with it."""

import functools
import itertools
import random

import engines

from .call import Each, awaited
from .contenders import BY_HAND, on_both_engines
from .goal import Goal
from .job import Job, each_contender
from .limiters import HOUR, ByHand, Fastware, Floodgate, Limits, RustPyRateLimit, SlowAPI, SlowAPIWithHeaders, Throttled
from .loop import loop_of
from .requests import each_scope

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
_DECORATORS = {**_LIMITERS, "slowapi": SlowAPI}
_REFUSING = {**_LIMITERS, "slowapi": SlowAPIWithHeaders}


class _Hosts:
    """The addresses of *count* clients, shuffled, over and over, each a new string as in a server."""

    def __init__(self, count):
        self.spelled = [
            f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}".encode("ascii") for number in range(count)
        ]
        random.Random(count).shuffle(self.spelled)
        self.next = functools.partial(next, map(bytes.decode, itertools.cycle(self.spelled)))


# The check alone.


def _hot(limiter, capacity):
    return limiter().check(capacity, _HOST)


def _many(limiter, capacity, count):
    """Every key has its bucket already."""
    hosts = _Hosts(count)
    check = limiter().check(capacity, Each(hosts.next, at_once=1_000))
    _meet_all(check, count)
    return check


def _meet_all(call, count):
    """Make *count* calls, some at a time, so that not all of their arguments are there at once."""
    make_calls = loop_of(call)
    for _ in range(count // 1_000):
        make_calls(1_000)


def _fill_and_refuse(limiter, *inputs):
    """Which of four checks are admitted with three tokens, instead of a number that never runs out, in the bucket."""
    check = limiter().check(3, _HOST)
    return [bool(limiter().is_admitted(check.answer())) for _ in range(4)]


def _fill_and_refuse_each(limiter, *inputs):
    """The same for a hundred keys in turn."""
    check = limiter().check(3, Each(_Hosts(100).next))
    return [[bool(limiter().is_admitted(check.answer())) for _ in range(100)] for _ in range(4)]


# A handler that is limited.


async def _search(request):
    return "found"


def _request(limiter, make_host):
    """A new request for every call: Starlette's own for slowapi, which writes into it, fastware's for all others."""
    if limiter in (SlowAPI, SlowAPIWithHeaders):
        from starlette.requests import Request
    else:
        fastware_request = engines.load("python").Request
        Request = functools.partial(fastware_request, body=b"", path_params={})  # noqa: N806
    make_scope = each_scope("GET", "/search", [])

    def request():
        return Request(make_scope() | {"client": (make_host(), 50000)})

    return Each(request)


def _added(limiter, capacity):
    """One request over and over, where the limiter does not write into it."""
    request = _request(limiter, _HOST.__str__)
    if limiter is not SlowAPI:
        request = request.make()
    return awaited(limiter().limited(capacity, _search), request, baseline=awaited(_search, request))


def _with_many_clients(limiter, capacity, count):
    hosts = _Hosts(count)
    served = awaited(limiter().limited(capacity, _search), _request(limiter, hosts.next))
    _meet_all(served, count)
    return served


def _refused(limiter, capacity):
    refused = awaited(limiter().limited(capacity, _search), _request(limiter, _HOST.__str__), refusal=Exception)
    refused.answer()
    return refused


def _first_answer(limiter, *inputs):
    return awaited(limiter().limited(1, _search), _request(limiter, _HOST.__str__)).answer()


def _status_and_wait(limiter, capacity):
    """The status of a refusal, and whether it names the wait. slowapi counts the second that has begun as well."""
    refusal = _refused(limiter, capacity).answer()
    return refusal.status_code, HOUR <= int(refusal.headers["Retry-After"]) <= HOUR + 1


def _job(title, prepare, limiters, inputs, expected, trial, goal=None, left_out=None):
    """A job for each of *limiters*, which *prepare* makes a call of and *trial* an answer."""
    contenders = {name: functools.partial(_prepared, prepare, limiter) for name, limiter in limiters.items()}
    return Job(
        f"rate limit: {title}",
        contenders,
        inputs=inputs,
        expected=expected,
        trial=lambda contender, *inputs: trial(contender.args[1], *inputs),
        goal=Goal(goal) if goal else None,
        left_out=left_out or {},
    )


def _prepared(prepare, limiter, *inputs):
    return prepare(limiter, *inputs)


_ONE = [True, True, True, False]

JOBS = (
    _job("check alone, one hot key", _hot, _LIMITERS, (_NEVER_EMPTY,), _ONE, _fill_and_refuse),
    _job(
        "check alone, 100,000 keys",
        _many,
        _LIMITERS,
        (_NEVER_EMPTY, _COUNT),
        [[admitted] * 100 for admitted in _ONE],
        _fill_and_refuse_each,
        0.10,
    ),
    _job("added to a handler, one hot key", _added, _DECORATORS, (_NEVER_EMPTY,), "found", _first_answer, 0.07),
    _job(
        "handler and limit, 100,000 keys",
        _with_many_clients,
        _LIMITERS,
        (_NEVER_EMPTY, _COUNT),
        "found",
        _first_answer,
        0.26,
        {"slowapi": "its buckets take many seconds to make"},
    ),
    _job("refused call", _refused, _REFUSING, (1,), (429, True), _status_and_wait, 0.45),
)


@each_contender(*JOBS)
def test_rate_limit(time_contender):
    time_contender()
