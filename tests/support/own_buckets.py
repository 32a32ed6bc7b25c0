"""Buckets of an application: in memory, and they record where a call was made, or fail."""

import asyncio

from fastware.auth.buckets.base import Buckets, LimitBuckets
from fastware.auth.buckets.memory import MemoryBuckets


class OwnBuckets(Buckets):
    """Counts in memory like a server would: *blocks* says whether a call may wait.

    Attributes:
        calls: ``(call, place)`` of each call, the place being ``"loop"`` or ``"thread"``.
        failure: an exception that each further call raises.

    """

    def __init__(self, blocks=True):
        self.blocks = blocks
        self.calls = []
        self.failure = None
        self.opened = {}

    def open(self, name, capacity, period, *, gives_back=False):
        rate = (capacity, period)
        found = self.opened.setdefault(name, _Limit(self, rate, gives_back))
        if found.rate != rate:
            raise ValueError(f"the limit {name} has another rate")
        return found


class _Limit(LimitBuckets):
    def __init__(self, owner, rate, gives_back):
        self.blocks = owner.blocks
        self.rate = rate
        self.gives_back = gives_back
        self._owner = owner
        self._counted = MemoryBuckets(*rate)

    def _note(self, call):
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            place = "thread"
        else:
            place = "loop"
        self._owner.calls.append((call, place))
        if self._owner.failure is not None:
            raise self._owner.failure

    def take(self, key, cost=1):
        self._note("take")
        return self._counted.take(key, cost)

    def take_counted(self, key, cost=1):
        self._note("take_counted")
        return self._counted.take_counted(key, cost)

    def give_back(self, key, cost=1):
        self._note("give_back")
        self._counted.give_back(key, cost)

    def reset(self, key=None):
        self._note("reset")
        self._counted.reset(key)
