"""``fastware users``: what the changes leave in the store, and which tokens they end."""

import contextlib
import sqlite3
import time

import command_line
import pytest
from redis_server import RedisServer
from user_files import HASH, mode, read, user, write

from fastware.auth import Auth, RedisRevocations, SQLiteRevocations, SQLUserStore, verify_password

PASSWORD = "correct horse battery"
SECRET = "Nq0uYdKdYq4JzqVfZ8x2mJb7wT1cE5hR"


@pytest.fixture
def users_file(tmp_path):
    return tmp_path / "users.json"


@pytest.fixture
def run(tmp_path):
    def run(line, stdin="", **environment):
        environment = {"FASTWARE_STORE": "users.json", **environment}
        done = command_line.run(*line.split(), folder=tmp_path, stdin=stdin, **environment)
        assert PASSWORD not in done.stdout + done.stderr
        return done

    return run


def test_first_admin_is_added_in_one_command(run, users_file):
    done = run("users add ada --role admin", stdin=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Added ada (admin) to users.json.\n", "")
    (ada,) = read(users_file)
    assert (ada["username"], ada["role"], mode(users_file)) == ("ada", "admin", 0o600)
    assert verify_password(PASSWORD, ada["password_hash"])


def test_password_without_a_newline_or_in_windows_lines_is_the_same(run, users_file):
    write(users_file, [user("ada")])
    for stdin in (PASSWORD, f"{PASSWORD}\r\n", f"{PASSWORD}\n{PASSWORD}\n"):
        assert run("users passwd ada", stdin=stdin).returncode == 0
        assert verify_password(PASSWORD, read(users_file)[0]["password_hash"])


@pytest.fixture(params=["SQLite", "Redis"])
def place(request, tmp_path):
    if request.param == "SQLite":
        yield tmp_path / "sessions.db"
    else:
        with RedisServer() as server:
            yield server.url


@pytest.fixture
def session(place):
    """Return the revocations of a worker, and the claims of a user who is logged in there."""
    revocations = RedisRevocations(place, refresh=0.1) if isinstance(place, str) else SQLiteRevocations(place)
    auth = Auth(SECRET, revocations=revocations)
    claims = auth.verify_token(auth.create_token("ada", "user"))
    assert not revocations.is_revoked(claims)
    return revocations, claims


@pytest.mark.parametrize("line", ["users passwd ada", "users role ada admin", "users delete ada --yes"])
def test_change_ends_the_tokens_of_the_user_at_running_workers(run, users_file, place, session, line):
    write(users_file, [user("ada"), user("bob")])
    done = run(line, stdin=PASSWORD, FASTWARE_REVOCATIONS=str(place))
    assert (done.returncode, done.stderr) == (0, "All tokens of ada are revoked.\n")
    revocations, claims = session
    deadline = time.monotonic() + 1
    while not revocations.is_revoked(claims):
        assert time.monotonic() < deadline
    assert read(users_file)[-1] == user("bob")


@pytest.mark.parametrize(
    ("url", "message"),
    [("redis://:hunter2@host:port", "invalid Redis URL"), ("unix://:hunter2@/missing", "Redis at /missing: Error 2")],
)
def test_revocations_in_redis_that_cannot_be_used_are_an_error(run, users_file, url, message):
    write(users_file, [user("ada")])
    done = run(f"users role ada admin --revocations {url}")
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "hunter2" not in done.stderr
    assert read(users_file) == [user("ada")]


def test_change_without_revocations_says_that_tokens_stay_valid(run, users_file):
    write(users_file, [user("ada")])
    done = run("users role ada admin")
    assert (done.returncode, done.stdout) == (0, "The role of ada is admin.\n")
    assert done.stderr.startswith("Tokens of ada stay valid until they expire")
    assert read(users_file) == [user("ada", role="admin")]


APPLICATION = """
import sqlite3
from contextlib import closing

from fastware.auth import UserStore

class Users(UserStore):
    FIELDS = "username", "password_hash", "role", "created_at", "phone"

    def load_users(self):
        with closing(self._database()) as database:
            rows = database.execute("SELECT * FROM users ORDER BY rowid").fetchall()
        return [{name: value for name, value in zip(self.FIELDS, row) if value is not None} for row in rows]

    def save_users(self, users):
        with closing(self._database()) as database, database:
            database.execute("DELETE FROM users")
            rows = [[user.get(name) for name in self.FIELDS] for user in users]
            database.executemany("INSERT INTO users VALUES (?, ?, ?, ?, ?)", rows)

    def _database(self):
        return sqlite3.connect("shop.db")

class Forgetful(Users):
    def load_users(self):
        return [{name: value for name, value in user.items() if name != "phone"} for user in super().load_users()]

store = Users()
forgetful = Forgetful()
"""


@pytest.fixture
def database(tmp_path):
    """Make a database and the module of its stores; return a function that reads it."""
    (tmp_path / "shop.py").write_text(APPLICATION)

    def usernames():
        with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            return [name for (name,) in connection.execute("SELECT username FROM users ORDER BY rowid")]

    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE users (username, password_hash, role, created_at, phone)")
    return usernames


USERS = [user("ada", role="admin", phone="555"), user("bob", password_hash=""), user("žofie", created_at="")]


def test_copy_to_another_store_and_back_loses_nothing(run, users_file, database):
    write(users_file, USERS)
    there, back = run("users copy users.json shop:store"), run("users copy shop:store copy.json")
    assert (there.returncode, there.stdout) == (0, "Copied 3 of 3 users from users.json to shop:store.\n")
    assert database() == ["ada", "bob", "žofie"]
    assert (back.returncode, read(users_file.with_name("copy.json"))) == (0, USERS)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_users_of_a_database_are_managed_and_copied_by_its_url(run, users_file, request, kind):
    url = "sqlite:///users.db" if kind == "sqlite" else request.getfixturevalue("postgres").new_url()
    store = SQLUserStore(url.replace(":///users", f":///{users_file.parent}/users"))
    write(users_file, USERS)
    lines = {
        f"users copy users.json {url}": "Copied 3 of 3 users from users.json to STORE.\n",
        "users add eve --role user": "Added eve (user) to STORE.\n",
        f"users copy {url} copy.json": "Copied 4 of 4 users from STORE to copy.json.\n",
    }
    for line, expected in lines.items():
        done = run(line, stdin=PASSWORD, FASTWARE_STORE=url)
        assert (done.returncode, done.stdout) == (0, expected.replace("STORE", store.name)), done.stderr
        assert "secret@" not in done.stdout + done.stderr
    assert store.load_users() == read(users_file.with_name("copy.json"))
    *copied, eve = store.load_users()
    assert (copied, eve["role"]) == (USERS, "user") and verify_password(PASSWORD, eve["password_hash"])
    done = run("doctor --json", FASTWARE_STORE=url)
    assert "secret@" not in done.stdout and '"check": "hashes"' in done.stdout
    write(users_file.with_name("other.json"), [user("new"), user("ada")])
    assert "already has 'ada'; nothing is copied" in run(f"users copy other.json {url}").stderr
    assert store.load_users() == [*USERS, eve]


def test_copy_writes_nothing_if_a_name_exists(run, users_file, database):
    write(users_file, USERS)
    write(users_file.with_name("bob.json"), [user("eve"), user("bob")])
    assert run("users copy users.json shop:store").returncode == 0
    done = run("users copy bob.json shop:store")
    assert (done.returncode, done.stderr) == (
        1,
        "Error: shop:store already has 'bob'; nothing is copied (--skip-existing leaves them out)\n",
    )
    assert database() == ["ada", "bob", "žofie"]
    done = run("users copy bob.json shop:store --skip-existing")
    assert done.stdout == "Copied 1 of 2 users from bob.json to shop:store, skipped 1 that shop:store already has.\n"
    assert database() == ["ada", "bob", "žofie", "eve"]


def test_copy_into_a_store_that_loses_a_field_is_an_error(run, users_file, database):
    write(users_file, USERS)
    done = run("users copy users.json shop:forgetful")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: shop:forgetful does not return what was saved for 'ada'; ")


def test_copy_of_no_users_is_an_error(run):
    done = run("users copy users.jsn copy.json")
    assert (done.returncode, done.stderr) == (1, "Error: no users in users.jsn (there is no such file)\n")


def test_list_shows_neither_hashes_nor_further_fields(run, users_file):
    write(users_file, USERS)
    for line in ("users list", "users list --json"):
        shown = run(line).stdout
        assert "ada" in shown and HASH not in shown and "555" not in shown
