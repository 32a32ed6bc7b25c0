"""The examples of docs/command-line.md: the commands run in a shell, in the order of the page."""

import shutil
from pathlib import Path

import console
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_examples_of_the_page_print_what_it_shows(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir(mode=0o700)
    console.check(console.examples(PAGE), folder=folder)
