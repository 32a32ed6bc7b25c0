"""Fixtures of the tests of user stores."""

from contextlib import nullcontext

import bcrypt_cost
import pytest


@pytest.fixture(autouse=True)
def _cheap_hashes(request):
    with nullcontext() if "default_cost" in request.fixturenames else bcrypt_cost.lowest():
        yield


@pytest.fixture
def default_cost():
    """For a test that needs hashes of the default cost."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json"


@pytest.fixture
def store(auth, path):
    return auth.JSONFileUserStore(path)
