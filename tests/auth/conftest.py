"""The storages of sessions: a SQLite file, PostgreSQL and Valkey."""

import pytest
from redis_server import RedisServer


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sessions.db"


@pytest.fixture(scope="module")
def server():
    with RedisServer() as server:
        yield server


@pytest.fixture(params=["SQLite", "PostgreSQL", "Redis"])
def storage(request, path):
    if request.param == "PostgreSQL":
        return request.getfixturevalue("postgres").new_url()
    if request.param == "Redis":
        return request.getfixturevalue("server").url
    return path if request.param == "SQLite" else None
