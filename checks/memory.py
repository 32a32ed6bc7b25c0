"""Make ten million calls of each engine function, on every path through it: no call may leak memory.

The exit status is 1 if a process holds more memory after the calls than the bounds allow, or if the check does
not find a deliberate leak.
"""

import argparse
import ctypes
import gc
import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import engines

from checks import SKIPPED
from checks.engine_calls import CALLS, HostileError, calls_of, cases
from checks.processes import exit_on_sigterm, resident_bytes
from checks.tables import machine, table

_CALLS = 10_000_000
_QUICK_CALLS = 40_000
_WARM_UP = 0.1

Turn = Callable[[], int]
"""Makes some calls, and returns how many."""


@dataclass(frozen=True)
class Held:
    """The memory that a process holds, or by how much it grew."""

    blocks: int
    """Blocks of Python's allocator: objects of up to 512 bytes."""
    allocated: int
    """Bytes of the C library's ``malloc``: larger objects, and Rust's. 0 if ``mallinfo2`` does not exist."""
    resident: int
    """Bytes in RAM, which include memory that is mapped without ``malloc``: the buckets of the Rust engine."""

    def __sub__(self, before: "Held") -> "Held":
        return Held(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))

    def beyond_bounds(self) -> list[str]:
        """Return the fields that grew by more than the bounds."""
        return [field.name for field in fields(Held) if getattr(self, field.name) > getattr(BOUNDS, field.name)]


BOUNDS = Held(blocks=200, allocated=64 * 1024, resident=1024 * 1024)
"""The growth that counts as flat for any number of calls: live buckets and Python's free lists vary by less."""


class _MallInfo(ctypes.Structure):
    # mallinfo2 of the GNU C library, 2.33 or later
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd")]
    _fields_ += [(name, ctypes.c_size_t) for name in ("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]


def held() -> Held:
    """Return what this process holds now."""
    gc.collect()
    allocated = 0
    with suppress(AttributeError, OSError, TypeError):
        mallinfo = ctypes.CDLL(None).mallinfo2
        mallinfo.restype = _MallInfo
        info = mallinfo()
        allocated = info.uordblks + info.hblkhd
    return Held(sys.getallocatedblocks(), allocated, resident_bytes(os.getpid()))


def engine_turn(engine: str, call: str) -> Turn:
    """Return a function that makes each case of *call* once, with fresh arguments."""
    function = calls_of(engines.engine(engine))[call]
    chosen = [case for case in cases() if case.call == call]

    def turn() -> int:
        for case in chosen:
            arguments, keywords = case.fresh_arguments()
            with suppress(Exception):
                function(*arguments, **keywords)
        return len(chosen)

    return turn


def _leaking(leak: Callable[[], object]) -> Turn:
    """Return a turn of a hundred calls, one of which leaks."""
    leaked = []

    def turn() -> int:
        leaked.append(leak())
        return 100

    return turn


def _exception() -> Exception:
    try:
        raise HostileError
    except HostileError as error:
        return error


CONTROLS = {
    "leaks an object": lambda: _leaking(object),
    "leaks large objects": lambda: _leaking(lambda: bytes(1_000)),
    "leaks an exception with its traceback": lambda: _leaking(_exception),
}
"""Deliberate leaks, which the check must find."""


def measure(turn: Turn, calls: int) -> tuple[Held, int, float]:
    """Return the growth over *calls* calls or a few more, their number, and the seconds they took."""
    for _ in range(2):
        _repeat(turn, int(calls * _WARM_UP))
        before = held()  # twice, since the first measurement allocates a little itself
    started = time.perf_counter()
    made = _repeat(turn, calls)
    seconds = time.perf_counter() - started
    return held() - before, made, seconds


def _repeat(turn: Turn, calls: int) -> int:
    made = 0
    while made < calls:
        made += turn()
    return made


def main() -> int:
    arguments = _parser().parse_args()
    if not Path("/proc/self/statm").exists():
        print("Nothing measured: the check reads the memory of a process in /proc, which only Linux has.")
        return SKIPPED
    exit_on_sigterm()
    calls = _QUICK_CALLS if arguments.quick else arguments.calls
    jobs = [(control,) for control in CONTROLS]
    jobs += [(engine, call) for engine in engines.BUILT for call in CALLS if arguments.only in f"{engine} {call}"]
    options = {"mp_context": multiprocessing.get_context("spawn"), "max_tasks_per_child": 1}
    rows = {}
    with ProcessPoolExecutor(arguments.processes, **options) as pool:
        try:
            futures = {pool.submit(_row, job, calls): job for job in jobs}
            for future in as_completed(futures):
                rows[futures[future]] = row = future.result()
                print(f"[{len(rows)}/{len(jobs)}]", *row, flush=True)
        except BaseException:
            for process in multiprocessing.active_children():
                process.kill()
            raise
    titles = ("job", "calls", "seconds", "blocks", "malloc, bytes", "RSS, KiB", "verdict")
    print(f"\n{table(titles, [rows[job] for job in jobs])}\n\n{machine()}")
    print(f"Flat is at most {BOUNDS.blocks:+} blocks, {BOUNDS.allocated:+,} bytes, {BOUNDS.resident // 1024:+,} KiB.")
    return int(not all(row[-1] in ("flat", "found") for row in rows.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m checks memory", description=__doc__)
    parser.add_argument("--calls", type=int, default=_CALLS, help=f"of each function (default: {_CALLS:,})")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_CALLS:,} calls of each, in half a minute")
    parser.add_argument("--only", default="", metavar="TEXT", help="jobs with this in their name: 'rust verify_token'")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="at once (default: one a processor)")
    return parser


def _row(job: tuple[str, ...], calls: int) -> tuple[str, ...]:
    """Measure *job* in this process, and return its row of the table."""
    warnings.simplefilter("ignore")  # about short secrets
    is_control = job[0] in CONTROLS
    growth, made, seconds = measure(CONTROLS[job[0]]() if is_control else engine_turn(*job), calls)
    grew = growth.beyond_bounds()
    expected = "found" if grew else "NOT FOUND"
    verdict = expected if is_control else f"grows: {', '.join(grew)}" if grew else "flat"
    figures = f"{growth.blocks:+,}", f"{growth.allocated:+,}", f"{growth.resident / 1024:+,.0f}"
    return ", ".join(job), f"{made:,}", f"{seconds:.1f}", *figures, verdict


if __name__ == "__main__":
    sys.exit(main())
