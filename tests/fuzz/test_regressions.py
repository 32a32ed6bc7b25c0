"""Every input that the fuzzer started from, or found something with, has its right answer on both engines."""

import re

import pytest
from fuzz import places
from fuzz.core_targets import CORE_TARGETS
from fuzz.target import Disagreement
from fuzz.targets import TARGETS

KEPT = [(name, path) for name in TARGETS for path in places.kept_inputs(name)]


@pytest.mark.parametrize(("name", "path"), KEPT, ids=[f"{name}-{path.name}" for name, path in KEPT])
def test_an_input_that_is_kept_has_its_right_answer(name, path):
    TARGETS[name].check(path.read_bytes())


@pytest.mark.parametrize("name", [*TARGETS, *CORE_TARGETS])
def test_a_target_has_seeds(name):
    assert any((places.SEEDS / name).iterdir())


def test_nothing_is_kept_for_a_target_that_is_none():
    kept = {path.name for folder in (places.SEEDS, places.REGRESSIONS) if folder.is_dir() for path in folder.iterdir()}
    assert kept <= {*TARGETS, *CORE_TARGETS}


def test_both_sides_know_the_targets_of_the_core():
    listed = (places.CORE / "src" / "targets" / "mod.rs").read_text(encoding="utf-8")
    assert set(re.findall(r'\("(core_\w+)",', listed)) == set(CORE_TARGETS)


def test_a_wrong_answer_is_a_disagreement(monkeypatch):
    from fuzz.reference import headers

    monkeypatch.setattr(headers, "csrf_verdict", lambda _: 0)
    with pytest.raises(Disagreement, match="another verdict"):
        TARGETS["csrf_verdict"].check(b"")
