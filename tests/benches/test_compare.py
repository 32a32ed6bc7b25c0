"""What `python -m benches.compare` prints of two runs."""

from benches.compare import comparison
from benches.result import Result


def result(job, value, goal=None, contender="fastware (Rust)"):
    return Result(job, contender, value, goal=goal, compared=value if goal else None)


def test_changes_are_sorted_the_most_improved_first():
    before = [result("slower", 1.0), result("same", 1.0), result("faster", 1.0)]
    after = [result("slower", 2.0), result("same", 1.04), result("faster", 0.5)]
    assert list(comparison(before, after, 0.05)) == [
        "changed by more than 5% (1 rows did not):",
        "    0.50        1.00 R -> 0.50 R        faster, fastware (Rust)",
        "    2.00        1.00 R -> 2.00 R        slower, fastware (Rust)",
        "",
        "goals met: 0 of 0 before, 0 of 0 after",
    ]


def test_rows_that_one_run_has_are_named():
    lines = list(comparison([result("old", 1.0)], [result("new", 2.0)], 0.05))
    assert lines[:2] == ["only before:", "  old, fastware (Rust): 1.00 R"]
    assert lines[3:5] == ["only after:", "  new, fastware (Rust): 2.00 R"]


def test_goals_that_turned_are_named():
    before = [result("reached", 1.0, goal=0.5), result("lost", 0.4, goal=0.5), result("kept", 0.4, goal=0.5)]
    after = [result("reached", 0.5, goal=0.5), result("lost", 0.6, goal=0.5), result("kept", 0.4, goal=0.5)]
    lines = list(comparison(before, after, 10))
    assert lines == [
        "goals:",
        "  reached, fastware (Rust): the goal is met now (1.00 R -> 0.50 R)",
        "  lost, fastware (Rust): the goal is not met any more (0.40 R -> 0.60 R)",
        "",
        "goals met: 2 of 3 before, 2 of 3 after",
    ]
