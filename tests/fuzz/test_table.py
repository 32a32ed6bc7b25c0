"""What came of a run, as a reader sees it."""

import json

from fuzz import table
from fuzz.fuzzer import Result

RESULTS = [
    Result("core_json", "serde_json", 2_000, 500, 40, 3, []),
    Result("token", "PyJWT", 1_000, 250, 20, 5, [".fuzz/findings/token/crash-1"]),
]


def test_the_python_side_comes_first_and_the_sums_last():
    lines = table.as_text(RESULTS).splitlines()
    assert [line.split()[0] for line in lines] == ["target", "token", "core_json", "all"]
    assert lines[-1].split() == ["all", "3,000", "8", "1"]


def test_the_results_are_written_between_their_marks_and_nothing_else_changes(tmp_path):
    page = tmp_path / "fuzzing.md"
    page.write_text((table.DOCS / "fuzzing.md").read_text(encoding="utf-8") + "\nafterwards\n", encoding="utf-8")
    for _ in range(2):
        before = page.read_text(encoding="utf-8")
        table.publish(RESULTS, 600.0, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert text == before
    assert "| token | 1,000 | 250 | 20 | 5 | 1 |" in text
    assert text.endswith("\nafterwards\n")
    written = json.loads((tmp_path / "fuzzing.json").read_text(encoding="utf-8"))
    assert written["seconds"] == 600
    assert [target["findings"] for target in written["targets"]] == [0, 1]


def test_a_run_without_an_end_has_a_table_too():
    assert table.as_text([]).splitlines()[-1].split() == ["all", "0", "0", "0"]
