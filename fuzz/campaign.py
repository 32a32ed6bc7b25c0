"""Many targets, each for its share of the time, as many at once as there are workers."""

import time
from collections.abc import Sequence

from fuzz.core_targets import AnyTarget
from fuzz.fuzzer import Fuzzer, Programs, Result

_LOOK_EVERY = 0.2
_SHORTEST = 2
_TELL_EVERY = 30.0


class Campaign:
    """*seconds* are those on the clock: each target gets as much of them as its equal share of the workers."""

    def __init__(self, targets: Sequence[AnyTarget], programs: Programs, seconds: float, workers: int) -> None:
        self.results: list[Result] = []
        self.seconds_each = max(_SHORTEST, int(seconds * workers / len(targets)))
        self._waiting = list(targets)
        self._count = len(targets)
        self._programs = programs
        self._workers = workers
        self._running: list[Fuzzer] = []

    def run(self) -> None:
        """Run all; an interruption ends those that run, and keeps their results too."""
        told_at = time.monotonic()
        try:
            while self._waiting or self._running:
                self._start()
                time.sleep(_LOOK_EVERY)
                for fuzzer in [one for one in self._running if not one.is_running()]:
                    self._finish(fuzzer)
                if self._running and time.monotonic() - told_at >= _TELL_EVERY:
                    told_at = time.monotonic()
                    print("  now", ", ".join(fuzzer.progress() for fuzzer in self._running), flush=True)
        finally:
            for fuzzer in list(self._running):
                fuzzer.end()
                self._finish(fuzzer, is_cut_short=True)

    def _start(self) -> None:
        while self._waiting and len(self._running) < self._workers:
            self._running.append(Fuzzer(self._waiting.pop(0), self._programs, self.seconds_each))

    def _finish(self, fuzzer: Fuzzer, *, is_cut_short: bool = False) -> None:
        self._running.remove(fuzzer)
        result = fuzzer.result(is_cut_short=is_cut_short)
        self.results.append(result)
        told = [
            f"{result.executions:,} runs",
            f"{result.executions_per_second:,}/s",
            f"{result.features:,} features",
            f"{result.new_inputs:,} new inputs",
            *(f"FINDING: {finding}" for finding in result.findings),
        ]
        print(f"[{len(self.results)}/{self._count}] {result.name}: {', '.join(told)}", flush=True)
