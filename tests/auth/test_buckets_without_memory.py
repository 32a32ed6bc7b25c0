"""Rate limits where the process gets no more memory: ``MemoryError``, and the buckets that are kept go on counting."""

import sys

import interpreters
import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of address space are Linux's")

LIMITED = """
import engines, resource, sys
from itertools import islice

engine = engines.engine(sys.argv[1])
keys = [f"client {number}" for number in range(150_000)]
unlimited = resource.getrlimit(resource.RLIMIT_AS)


def limit():
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 400_000, unlimited[1]))


def lift():
    resource.setrlimit(resource.RLIMIT_AS, unlimited)
"""

MANY_KEYS = """
buckets = engine.TokenBuckets(1, 2**53)
for key in keys[:1000]:
    assert buckets.take(key, 0) == 0
limit()
taken = 1000
try:
    for key in islice(keys, 1000, None):
        assert buckets.take(key, 0) == 0
        taken += 1
except MemoryError:
    lift()
    print("MemoryError")
assert 1000 < taken <= len(buckets) <= taken + 1
assert all(buckets.take(key, 0) > 0 for key in keys[:taken])
assert all(buckets.take(key, 0) == 0 for key in keys[taken + 1:])
assert all(buckets.take(key, 2**53) == 0 for key in keys)
"""

MANY_LIMITS = """
all_buckets = [engine.TokenBuckets(1, 2**53) for _ in range(2_000)]
few = keys[:100]
limit()
taken = 0
try:
    for buckets in all_buckets:
        assert buckets.take("client", 0) == 0
        taken += 1
        for key in few:
            assert buckets.take(key, 0) == 0
except MemoryError:
    lift()
    print("MemoryError")
assert 0 < taken < len(all_buckets)
assert all(buckets.take("client", 0) > 0 for buckets in all_buckets[:taken - 1])
assert all(buckets.take("client", 0) == 0 for buckets in all_buckets[taken + 1:])
assert all(buckets.take(key, 2**53) == 0 for buckets in all_buckets[::50] for key in few)
"""


@pytest.mark.parametrize("work", [MANY_KEYS, MANY_LIMITS], ids=["many-keys", "many-limits"])
def test_buckets_go_on_after_a_memory_error(engine_name, work):
    assert interpreters.run(LIMITED + work, engine_name) == "MemoryError"
