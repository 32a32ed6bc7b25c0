"""The README's code is run, so that what it shows works."""

import re
from pathlib import Path

import pytest
from asgi_client import call

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_example_is_the_file_in_examples():
    example = (ROOT / "examples" / "jwt_auth.py").read_text(encoding="utf-8")
    assert BLOCKS[0] == example.split('"""\n\n', 1)[1]


@pytest.fixture
def small_app():
    names = {}
    exec(BLOCKS[1], names)
    return names["app"]


def test_the_small_application_answers(small_app):
    answer = call(small_app, "GET", "/api/users/7", query="sort=age")
    assert answer.json == {"id": 7, "size": 20, "sort": "age"}


def test_there_are_two_blocks_of_code():
    assert len(BLOCKS) == 2


@pytest.mark.parametrize("path", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_a_link_leads_to_a_file(path):
    assert (ROOT / path).exists()
