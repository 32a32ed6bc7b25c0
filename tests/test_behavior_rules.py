"""Each rule of docs/behavior.md has a test that names it with ``pytest.mark.rule``; no test names an unknown rule."""

import os
import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "behavior.md"
RULES = re.findall(r"^- \*\*`([a-z0-9-]+\.[a-z0-9-]+)`\*\*", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def pytest_collection_finish(session):
    """Print the rules that tests name: a hook of pytest, used when this module is loaded as a plugin."""
    for rule in {rule for item in session.items for mark in item.iter_markers("rule") for rule in mark.args}:
        print("rule", rule)


def test_documented_rules_are_the_rules_that_tests_name():
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "test_behavior_rules", "-p", "no:cacheprovider"],
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert len(RULES) == len(set(RULES))
    assert set(re.findall(r"^rule (\S+)$", run.stdout, re.MULTILINE)) == set(RULES)
