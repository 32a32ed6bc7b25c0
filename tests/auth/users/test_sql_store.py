"""SQLUserStore: its schema, names, processes, killed clients and servers. test_changes.py tests each call over it."""

import contextlib
import os
import random
import signal
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import chain
from unittest import mock

import interpreters
import pytest
import user_processes
from error_text import shown_by
from user_files import roles_in, user

import fastware.auth
from fastware.auth import (
    JSONFileUserStore,
    SQLUserStore,
    StorageError,
    UserExistsError,
    UserFileError,
    sql_connections,
    sql_database,
)
from fastware.cli.doctor.user_store import check_server

ENGINE = fastware.auth.ENGINE


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/users.db"
    return request.getfixturevalue("postgres").new_url()


@pytest.fixture
def store(url):
    return SQLUserStore(url)


def execute(store, *statements):
    """Run statements on the database of *store*."""
    with store._database.transaction(60) as transaction:
        for statement in statements:
            transaction.change(statement)


def query(store, statement):
    """Return the rows that *statement* returns."""
    with store._database.transaction(60) as transaction:
        return transaction.rows(statement)


# The schema


def test_another_version_of_the_schema_raises_storage_error(store, url):
    store.save_users([user("ada")])
    execute(store, "UPDATE fastware_parts SET version = 2")
    with pytest.raises(StorageError, match="its users have version 2, and this fastware reads version 1"):
        SQLUserStore(url).find_user("ada")


def test_table_of_another_application_raises_storage_error_and_is_kept(store, url):
    store.find_user("ada")
    execute(store, "DROP TABLE fastware_users", "DELETE FROM fastware_parts", "CREATE TABLE fastware_users (name text)")
    with pytest.raises(StorageError, match="it has a table fastware_users that this fastware did not create"):
        SQLUserStore(url).create_user("ada", "password", "user")
    assert query(store, "SELECT * FROM fastware_users") == []


def test_user_is_found_by_an_index(store, url):
    store.save_users([user(f"user {number}") for number in range(2_000)])
    is_sqlite = url.startswith("sqlite")
    explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
    rows = query(store, f"{explain} SELECT role FROM fastware_users WHERE username_hash = {'x' * is_sqlite}'00'")
    plan = " ".join(str(cell) for row in rows for cell in row)
    assert ("USING INDEX sqlite_autoindex_fastware_users_1" if is_sqlite else "Index Scan using") in plan


# Names


def test_names_are_compared_exactly_and_may_have_any_length(store):
    names = [
        "ada",
        "Ada",
        "ada ",
        "ädä",
        "a\u0308da\u0308",
        "愛",
        "x" * 1_024,
        "\U0001f600" * 1_024,
        "%",
        "_",
        "o'neil",
    ]
    users = [user(name, role=f"role of {number}") for number, name in enumerate(names)]
    store.save_users(users)
    assert [store.find_user(name) for name in names] == users
    for missing in ("ADA", "ada  ", "x" * 1_023, "", "ada\0", "\ud800", None, 5, b"ada", ["ada"]):
        assert store.find_user(missing) is None
        with pytest.raises(LookupError):
            store.delete_user(missing)
    assert store.load_users() == users


@pytest.mark.parametrize("field", ["username", "password_hash", "role", "created_at"])
def test_nul_character_is_an_error_that_names_the_field(store, field):
    store.save_users([user("ada")])
    with pytest.raises(UserFileError, match=rf"the users to save, user 2: '{field}' has a NUL character"):
        store.save_users([user("ada"), {**user("bob"), field: "a\0"}])
    assert store.load_users() == [user("ada")]


# Threads and processes


@pytest.mark.rule("users.exclusive")
@pytest.mark.rule("users.unique")
def test_processes_that_use_a_new_database_lose_no_user_and_no_change(url):
    """They create the tables at once, then users of their own and common ones, and change the same user."""
    own = [[f"user {process}-{number}" for number in range(8)] for process in range(4)]
    common = [f"user {number}" for number in range(8)]
    with user_processes.started(ENGINE, *[url] * 4) as processes:
        for process, names in zip(processes, own, strict=True):
            process.create([*names, *random.sample(common, len(common))])
        for process in processes:
            process.finish()
        assert sorted(chain(*[process.created for process in processes])) == sorted(chain(common, *own))
        assert all(
            sorted(each.created + each.taken) == sorted(common + names)
            for each, names in zip(processes, own, strict=True)
        )
        for process in processes:
            process.change(*[("count", common[0])] * 25)
        for process in processes:
            process.finish()
    users = SQLUserStore(url).load_users()
    assert sorted(each["username"] for each in users) == sorted(chain(common, *own))
    (changed,) = (each for each in users if len(each) > 4)
    assert list(changed.values())[4:] == ["25"] * 4


def test_save_excludes_the_changes_of_others(store, url):
    """``fastware users copy`` holds the lock from the first look to the comparison."""
    store.save_users([user("ada")])
    other, done = SQLUserStore(url), threading.Event()

    def add():
        other._insert_user(user("eve"))
        done.set()

    with store._exclusive():
        thread = threading.Thread(target=add)
        thread.start()
        assert not done.wait(0.1)
        store.save_users([*store.load_users(), user("bob")])
        assert [each["username"] for each in store.load_users()] == ["ada", "bob"]
    thread.join(30)
    assert [each["username"] for each in store.load_users()] == ["ada", "bob", "eve"]
    with contextlib.suppress(ZeroDivisionError), store._exclusive():
        store.save_users([])
        raise ZeroDivisionError
    assert len(store.load_users()) == 3


FORKING = """
import os, sys
from user_files import user
from fastware.auth import SQLUserStore
store = SQLUserStore(sys.argv[1])
store.save_users([user("parent")])
children = []
for child in range(3):
    process = os.fork()
    if process == 0:
        for number in range(10):
            store._insert_user(user(f"user {child}-{number}"))
        assert store.find_user("parent")
        os._exit(0)
    children.append(process)
    assert store.find_user("parent")
print([os.waitpid(process, 0)[1] for process in children], len(store.load_users()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_children_have_their_own_connections(url):
    assert interpreters.run(FORKING, url) == "[0, 0, 0] 31"


# Killed clients, and servers that end


@pytest.mark.rule("users.atomic")
def test_process_killed_at_any_time_leaves_what_it_reported_and_at_most_one_change_more(store, url):
    def read_roles():
        with store._exclusive():  # after a transaction of the process that the server has not ended yet
            return roles_in(store.load_users())

    store.save_users([user("old")])
    roles = read_roles()
    with user_processes.started(ENGINE, *[url] * 3) as processes:
        for _ in user_processes.kill_while_changing(processes, roles, read_roles):
            pass


@contextmanager
def requests(url, number=4):
    """Change a user in threads during the block. Yields the acknowledged changes, and the errors."""
    store, done, saved, errors = SQLUserStore(url), threading.Event(), [0] * number, []

    def change(thread):
        while not done.is_set():
            value = saved[thread] + 1
            try:
                store.update_user("ada", fields={str(thread): str(value)})
                saved[thread] = value
            except StorageError as error:
                errors.append(str(error))
                if "may have been saved" in str(error):
                    saved[thread] = int(wait_for(lambda: store.find_user("ada")).get(str(thread), 0))
                time.sleep(0.01)

    with ThreadPoolExecutor(number) as threads:
        running = [threads.submit(change, thread) for thread in range(number)]
        try:
            yield saved, errors
        finally:
            done.set()
            for each in running:
                each.result(timeout=60)


def wait_for(call):
    """Return what *call* returns, when the server is there again."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return call()
        except StorageError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def kill_and_restart(server):
    server.kill()
    time.sleep(0.1)
    server.start()


def terminate_all(server):
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


@pytest.mark.parametrize("fault", [kill_and_restart, terminate_all], ids=lambda fault: fault.__name__)
def test_faults_of_the_server_lose_no_acknowledged_change(postgres, fault):
    url = postgres.new_url()
    SQLUserStore(url).save_users([user("ada")])
    with requests(url) as (saved, errors):
        for _ in range(2):
            before = list(saved)
            deadline = time.monotonic() + 30
            while any(one == other for one, other in zip(before, saved, strict=True)):
                assert time.monotonic() < deadline, errors
                time.sleep(0.01)
            fault(postgres)
    found = SQLUserStore(url).find_user("ada")
    assert [int(found[str(thread)]) for thread in range(len(saved))] == saved
    assert all(error.startswith("postgresql:///") and "secret" not in error for error in errors)
    assert errors or fault is terminate_all


def test_idle_connections_that_the_server_ended_are_replaced(postgres):
    store = SQLUserStore(postgres.new_url())
    store.save_users([user("ada")])
    terminate_all(postgres)
    assert store.find_user("ada") == user("ada")
    terminate_all(postgres)
    store.update_user("ada", role="admin")
    kill_and_restart(postgres)
    assert store.find_user("ada")["role"] == "admin"


SLOW_COMMIT = """
    CREATE FUNCTION {0}.wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON {0}.fastware_users DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION {0}.wait()
"""


def test_connection_that_is_lost_during_the_commit_is_an_error_and_the_change_is_not_repeated(postgres):
    url = postgres.new_url()
    store = SQLUserStore(url)
    store.save_users([user("ada")])
    postgres.execute(SLOW_COMMIT.format(url.rpartition("%3D")[2]))
    with ThreadPoolExecutor(1) as thread:
        change = thread.submit(store.update_user, "ada", role="admin")
        while not postgres.execute("SELECT 1 FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'"):
            time.sleep(0.01)
        terminate_all(postgres)
        with pytest.raises(StorageError, match=r"terminating connection .*; the change may have been saved, or not"):
            change.result(timeout=30)
    assert store.find_user("ada") == user("ada")


def test_connection_of_the_pool_is_waited_for_a_limited_time(postgres):
    with mock.patch.object(sql_connections, "_POOL_TIMEOUT", 0.05), contextlib.ExitStack() as stack:
        store = SQLUserStore(postgres.new_url())
        for _ in range(15):
            stack.enter_context(store._database._connections.connection(60))
        with pytest.raises(StorageError, match="all connections of this process are in use"):
            store.find_user("ada")
        stack.pop_all().close()
        assert store.find_user("ada") is None


def test_server_that_is_paused_is_waited_for_a_limited_time(postgres):
    store = SQLUserStore(postgres.new_url() + "&connect_timeout=2")
    store.save_users([user("ada")])
    postgres.signal(signal.SIGSTOP)
    try:
        with mock.patch.object(sql_database, "STATEMENT_TIMEOUT", 0.5):
            begin = time.monotonic()
            for message in ("the server did not answer for", "did not answer to the last call"):
                with pytest.raises(StorageError, match=message):
                    store.find_user("ada")
            assert time.monotonic() - begin < 2
    finally:
        postgres.signal(signal.SIGCONT)
    assert wait_for(lambda: store.find_user("ada")) == user("ada")


def test_new_connection_is_waited_for_a_limited_time(postgres):
    store = SQLUserStore(postgres.new_url())
    pause = mock.patch.multiple(sql_connections, _CONNECT_TIMEOUT=0.2, _SET_TIMEOUTS="SELECT pg_sleep(60)")
    begin = time.monotonic()
    with pause, pytest.raises(StorageError):
        store.find_user("ada")
    assert time.monotonic() - begin < 2
    assert store.find_user("ada") is None


def test_locked_row_is_waited_for_a_limited_time(postgres):
    url = postgres.new_url() + "%20-clock_timeout%3D100"
    store = SQLUserStore(url)
    store.save_users([user("ada")])
    with store._exclusive(), ThreadPoolExecutor(1) as thread:
        change = thread.submit(store.update_user, "ada", role="admin")
        with pytest.raises(StorageError, match="another transaction has held the row or table for too long"):
            change.result(timeout=30)
    assert store.find_user("ada") == user("ada")


# Databases that cannot be used


def test_read_only_replica_answers_and_rejects_changes(postgres):
    url = postgres.new_url()
    SQLUserStore(url).save_users([user("ada")])
    store = SQLUserStore(url + "%20-cdefault_transaction_read_only%3Don")
    assert store.find_user("ada") == user("ada") and store.load_users() == [user("ada")]
    with pytest.raises(StorageError, match="read-only transaction; the server is a read-only replica"):
        store.delete_user("ada")


def test_role_without_permissions_gets_the_fix(postgres):
    url = postgres.new_url()
    schema = url.rpartition("%3D")[2]
    postgres.execute(f"CREATE ROLE {schema} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {schema}")
    as_role = postgres.url(schema, user=schema)
    with pytest.raises(StorageError, match=r"permission denied for schema .*; grant SELECT, INSERT"):
        SQLUserStore(as_role).find_user("ada")
    SQLUserStore(url).save_users([user("ada")])
    postgres.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {schema}")
    assert SQLUserStore(as_role).find_user("ada") == user("ada")
    with pytest.raises(StorageError, match="permission denied for table fastware_users; grant SELECT, INSERT"):
        SQLUserStore(as_role).create_user("eve", "password", "user")
    postgres.execute(f"GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {schema}")
    SQLUserStore(as_role).create_user("eve", "password", "user")
    SQLUserStore(as_role).save_users([user("bob")])
    assert SQLUserStore(url).load_users() == [user("bob")]


def test_missing_server_and_wrong_database_are_errors_without_the_password(postgres):
    for url, reason in {
        postgres.url().replace(str(postgres.folder), "/nowhere"): "No such file or directory",
        postgres.url().replace("/postgres?", "/other?"): 'database "other" does not exist',
        "postgresql://ada:secret@127.0.0.1:1/users": "Connection refused",
    }.items():
        with pytest.raises(StorageError, match=reason) as raised:
            SQLUserStore(url).find_user("ada")
        assert "secret" not in shown_by(raised.value) and raised.value.__context__ is None


def test_replaced_sqlite_file_raises_storage_error(tmp_path):
    store = SQLUserStore(f"sqlite:///{tmp_path}/users.db")
    store.save_users([user("ada")])
    (tmp_path / "users.db").rename(tmp_path / "moved.db")
    with pytest.raises(StorageError, match="was replaced or deleted; restart the processes that use it"):
        store.find_user("ada")


def test_sqlite_database_is_for_its_owner_only_and_may_be_shared_with_other_parts(tmp_path):
    store = SQLUserStore(f"sqlite:///{tmp_path}/folder/app.db")
    fastware.auth.Tickets(tmp_path / "folder" / "app.db").issue({"sub": "ada"})
    store.save_users([user("ada")])
    assert {each.stat().st_mode & 0o777 for each in (tmp_path / "folder").iterdir()} == {0o600}
    with closing(sqlite3.connect(tmp_path / "folder" / "app.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT count(*) FROM tickets").fetchone() == (1,)


URLS = {
    "": (ValueError, "malformed"),
    "users.json": (ValueError, "malformed"),
    "postgresql://ada:secret@host:port/users": (ValueError, "malformed"),
    "postgresql://ada:top@secret@host/users": (ValueError, "percent-encoded"),
    "mysql://ada:secret@host/users": (ValueError, "databases of 'mysql' are not supported"),
    "redis://:secret@host": (ValueError, "databases of 'redis' are not supported"),
    "postgresql+nothing://ada:secret@host/users": (ValueError, "no driver 'postgresql\\+nothing'"),
    "postgresql+psycopg_async://ada:secret@host/users": (ValueError, "asynchronous"),
    "postgresql+pg8000://ada:secret@host/users": (ImportError, 'needs the package .*pip install "fastware\\[sql\\]"'),
    None: (TypeError, "not NoneType"),
    b"secret": (TypeError, "not bytes"),
}


@pytest.mark.parametrize("url", URLS, ids=repr)
def test_url_that_cannot_be_used_is_an_error_without_the_password(url):
    error, message = URLS[url]
    with pytest.raises(error, match=message) as raised:
        SQLUserStore(url)
    assert type(raised.value) is error and "secret" not in shown_by(raised.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_url_without_a_driver_uses_psycopg_and_its_password_is_not_shown(scheme):
    for url in (f"{scheme}://ada:secret@host:5/users?x=1", f"{scheme}://ada@host:5/users?password=secret"):
        store = SQLUserStore(url)
        assert repr(store) == "<SQLUserStore: postgresql://host:5/users>"
        address = store._database.address
        assert (address.url.drivername, address.url.password) == ("postgresql+psycopg", "secret")
        assert "secret" not in repr(vars(store)) + repr(vars(address))


UNCHECKED = {
    "postgresql://db.example.org/users": True,
    "postgresql://db.example.org/users?sslmode=require": True,
    "postgresql:///users?host=127.0.0.1,db.example.org": True,
    "postgresql://db.example.org/users?sslmode=verify-full": False,
    "postgresql://127.0.0.1/users": False,
    "postgresql://localhost/users": False,
    "postgresql:///users?host=/run/postgresql": False,
    "postgresql:///users": False,
    "sqlite:///users.db": False,
}


@pytest.mark.parametrize("url", UNCHECKED)
def test_doctor_warns_of_a_server_on_the_network_that_is_not_checked(url):
    findings = list(check_server(SQLUserStore(url)))
    assert [(each.check, each.severity) for each in findings] == [("server", "warning")] * UNCHECKED[url]


def test_stores_of_one_url_share_their_connections(postgres):
    url = postgres.new_url()
    stores = [SQLUserStore(url) for _ in range(20)]
    for store in stores:
        store.find_user("ada")
    assert len({store._database._connections for store in stores}) == 1
    assert len({SQLUserStore("sqlite://")._database._connections for _ in range(2)}) == 2


# Moving between stores


def test_users_survive_the_way_from_a_file_to_databases_and_back(postgres, tmp_path):
    users = [user("ada", note="a\0b", email=""), user("žofie", created_at=""), user("bob", role="愛", password_hash="")]
    users.append({"email": "first", **user("eve")})
    stores = [JSONFileUserStore(tmp_path / "one.json"), SQLUserStore(postgres.new_url())]
    stores += [SQLUserStore(f"sqlite:///{tmp_path}/users.db"), JSONFileUserStore(tmp_path / "two.json")]
    for store in stores:
        store.save_users(users)
        assert store.load_users() == users
        users = store.load_users()
    assert stores[0].load_users() == users


def test_duplicate_user_is_found_while_the_password_is_hashed(store):
    store.save_users([user("ada")])
    with mock.patch.object(store, "_check_is_new"), pytest.raises(UserExistsError, match="user 'ada' already exists"):
        store.create_user("ada", "password", "admin")
