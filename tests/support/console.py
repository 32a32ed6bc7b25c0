"""The ```console blocks of a page: commands of a shell after ``$``, continued after ``>``, and what they print."""

import re
import subprocess
import sys

import command_line

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*\n(?:> .*\n)*)", re.MULTILINE)
PYTHON = f'python() {{ {sys.executable} "$@"; }}\n'
FASTWARE = f'fastware() {{ {sys.executable} -m fastware "$@"; }}\n'
END = "end of the output"


def examples(page):
    """Return ``[(command, output)]``; ``...`` in an output matches anything."""
    found = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        _, *parts = COMMAND.split(block)
        found += zip((part.replace("\n> ", "\n") for part in parts[::2]), parts[1::2], strict=True)
    return found


def check(shown, *, folder, functions=PYTHON + FASTWARE, **variables):
    """Run the commands of *shown* in one shell, in *folder*, and compare what they print."""
    script = functions + "".join(f"{command}echo {END}\n" for command, _ in shown)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=command_line.environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
    )
    outputs = done.stdout.split(f"{END}\n")
    for (command, expected), output in zip(shown, outputs[:-1], strict=True):
        # curl prints a body without a line end.
        ended = output if output.endswith("\n") or not output else f"{output}\n"
        assert command_line.matches(ended, expected), (command, output)
