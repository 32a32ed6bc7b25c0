"""Compare rate limiters that count for several processes: cost, throughput, round trips, and calls beyond the limit.

All contenders are measured in turn, in short slices, so that noise affects all of them; figures are medians. First each
must admit exactly the limit. The exit status is 1 if one does not, or if fastware's shared limits admit more than the
limit when four processes call at once. A Valkey server runs on a port of the loopback interface, with one thread.
"""

import argparse
import asyncio
import contextlib
import gc
import multiprocessing
import os
import re
import socket
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from checks.processes import HOST, exit_on_sigterm
from checks.tables import duration, machine, table

from benches.shared_limiters import LIMITERS, Place, folder_in_memory, is_ours, redis_on_loopback
from benches.timing import Yardstick

_PLENTY = 10**7
"""A day's calls: no slice of a measurement has as many, and a token takes 9 ms, so that leased ones are spent."""
_LIMIT = 1_000
_CHECKED = 200
_PROCESSES = (1, 2, 4)
_TASKS = 20
_CALLS = 2_000
_CONNECTIONS = 50
_CLIENTS = 2_000
_AHEAD = 0.03
"""Seconds in which all processes receive a command."""
_IN_MEMORY = "fastware, memory"


class Cost(NamedTuple):
    """Seconds of one call, and R beside them."""

    call: float
    cpu: float
    r: float


# In a process of its own


class Worker:
    """The limiters of one process, which are made when they are first used."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._limiters: dict[tuple[str, int], Any] = {}
        self._runner = asyncio.Runner()

    def do(self, command: str, *arguments: Any) -> Any:
        return getattr(self, command)(*arguments)

    def admissions(self, name: str, capacity: int, keys: Sequence[str]) -> list[bool]:
        """Return which calls are admitted, one after another."""
        limiter = self._limiter(name, capacity)

        async def awaited() -> list[bool]:
            return [limiter.is_admitted(await limiter.check(key)) for key in keys]

        if limiter.is_awaited:
            results = self._runner.run(awaited())
        else:
            results = [limiter.is_admitted(limiter.check(key)) for key in keys]
        return [bool(result) for result in results]

    def cost(self, name: str, key: str, count: int) -> Cost:
        """Measure *count* calls, one after another."""
        limiter = self._limiter(name, _PLENTY)
        before = Yardstick.now()
        if limiter.is_awaited:
            wall, cpu = self._runner.run(_await_each(limiter.check, key, count))
        else:
            wall, cpu = _call_each(limiter.check, key, count)
        r = (before.r + Yardstick.now().r) / 2
        return Cost(wall / count - before.empty_pass, cpu / count - before.empty_pass, r)

    def throughput(self, name: str, key: str, start: float, seconds: float) -> float:
        """Return the calls in a second, from the moment *start* on; awaited ones in several tasks."""
        limiter = self._limiter(name, _PLENTY)
        calls = 0
        _wait_until(start)
        begin = time.monotonic()  # later than *start* if the machine is busy
        end = begin + seconds

        async def task() -> int:
            done = 0
            while time.monotonic() < end:
                await limiter.check(key)
                done += 1
            return done

        async def tasks() -> int:
            return sum(await asyncio.gather(*[task() for _ in range(_TASKS)]))

        if limiter.is_awaited:
            calls = self._runner.run(tasks())
        else:
            check = limiter.check
            while time.monotonic() < end:
                for _ in range(10):
                    check(key)
                calls += 10
        return calls / (time.monotonic() - begin)

    def burst(self, name: str, key: str, start: float, calls: int) -> int:
        """Return how many of *calls* are admitted, from the moment *start* on; awaited ones in several tasks."""
        limiter = self._limiter(name, _LIMIT)

        async def task() -> int:
            return sum([bool(limiter.is_admitted(await limiter.check(key))) for _ in range(calls // _TASKS)])

        async def tasks() -> int:
            return sum(await asyncio.gather(*[task() for _ in range(_TASKS)]))

        _wait_until(start)
        if limiter.is_awaited:
            return self._runner.run(tasks())
        return sum(bool(limiter.is_admitted(limiter.check(key))) for _ in range(calls))

    def together(self, name: str, capacity: int, keys: Sequence[str]) -> None:
        """Call once for each key, awaited ones in several tasks at a time."""
        limiter = self._limiter(name, capacity)

        async def tasks() -> None:
            for at in range(0, len(keys), _TASKS):
                await asyncio.gather(*[limiter.check(key) for key in keys[at : at + _TASKS]])

        if limiter.is_awaited:
            self._runner.run(tasks())
        else:
            for key in keys:
                limiter.check(key)

    def close(self) -> None:
        self._runner.close()

    def _limiter(self, name: str, capacity: int) -> Any:
        limiter = self._limiters.get((name, capacity))
        if limiter is None:
            make = LIMITERS[name]

            async def made() -> Any:  # some clients belong to the running event loop
                return make(self._place, capacity)

            limiter = self._limiters[name, capacity] = self._runner.run(made())
        return limiter


def _call_each(check: Callable[[str], Any], key: str, count: int) -> tuple[float, float]:
    check(key)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        check(key)
    return time.perf_counter() - wall, time.process_time() - cpu


async def _await_each(check: Callable[[str], Any], key: str, count: int) -> tuple[float, float]:
    await check(key)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        await check(key)
    return time.perf_counter() - wall, time.process_time() - cpu


def _wait_until(start: float) -> None:
    while (left := start - time.monotonic()) > 0:
        time.sleep(left)


def _received(control: Any) -> Any:
    with contextlib.suppress(EOFError):  # the parent was killed
        return control.recv()


def _work(place: Place, control: Any) -> None:
    if hasattr(os, "setsid"):
        os.setsid()  # Linux divides the processor between sessions, if other programs run (`sched(7)`, autogroup)
    worker = Worker(place)
    gc.disable()
    while command := _received(control):
        try:
            control.send((worker.do(*command), None))
        except Exception as error:  # noqa: BLE001 - the parent reports it
            control.send((None, f"{type(error).__name__}: {error}"))
    worker.close()


# The processes, and the server


class Processes:
    """Worker processes that wait for commands."""

    def __init__(self, place: Place, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._controls = []
        self._processes = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(place, theirs), daemon=True)
            process.start()
            theirs.close()
            self._controls.append(ours)
            self._processes.append(process)

    def do(self, *command: Any) -> Any:
        """Return the result of the first process."""
        return self.each([command])[0]

    def each(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Give each of the first processes its command at once, and return the results."""
        controls = self._controls[: len(commands)]
        for control, command in zip(controls, commands, strict=True):
            control.send(command)
        replies = [control.recv() for control in controls]
        for _, error in replies:
            if error:
                raise RuntimeError(error)
        return [result for result, _ in replies]

    def close(self) -> None:
        for control in self._controls:
            control.send(None)
        for process in self._processes:
            process.join(10)
            if process.is_alive():
                process.kill()
            process.join()


class OfServer(NamedTuple):
    """Round trips and seconds of the server per call, one at a time and in tasks, and bytes per client."""

    trips: float
    trips_in_tasks: float
    seconds: float
    seconds_in_tasks: float
    memory: float


class ServerTotals(NamedTuple):
    """What the server has done: reads from connections, seconds of the processor, and bytes in use."""

    reads: int
    seconds: float
    memory: int

    @classmethod
    def now(cls, client: Any) -> "ServerTotals":
        info = client.info("all")
        return cls(info["total_reads_processed"], info["used_cpu_user"] + info["used_cpu_sys"], info["used_memory"])


# The measurements


def problem(worker: "Worker | Processes", name: str) -> str:
    """Return what is wrong with the answers of a limiter, or ``""``."""
    found = worker.do("admissions", name, _CHECKED, ["first"] * (_CHECKED + 5) + ["other"])
    expected = [True] * _CHECKED + [False] * 5 + [True]
    if found == expected:
        return ""
    return f"admitted {sum(found[:-1])} of {_CHECKED + 5} calls, the limit is {_CHECKED}; another client: {found[-1]}"


def _throughput(processes: Processes, name: str, keys: Sequence[str], seconds: float) -> float:
    processes.each([("admissions", name, _PLENTY, [key]) for key in keys])
    start = time.monotonic() + _AHEAD
    return sum(processes.each([("throughput", name, key, start, seconds) for key in keys]))


def _beyond(processes: Processes, name: str, key: str) -> int:
    count = _PROCESSES[-1]
    # Each process has called once, so that all are ready.
    first = processes.each([("admissions", name, _LIMIT, [key])] * count)
    start = time.monotonic() + _AHEAD
    later = processes.each([("burst", name, key, start, _LIMIT)] * count)
    return sum(map(sum, first)) + sum(later) - _LIMIT


def _of_server(processes: Processes, name: str, client: Any, key: str) -> list[OfServer]:
    """Return what the calls of a limiter cost the server, or nothing if it uses none."""
    for capacity in (_PLENTY, _LIMIT):
        processes.do("together", name, capacity, ["ready"] * _TASKS)
    start = ServerTotals.now(client)
    processes.do("admissions", name, _PLENTY, [f"{key}-alone"] * _CALLS)
    alone = ServerTotals.now(client)
    if alone.reads - start.reads < _CALLS / 100:
        return []
    processes.do("together", name, _PLENTY, [f"{key}-tasks"] * _CALLS)
    tasks = ServerTotals.now(client)
    clients = [f"{key}-10.0.{number >> 8}.{number & 255}" for number in range(_CLIENTS)]
    processes.do("together", name, _LIMIT, clients)
    memory = ServerTotals.now(client).memory - tasks.memory
    pairs = ((start, alone), (alone, tasks))
    trips = [(after.reads - before.reads - 1) / _CALLS for before, after in pairs]  # without that of `INFO`
    seconds = [(after.seconds - before.seconds) / _CALLS for before, after in pairs]
    return [OfServer(*trips, *seconds, memory / _CLIENTS)]


def calls_of_a_core(client: Any, port: int, lease: int) -> tuple[float, float]:
    """Return the calls of ``RedisBuckets`` that a core of the server executes in a second, and those measured.

    Each of 50 connections sends one call at a time, and the server finds all of them waiting. The first figure divides
    by the processor time of the server, the second by the clock, which also counts this process.
    """
    from fastware.auth.buckets.redis_scripts import TAKE, Amounts

    arguments = Amounts(_PLENTY, 86_400 * 10**9).to_take(1, lease)
    client.script_load(TAKE.text)
    sockets = [socket.create_connection((HOST, port)) for _ in range(_CONNECTIONS)]
    try:
        requests = []
        for number in range(len(sockets)):
            parts = ("EVALSHA", TAKE.digest, 1, f"core:10.0.0.{number}", *arguments)
            words = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
            requests.append(b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)]))
        start, before = time.perf_counter(), ServerTotals.now(client)
        for _ in range(_CALLS // len(sockets)):
            for connection, request in zip(sockets, requests, strict=True):
                connection.sendall(request)
            for connection in sockets:
                if not connection.recv(1_000).startswith(b"*3"):
                    raise ValueError("the script failed")
        seconds = ServerTotals.now(client).seconds - before.seconds
        return _CALLS / seconds, _CALLS / (time.perf_counter() - start)
    finally:
        for connection in sockets:
            connection.close()


def _cost_of_slice(processes: Processes, name: str, key: str) -> Cost:
    """Measure about ten milliseconds of calls."""
    quick = processes.do("cost", name, key, 3)
    return processes.do("cost", name, key, max(5, min(int(0.01 / quick.call), 20_000)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.limits", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="slices of each figure (default: 7)")
    parser.add_argument("--seconds", type=float, default=0.3, help="of a slice of the throughput (default: 0.3)")
    parser.add_argument("--only", default="", help="contenders whose name matches this expression")
    arguments = parser.parse_args()
    exit_on_sigterm()
    import redis

    names = [name for name in LIMITERS if re.search(arguments.only, name)]
    with (
        redis_on_loopback() as server,
        redis.Redis.from_url(server.url) as client,
        folder_in_memory() as folder,
    ):
        processes = Processes(Place(folder, server.url), _PROCESSES[-1])
        try:
            status = _compare(processes, names, client, arguments)
        finally:
            processes.close()
        for lease in (1, 20):
            rates = [calls_of_a_core(client, server.port, lease) for _ in range(arguments.rounds)]
            core, clock = map(statistics.median, zip(*rates, strict=True))
            print(
                f"RedisBuckets, lease {lease}: a core of the server executes {core:,.0f} calls/s; measured {clock:,.0f}"
            )
    print(machine())
    return status


def _compare(processes: Processes, names: list[str], client: Any, arguments: argparse.Namespace) -> int:
    wrong = 0
    for name in list(names):
        try:
            found = problem(processes, name)
        except RuntimeError as missing:  # a peer that is not installed, or has changed, is not our failure
            wrong += is_ours(name)
            names.remove(name)
            print(f"missing: {name}: {missing}")
            continue
        wrong += bool(found)
        print(f"{name}: {found or 'correct'}", flush=True)
    if wrong:
        return 1
    of_server: dict[str, list[OfServer]] = {name: [] for name in names}
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    rates: dict[tuple[str, int, bool], list[float]] = {}
    beyond: dict[str, list[int]] = {name: [] for name in names}
    for turn in range(arguments.rounds):
        for name in names:
            for part in range(5):
                costs[name].append(_cost_of_slice(processes, name, f"cost{turn}-{part}"))
            for count in _PROCESSES:
                for is_one_key in (True, False) if count > 1 else (True,):
                    keys = [f"rate{turn}-{count}-{is_one_key or number}" for number in range(count)]
                    rate = _throughput(processes, name, keys, arguments.seconds)
                    rates.setdefault((name, count, is_one_key), []).append(rate)
            of_server[name] += _of_server(processes, name, client, f"server{turn}")
            beyond[name].append(_beyond(processes, name, f"beyond{turn}"))
        print(f"round {turn + 1} of {arguments.rounds}", flush=True)
    _report(names, costs, rates, beyond, of_server)
    return int(any(count > 0 for name in names if is_ours(name) and name != _IN_MEMORY for count in beyond[name]))


def _report(
    names: list[str],
    costs: dict[str, list[Cost]],
    rates: dict[tuple[str, int, bool], list[float]],
    beyond: dict[str, list[int]],
    of_server: dict[str, list[OfServer]],
) -> None:
    rows = []
    for name in names:
        call, cpu = (statistics.median(getattr(each, part) for each in costs[name]) for part in ("call", "cpu"))
        in_r = statistics.median(each.call / each.r for each in costs[name])
        one = rates[name, 1, True]
        times = [
            f"{_median_ratio(rates[name, count, is_one_key], one):.2f}"
            for is_one_key in (False, True)
            for count in _PROCESSES[1:]
        ]
        found = sorted(beyond[name])
        over = f"{found[0]}" if found[0] == found[-1] else f"{found[0]} to {found[-1]}"
        rows.append(
            (name, duration(call), duration(cpu), _number(in_r), f"{statistics.median(one):,.0f}", *times, over)
        )
    titles = ("limiter", "a call", "its CPU", "in R", "calls/s", "2 keys", "4 keys", "2 on one", "4 on one", "beyond")
    print(f"\n{table(titles, rows)}\n")
    print(
        f"a call: one after another. calls/s: one process; awaited ones in {_TASKS} tasks. 2 keys ... 4 on one: times "
        f"that with 2 or 4 processes, each with its key, or all with one. beyond: calls over a limit of {_LIMIT:,}\n"
    )
    server = [
        (
            name,
            f"{each.trips:.2f}",
            f"{each.trips_in_tasks:.2f}",
            duration(each.seconds),
            duration(each.seconds_in_tasks),
            f"{1 / each.seconds:,.0f} to {1 / each.seconds_in_tasks:,.0f}",
            f"{each.memory:.0f}",
        )
        for name in names
        if of_server[name]
        for each in [OfServer(*map(statistics.median, zip(*of_server[name], strict=True)))]
    ]
    titles = (
        "of the server",
        "round trips",
        "in tasks",
        "CPU a call",
        "in tasks",
        "calls/s of a core",
        "bytes a client",
    )
    print(f"{table(titles, server)}\n")


def _median_ratio(values: Sequence[float], others: Sequence[float]) -> float:
    return statistics.median(value / other for value, other in zip(values, others, strict=True))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2g}"


if __name__ == "__main__":
    sys.exit(main())
