"""SQLiteRevocations: when it looks at the file, and files that cannot be used."""

import threading
import time

import pytest
from clock import stopped_at
from revocation_processes import lines_of, start

from fastware.auth import RevocationsUnavailableError, SQLiteRevocations, StorageError
from fastware.auth.revocations import base, sqlite

NOW = 1_800_000_000


def session(sid="s1", **claims):
    return {"sub": "ada", "role": "user", "iat": NOW, "exp": NOW + 10**9, "sid": sid, "rev": 0} | claims


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "revocations.db"


@pytest.fixture
def revocations(path):
    return SQLiteRevocations(path)


class Monotonic:
    """Replaces the clock that tells when to look at the file."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        for module in (base, sqlite):
            monkeypatch.setattr(module, "monotonic", lambda: self.now)


@pytest.fixture
def monotonic(monkeypatch):
    return Monotonic(monkeypatch)


def test_revocation_is_effective_50_ms_later_on_the_clock(monotonic, path, revocations):
    other = SQLiteRevocations(path)
    other.revoke_user("ada")
    monotonic.now += 0.049
    assert not revocations.is_revoked(session())
    monotonic.now += 0.002
    assert revocations.is_revoked(session())


def test_revision_of_another_process_revokes_older_tokens_at_once(monotonic, path, revocations):
    """Otherwise a token could be renewed with the new number."""
    SQLiteRevocations(path).revoke_user("ada")
    assert not revocations.is_revoked(session())
    assert revocations.revision("ada") > 0
    assert revocations.is_revoked(session())


def test_leeway_of_one_process_applies_in_the_others(monotonic, path, revocations):
    with stopped_at(NOW):
        revocations.revoke_user("ada")
    SQLiteRevocations(path).accept_leeway(60)
    monotonic.now += 0.06
    assert revocations.is_revoked({"sub": "ada", "iat": NOW + 60})


# Looking at the file


def test_checks_run_no_sql_until_50_ms_later(monotonic, revocations):
    revocations.is_revoked(session())
    monotonic.now += 1
    revocations.is_revoked(session())
    statements = []
    revocations._connection.set_trace_callback(statements.append)
    for _ in range(100):
        revocations.is_revoked(session())
    assert statements == []
    monotonic.now += 0.06
    for _ in range(100):
        revocations.is_revoked(session())
    assert statements == ["PRAGMA data_version"]


@pytest.mark.parametrize("fault", ["deleted", "replaced", "damaged"])
def test_file_that_cannot_be_read_is_an_outage_after_5_seconds(monotonic, path, revocations, caplog, fault):
    revocations.revoke(session())
    saved = path.with_name("saved")
    path.rename(saved)
    if fault == "replaced":
        SQLiteRevocations(path).revoke(session("s2"))
    elif fault == "damaged":
        path.write_bytes(b"damaged" * 1000)
    for _ in range(49):
        monotonic.now += 0.1
        assert revocations.is_revoked(session())
        assert not revocations.is_revoked(session("s2"))
    monotonic.now += 0.2
    for _ in range(2):
        with pytest.raises(RevocationsUnavailableError) as raised:
            revocations.is_revoked(session())
        assert (raised.value.status_code, raised.value.headers) == (503, {"Retry-After": "5"})
    for call in (lambda: revocations.revoke(session()), lambda: revocations.revision("ada")):
        with pytest.raises(StorageError, match="was replaced or deleted; restart the processes that use it"):
            call()
    assert [each.levelname for each in caplog.records if each.name == "fastware"] == ["ERROR"]
    if fault != "replaced":
        path.unlink(missing_ok=True)
        saved.rename(path)
        monotonic.now += 0.06
        assert revocations.is_revoked(session())


def test_look_does_not_wait_for_a_thread_that_waits_for_another_process(path, revocations):
    script = """
with revocations._file.writing():
    say("writing")
    sys.stdin.readline()
"""
    with start(script, path) as process:
        process.stdout.readline()
        waiting = threading.Thread(target=revocations.revoke, args=(session(),))
        waiting.start()
        time.sleep(0.1)
        started = time.monotonic()
        assert not revocations.is_revoked(session())
        assert time.monotonic() - started < 1  # the writer waits for 5 seconds
        assert waiting.is_alive()
        lines_of(process)
        waiting.join()
    assert revocations.is_revoked(session())
