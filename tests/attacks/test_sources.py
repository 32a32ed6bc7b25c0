"""Each row of the corpus says where its input is known from, and no two are the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = re.compile(
    r"(RFC \d{4}(bis)? (section|appendix) [A-Z0-9.]+"
    r"|(CVE-\d{4}-\d{4,}|CWE-\d+|GHSA(-[a-z0-9]{4}){3})"
    r"|Wycheproof [\w./ -]+"
    r"|OWASP [\w -]+"
    r"|(ITU-T|ASGI|Unicode|PEP|IEEE|CPython|WHATWG|POSIX) [\w./ -]+)"
    r"(, .+|: .+)?\Z"
)


@pytest.fixture(scope="module")
def rows():
    folder = str(Path(__file__).parent)
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "attacks_named", folder]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    return [tuple(line.split("\t")[1:]) for line in run.stdout.splitlines() if line.startswith("attack\t")]


def test_there_are_rows(rows):
    assert len(rows) > 300


def test_each_row_has_a_source(rows):
    assert sorted({source for _, _, source in rows if not SOURCE.match(source)}) == []


def test_each_row_has_a_name_of_its_own(rows):
    names = [(test, name) for test, name, _ in rows]
    assert sorted({name for name in names if names.count(name) > 1}) == []
