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
ADDRESS = "http://127.0.0.1:8000"
START = "uvicorn app:app\n"
# Passwords have hashes of the lowest cost, in the server and in the command line.
CHEAP = "import bcrypt_cost\ncheap = bcrypt_cost.lowest()\ncheap.__enter__()\n"
FILES = {"served.py": f"{CHEAP}from app import app\n", "command.py": f"{CHEAP}from fastware.cli import main\nmain()\n"}
FUNCTIONS = f"""{console.PYTHON}
fastware() {{ python command.py "$@"; }}
curl() {{ command curl --silent --show-error "$@"; }}
"""


@pytest.mark.skipif(not shutil.which("bash") or not shutil.which("curl"), reason="needs bash and curl")
@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in PAGES])
def test_commands_of_a_tutorial_print_what_it_shows(page, tmp_path):
    if page.stem not in ("asgi", "core"):
        pytest.importorskip(page.stem)
    program = PROGRAM.search(page.read_text("utf-8"))[1]
    for name, content in {**FILES, "app.py": program}.items():
        (tmp_path / name).write_text(content, "utf-8")
    environment = {"PYTHONPATH": f"{ROOT / 'python'}:{ROOT / 'tests/support'}", "FASTWARE_JWT_SECRET": "x" * 43}

    def check(shown):
        console.check(shown, folder=tmp_path, functions=FUNCTIONS, **environment)

    shown = console.examples(page)
    start = [command for command, _ in shown].index(START)
    check(shown[:start])
    options = ("--lifespan", "auto")
    with servers.serve("uvicorn", "served:app", folder=tmp_path, env=environment, options=options) as url:
        check([(command.replace(ADDRESS, url), output) for command, output in shown[start + 1 :]])
