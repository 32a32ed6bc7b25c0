"""Calls in threads, while others change what the calls read: briefly here, longer in ``python -m checks threads``."""

import os
import random
import subprocess
import sys

import engines
import pytest
from checks import threads

NAMES = [
    f"{engine}: {scenario.name}" for engine in engines.BUILT for scenario in threads.scenarios(engines.engine(engine))
]


@pytest.mark.parametrize("name", NAMES)
def test_result_is_that_of_a_state_that_existed(name):
    engine, _, wanted = name.partition(": ")
    (scenario,) = (one for one in threads.scenarios(engines.engine(engine)) if one.name == wanted)
    result = threads.watch(scenario, 0.1)
    assert not result.wrong
    assert result.reads > 0 and result.changes > 0


def test_check_finds_a_call_that_reads_a_list_while_it_changes():
    """A reader that gives up the GIL between two items, as a call would that reads them without a copy."""
    contents = [["left", "left"], ["right", "right"]]
    items = contents[0][:]

    def read():
        first = items[0]
        for _ in range(20):
            pass
        return first == items[1]

    def change():
        items[:] = random.choice(contents)

    scenario = threads.Scenario("two items", read, change, lambda is_whole: is_whole)
    assert any(threads.watch(scenario, 0.2).wrong for _ in range(20))


@pytest.mark.skipif("rust" not in engines.BUILT, reason="this installation has no Rust engine")
@pytest.mark.skipif(threads.has_gil(), reason="this Python has a GIL")
def test_import_of_the_rust_engine_does_not_turn_the_gil_on():
    code = "import sys, fastware._engine._rust; assert not sys._is_gil_enabled()"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON_GIL"}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60, env=environment)
