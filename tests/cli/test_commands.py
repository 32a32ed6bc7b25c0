"""The commands, run as a shell does: what they print, and with which status they exit."""

import dataclasses

import command_line
import pytest
import raw_tokens
from user_files import user, write

SECRET = "Nq0uYdKdYq4JzqVfZ8x2mJb7wT1cE5hR"
CLAIMS = {"sub": "ada", "role": "admin", "iat": 1_700_000_000, "exp": 4_102_444_800}
TOKEN = raw_tokens.sign_claims(CLAIMS, secret=SECRET)
EXPIRED = raw_tokens.sign_claims({"sub": "ada", "exp": 1_700_000_000, "name": "a\x1b[2Jb"}, secret=SECRET)

SHOP = """
print("imported")

from fastware.auth import UserStore

class Store(UserStore):
    def load_users(self):
        return [{"username": "eve", "password_hash": "", "role": "user", "created_at": "2024-01-02T03:04:05+00:00"}]

class Users:
    store = Store()

text = "users.json"
"""

SHOP_THAT_FAILS = """
raise RuntimeError("the database\\nis down")
"""


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a user file, and the modules of an application."""
    write(tmp_path / "users.json", [user("ada", role="admin", phone="555"), user("bob")])
    (tmp_path / "damaged.json").write_text("[1]")
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "failing.py").write_text(SHOP_THAT_FAILS)
    return tmp_path


@dataclasses.dataclass
class Line:
    """A command line: its arguments, and what the command does. ``...`` in a text matches anything."""

    arguments: str
    status: int
    stdout: str = ""
    stderr: str = ""
    stdin: str = ""
    environment: dict = dataclasses.field(default_factory=dict)


USERS = """\
USERNAME  ROLE   CREATED
ada       admin  2024-01-02T03:04:05+00:00
bob       user   2024-01-02T03:04:05+00:00
"""
MISSING = "Error: The environment variable FASTWARE_JWT_SECRET is not set; create one with: ...\n"
WITH_SECRET = {"FASTWARE_JWT_SECRET": f"another-secret-of-32-bytes-or-more,{SECRET}"}

LINES = [
    # Usage
    Line("", 2, stderr="Usage: fastware [OPTIONS] COMMAND [ARGS]...\n..."),
    Line("--help", 0, stdout="Usage: fastware [OPTIONS] COMMAND [ARGS]...\n..."),
    Line("users add -h", 0, stdout="Usage: fastware users add [OPTIONS] NAME\n..."),
    Line("revocations copy -h", 0, stdout="Usage: fastware revocations copy [OPTIONS] FROM TO\n..."),
    Line("revocations copy a.db", 2, stderr="Error: Missing argument 'TO'. Try: fastware revocations copy --help\n"),
    Line("--version", 0, stdout="fastware ...\n"),
    Line("nothing", 2, stderr="Error: No such command 'nothing'. Try: fastware --help\n"),
    Line("users add ada --password x", 2, stderr="Error: No such option...--password... Try: ...\n"),
    Line("users list", 2, stderr="Error: Missing option '--store'... Try: fastware users list --help\n"),
    # users list
    Line("users list --store users.json", 0, USERS),
    Line("users list", 0, USERS, environment={"FASTWARE_STORE": "users.json"}),
    Line("users list --json --store users.json", 0, '[\n  {\n    "username": "ada",\n    "role": "admin",\n...]\n'),
    Line("users list --store none.json", 0, stderr="No users in none.json (there is no such file).\n"),
    Line("users list --store shop:Users.store", 0, "...eve       user...", "imported\n"),
    # stores that cannot be opened
    Line("users list --store damaged.json", 1, stderr="Error: damaged.json, user 1: expected an object, ...\n"),
    Line("users list --store .", 1, stderr="Error: .: Is a directory\n"),
    Line("users list --store sqlite:///new.db", 0, stderr="No users in sqlite:///.../new.db.\n"),
    Line("users list --store mysql://a:pw@host/x", 1, stderr="Error: databases of 'mysql' are not supp...\n"),
    Line(
        "users list --store postgresql://a:pw@host:port/x",
        1,
        stderr="Error: the URL of the database is malformed; ...\n",
    ),
    Line(
        "users list --store postgresql://a:pw@127.0.0.1:1/x",
        1,
        stderr="Error: postgresql://127.0.0.1:1/x: ...Connection refused...\n",
    ),
    Line(
        "users copy users.json copy.json postgresql://a:p@w@host/x",
        2,
        stderr="Error: Got unexpected extra argument (postgresql://host/x) Try: ...\n",
    ),
    Line("users list --store shop:Store", 1, stderr="imported\nError: shop:Store is a class; name ...\n"),
    Line("users list --store shop:text", 1, stderr="imported\nError: shop:text is not a UserStore, but str\n"),
    Line("users list --store shop:nothing", 1, stderr="imported\nError: shop has no attribute nothing\n"),
    Line("users list --store nothing:store", 1, stderr="Error: there is no module nothing in ...\n"),
    Line(
        "users list --store failing:store",
        1,
        stderr="Error: failing cannot be imported: RuntimeError: the database is down (...)\n",
    ),
    # users that cannot be changed
    Line("users add ada --role user --store users.json", 1, stderr="Error: users.json already has a user 'ada'\n"),
    Line("users passwd eve --store users.json", 1, stderr="Error: no user 'eve' in users.json\n"),
    Line(
        "users role eve user --store none.json", 1, stderr="Error: no user 'eve' in none.json (there is no such file)\n"
    ),
    Line("users delete eve --yes --store users.json", 1, stderr="Error: no user 'eve' in users.json\n"),
    Line("users delete ada --store users.json", 2, stderr="Error: Missing option '--yes': there is no terminal...\n"),
    # passwords
    Line("users add eve --role user --store users.json", 1, stderr="Error: no password on standard input\n"),
    Line(
        "users add eve --role user --store users.json",
        1,
        stderr="Error: the password on standard input must be one line of at most 65536 bytes\n",
        stdin="a long password 1\na long password 2\n",
    ),
    Line(
        "users add eve --role user --store new.json",
        0,
        "Added eve (user) to new.json.\n",
        stderr="Warning: The password must have at least 15 characters.\n",
        stdin="short",
    ),
    Line(
        "users add eve --role user --store users.json",
        1,
        stderr="Error: The password is too long: at most 72 bytes can be stored. ... 4 or more.\n",
        stdin="correct horse battery " * 4,
    ),
    # token inspect
    Line("token inspect", 1, stderr=MISSING, stdin=TOKEN),
    Line("token inspect", 1, stderr="Error: no token on standard input\n", environment=WITH_SECRET),
    Line(
        "token inspect",
        0,
        "accepted: The token is valid.\n\nsub   ada\nrole  admin\n"
        "iat   1700000000 (2023-11-14 22:13:20 UTC)\nexp   4102444800 (2100-01-01 00:00:00 UTC)\n",
        stdin=f"{TOKEN}\n",
        environment=WITH_SECRET,
    ),
    Line(
        "token inspect",
        1,
        "rejected (expired): The token expired ... seconds ago.\n\nsub   ada\nexp ...\nname  a\\x1b[2Jb\n",
        stdin=EXPIRED,
        environment=WITH_SECRET,
    ),
    Line(
        "token inspect",
        1,
        "rejected (bad signature): The signature is wrong: ...\n",
        stdin=TOKEN[:-4] + "AAAA",
        environment=WITH_SECRET,
    ),
    Line(
        "token inspect --json",
        1,
        '{\n  "valid": false,\n  "reason": "wrong issuer",\n...  "signed_claims": {...}\n}\n',
        stdin=TOKEN,
        environment={**WITH_SECRET, "FASTWARE_JWT_ISSUER": "me"},
    ),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.arguments.replace(" ", "_") or "nothing")
def test_command_line_prints_and_exits_as_in_the_table(folder, line):
    before = (folder / "users.json").read_bytes()
    done = command_line.run(*line.arguments.split(), folder=folder, stdin=line.stdin, **line.environment)
    shown = command_line.matches(done.stdout, line.stdout), command_line.matches(done.stderr, line.stderr)
    assert (done.returncode, *shown) == (line.status, True, True), done
    assert (folder / "users.json").read_bytes() == before
    assert TOKEN not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
