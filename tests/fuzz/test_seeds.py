"""Every seed and every regression of the fuzz targets has the expected result on both engines."""

import pytest
from fuzz import target
from fuzz.targets import TARGETS
from tests.reference import csrf

INPUTS = [
    pytest.param(each.check, data, id=f"{each.name}-{number}")
    for each in TARGETS.values()
    for number, data in enumerate([*each.seeds, *each.regressions()])
]


@pytest.mark.parametrize(("check", "data"), INPUTS)
def test_known_input_has_the_expected_result(check, data):
    check(data)


def test_every_regression_has_a_target():
    folders = {path.name for path in target.REGRESSIONS.iterdir()}
    # The regressions of the core are replayed by `cargo test` in fuzz/rust.
    assert {name for name in folders if not name.startswith("core_")} <= set(TARGETS)


def test_wrong_result_is_a_finding(monkeypatch):
    monkeypatch.setattr(csrf, "verdict", lambda *_: csrf.PASSED)
    with pytest.raises(target.Finding, match="wrong verdict"):
        TARGETS["csrf_check"].check(b"\0\0\0\0\1")
