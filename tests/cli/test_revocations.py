"""``fastware revocations copy``: from files and Redis to files and Redis."""

import command_line
import pytest
from redis_server import RedisServer
from user_files import mode

from fastware.auth import Auth, RedisRevocations, SQLiteRevocations

SECRET = "Nq0uYdKdYq4JzqVfZ8x2mJb7wT1cE5hR"


@pytest.fixture(scope="module")
def url():
    with RedisServer() as server:
        yield f"unix://user:hunter2@{server.socket}"


@pytest.fixture
def copy(tmp_path):
    def copy(*arguments):
        done = command_line.run("revocations", "copy", *arguments, folder=tmp_path)
        assert "hunter2" not in done.stdout + done.stderr
        return done.returncode, done.stdout, done.stderr

    return copy


def test_tokens_that_were_revoked_before_a_move_and_back_stay_revoked(copy, tmp_path, url):
    url = url.replace("user:hunter2@", "")
    revocations = SQLiteRevocations(tmp_path / "sessions.db")
    auth = Auth(SECRET, revocations=revocations)
    logged_out, deleted = (auth.create_token(name, "user") for name in ("ada", "bob"))
    revocations.revoke(auth.verify_token(logged_out))
    revocations.revoke_user("bob")
    valid = auth.create_token("bob", "user")
    address = url.removeprefix("unix://")
    for source, target, shown in (
        ("sessions.db", url, f"from sessions.db to {address}"),
        ("sessions.db", url, f"from sessions.db to {address}"),
        (url, "new/back.db", f"from {address} to new/back.db"),
        ("new/back.db", "sessions.db", "from new/back.db to sessions.db"),
    ):
        assert copy(source, target) == (0, f"Copied 2 entries {shown}: 1 of tokens and sessions, 1 of users.\n", "")
    for moved in (RedisRevocations(url), SQLiteRevocations(tmp_path / "new" / "back.db")):
        states = [Auth(SECRET, revocations=moved).inspect_token(token) for token in (logged_out, deleted, valid)]
        assert [state.reason for state in states] == ["revoked", "revoked", None]
    assert mode(tmp_path / "new" / "back.db") == 0o600


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("missing.db", "to.db", "no revocations at missing.db: name the file of the application, which creates it ..."),
        ("empty.db", "to.db", "no revocations to copy from empty.db to to.db"),
        ("text.db", "to.db", "...text.db: file is not a database; choose another path"),
        (
            "full.db",
            ".",
            "...: unable to open database file; the file and its folder must be writable for this process",
        ),
        ("full.db", "postgresql://user:hunter2@host/x", 'invalid Redis URL: write "redis://host:6379/0", ...'),
        ("full.db", "redis://:hunter2@host:port", "invalid Redis URL..."),
        ("unix://:hunter2@/missing", "to.db", "Redis at /missing: Error 2..."),
        ("full.db", "URL", "Redis at ...: ...check the username and the password in its URL"),
    ],
)
def test_copy_that_is_impossible_is_an_error_of_one_line(copy, tmp_path, url, source, target, message):
    SQLiteRevocations(tmp_path / "full.db").revoke_user("ada")
    SQLiteRevocations(tmp_path / "empty.db")
    (tmp_path / "text.db").write_text("no database " * 100)
    status, stdout, stderr = copy(source, url if target == "URL" else target)
    assert (status, stdout) == (1, "")
    assert command_line.matches(stderr, f"Error: {message}\n"), stderr
    assert stderr.count("\n") == 1


def test_shell_completes_both_paths(tmp_path):
    for words in ("fastware revocations copy a", "fastware revocations copy a.db b"):
        variables = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        done = command_line.run(folder=tmp_path, _FASTWARE_COMPLETE="bash_complete", **variables)
        assert done.stdout == f"file,{words[-1]}\n"
