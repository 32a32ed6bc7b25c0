"""Every seed and every regression has the right answer on both engines."""

import fuzz.targets  # noqa: F401 - fills TARGETS
import pytest
from fuzz.target import TARGETS

INPUTS = [
    pytest.param(target.check, data, id=f"{target.name}-{number}")
    for target in TARGETS.values()
    for number, data in enumerate([*target.seeds, *target.regressions()])
]


@pytest.mark.parametrize(("check", "data"), INPUTS)
def test_known_input_has_the_right_answer(check, data):
    check(data)
