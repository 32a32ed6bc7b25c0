"""The limiters of `python -m benches.limits` return correct results. That program times them, in several processes."""

import contextlib

import pytest

from benches.limits import Worker, problem
from benches.shared_limiters import LIMITERS, Place, folder_in_memory, is_ours, redis_on_loopback


@pytest.fixture(scope="module")
def worker():
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(redis_on_loopback()).url
        except ModuleNotFoundError as missing:
            pytest.skip(str(missing))
        with contextlib.closing(Worker(Place(stack.enter_context(folder_in_memory()), url))) as worker:
            yield worker


@pytest.mark.parametrize("name", LIMITERS)
def test_limiter_admits_the_limit(worker, name):
    try:
        found = problem(worker, name)
    except Exception as error:  # a peer that is not installed, or has changed, is not our failure
        if is_ours(name):
            raise
        pytest.skip(f"{name}: {error}")
    assert not found
