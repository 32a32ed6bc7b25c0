"""docs/behaviour.md: each rule has a test that names it, and no test names a rule that is not there."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "behaviour.md"
RULES = re.findall(r"^- \*\*`([a-z0-9-]+\.[a-z0-9-]+)`\*\* ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def tests_by_rule():
    """How many tests name each rule, as pytest itself collects them."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "--quiet",
        "-p",
        "rules_named",
        "-p",
        "no:cacheprovider",
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=300)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    named = re.findall(r"^rule ([^ ]+) (\d+)$", run.stdout, re.MULTILINE)
    return Counter({rule: int(count) for rule, count in named})


def test_the_rules_have_names_of_their_own():
    assert len(RULES) > 60
    assert [rule for rule, count in Counter(RULES).items() if count > 1] == []


def test_each_rule_has_a_test_that_names_it(tests_by_rule):
    assert [rule for rule in RULES if not tests_by_rule[rule]] == []


def test_each_test_names_a_rule_of_the_page(tests_by_rule):
    assert sorted(set(tests_by_rule) - set(RULES)) == []
