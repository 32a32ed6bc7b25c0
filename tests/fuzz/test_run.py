"""The runner of the fuzzers: a finding is an input that libFuzzer wrote, or a process that failed."""

import sys

import pytest
from fuzz import run

DOES_NOTHING = "print('#12 DONE cov: 3 ft: 40 corp: 2'); print('stat::number_of_executed_units: 1234')"
WRITES_AN_INPUT = """
import sys
prefix = next(option for option in sys.argv if option.startswith("-artifact_prefix=")).partition("=")[2]
open(prefix + "crash-1", "wb").write(b"x")
sys.exit("ERROR: libFuzzer: deadly signal")
"""


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "WORK", tmp_path)
    monkeypatch.setattr(run, "SEEDS", tmp_path / "seeds")
    run.write_seeds("a", [b"", b"one two", b"x" * 1_000])
    return tmp_path


def job(code):
    return run.Job("a", [sys.executable, "-c", code])


def test_fuzzer_without_a_finding_reports_its_counts(capsys):
    assert run.run_all([job(DOES_NOTHING)], seconds=1, workers=1) == {}
    assert "[1/1] a: 1,234 runs, 40 features, 0 findings" in capsys.readouterr().out


def test_input_of_a_finding_is_reported(work, capsys):
    assert run.run_all([job(WRITES_AN_INPUT)], seconds=1, workers=1) == {"a": [work / "findings" / "a" / "crash-1"]}
    assert "deadly signal" in capsys.readouterr().out


def test_process_that_fails_is_a_finding(work):
    assert run.run_all([job("1 / 0")], seconds=1, workers=1) == {"a": [work / "logs" / "a.log"]}


def test_former_finding_is_not_reported_again(work):
    (work / "findings" / "a").mkdir(parents=True)
    (work / "findings" / "a" / "crash-0").write_bytes(b"")
    assert run.run_all([job(DOES_NOTHING)], seconds=1, workers=1) == {}


def test_options_follow_the_seeds(work, capsys):
    run.run_all([job("import sys; print(*sys.argv)")], seconds=1, workers=1)
    options = (work / "logs" / "a.log").read_text(encoding="utf-8").split()
    assert "-max_len=1250" in options
    assert str(work / "seeds" / "a") in options
    words = (work / "dictionaries" / "a").read_text(encoding="ascii").splitlines()
    assert words == ['"\\x20"', '"\\x6F\\x6E\\x65"', '"\\x74\\x77\\x6F"']
