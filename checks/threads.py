"""Call the engines in threads, while other threads change the headers, secrets, requests and clock that the calls read.

Every result must be that of a state that the changed object once had. The exit status is 1 if one is not. Without a GIL
the threads run at the same time; with one they take turns, a hundred thousand times a second.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import csrf_checks
import engines

from checks.samples import BROWSER_HEADERS, SECRET, bearer, signed
from checks.tables import machine, table

_SECONDS, _QUICK_SECONDS = 20.0, 1.0
_READERS = 3
_HOUR = 3_600 * 10**9
_CALLS_AT_ONCE = 50
"""Calls between two looks at the time."""


@dataclass(frozen=True)
class Scenario:
    """*read* is called in several threads, and its outcome must be in *valid*; *change* is called in two others."""

    name: str
    read: Callable[[], Any]
    change: Callable[[], Any]
    valid: Callable[[Any], bool]
    finish: Callable[[], str | None] = lambda: None
    """Called in the end; returns what is wrong."""


@dataclass
class Result:
    wrong: Counter[str]
    reads: int
    changes: int


def scenarios(engine: Any) -> Iterator[Scenario]:
    """Yield the scenarios for the calls of *engine*, each with objects of its own."""
    yield from _header_lists(engine)
    yield from _secrets(engine)
    yield _requests(engine)
    yield _buckets(engine)
    yield _clock(engine)
    yield _keys(engine)


def _header_lists(engine: Any) -> Iterator[Scenario]:
    ada, bob = (signed({"sub": name}) for name in ("ada", "bob"))
    states = [
        [*BROWSER_HEADERS, bearer(ada), (b"cookie", b"session=1; csrf_token=t"), (b"x-csrf-token", b"t")],
        [(b"cookie", b"session=2; csrf_token=t"), (b"x-csrf-token", b"u"), bearer(bob), *BROWSER_HEADERS],
        [bearer(bob), (b"cookie", b"session=3; csrf_token=u"), (b"x-csrf-token", b"u")],
        [],
    ]
    check = csrf_checks.new(engine)
    calls: dict[str, Callable[[Any], Any]] = {
        "header": lambda headers: engine.header(headers, b"authorization"),
        "cookie": lambda headers: engine.cookie(headers, "session"),
        "cookies": engine.cookies,
        "credential": lambda headers: engine.credential(headers, b"token=q", "session"),
        "identify": lambda headers: engine.identify(headers, b"", "session", SECRET),
        "CSRFCheck.verdict": lambda headers: check.verdict(headers, True),
    }
    for name, call in calls.items():
        valid = [call(state) for state in states]
        # The pure-Python engine reads one pair after another, so there each list keeps its content.
        contents = states if engine.NAME == "rust" else states[:1]
        yield _of_list(f"{name}, list of tuples", call, list(states[0]), contents, valid)
    # A list as a pair is changed in place, too.
    pairs = [[b"cookie", b"session=1"], [b"cookie", b"session=2"], [b"accept", b"*/*"]]

    def change() -> None:
        pairs[-1][:] = random.choice([[b"cookie", b"session=3"], [b"accept", b"*/*"], []])
        pairs.append(pairs.pop())

    valid = ["1", "2", "3", "", _malformed(engine)]
    yield Scenario("cookie, list of lists", _outcome_of(lambda: calls["cookie"](pairs)), change, valid.__contains__)
    shared = SimpleNamespace(pairs=iter(states[0]))
    yield Scenario(
        "cookie, shared iterator",
        _outcome_of(lambda: calls["cookie"](shared.pairs)),
        lambda: setattr(shared, "pairs", iter(states[0])),
        ["1", ""].__contains__,
    )


def _of_list(name: str, call: Callable[[Any], Any], headers: list[Any], states: Any, valid: list[Any]) -> Scenario:
    def change() -> None:
        headers[:] = random.choice(states)

    return Scenario(name, _outcome_of(lambda: call(headers)), change, valid.__contains__)


def _secrets(engine: Any) -> Iterator[Scenario]:
    claims = {"sub": "ada"}
    token = signed(claims)
    other = "another secret, of thirty-two bytes or more"
    states = [[SECRET], [other, SECRET], [SECRET, other], ["x" * 40, other, SECRET, other]]
    secrets = list(states[0])

    def change() -> None:
        secrets[:] = random.choice(states)

    # The pure-Python engine reads one secret after another, and may miss one that moves to the front.
    valid: list[Any] = [claims] if engine.NAME == "rust" else [claims, None]
    yield Scenario("verify_token, list", lambda: engine.verify_token(token, secrets), change, valid.__contains__)

    def sign() -> Any:
        created = engine.create_token("ada", "admin", secrets)
        return any(engine.verify_token(created, state) for state in states)

    yield Scenario("create_token, list", sign, change, lambda was_signed: was_signed)


def _requests(engine: Any) -> Scenario:
    buckets = engine.TokenBuckets(10**9, _HOUR)
    clients = [("10.0.0.1", 5), ["10.0.0.2", 5], None, ()]
    request = SimpleNamespace(scope={"client": ("10.0.0.1", 5)})

    def change() -> None:
        request.scope["client"] = random.choice(clients)
        request.scope = dict(request.scope)
        request.scope.pop("client", None)

    return Scenario(
        "take_by_client",
        _outcome_of(lambda: buckets.take_by_client(request)),
        change,
        lambda wait: wait == 0,
        lambda: None if len(buckets) <= 3 else f"{len(buckets)} buckets for 3 clients",
    )


def _buckets(engine: Any) -> Scenario:
    capacity = 1_000
    buckets = engine.TokenBuckets(capacity, _HOUR)
    taken = [0]
    lock = threading.Lock()

    def take() -> Any:
        wait = buckets.take("key", _HOUR)
        if wait == 0:
            with lock:
                taken[0] += 1
        return wait

    def change() -> None:
        if take() == 0:
            with lock:
                taken[0] -= 1
            buckets.give_back("key", _HOUR)
        buckets.take(f"another {random.random()}", _HOUR)
        buckets.reset("another")
        len(buckets)

    def finish() -> str | None:
        while buckets.take("key", _HOUR) == 0:
            taken[0] += 1
        return None if taken[0] == capacity else f"{taken[0]} tokens taken of {capacity}"

    return Scenario("take", take, change, lambda wait: 0 <= wait <= _HOUR, finish)


def _clock(engine: Any) -> Scenario:
    real, stopped = time.time, 1_700_000_000.5
    started = int(real())
    replacements = [lambda: stopped, real]
    is_finished = threading.Event()

    def read() -> Any:
        payload = engine.create_token("ada", "admin", SECRET)
        claims = engine.verify_token(payload, SECRET)
        return claims and claims["iat"]  # None if the clock was set back between the two calls

    def change() -> None:
        if not is_finished.is_set():
            time.time = random.choice(replacements)

    def finish() -> str | None:
        is_finished.set()
        time.time = real
        return None if read() >= started else "a clock that was replaced is still read"

    valid = lambda iat: iat is None or iat == int(stopped) or started <= iat <= real() + 1  # noqa: E731
    return Scenario("clock", read, change, valid, finish)


def _keys(engine: Any) -> Scenario:
    secrets = [f"secret number {number}, of thirty-two bytes" for number in range(20)]
    tokens = [engine.create_token(secret, "admin", secret) for secret in secrets]

    def read() -> Any:
        number = random.randrange(len(secrets))
        wrong = engine.verify_token(tokens[number], secrets[number - 1])
        return wrong is None and engine.verify_token(tokens[number], secrets[number])["sub"] == secrets[number]

    return Scenario("kept keys", read, read, lambda is_right: is_right)


def _malformed(engine: Any) -> str:
    return str(_outcome_of(lambda: engine.header([()], b"x"))())


def _outcome_of(call: Callable[[], Any]) -> Callable[[], Any]:
    def outcome() -> Any:
        try:
            return call()
        except TypeError as error:
            return f"TypeError: {error}"

    return outcome


def watch(scenario: Scenario, seconds: float, readers: int = _READERS) -> Result:
    """Run *scenario* for some seconds; return the outcomes that are wrong, and how many calls were made."""
    counts: dict[str, list[int]] = {"read": [], "change": []}
    wrong: Counter[str] = Counter()
    lock = threading.Lock()
    start = threading.Barrier(readers + 2)

    def work(kind: str) -> None:
        call, calls, mine = getattr(scenario, kind), 0, Counter[str]()
        start.wait()
        end = time.monotonic() + seconds
        try:
            while not calls or time.monotonic() < end:
                for _ in range(_CALLS_AT_ONCE):
                    outcome = call()
                    if kind == "read" and not scenario.valid(outcome):
                        mine[repr(outcome)] += 1
                calls += _CALLS_AT_ONCE
        except Exception as error:  # noqa: BLE001 - no call of a scenario may raise
            mine[f"{kind} raised {error!r}"] += 1
        with lock:
            counts[kind].append(calls)
            wrong.update(mine)

    kinds = ["read"] * readers + ["change"] * 2
    threads = [threading.Thread(target=work, args=(kind,)) for kind in kinds]
    run_interleaved(threads, 1e-5)
    complaint = scenario.finish()
    if complaint:
        wrong[complaint] += 1
    return Result(wrong, sum(counts["read"]), sum(counts["change"]))


def run_interleaved(threads: Sequence[threading.Thread], seconds: float = 1e-6) -> None:
    """Run *threads* to their ends. They take turns after *seconds*, so that they meet at every step of a call."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m checks threads", description=__doc__)
    parser.add_argument("--seconds", type=float, help=f"for each engine (default: {_SECONDS})")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_SECONDS} second for each engine")
    arguments = parser.parse_args()
    seconds = arguments.seconds or (_QUICK_SECONDS if arguments.quick else _SECONDS)
    rows, complaints = [], []
    for name in engines.BUILT:
        plan = list(scenarios(engines.engine(name)))
        for scenario in plan:
            result = watch(scenario, seconds / len(plan))
            wrong = ", ".join(f"{outcome:.80} × {count}" for outcome, count in result.wrong.most_common(3))
            rows.append((name, scenario.name, f"{result.reads:,}", f"{result.changes:,}", wrong or "none"))
            complaints += [f"{name}: {scenario.name}: {wrong}"] if wrong else []
    print(table(("engine", "calls", "made", "changes", "wrong"), rows, text_columns=2))
    print(f"\n{machine()}, {'with' if has_gil() else 'without'} a GIL.")
    for complaint in complaints:
        print(f"FAILED: {complaint}", file=sys.stderr)
    return int(bool(complaints))


def has_gil() -> bool:
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


if __name__ == "__main__":
    sys.exit(main())
