"""Memory for ``SharedTokenBuckets``, as ``SharedBuckets`` lays it out."""

import mmap
import os

from fastware._engine.contract import SHARED_GROUP, SHARED_KEY_AT, SHARED_SLOTS_AT

LIMITS_AT = range(128, SHARED_SLOTS_AT, 64)
SLOTS_IN_WINDOW = 8


def memory(slots=8_192):
    """Return memory of this process with a number of *slots*, and keys for 8 limits."""
    made = mmap.mmap(-1, SHARED_SLOTS_AT + slots * 16)
    assert slots * 16 % SHARED_GROUP == 0
    for at in LIMITS_AT[:8]:
        made[at + SHARED_KEY_AT : at + SHARED_KEY_AT + 16] = os.urandom(16)
    return made


class SharedBuckets:
    """Shared buckets with the calls of ``TokenBuckets``: the moment comes before the cost."""

    def __init__(self, engine, capacity, period, shared=None, limit=0):
        self._buckets = engine.SharedTokenBuckets(shared or memory(), LIMITS_AT[limit], capacity, period)
        self.take_by_client = self._buckets.take_by_client
        self.reset = self._buckets.reset

    def take(self, key, now=None, cost=1):
        return self._buckets.take(key, cost, now)

    def take_counted(self, key, now=None, cost=1):
        return self._buckets.take_counted(key, cost, now)

    def give_back(self, key, now=None, cost=1):
        return self._buckets.give_back(key, cost, now)
