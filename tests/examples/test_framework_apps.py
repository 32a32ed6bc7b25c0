"""What is particular to the examples of the frameworks. ``tests/frameworks/test_examples.py`` drives them all."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import bcrypt_cost
import pytest
from asgi_client import call
from openapi_spec_validator import validate

from fastware.auth import JSONFileUserStore

ROOT = Path(__file__).parents[2]
FRAMEWORKS = ("fastapi", "starlette", "litestar")
JSON = [("content-type", "application/json")]


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Return a function that imports the example of a framework, with a user ``ada``."""

    def imported(framework):
        pytest.importorskip(framework)
        name = f"examples.{framework}_app"
        monkeypatch.setenv("FASTWARE_JWT_SECRET", "a secret of at least 32 bytes for the examples")
        monkeypatch.setenv("USERS_FILE", str(tmp_path / "users.json"))
        monkeypatch.delitem(sys.modules, name, raising=False)
        example = importlib.import_module(name)
        example.user_store.create_user("ada", "a password", "admin")
        return example

    with bcrypt_cost.lowest():
        yield imported


@pytest.mark.parametrize("framework", ["starlette", "litestar"])  # that of FastAPI uses `login_route`
def test_each_login_checks_one_password(load, framework, monkeypatch):
    example, hashes = load(framework), []

    async def verify(password, password_hash):
        hashes.append(password_hash)
        return False

    monkeypatch.setattr(example, "averify_password", verify)
    for username in ("ada", "nobody"):
        body = {"username": username, "password": "a password"}
        assert call(example.app, "POST", "/login", headers=JSON, body=body).status == 401
    assert [password_hash[:4] for password_hash in hashes] == ["$2b$", "$2b$"]


def test_document_of_fastapi_is_valid_and_shows_the_login_and_the_cookie(load):
    document = load("fastapi").app.openapi()
    validate(document)
    assert document["components"]["securitySchemes"]["password"]["flows"]["password"]["tokenUrl"] == "login"
    for path in ("/profile", "/admin"):
        assert document["paths"][path]["get"]["security"] == [{"password": []}, {"cookie": []}]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_first_commands_of_the_example_work(framework, tmp_path):
    pytest.importorskip(framework)
    text = (ROOT / f"examples/{framework}_app.py").read_text(encoding="utf-8")
    commands = re.findall(r"^    (export .*|python .*)$", text.partition('"""\n\n')[0], re.MULTILINE)
    assert len(commands) == 2
    script = "\n".join(["set -e", f"python() {{ '{sys.executable}' \"$@\"; }}", *commands])
    users_file = tmp_path / "users.json"
    subprocess.run(["bash", "-c", script], cwd=ROOT, env={**os.environ, "USERS_FILE": str(users_file)}, check=True)
    assert JSONFileUserStore(users_file).find_user("ada")["role"] == "admin"
