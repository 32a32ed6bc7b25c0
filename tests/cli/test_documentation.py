"""The examples of docs/command-line.md: the commands run in a shell, in the order of the page."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import command_line
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*\n(?:> .*\n)*)", re.MULTILINE)
END = "end of the output"


def examples():
    """Return ``[(command, output)]``; ``...`` in an output matches anything."""
    found = []
    for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        _, *parts = COMMAND.split(block)
        found += zip((part.replace("\n> ", "\n") for part in parts[::2]), parts[1::2], strict=True)
    return found


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_examples_of_the_page_print_what_it_shows(tmp_path):
    shell = f'fastware() {{ {sys.executable} -m fastware "$@"; }}; python() {{ {sys.executable} "$@"; }}\n'
    script = shell + "".join(f"{command}echo {END}\n" for command, _ in examples())
    folder = tmp_path / "shop"
    folder.mkdir(mode=0o700)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=command_line.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    outputs = done.stdout.split(f"{END}\n")
    for (command, expected), output in zip(examples(), outputs[:-1], strict=True):
        assert command_line.matches(output, expected), (command, output)
