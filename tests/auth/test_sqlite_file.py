"""A SQLite database that threads and processes share: its mode, its parts, and files that cannot be used."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from fastware.auth import StorageError
from fastware.auth.sqlite_file import SQLiteFile

SCHEMA = "CREATE TABLE numbers (number INTEGER)"


def file_at(path, part="numbers", version=1, **options):
    return SQLiteFile(path, part, version, SCHEMA, **options)


def insert(file, number=1):
    with file.writing() as connection:
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))


def insert_many(file, numbers):
    with file.writing() as connection:
        connection.executemany("INSERT INTO numbers VALUES (?)", ((number,) for number in numbers))


def count(file):
    with file.reading() as connection:
        return connection.execute("SELECT count(*) FROM numbers").fetchone()[0]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "file.db"


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_file_and_the_files_beside_it_belong_to_their_owner_only(path):
    before = os.umask(0)
    try:
        file = file_at(path)
        insert(file)
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("file.db", "file.db-wal", "file.db-shm"), 0o600)


def test_mode_of_an_existing_file_is_kept(path):
    path.parent.mkdir()
    path.touch()
    path.chmod(0o660)
    file = file_at(path)
    insert(file)
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o660}


def test_parts_share_a_file(path):
    one = file_at(path)
    other = SQLiteFile(path, "letters", 3, "CREATE TABLE letters (letter TEXT)")
    insert(one)
    with other.writing() as connection:
        connection.execute("INSERT INTO letters VALUES ('a')")
    with file_at(path).reading() as connection:
        assert connection.execute("SELECT * FROM parts ORDER BY name").fetchall() == [("letters", 3), ("numbers", 1)]
        assert connection.execute("SELECT * FROM letters").fetchall() == [("a",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_part_of_another_version_raises_storage_error(path):
    insert(file_at(path))
    with pytest.raises(StorageError, match="its numbers have version 1, and this fastware reads version 2"):
        count(file_at(path, version=2))


def test_exception_rolls_back(path):
    file = file_at(path)
    with pytest.raises(ZeroDivisionError):
        insert_many(file, (1 // number for number in (1, 0)))
    assert count(file) == 0
    insert(file)
    assert count(file) == 1


@pytest.mark.parametrize("where", ["memory", "file"])
def test_threads_take_turns(path, where):
    file = file_at(None if where == "memory" else path)

    def add():
        for _ in range(10):
            with file.writing() as connection:
                (number,) = connection.execute("SELECT count(*) FROM numbers").fetchone()
                connection.execute("INSERT INTO numbers VALUES (?)", (number,))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with file.reading() as connection:
        assert connection.execute("SELECT number FROM numbers").fetchall() == [(number,) for number in range(40)]


# Files that cannot be used


def no_folder(path):
    path.parent.write_text("a file")


def folder(path):
    path.mkdir(parents=True)


def other_file(path):
    path.parent.mkdir()
    path.write_bytes(b"other content" * 1000)


def damaged(path):
    insert(file_at(path))
    content = bytearray(path.read_bytes())
    content[100:] = b"x" * (len(content) - 100)
    path.write_bytes(content)


def locked(path):
    insert(file_at(path))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def full(path):
    file = file_at(path)
    with file.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    return file


def read_only(path):
    file = file_at(path)
    with file.reading() as connection:
        connection.execute("PRAGMA query_only = ON")
    return file


FAULTS = {
    no_folder: "File exists",
    folder: "unable to open database file; the file and its folder must be writable for this process",
    other_file: "file is not a database; choose another path",
    damaged: "malformed.*; restore it from a backup",
    locked: "database is locked; another process is writing",
    full: "database or disk is full; free space on its disk",
    read_only: "attempt to write a readonly database; the file and its folder must be writable for this process",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_file_that_cannot_be_used_raises_storage_error_with_its_path(path, fault):
    kept = fault(path)
    file = kept if isinstance(kept, SQLiteFile) else file_at(path, timeout=0.05)
    with pytest.raises(StorageError, match=FAULTS[fault]) as raised:
        insert_many(file, range(10**6))
    assert str(raised.value).startswith(f"{path}: ")
    if fault is locked:
        kept.execute("ROLLBACK")
    if fault in (full, locked):
        with file.reading() as connection:
            connection.execute("PRAGMA max_page_count = 100000")
        insert(file)
    if isinstance(kept, sqlite3.Connection):
        kept.close()


def test_replaced_file_raises_storage_error(path):
    file = file_at(path)
    insert(file)
    path.rename(path.with_name("moved"))
    with pytest.raises(StorageError, match="was replaced or deleted; restart the processes that use it"):
        insert(file)
    insert(file_at(path))
    with pytest.raises(StorageError, match="was replaced or deleted"):
        count(file)


def test_file_system_without_shared_memory_gets_a_rollback_journal(path):
    path.parent.mkdir()
    path.with_name("file.db-shm").symlink_to("nowhere/file")  # SQLite can neither open nor create it
    one, other = file_at(path), file_at(path)
    insert(one)
    insert(other)
    assert count(one) == 2
    with one.reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


OPEN_AND_CLOSE = """
import sys
from fastware.auth.sqlite_file import SQLiteFile
file = SQLiteFile(sys.argv[1], "numbers", 1, "CREATE TABLE numbers (number INTEGER)", timeout=0.05)
with file.writing() as connection:
    connection.execute("INSERT INTO numbers VALUES (1)")
"""


def test_opening_another_part_keeps_the_lock_of_a_writer(path):
    """POSIX drops all locks of a process on a file when it closes any descriptor of the file."""
    file = file_at(path)
    with file.writing() as connection:
        connection.execute("INSERT INTO numbers VALUES (1)")
        count(file_at(path))
        command = [sys.executable, "-c", OPEN_AND_CLOSE, str(path)]
        process = subprocess.run(command, capture_output=True, text=True)
        assert "StorageError" in process.stderr
        assert "database is locked" in process.stderr
    assert count(file) == 1
