"""``examples/starlette_app.py`` in process. Under real servers it is in ``tests/frameworks``."""

import importlib
import sys

import bcrypt_cost
import pytest
from asgi_client import call
from raw_tokens import sign_claims

pytest.importorskip("starlette")

NAME = "examples.starlette_app"
SECRET = "a secret of at least 32 bytes for the examples"
JSON = [("content-type", "application/json")]


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, bcrypt_cost.lowest():
        patch.setenv("FASTWARE_JWT_SECRET", SECRET)
        patch.setenv("USERS_FILE", str(tmp_path_factory.mktemp("example") / "users.json"))
        patch.delitem(sys.modules, NAME, raising=False)
        module = importlib.import_module(NAME)
        module.user_store.create_user("ada", "a password", "admin")
        yield module


def test_each_login_checks_one_password(example, monkeypatch):
    hashes = []

    async def verify(password, password_hash):
        hashes.append(password_hash)
        return False

    monkeypatch.setattr(example, "averify_password", verify)
    for username in ("ada", "nobody"):
        body = {"username": username, "password": "a password"}
        assert call(example.app, "POST", "/login", headers=JSON, body=body).status == 401
    assert [password_hash[:4] for password_hash in hashes] == ["$2b$", "$2b$"]


def test_tokens_of_the_settings_are_accepted(example):
    token = sign_claims({"sub": "ada", "role": "user"}, secret=SECRET)
    headers = [("cookie", f"session={token}")]
    assert call(example.app, path="/profile", headers=headers).json == {"username": "ada", "role": "user"}
    assert [call(example.app, path="/admin", headers=each).status for each in (headers, [])] == [403, 401]
