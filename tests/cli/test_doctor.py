"""``fastware doctor``: each check, with a setup that has the mistake. The setup of all tests has none."""

import ast
import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

import command_line
import pytest
from user_files import HASH, user, write

from fastware.cli.doctor import files
from fastware.cli.doctor.secrets import weakness

DOCS = Path(__file__).parents[2] / "docs"
SECRET = "Nq0uYdKdYq4JzqVfZ8x2mJb7wT1cE5hR"
GOOD_HASH = HASH.replace("$04$", "$12$")

APPLICATION = """
import os

from fastware.auth import (
    Auth, CSRFMiddleware, LoginGuard, authenticate, clear_session_cookies, rate_limit, set_session_cookies
)

class Settings:
    https = True
    development = False
    testing = os.environ.get("TESTING") == "1"

settings = Settings()
auth = Auth("Nq0uYdKdYq4JzqVfZ8x2mJb7wT1cE5hR")

def login(scope, token, csrf_token, secure=False, **options):
    return (
        set_session_cookies(token, csrf_token, secure=True),
        set_session_cookies(token, csrf_token, secure=settings.https),
        set_session_cookies(token, csrf_token, secure=not settings.development),
        set_session_cookies(token, csrf_token, secure=secure),
        set_session_cookies(token, csrf_token, secure=scope["scheme"] == "https"),
        set_session_cookies(token, csrf_token, **options),
        clear_session_cookies(secure=True, host_prefix=False),
        options["other"].authenticate(token),
    )

def protected(app):
    return CSRFMiddleware(app, disabled=settings.testing, host_prefix=settings.development)

async def check(store, guard):
    return await authenticate(store, "ada", "x", guard=guard, address="")

other_config = {"jwt_secret": "", "allow_query_token": False}
app = object()
"""


ADDED_LINE = len(APPLICATION.splitlines()) + 2


class Setup:
    """A folder with a user file and an application, and the options of ``fastware doctor``."""

    def __init__(self, folder):
        self.folder = folder
        self.options = ["--store", "users.json", "--app", "shop:app", "--workers", "2"]
        self.environment = {"FASTWARE_JWT_SECRET": SECRET}
        self.users_file = folder / "users.json"
        write(self.users_file, [user("ada", password_hash=GOOD_HASH)])
        self.users_file.chmod(0o600)
        self.source = folder / "shop.py"
        self.source.write_text(APPLICATION)

    def add_to_application(self, code):
        self.source.write_text(f"{APPLICATION}\n{code}\n")

    def run(self, *options):
        return command_line.run("doctor", *self.options, *options, folder=self.folder, **self.environment)

    def findings(self):
        """Return the findings, and check that the exit status tells whether there are any."""
        done = self.run("--json")
        findings = json.loads(done.stdout)
        assert (done.returncode, done.stderr) == (1 if findings else 0, ""), done
        return findings


@pytest.fixture
def setup(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir(mode=0o700)
    return Setup(folder)


def test_setup_without_mistakes_has_no_findings(setup):
    assert setup.findings() == []
    done = setup.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("No findings.\n")
    assert "engine:" in done.stdout and "not checked" not in done.stdout
    assert SECRET not in done.stdout


# Mistakes: each is a function that changes the setup. The first two words of its row are the check and the severity.


def set_environment(**variables):
    return lambda setup: setup.environment.update(variables)


def add_code(code):
    return lambda setup: setup.add_to_application(code)


def set_mode(mode):
    return lambda setup: setup.users_file.chmod(mode)


def set_users(*users):
    return lambda setup: (write(setup.users_file, users), setup.users_file.chmod(0o600))


def without_secret(setup):
    """Leave the environment and the application without a secret."""
    setup.environment.clear()
    setup.source.write_text("app = object()")


def damage_the_file(setup):
    setup.users_file.write_text('[{"username": "ada"')


def open_the_folder(setup):
    setup.folder.chmod(0o777)


def make_a_folder_of_the_lock(setup):
    setup.users_file.with_name("users.json.lock").mkdir()


def name_another_store(setup):
    setup.options[1] = "shop:app"


def open_the_revocations(setup):
    setup.options += ["--revocations", "sessions.db"]
    (setup.folder / "sessions.db").touch(0o644)


LIMITED = """
from fastware.auth import rate_limit

@rate_limit("5/minute")
def search(request): ...
"""

UNPROTECTED = """
from fastware.auth import set_session_cookies
set_session_cookies("token", "csrf_token", secure=True)
app = object()
"""

MISTAKES = {
    "engine": ("engine", "error", "FASTWARE_ENGINE is 'jit'", set_environment(FASTWARE_ENGINE="jit")),
    "no secret": ("secret", "error", "FASTWARE_JWT_SECRET is not set", without_secret),
    "short secret": ("secret", "error", "has a secret of 5 bytes", set_environment(FASTWARE_JWT_SECRET="short")),
    "weak secret": (
        "secret",
        "error",
        'Secret 2 of 2 in the environment variable FASTWARE_JWT_SECRET contains "changeme"',
        set_environment(FASTWARE_JWT_SECRET=f"{SECRET},changeme-0123456789-abcdefghijklm"),
    ),
    "weak secret in the application": (
        "secret",
        "error",
        "The secret in an Auth of the application repeats a shorter text",
        add_code('weak = Auth("sesame" * 6)'),
    ),
    "weak secret in the state": (
        "secret",
        "error",
        "The secret in the jwt_secret of the application has only 2 different characters",
        add_code(
            "class app:\n  class state:\n    config = dict(jwt_secret=['abaabbbaabababbaabbabaabbabaabbbab'], "
            "allow_query_token=False)"
        ),
    ),
    "settings": ("settings", "error", "FASTWARE_JWT_LEEWAY", set_environment(FASTWARE_JWT_LEEWAY="soon")),
    "application": ("application", "error", "shop cannot be imported: ZeroDivisionError", add_code("1 / 0")),
    "cookies": (
        "cookies",
        "warning",
        f"shop.py:{ADDED_LINE} sets",
        add_code("set_session_cookies('a', 'b', secure=False)"),
    ),
    "cookies of a setting": (
        "cookies",
        "warning",
        "sets session cookies without Secure (secure=settings.development is False here): ",
        add_code("set_session_cookies('a', 'b', secure=settings.development)"),
    ),
    "cookies of a login route": (
        "cookies",
        "warning",
        f"shop.py:{ADDED_LINE} sets session cookies without Secure",
        add_code("def routes(): return login_route(auth, None, guard=object(), secure=False)"),
    ),
    "cookies of rolling sessions": (
        "cookies",
        "warning",
        f"shop.py:{ADDED_LINE} sets session cookies without Secure",
        add_code("def add(app): app.add_middleware(RollingSessions, auth=auth)"),
    ),
    "names of cookies": (
        "host-prefix",
        "error",
        "calls set_session_cookies with host_prefix=True, and Auth has False: they name different cookies.",
        add_code("set_session_cookies('a', 'b', host_prefix=True)"),
    ),
    "names of cookies in the middleware": (
        "host-prefix",
        "error",
        f"shop.py:{ADDED_LINE} calls CSRFMiddleware with host_prefix=True, and Auth has False",
        add_code("CSRFMiddleware(app, host_prefix=True)"),
    ),
    "disabled protection": (
        "csrf",
        "error",
        f"shop.py:{ADDED_LINE} has CSRFMiddleware(disabled=True): it checks nothing.",
        add_code("CSRFMiddleware(app, None, True)"),
    ),
    "disabled protection of a framework": (
        "csrf",
        "error",
        "CSRFMiddleware(disabled=True) (disabled=not settings.development is True here): it checks nothing.",
        add_code("def protect(app): app.add_middleware(CSRFMiddleware, disabled=not settings.development)"),
    ),
    "no check of origins": (
        "csrf",
        "warning",
        "CSRFMiddleware(check_origin=False), which does not check which site",
        add_code("def protect(app): CSRFMiddleware(app, check_origin=False)"),
    ),
    "no check of websockets": (
        "csrf",
        "warning",
        "CSRFMiddleware(websockets=False), which lets the pages of other sites open WebSockets",
        add_code("def protect(app): CSRFMiddleware(app, websockets=False)"),
    ),
    "no protection": (
        "csrf",
        "error",
        "sets session cookies, and no source file of the application names CSRFMiddleware",
        lambda setup: setup.source.write_text(UNPROTECTED),
    ),
    "login without a guard": (
        "login-guard",
        "warning",
        f"shop.py:{ADDED_LINE} calls authenticate without a guard",
        add_code("async def log_in(store): await authenticate(store, 'ada', 'x')"),
    ),
    "query tokens": (
        "query-tokens",
        "warning",
        "allow_query_token=True",
        add_code(f'old = Auth("{SECRET}", allow_query_token=True)'),
    ),
    "query tokens in the config": (
        "query-tokens",
        "warning",
        f"shop.py:{ADDED_LINE} configures a jwt_secret",
        add_code('config = {"jwt_secret": ""}'),
    ),
    "proxies": ("proxies", "warning", "which the client may have written", set_environment(FORWARDED_ALLOW_IPS="*")),
    "limits": ("limits", "warning", "2 times the limits of shop.search", add_code(LIMITED)),
    "guard": (
        "limits",
        "warning",
        "2 times the limits of LoginGuard",
        add_code("from fastware.auth import LoginGuard\nguard = LoginGuard()"),
    ),
    "revocations in memory": (
        "memory",
        "error",
        "The revocations are in the memory",
        add_code("from fastware.auth import MemoryRevocations\nrevocations = MemoryRevocations()"),
    ),
    "tickets in memory": (
        "memory",
        "error",
        "tickets are in the memory",
        add_code("from fastware.auth import Tickets\ntickets = Tickets(None)\ntickets.issue({})"),
    ),
    "store": ("store", "error", "shop:app is not a UserStore, but object", name_another_store),
    "file for others": ("file-mode", "error", "Every user of the machine may open", set_mode(0o604)),
    "read-only file": ("file-mode", "error", "is read-only", set_mode(0o400)),
    "damaged file": ("users", "error", "users.json, line 1", damage_the_file),
    "folder": ("folder", "error", "Every user of the machine may replace files", open_the_folder),
    "lock": ("lock", "error", "users.json.lock is not a regular file", make_a_folder_of_the_lock),
    "malformed hash": ("hashes", "error", "1 user has a malformed hash", set_users(user("ada", password_hash="x"))),
    "cheap hash": ("hashes", "warning", "1 user has a bcrypt hash with a cost below 10", set_users(user("ada"))),
    "revocations": ("file-mode", "error", "sessions.db (mode 0644)", open_the_revocations),
    "server of the application": (
        "servers",
        "error",
        "A server that the application uses cannot be used: Redis: ",
        add_code("from fastware.auth import RedisBuckets\nbuckets = RedisBuckets('unix:///nowhere')"),
    ),
    "database of the application": (
        "servers",
        "error",
        "cannot be used: postgresql:///nowhere/users: ",
        add_code("from fastware.auth import SQLUserStore\nusers = SQLUserStore('postgresql:///users?host=/nowhere')"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_found_with_its_fix(setup, mistake):
    check, severity, message, make = MISTAKES[mistake]
    make(setup)
    (finding,) = setup.findings()
    assert (finding["check"], finding["severity"]) == (check, severity)
    assert message in finding["message"] and finding["fix"]
    assert finding.keys() == {"check", "severity", "message", "fix"}


def test_findings_are_shown_with_their_fixes(setup):
    setup.users_file.chmod(0o644)
    lines = setup.run().stdout.splitlines()
    assert lines[-3].startswith("error: file-mode: Every user of the machine may open ")
    assert lines[-2:] == [f"  fix: chmod 600 {setup.users_file}", "1 finding."]


def test_what_cannot_be_known_is_not_checked(setup):
    setup.options = []
    shown = setup.run().stdout
    assert "not checked: cookies, CSRF, logins, query tokens, limits of several workers" in shown
    assert "not checked: users" in shown
    assert setup.findings() == []


def test_limits_of_one_worker_are_no_finding(setup):
    setup.add_to_application(LIMITED)
    setup.options[-1] = "1"
    assert setup.findings() == []


def test_limits_in_shared_buckets_are_no_finding(setup):
    support = os.fspath(Path(__file__).parents[1] / "support")
    setup.add_to_application(
        f"import sys; sys.path.append({support!r})\n"
        "from own_buckets import OwnBuckets; from fastware.auth import LoginGuard, rate_limit\n"
        "guard = LoginGuard(buckets=OwnBuckets())\n"
        "@rate_limit('5/minute', buckets=OwnBuckets())\ndef search(request): ..."
    )
    assert setup.findings() == []


UNCERTAIN = {
    "cookies of two Auths": f"""
other = Auth("{SECRET}", host_prefix=True)
set_session_cookies("a", "b", host_prefix=True)
def add(app): app.add_middleware(RollingSessions, auth=other)
""",
    "cookies of a login route over HTTPS": "def routes(): return login_route(auth, None, guard=LoginGuard())",
    "setting of the lifespan": """
secure = False
def start():
    global secure
    secure = True
def log_in(): return set_session_cookies("a", "b", secure=secure)
""",
    "another authenticate": "class Backend:\n    def authenticate(self): return self\nBackend().authenticate()",
    "login with a rate limit": """
from own_buckets import OwnBuckets
@rate_limit("5/minute", buckets=OwnBuckets())
async def log_in(request, store): return await authenticate(store, "ada", "x")
""",
    "middleware of another package": """
class CSRFMiddleware:
    def __init__(self, app, **options): pass
CSRFMiddleware(app, disabled=True, check_origin=False, host_prefix=True)
""",
}


def test_code_that_may_be_correct_is_no_finding(setup):
    support = os.fspath(Path(__file__).parents[1] / "support")
    setup.add_to_application("\n".join([f"import sys; sys.path.append({support!r})", *UNCERTAIN.values()]))
    assert setup.findings() == []


def test_protection_of_another_package_is_enough(setup):
    setup.source.write_text(f"{UNPROTECTED}from litestar.config.csrf import CSRFConfig")
    assert setup.findings() == []


# The documentation


def checks_in_the_source():
    """Return the names of all checks: the first arguments of ``Finding``."""
    calls = [
        node
        for file in Path(files.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding"
    ]
    return {call.args[0].value for call in calls}


def checks_in(page):
    """Return the names in backticks in the column "check" of the tables of a page."""
    names, column = set(), None
    for line in (DOCS / page).read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")] if line.startswith("|") else []
        if not cells:
            column = None
        elif column is None:
            column = cells.index("check") if "check" in cells else 0  # the cell before the first | is empty
        else:
            names.update(re.findall("`([a-z-]+)`", cells[column]))
    return names


def test_documentation_has_every_check():
    assert checks_in("command-line.md") == checks_in_the_source()


def test_production_checklist_names_every_check():
    assert checks_in("production-checklist.md") == checks_in_the_source()


def test_ignored_check_is_no_finding(setup):
    setup.users_file.chmod(0o644)
    setup.options += ["--ignore", "file-mode", "--ignore", "limits"]
    assert setup.findings() == []


# Checks whose mistakes need another user, another file system or another installation


def checks_of(findings):
    return [finding.check for finding in findings]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs owners of files")
def test_file_of_another_user_is_found(setup, monkeypatch):
    assert checks_of(files.check_owner(setup.users_file)) == []
    monkeypatch.setattr(os, "geteuid", lambda: setup.users_file.stat().st_uid + 1)
    assert checks_of(files.check_owner(setup.users_file)) == ["file-owner"]


def test_folder_and_lock_without_access_are_found(setup, monkeypatch):
    lock = setup.users_file.with_name("users.json.lock")
    lock.touch()
    assert checks_of([*files.check_folder(setup.users_file), *files.check_lock(setup.users_file)]) == []
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert checks_of(files.check_folder(setup.users_file)) == ["folder"]
    assert checks_of(files.check_lock(setup.users_file)) == ["lock"]


def test_file_that_cannot_be_examined_is_a_finding(setup, monkeypatch):
    setup.users_file.unlink()
    setup.users_file.symlink_to("users.json")
    assert [finding["check"] for finding in setup.findings()] == ["users"]
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/srv/private")
    monkeypatch.setattr(os.path, "realpath", mock.Mock(side_effect=error))
    (found,) = files.check_access(setup.users_file)
    assert found.message == "/srv/private cannot be examined: Permission denied."


@pytest.mark.skipif(sys.platform != "linux", reason="needs fcntl and mounts of Linux")
def test_file_system_without_locks_is_found(setup, monkeypatch):
    import fcntl

    def flock(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert checks_of(files.check_lock(setup.users_file)) == ["lock"]


MOUNT = 'mount --bind "$0" "$0" && exec "$@"'


@pytest.mark.skipif(sys.platform != "linux", reason="needs mounts of Linux")
def test_mounted_file_is_found(setup):
    in_namespace = ["unshare", "--mount", "sh", "-c", MOUNT, str(setup.users_file)]
    if subprocess.run([*in_namespace, "true"], capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    done = subprocess.run(
        [*in_namespace, *command_line.COMMAND, "doctor", *setup.options, "--json"],
        cwd=setup.folder,
        env=command_line.environment(**setup.environment),
        capture_output=True,
        text=True,
    )
    assert [finding["check"] for finding in json.loads(done.stdout)] == ["mount"]


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("a" * 40, "repeats a shorter text"),
        ("0123456789abcdefghijklmnopqrstuvwxyz", "is a sequence of neighboring characters"),
        ("abababcbcbcbcadadadadbdbdbdcdcdcdcbcbd", "has only 4 different characters"),
        ("My-Super-Secret-Key-0123456789-ABCDEF", 'contains "secret": it is a text, and not random'),
        ("09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7", "is published in a tutorial"),
        ("short", "has 5 bytes; HS256 needs 32 (RFC 7518 section 3.2)"),
    ],
    ids=lambda value: value[:12],
)
def test_guessable_secret_is_found_with_the_reason(secret, reason):
    assert weakness(secret.encode()) == reason


@pytest.mark.parametrize("make", ["secrets.token_urlsafe(32)", "secrets.token_hex(16)", "os.urandom(32)"])
def test_random_secret_is_not_guessable(make):
    import secrets

    for _ in range(300):
        made = eval(make, {"secrets": secrets, "os": os})
        assert weakness(made if isinstance(made, bytes) else made.encode()) is None
