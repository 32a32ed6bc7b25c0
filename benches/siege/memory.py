"""What the workers have in RAM, sampled as they live."""

import contextlib

from benches.process_tree import resident_bytes

from .server import Server

MOST_GROWTH = 8_000_000
"""Bytes that a worker may grow by after the warm-up: the allocators of its threads settle, and users come and go."""

_WARM_UP = 0.8
"""Of the samples so far: a worker that has fewer has not done what grows it once."""


class Memory:
    """Resident bytes of each worker, sample by sample."""

    def __init__(self) -> None:
        self._samples: dict[int, list[int]] = {}
        self._warm: dict[int, int] = {}

    def sample(self, server: Server) -> None:
        for worker in server.living_workers():
            with contextlib.suppress(OSError):
                self._samples.setdefault(worker, []).append(resident_bytes(worker))

    def warmed_up(self) -> None:
        """What the workers have now is what they are compared with in the end; those that came late still grow."""
        longest = max(map(len, self._samples.values()), default=0)
        self._warm = {
            worker: max(samples) for worker, samples in self._samples.items() if len(samples) > longest * _WARM_UP
        }

    def growth(self, server: Server) -> dict[int, tuple[int, int]]:
        """Return bytes after the warm-up and at the end, of the workers that lived through."""
        alive = server.living_workers()
        return {worker: (before, self._samples[worker][-1]) for worker, before in self._warm.items() if worker in alive}
