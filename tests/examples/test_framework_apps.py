"""What is particular to the examples of the frameworks. ``tests/frameworks/test_examples.py`` drives them all."""

import importlib
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import bcrypt_cost
import pytest
from asgi_client import call
from openapi_spec_validator import validate

from fastware.auth import JSONFileUserStore, create_token

ROOT = Path(__file__).parents[2]
EXAMPLES = ("core", "fastapi", "starlette", "litestar")
FORM = ("content-type", "application/x-www-form-urlencoded")


@pytest.fixture
def fastapi_app(tmp_path, monkeypatch):
    """The example of FastAPI, with a user ``ada``."""
    pytest.importorskip("fastapi")
    monkeypatch.setenv("FASTWARE_JWT_SECRET", "a secret of at least 32 bytes for the examples")
    monkeypatch.setenv("USERS_FILE", str(tmp_path / "users.json"))
    monkeypatch.setenv("ACCOUNTS_DB", str(tmp_path / "accounts.db"))
    monkeypatch.setenv("LIMITS_FILE", str(tmp_path / "limits.bin"))
    for name in ("examples.accounts", "examples.fastapi_app"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with bcrypt_cost.lowest():
        accounts = importlib.import_module("examples.accounts")
        accounts.user_store.create_user("ada", "a password", "admin")
        yield importlib.import_module("examples.fastapi_app").app


def test_document_of_fastapi_is_valid_and_shows_the_login_and_the_cookie(fastapi_app):
    document = fastapi_app.openapi()
    validate(document)
    assert document["components"]["securitySchemes"]["password"]["flows"]["password"]["tokenUrl"] == "login"
    for method, path in (("get", "/profile"), ("get", "/admin"), ("post", "/password"), ("delete", "/account")):
        assert document["paths"][path][method]["security"] == [{"password": []}, {"cookie": []}]
    body = document["paths"]["/login"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["$ref"].removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_form_gets_a_token_for_the_authorize_button_and_no_cookies(fastapi_app):
    form = b"grant_type=password&username=ada&password=a+password"
    response = call(fastapi_app, "POST", "/login", headers=[FORM], body=form)
    assert response.status == 200
    assert (response.json["access_token"], response.json["token_type"]) == (response.json["token"], "bearer")
    assert response.header_list("set-cookie") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"username=ada&password=wrong", 401), (b"username=ada", 400), (b"username=ada&password=\xff", 400), (b"", 400)],
)
def test_form_without_valid_credentials_is_rejected(fastapi_app, body, status):
    assert call(fastapi_app, "POST", "/login", headers=[FORM], body=body).status == status


def post(app, path, **content):
    return call(app, "POST", path, headers=[("content-type", "application/json")], body=json.dumps(content).encode())


def test_invalid_body_is_a_422_that_does_not_show_the_password(fastapi_app):
    response = post(fastapi_app, "/register", password="hunter2")
    assert response.status == 422
    assert response.json == {"detail": [{"loc": ["body", "username"], "msg": "Field required"}]}


def test_copied_refresh_token_ends_the_session_and_its_events_have_the_username(fastapi_app, caplog):
    caplog.set_level(logging.INFO, "fastware.auth")
    session = post(fastapi_app, "/login", username="ada", password="a password").json
    refreshed = post(fastapi_app, "/refresh", refresh_token=session["refresh_token"]).json
    post(fastapi_app, "/refresh", refresh_token=refreshed["refresh_token"])
    assert post(fastapi_app, "/refresh", refresh_token=session["refresh_token"]).status == 401
    bearer = [("authorization", f"Bearer {refreshed['token']}")]
    assert call(fastapi_app, "GET", "/profile", headers=bearer).status == 401
    assert [(record.event, record.username) for record in caplog.records[-3:]] == [
        ("refresh_reused", "ada"),
        ("token_revoked", "ada"),
        ("token_rejected", "ada"),
    ]


def test_logout_ends_a_token_without_a_session_too(fastapi_app):
    token = create_token("ada", "admin", os.environ["FASTWARE_JWT_SECRET"])
    bearer = [("authorization", f"Bearer {token}")]
    assert call(fastapi_app, "POST", "/logout", headers=bearer).status == 200
    assert call(fastapi_app, "GET", "/profile", headers=bearer).status == 401


def test_code_of_the_page_about_accounts_is_that_of_the_example():
    page = (ROOT / "docs/accounts.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python fragment\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    code = (ROOT / "examples/accounts.py").read_text(encoding="utf-8")
    assert len(blocks) >= 9
    assert [block for block in blocks if block not in code] == []


def test_first_commands_of_the_examples_work_and_are_the_same(tmp_path):
    found = {_first_commands(example) for example in EXAMPLES}
    assert len(found) == 1
    script = "\n".join(["set -e", f"fastware() {{ '{sys.executable}' -m fastware \"$@\"; }}", *found.pop()])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        ["bash", "-c", f"{script}\necho ${{#FASTWARE_JWT_SECRET}}"],
        cwd=tmp_path,
        env=environment,
        input="a password of a length\n",
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "43"), run.stderr
    assert JSONFileUserStore(tmp_path / "users.json").find_user("ada")["role"] == "admin"


def _first_commands(example):
    """Return the commands in the docstring that come before that of the server."""
    docstring = (ROOT / f"examples/{example}_app.py").read_text(encoding="utf-8").partition('"""\n\n')[0]
    return tuple(re.findall(r"^    (export .*|fastware .*)$", docstring, re.MULTILINE))
