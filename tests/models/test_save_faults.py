"""Each system call that creating a user makes, made to fail or to be the last of its process.

After each: the file holds the old users before the rename and the new ones after it; the caller was told by an
``OSError``, or the user is there; nobody is kept out by the lock; the store goes on; and the next save leaves nothing
behind. Which calls there are is seen by a run without a fault, so that a call that is new is tried too.
"""

import errno
import fcntl
import io
import json
import os
import tempfile
from pathlib import Path

import bcrypt_cost
import engines
import pytest
import saver
import system_calls

ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EINTR")
WRITING = {
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "fchown",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "close",
    "flock",
}
RENAMING = {"rename", "renameat", "renameat2"}

needs_strace = pytest.mark.skipif(system_calls.why_not() is not None, reason=str(system_calls.why_not()))


@pytest.fixture(autouse=True)
def quick_hashes():
    with bcrypt_cost.lowest():
        yield


@pytest.fixture
def store():
    """A store on which engine does not matter: no call of a store asks it."""
    return engines.load(engines.BUILT[0]).auth.JSONFileUserStore


@pytest.fixture
def path():
    """In a folder near the root: each folder above it is looked at, again and again."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "users.json"


def names_in(path):
    return [each["username"] for each in json.loads(path.read_bytes().decode("utf-8"))]


def beside(path):
    return sorted(set(os.listdir(path.parent)) - {path.name, f"{path.name}.lock", "links"})


def assert_nobody_is_kept_out(path):
    with open(f"{path}.lock", "rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def faults(call):
    """What may become of a call."""
    yield "signal=KILL"
    creates = call.name == "openat" and "O_CREAT" in call.arguments
    for error in ERRORS if call.name in WRITING or creates else ERRORS[:1]:
        yield f"error={error}"


class Trial:
    """A process that creates users, a child of its own for each fault."""

    def __init__(self, process, store, path):
        self.process, self.store, self.path = process, store, path

    def calls_of_a_creation(self, log):
        process = int(self.process.ask("fork"))
        with system_calls.traced(process, log):
            assert self.process.ask("create counted") == "created"
        assert self.process.ask("end") == "ended 0"
        return system_calls.between(log, '0, "create counted', '1, "created\\n"')

    def run(self, call, fault, is_before_the_rename):
        old = names_in(self.path)[:1]
        self.store.save_users(self.store.load_users()[:1])
        process = int(self.process.ask("fork"))
        with system_calls.traced(process, fault=(call, fault)):
            answer = self.process.ask("create new")
        self.check_answer(answer, fault)
        is_there = answer == "created" or not is_before_the_rename
        assert names_in(self.path) == [*old, "new"][: 1 + is_there]
        assert answer == "killed" or beside(self.path) == []
        assert_nobody_is_kept_out(self.path)
        self.store.create_user("by another process", "password", "user")
        if answer != "killed":
            assert self.process.ask("create again") == "created"
            assert self.process.ask("end") == "ended 0"
        assert names_in(self.path)[1 + is_there :] == ["by another process", "again"][: 1 + (answer != "killed")]
        assert beside(self.path) == []

    def check_answer(self, answer, fault):
        kind, _, value = fault.partition("=")
        expected = {"killed"} if kind == "signal" else {"created", f"OSError {getattr(errno, value)}"}
        assert answer in expected


def run_through(path, store, is_tried, log):
    """Try each fault of each call by a process that is told the store's path; what went wrong, in words."""
    process = saver.Saver(engines.BUILT[0], store.path)
    wrong = []
    try:
        trial = Trial(process, store, path)
        calls = trial.calls_of_a_creation(log)
        assert any(map(is_tried, calls))
        renamed = next(at for at, call in enumerate(calls) if call.name in RENAMING)
        for at, call in enumerate(calls):
            for fault in faults(call) if is_tried(call) else ():
                try:
                    trial.run(call, fault, at <= renamed)
                except AssertionError as error:
                    wrong.append(f"{call}, {fault}: {error}")
                    process.close()
                    process = trial.process = saver.Saver(engines.BUILT[0], store.path)
    finally:
        process.close()
    return wrong


@needs_strace
@pytest.mark.rule("users.atomic")
def test_a_save_survives_a_fault_of_each_system_call(store, path, tmp_path):
    store(path).create_user("old", "password", "user")
    assert run_through(path, store(path), lambda call: True, tmp_path / "log") == []


@needs_strace
def test_a_link_is_not_replaced_after_a_fault_of_a_call_that_reads_it(store, path, tmp_path):
    link = path.parent / "links" / "users.json"
    link.parent.mkdir()
    link.symlink_to(path)
    store(link).create_user("old", "password", "user")

    def asks_the_link(call):
        return f'"{link}"' in call.arguments and call.name != "openat"

    assert run_through(path, store(link), asks_the_link, tmp_path / "log") == []
    assert link.is_symlink()


# Without a tracer: what the standard library asks of the system, by way of the module `os`

ASKED = (
    "open",
    "close",
    "stat",
    "lstat",
    "mkdir",
    "mkdirat",
    "listdir",
    "unlink",
    "fchown",
    "fsync",
    "replace",
    "write",
)


class Refusing:
    """Counts what is asked of the system, and refuses one request of them all; a write may be done in part first."""

    def __init__(self, monkeypatch, number=None, error=None, written=None):
        self.asked, self.number, self.error, self.written = [], number, error, written
        for name in set(ASKED) & set(dir(os)) - {"write"}:
            monkeypatch.setattr(os, name, self.asking(name, getattr(os, name)))
        monkeypatch.setattr(os, "fdopen", lambda descriptor, mode: io.BufferedWriter(self.file(descriptor, mode)))

    def asking(self, name, real):
        def ask(*arguments, **options):
            refused = self.count(name)
            if refused and name == "close":  # the descriptor is gone all the same
                real(*arguments, **options)
            if refused:
                raise OSError(self.error, os.strerror(self.error))
            return real(*arguments, **options)

        return ask

    def count(self, name):
        self.asked.append(name)
        return self.error is not None and len(self.asked) == self.number

    def file(self, descriptor, mode):
        refusing = self

        class File(io.FileIO):
            def write(self, content):
                if refusing.count("write"):
                    raise OSError(refusing.error, os.strerror(refusing.error))
                return super().write(content[: refusing.written])

        return File(descriptor, mode)


def asked_by_a_creation(store, path):
    with pytest.MonkeyPatch.context() as monkeypatch:
        asked = Refusing(monkeypatch).asked
        store(path).create_user("counted", "password", "user")
    return asked


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EDQUOT], ids=errno.errorcode.get)
def test_a_save_survives_the_refusal_of_each_request(store, path, error):
    store(path).create_user("old", "password", "user")
    asked = asked_by_a_creation(store, path)
    assert {"open", "fsync", "replace", "write", "close"} <= set(asked)
    renamed = asked.index("replace")
    for number, name in enumerate(asked, start=1):
        one = store(path)
        one.save_users(one.load_users()[:1])
        with pytest.MonkeyPatch.context() as monkeypatch:
            Refusing(monkeypatch, number, error)
            try:
                one.create_user("new", "password", "user")
            except OSError as refused:
                raised = refused.errno
                is_there = number > renamed + 1
            else:
                raised, is_there = error, True
        assert raised == error
        assert names_in(path) == ["old", "new"][: 1 + is_there], (number, name)
        assert beside(path) == [], (number, name)
        assert_nobody_is_kept_out(path)
        one.create_user("again", "password", "user")
        assert names_in(path)[-1] == "again"
        assert beside(path) == [], (number, name)


@pytest.mark.parametrize("written", [1, 7, 100])
def test_a_write_that_is_done_in_part_goes_on(store, path, written):
    store(path).create_user("old", "password", "user")
    with pytest.MonkeyPatch.context() as monkeypatch:
        asked = Refusing(monkeypatch, written=written).asked
        store(path).create_user("new", "password", "user")
    assert asked.count("write") >= path.stat().st_size // written
    assert names_in(path) == ["old", "new"]
