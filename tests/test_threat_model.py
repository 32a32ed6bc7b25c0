"""SECURITY.md and docs/threat-model.md: every path that they name is there, and the threat model leaves no part out."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "SECURITY.md", ROOT / "docs" / "threat-model.md"]
FOLDERS = "tests|benches|docs|python|rust|fuzz|examples|build_backend"
NAMED = re.compile(rf"`((?:{FOLDERS})/[^`\s]*|[A-Za-z_.-]+\.(?:md|toml|lock))`")
LINKED = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def paths_of(page):
    """The paths from the root that are named on *page*, and those that its links lead to."""
    text = page.read_text(encoding="utf-8")
    for path in NAMED.findall(text):
        yield pytest.param(ROOT / path, id=f"{page.name}-{path}")
    for path in LINKED.findall(text):
        yield pytest.param(page.parent / path, id=f"{page.name}-link-{path}")


def unique(parameters):
    return list({parameter.id: parameter for parameter in parameters}.values())


@pytest.mark.parametrize("path", unique(parameter for page in PAGES for parameter in paths_of(page)))
def test_a_path_that_is_named_is_there(path):
    assert path.exists()
    assert path.is_dir() or path.suffix


def test_paths_are_found():
    found = [parameter.id for page in PAGES for parameter in paths_of(page)]
    assert len(found) > 60
    assert "threat-model.md-tests/auth/test_csrf.py" in found
    assert "SECURITY.md-link-docs/threat-model.md" in found


SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = dict(SECTION.findall(PAGES[1].read_text(encoding="utf-8")))
PARTS = [name for name in SECTIONS if name not in ("What is worth attacking", "Who attacks")]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_says_what_it_promises_how_that_is_tested_and_what_it_does_not_promise(part):
    assert "| promise | against | tested by |" in SECTIONS[part]
    assert "Not promised:" in SECTIONS[part]


def test_each_row_has_a_test_or_says_that_it_was_read():
    rows = [
        line for part in PARTS for line in SECTIONS[part].splitlines() if line.startswith("| ") and "---" not in line
    ]
    promises = [row for row in rows if not row.startswith("| promise |")]
    assert len(promises) > 35
    assert [row for row in promises if "`" not in row.rpartition(" | ")[2] and "by reading" not in row] == []
