"""The pages of docs/tutorials/: each program runs under a server, and each command prints what the page shows."""

import re
import shutil
from pathlib import Path

import console
import pytest
import servers

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
START = "uvicorn app:app\n"
# Passwords have hashes of the lowest cost in the command line and in the server.
CHEAP = "import bcrypt_cost\nbcrypt_cost.lowest().__enter__()\n"
SERVED = f"{CHEAP}from app import app\n"
COMMAND = f"{CHEAP}from fastware.cli import main\nmain()\n"


@pytest.mark.skipif(not shutil.which("bash") or not shutil.which("curl"), reason="needs bash and curl")
@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in PAGES])
def test_commands_of_a_tutorial_print_what_it_shows(page, tmp_path):
    pytest.importorskip(page.stem if page.stem not in ("core", "asgi") else "fastware")
    (tmp_path / "app.py").write_text(PROGRAM.search(page.read_text("utf-8"))[1], "utf-8")
    (tmp_path / "served.py").write_text(SERVED, "utf-8")
    (tmp_path / "command.py").write_text(COMMAND, "utf-8")
    commands = console.examples(page)
    started = [command for command, _ in commands].index(START)

    def run(commands):
        console.check(commands, folder=tmp_path, functions=FUNCTIONS, **environment)

    environment = {"PYTHONPATH": f"{ROOT / 'python'}:{ROOT / 'tests/support'}", "FASTWARE_JWT_SECRET": "x" * 43}
    run(commands[:started])
    options = ("--lifespan", "auto")
    with servers.serve("uvicorn", "served:app", folder=tmp_path, env=environment, options=options) as url:
        run([(command.replace("http://127.0.0.1:8000", url), output) for command, output in commands[started + 1 :]])


FUNCTIONS = f"""{console.PYTHON}
fastware() {{ python command.py "$@"; }}
curl() {{ command curl --silent --show-error "$@"; }}
"""
