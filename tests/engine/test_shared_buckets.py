"""``SharedTokenBuckets``, in the memory of one process: equal results, a full table, memory that is not usable.

Many results are in ``test_buckets.py``, files and processes in ``tests/auth/test_shared_buckets.py``. All interleavings
of a few calls run in ``rust/core/src/shared_buckets/interleavings.rs``.
"""

import struct
import threading

import engines
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outcomes import outcome
from shared_memory import LIMITS_AT, SLOTS_IN_WINDOW, SharedBuckets, memory
from tests.reference.buckets import Buckets

from fastware._engine.contract import SHARED_SLOTS_AT

SECOND = 10**9
HOUR = 3600 * SECOND
CALLS = st.sampled_from(["take", "take", "take_counted", "give_back", "reset", "reset all"])


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from([SECOND, SECOND + 1, 60 * SECOND, 2**53])), min_size=3),
    st.sampled_from([0, 1, SECOND, 2**62]),
    st.data(),
)
def test_every_schedule_has_the_results_of_token_buckets(rates, now, data):
    """Limits with different rates share the slots; the moments are those of a clock that is never set back."""
    rates = rates[:3]
    tables = [(engines.engine(name), memory(64)) for name in engines.BUILT]
    limits = [
        [SharedBuckets(engine, *rate, table, number) for engine, table in tables] + [Buckets(*rate)]
        for number, rate in enumerate(rates)
    ]
    for _ in range(data.draw(st.integers(1, 40))):
        number = data.draw(st.integers(0, 2))
        capacity, period = rates[number]
        step = st.one_of(st.just(0), st.integers(0, period // capacity + 2), st.integers(0, 3 * period))
        now += data.draw(step)
        call, key, cost = (
            data.draw(CALLS),
            data.draw(st.sampled_from(["a", "b", "\ud800"])),
            data.draw(st.integers(1, capacity)),
        )
        arguments = {"reset": (key,), "reset all": ()}.get(call, (key, now, cost))
        *shared, expected = [outcome(getattr(each, call.split()[0]), *arguments)[:2] for each in limits[number]]
        assert shared == [expected] * len(shared)


# The table


def test_idle_slots_are_used_again(engine):
    """64 slots serve 50,000 keys, a few at a time; no bucket is taken over while it is not full."""
    buckets = SharedBuckets(engine, 1, SECOND, memory(64))
    for number in range(12_500 if engine.NAME == "rust" else 1_250):
        now = number * SECOND
        keys = [f"{number} {key}" for key in range(4)]
        assert [buckets.take(key, now) for key in keys] == [0] * 4
        assert [buckets.take(key, now) for key in keys] == [SECOND] * 4


@pytest.mark.rule("rate.shared-full")
def test_full_window_refills_the_bucket_that_is_nearest_to_full(engine):
    buckets = SharedBuckets(engine, 10, HOUR, memory(SLOTS_IN_WINDOW))
    taken = {str(number): 3 + number // 2 for number in (2, 7, 0, 5, 3, 4, 6, 8)}
    assert [buckets.take(key, 0, cost) for key, cost in taken.items()] == [0] * SLOTS_IN_WINDOW
    assert buckets.take("new", 0, cost=10) == 0
    # The last one, because it takes over another slot.
    taken["0"] = taken.pop("0")
    assert [key for key, cost in taken.items() if buckets.take(key, 0, 10 - cost + 1) == 0] == ["0"]


@pytest.mark.rule("rate.shared-full")
def test_limited_client_stays_limited_while_new_clients_arrive(engine):
    """Clients that made one call displace each other, not a client that has no token left."""
    buckets = SharedBuckets(engine, 5, HOUR, memory(64))
    limited = [f"limited {number}" for number in range(8)]
    for key in limited:
        assert [buckets.take(key, SECOND) for _ in range(6)] == [0] * 5 + [HOUR // 5]
    for number in range(5_000 if engine.NAME == "rust" else 1_000):
        assert buckets.take(f"new {number}", SECOND + number) == 0
        assert buckets.take(limited[number % 8], SECOND + number) > 0


def test_clock_that_was_set_back_refills_buckets(engine):
    buckets = SharedBuckets(engine, 1, SECOND, memory(8))
    keys = [str(number) for number in range(8)]
    assert [buckets.take(key, HOUR) for key in keys] == [0] * 8
    assert [buckets.take(key, HOUR - 2 * SECOND) for key in keys] == [0] * 8
    assert [buckets.take(key, HOUR - 2 * SECOND) for key in keys] == [SECOND] * 8


def test_limits_in_one_memory_count_separately(engine):
    shared = memory(64)
    limits = [SharedBuckets(engine, 2 + number, HOUR, shared, number) for number in range(3)]
    for number, buckets in enumerate(limits):
        assert [buckets.take("a", 0) == 0 for _ in range(5)] == [True] * (2 + number) + [False] * (3 - number)
    limits[0].reset()
    assert [buckets.take("a", 0) == 0 for buckets in limits] == [True, False, False]
    limits[1].reset("a")
    assert [buckets.take("a", 0, 2) == 0 for buckets in limits] == [False, True, False]


def test_threads_take_each_token_once(both):
    rust, _ = both
    buckets = rust.SharedTokenBuckets(memory(1_024), LIMITS_AT[0], 3, 2**53)
    keys = [f"key {number}" for number in range(200)]
    taken = []
    threads = [
        threading.Thread(target=lambda: taken.extend(key for key in keys * 2 if buckets.take(key) == 0))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(keys * 3)


def test_write_that_is_interrupted_leaves_no_wrong_bucket():
    """The Python engine writes a word after another: after each of them the process may be killed."""
    engine = engines.engine("python")
    for last in range(4):
        shared = memory(8)
        buckets = engine.SharedTokenBuckets(shared, LIMITS_AT[0], 2, HOUR)
        for number in range(8):
            assert buckets.take(str(number), 2, SECOND) == 0
        buckets._words = Interrupted(buckets._words, last)
        with_error = outcome(buckets.take, "new", 1, SECOND)[:2]
        assert with_error == (("raised", InterruptedError) if last < 3 else ("returned", 0))
        buckets = engine.SharedTokenBuckets(shared, LIMITS_AT[0], 2, HOUR)
        waits = [buckets.take_counted(str(number), 2, SECOND + 1)[1] for number in range(8)]
        assert sum(remaining > 0 for remaining in waits) == 0
        arrivals = struct.unpack("=16Q", shared[SHARED_SLOTS_AT:])[1::2]
        assert all(arrival in (0, SECOND + HOUR // 2) or arrival >= SECOND + HOUR for arrival in arrivals)


class Interrupted:
    """Words of which only the first *count* are written."""

    def __init__(self, words, count):
        self._words, self._count = words, count

    def __getitem__(self, at):
        return self._words[at]

    def __setitem__(self, at, word):
        if not self._count:
            raise InterruptedError
        self._count -= 1
        self._words[at] = word


# The memory


def test_memory_that_is_not_usable_is_a_value_error(engine):
    message = "memory must be a header and at least two groups of slots"
    length = SHARED_SLOTS_AT + 128
    for unusable, limit_at in [
        (bytes(length), 128),
        (bytearray(length - 64), 128),
        (bytearray(length + 32), 128),
        (memory(8), 129),
        (memory(8), SHARED_SLOTS_AT - 32),
    ]:
        assert outcome(engine.SharedTokenBuckets, unusable, limit_at, 1, SECOND) == ("raised", ValueError, message)
    for no_buffer in (None, "text", 5):
        assert outcome(engine.SharedTokenBuckets, no_buffer, 128, 1, SECOND)[:2] == ("raised", TypeError)


def test_memory_stays_while_buckets_use_it(engine):
    shared = memory(8)
    buckets = engine.SharedTokenBuckets(shared, LIMITS_AT[0], 1, SECOND)
    with pytest.raises(BufferError):
        shared.close()
    assert buckets.take("a") == 0
