"""A test that takes one of these fixtures runs on both engines; its id names the engine."""

import contextlib
import gc

import engines
import postgres_server
import pytest


def pytest_collection_finish():
    # The collected tests are half a million objects. Each full garbage collection would look at them, for 0.3 seconds
    # in which no thread runs: enough to be seen in tests of timeouts.
    import hypothesis  # noqa: F401 - warns if it is imported later, and finds trio's generator frozen

    gc.collect()
    gc.freeze()


def pytest_report_header():
    missing = [name for name in engines.NAMES if name not in engines.BUILT]
    without = f" (not built in this installation: {', '.join(missing)})" if missing else ""
    return f"fastware engines: {', '.join(engines.BUILT)}{without}"


@pytest.fixture(scope="session", params=engines.BUILT)
def engine_name(request):
    return request.param


@pytest.fixture(scope="session")
def fastware(engine_name):
    """Return the package, on one engine."""
    return engines.load(engine_name)


@pytest.fixture(scope="session")
def auth(fastware):
    """Return ``fastware.auth``, on one engine."""
    return fastware.auth


@pytest.fixture(scope="session")
def engine(engine_name):
    """Return the calls of the engine contract, on one engine."""
    return engines.engine(engine_name)


@pytest.fixture(scope="session")
def both():
    """Return the calls of the engine contract, ``(rust, python)``, to be compared."""
    if "rust" not in engines.BUILT:
        pytest.skip("the Rust engine is not built in this installation")
    return engines.engine("rust"), engines.engine("python")


@pytest.fixture(scope="session")
def postgres():
    """Return a PostgreSQL server that runs. A test that kills it starts it again."""
    with contextlib.closing(postgres_server.PostgresServer()) as server:
        yield server
